"""rules that nearly fired on an article."""

import sqlalchemy as sa
from alembic import op

from newswatch_core.storage.schema import SafeText, UtcDateTime

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "near_misses",
        sa.Column("article", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False, comment="guard, not, apart, unread"),
        sa.Column("clause", SafeText(), nullable=False, comment="the one that failed, as the query has it"),
        sa.Column("why", SafeText(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False, comment="when the article was judged"),
        sa.PrimaryKeyConstraint("article", "revision", "rule"),
    )
    op.create_index("near_misses_at", "near_misses", ["at"], unique=False)
