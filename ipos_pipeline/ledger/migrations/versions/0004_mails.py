"""Mails in their queue, what people were told, and what the Integration Log has.

Revision: 0004, after 0003.
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "mail",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("message_id", sa.String(length=200), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column(
            "recipients", sa.Text(), nullable=False, comment="addresses with a comma between"
        ),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column(
            "content", sa.Text(), nullable=False, comment="the whole message, all ASCII"
        ),
        sa.Column("composed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "attempts",
            sa.Integer(),
            nullable=False,
            server_default=sa.text("0"),
            comment="begun, whatever became of them",
        ),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="while one is sending it: when it counts as dead",
        ),
        sa.Column(
            "problem",
            sa.Text(),
            nullable=True,
            comment="why the last attempt failed",
        ),
        sa.Column(
            "sent_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="when the mail server took it",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail")),
        sa.UniqueConstraint("message_id", name=op.f("uq_mail_message_id")),
    )
    op.create_index(
        "ix_mail_queued",
        "mail",
        ["next_attempt_at"],
        sqlite_where=sa.text("sent_at IS NULL"),
        postgresql_where=sa.text("sent_at IS NULL"),
    )
    op.create_table(
        "told_error",
        sa.Column("error_id", sa.Integer(), nullable=False),
        sa.Column(
            "code", sa.String(length=100), nullable=False, comment="the reason people know"
        ),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column(
            "thread_id",
            sa.String(length=200),
            nullable=False,
            comment="message ID of the first mail about it",
        ),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["error_id"],
            ["integration_error.id"],
            name=op.f("fk_told_error_error_id_integration_error"),
        ),
        sa.PrimaryKeyConstraint("error_id", name=op.f("pk_told_error")),
    )
    op.create_table(
        "told_outage",
        sa.Column("outage_id", sa.Integer(), nullable=False),
        sa.Column(
            "thread_id",
            sa.String(length=200),
            nullable=False,
            comment="message ID of the mail about its beginning",
        ),
        sa.Column("began_told_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("end_told_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["outage_id"], ["outage.id"], name=op.f("fk_told_outage_outage_id_outage")
        ),
        sa.PrimaryKeyConstraint("outage_id", name=op.f("pk_told_outage")),
    )
    op.create_table(
        "log_record",
        sa.Column("external_id", sa.Text(), nullable=False),
        sa.Column(
            "version",
            sa.String(length=64),
            nullable=True,
            comment="hash of what NetSuite has; none: it may or may not have one",
        ),
        sa.Column("failures", sa.Integer(), nullable=False, server_default=sa.text("0")),
        sa.Column(
            "next_attempt_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="after a failure; none: at once",
        ),
        sa.Column("problem", sa.Text(), nullable=True, comment="why the last attempt failed"),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("external_id", name=op.f("pk_log_record")),
    )
