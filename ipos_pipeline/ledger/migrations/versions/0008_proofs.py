"""The latest proof of each store-day, and the tax of each entry.

Revision: 0008, after 0007. Entries planned before have no tax; what they come to is not known.
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("posting_entry") as table:
        table.add_column(
            sa.Column(
                "tax_cents",
                sa.BigInteger(),
                nullable=True,
                comment="of the lines it is planned from",
            )
        )
    op.create_table(
        "store_day_proof",
        sa.Column("location_code", sa.String(100), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("reconciled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("is_proved", sa.Boolean(), nullable=False),
        sa.Column(
            "differences",
            sa.Integer(),
            nullable=False,
            comment="that break the proof; 0 and not proved: totals differ",
        ),
        sa.Column("content", sa.Text(), nullable=False, comment="JSON"),
        sa.PrimaryKeyConstraint("location_code", "business_date", name=op.f("pk_store_day_proof")),
    )
