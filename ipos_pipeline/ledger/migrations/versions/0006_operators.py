"""What a person's action needs: the version that a side is planned anew from, and NetSuite's date.

Revision: 0006, after 0005. Documents posted before have no date; it is compared where there is one.
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source_document") as table:
        table.add_column(
            sa.Column(
                "replanned_payload",
                sa.Text(),
                nullable=True,
                comment="the newer version that a person had the unposted side planned from",
            )
        )
        table.add_column(sa.Column("replanned_hash", sa.String(64), nullable=True))
    with op.batch_alter_table("posting_entry") as table:
        table.add_column(
            sa.Column(
                "netsuite_modified",
                sa.String(19),
                nullable=True,
                comment="lastmodifieddate as first seen after posting",
            )
        )
    with op.batch_alter_table("acknowledgement") as table:
        table.alter_column(
            "status",
            existing_type=sa.String(20),
            existing_nullable=False,
            existing_comment="due or acknowledged",
            comment="due, acknowledged or withheld",
        )
