"""The date a document is posted under, where its own day lies in a closed accounting period.

Revision: 0007, after 0006. Documents posted before are under their business date: they have none.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("posting_entry") as table:
        table.add_column(
            sa.Column(
                "tran_date",
                sa.Date(),
                nullable=True,
                comment="what it is posted under; none: the business date",
            )
        )
