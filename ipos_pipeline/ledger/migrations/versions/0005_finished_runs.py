"""What each finished run left unposted: the source of the four dates people read.

Revision: 0005, after 0004.
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "finished_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run", sa.String(length=100), nullable=False),
        sa.Column("location_code", sa.String(length=100), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("record_type", sa.String(length=50), nullable=False),
        sa.Column(
            "unposted",
            sa.Integer(),
            nullable=False,
            comment="what may become such a document and is not posted",
        ),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finished_run")),
    )
    op.create_index(
        op.f("ix_finished_run_location_code_record_type_finished_at"),
        "finished_run",
        ["location_code", "record_type", "finished_at"],
    )
