"""Which runs are posting now is found without reading every entry.

Revision: 0010, after 0009.
"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    is_sending = sa.text("status = 'sending'")
    op.create_index(
        "ix_posting_entry_sending",
        "posting_entry",
        ["claimed_by", "claimed_at"],
        sqlite_where=is_sending,
        postgresql_where=is_sending,
    )
