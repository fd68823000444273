"""Since when a store-day's list waits to be read, and of which days finance was told.

Revision: 0009, after 0008.
"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("store_day") as table:
        table.add_column(
            sa.Column(
                "unread_since",
                sa.DateTime(timezone=True),
                nullable=True,
                comment="since when looks show more than is known, and no run has read the list",
            )
        )
    op.create_table(
        "told_day",
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column(
            "message_id",
            sa.String(200),
            nullable=False,
            comment="of the newest summary of the day",
        ),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("business_date", name=op.f("pk_told_day")),
    )
