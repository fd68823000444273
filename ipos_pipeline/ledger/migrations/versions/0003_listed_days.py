"""Under which day the source last listed a document as not told of, and when.

Revision: 0003, after 0002. Documents landed before stay without until they are listed again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("source_document") as table:
        table.add_column(
            sa.Column(
                "listed_day",
                sa.Date(),
                nullable=True,
                comment="under whose hours the source last listed it as not told of",
            )
        )
        table.add_column(
            sa.Column(
                "listed_at",
                sa.DateTime(timezone=True),
                nullable=True,
                comment="when it did",
            )
        )
    op.create_index(
        op.f("ix_source_document_location_code_listed_day"),
        "source_document",
        ["location_code", "listed_day"],
    )
