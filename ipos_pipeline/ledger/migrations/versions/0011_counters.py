"""Counters for whoever watches from outside, and how to find what is open without reading all.

Revision: 0011, after 0010. The counters begin with what the ledger holds.
"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

COUNTED = (
    "INSERT INTO counter (name, location_code, kind, value)"
    " SELECT 'invoices_landed', location_code, '', COUNT(*)"
    " FROM source_document GROUP BY location_code",
    "INSERT INTO counter (name, location_code, kind, value)"
    " SELECT 'documents_posted', location_code, record_type, COUNT(*)"
    " FROM posting_entry WHERE status = 'posted' GROUP BY location_code, record_type",
)


def upgrade() -> None:
    op.create_table(
        "counter",
        sa.Column("name", sa.String(50), nullable=False),
        sa.Column(
            "location_code", sa.String(100), nullable=False, comment="empty: of no location"
        ),
        sa.Column(
            "kind", sa.String(50), nullable=False, comment="record type, where it is of documents"
        ),
        sa.Column("value", sa.BigInteger(), nullable=False, comment="only grows"),
        sa.PrimaryKeyConstraint("name", "location_code", "kind", name=op.f("pk_counter")),
    )
    for statement in COUNTED:
        op.execute(statement)
    _partial_index("ix_posting_entry_not_posted", "posting_entry", "status <> 'posted'", "status")
    _partial_index("ix_acknowledgement_due", "acknowledgement", "status = 'due'")


def _partial_index(name: str, table: str, condition: str, *columns: str) -> None:
    where = sa.text(condition)
    op.create_index(
        name, table, ["location_code", *columns], sqlite_where=where, postgresql_where=where
    )
