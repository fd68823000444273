"""The first tables.

Revision: 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False, comment="external ID or document key"),
        sa.Column("kind", sa.String(length=50), nullable=False),
        sa.Column(
            "actor", sa.String(length=200), nullable=False, comment="run ID, or who acted by hand"
        ),
        sa.Column("detail", sa.Text(), nullable=True, comment="JSON"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_subject"), "event", ["subject"], unique=False)
    op.create_table(
        "integration_error",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("stage", sa.String(length=20), nullable=False),
        sa.Column(
            "status", sa.String(length=20), nullable=False, comment="open, set_aside or closed"
        ),
        sa.Column("location_code", sa.String(length=100), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("record_type", sa.String(length=50), nullable=True),
        sa.Column("code", sa.String(length=100), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("next_step", sa.Text(), nullable=False),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column(
            "reference",
            sa.Text(),
            nullable=True,
            comment="what was looked for and not found, such as a barcode",
        ),
        sa.Column("payload", sa.Text(), nullable=True),
        sa.Column("request", sa.Text(), nullable=True),
        sa.Column("response", sa.Text(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("first_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="none: time alone does not help",
        ),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_how", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_integration_error")),
    )
    op.create_index(
        op.f("ix_integration_error_location_code_business_date_status"),
        "integration_error",
        ["location_code", "business_date", "status"],
        unique=False,
    )
    op.create_index(
        "uq_integration_error_not_closed",
        "integration_error",
        ["external_id", "stage"],
        unique=True,
        sqlite_where=sa.text("status <> 'closed'"),
        postgresql_where=sa.text("status <> 'closed'"),
    )
    op.create_table(
        "source_document",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("location_code", sa.String(length=100), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("occurred_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "state",
            sa.String(length=20),
            nullable=False,
            comment="planned, held by a problem, or filtered",
        ),
        sa.Column("filter_rule", sa.String(length=50), nullable=True),
        sa.Column("payload", sa.Text(), nullable=False, comment="JSON as received"),
        sa.Column("payload_hash", sa.String(length=64), nullable=False),
        sa.Column(
            "source_total_cents",
            sa.BigInteger(),
            nullable=True,
            comment="what the source says the document comes to",
        ),
        sa.Column("first_seen_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("from_returns_feed", sa.Boolean(), nullable=False),
        sa.Column(
            "latest_payload",
            sa.Text(),
            nullable=True,
            comment="a different version seen after posting began: drift",
        ),
        sa.Column("latest_hash", sa.String(length=64), nullable=True),
        sa.Column("latest_seen_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("document_key", name=op.f("pk_source_document")),
    )
    op.create_index(
        op.f("ix_source_document_location_code_business_date"),
        "source_document",
        ["location_code", "business_date"],
        unique=False,
    )
    op.create_index(
        op.f("ix_source_document_location_code_occurred_at"),
        "source_document",
        ["location_code", "occurred_at"],
        unique=False,
    )
    op.create_table(
        "store_day",
        sa.Column("location_code", sa.String(length=100), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column(
            "looked_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when IPOS was last asked, a tick without a run too",
        ),
        sa.Column(
            "unacknowledged",
            sa.Integer(),
            nullable=True,
            comment="invoices IPOS then showed as not acknowledged",
        ),
        sa.Column(
            "shown_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the list was last read to its end",
        ),
        sa.Column(
            "shown_documents",
            sa.Integer(),
            nullable=True,
            comment="invoices of the day that IPOS then showed in all",
        ),
        sa.PrimaryKeyConstraint("location_code", "business_date", name=op.f("pk_store_day")),
    )
    op.create_table(
        "acknowledgement",
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("location_code", sa.String(length=100), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False, comment="due or acknowledged"),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="after a refusal; none: at once",
        ),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("acknowledged_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["source_document.document_key"],
            name=op.f("fk_acknowledgement_document_key"),
        ),
        sa.PrimaryKeyConstraint("document_key", name=op.f("pk_acknowledgement")),
    )
    op.create_index(
        op.f("ix_acknowledgement_location_code_business_date_status"),
        "acknowledgement",
        ["location_code", "business_date", "status"],
        unique=False,
    )
    op.create_table(
        "posting_entry",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column("document_key", sa.Text(), nullable=False),
        sa.Column("record_type", sa.String(length=50), nullable=False),
        sa.Column("location_code", sa.String(length=100), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column(
            "payload_hash",
            sa.String(length=64),
            nullable=False,
            comment="the version it was planned from",
        ),
        sa.Column(
            "total_cents",
            sa.BigInteger(),
            nullable=False,
            comment="expected in NetSuite, tax included",
        ),
        sa.Column("internal_id", sa.String(length=50), nullable=True),
        sa.Column("attempts", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("claimed_by", sa.String(length=100), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="for rejected entries; none: only a person",
        ),
        sa.Column("posted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_key"],
            ["source_document.document_key"],
            name=op.f("fk_posting_entry_document_key"),
        ),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_posting_entry")),
    )
    op.create_index(
        op.f("ix_posting_entry_document_key"), "posting_entry", ["document_key"], unique=False
    )
    op.create_index(
        op.f("ix_posting_entry_location_code_business_date_status"),
        "posting_entry",
        ["location_code", "business_date", "status"],
        unique=False,
    )
