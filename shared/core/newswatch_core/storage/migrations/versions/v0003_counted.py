"""the articles that rules with `count` have counted."""

import sqlalchemy as sa
from alembic import op

from newswatch_core.storage.schema import SafeText, UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "counted",
        sa.Column("tally", sa.String(length=20), nullable=False, comment="stands for a rule that counts"),
        sa.Column("article", sa.String(length=20), nullable=False),
        sa.Column("story", sa.String(length=20), nullable=False),
        sa.Column("title", SafeText(), nullable=False),
        sa.Column("outlet", SafeText(), nullable=False),
        sa.Column("url", SafeText(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "alert",
            sa.String(length=20),
            nullable=True,
            comment="the one that it counted for; while there is none it waits for others",
        ),
        sa.PrimaryKeyConstraint("tally", "article"),
    )
    op.create_index("counted_tally_at", "counted", ["tally", "at"])
    op.create_index("counted_at", "counted", ["at"])
