"""which fetcher polls which host."""

import sqlalchemy as sa
from alembic import op

from newswatch_core.storage.schema import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hosts",
        sa.Column("name", sa.String(length=300), nullable=False, comment="host and port, as in the feeds' URLs"),
        sa.Column("holder", sa.String(length=60), nullable=True, comment="the fetcher that polls its feeds now"),
        sa.Column(
            "held_until",
            UtcDateTime(timezone=True),
            nullable=False,
            comment="from then on any fetcher may take it",
        ),
        sa.PrimaryKeyConstraint("name"),
    )
