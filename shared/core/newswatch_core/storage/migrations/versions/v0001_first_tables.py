"""the tables of newswatch 0.1."""

import sqlalchemy as sa
from alembic import op

from newswatch_core.storage.schema import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    # PostgreSQL keeps articles by days of `seen`, and wants it in the primary key.
    partitioned = op.get_bind().dialect.name == "postgresql"
    op.create_table(
        "alerts",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("article", sa.String(length=20), nullable=False, comment="the first matching article"),
        sa.Column("revision", sa.String(length=20), nullable=False),
        sa.Column("episode", sa.Integer(), nullable=False),
        sa.Column("severity", sa.String(length=10), nullable=False),
        sa.Column("closeness", sa.String(length=10), nullable=False),
        sa.Column("match", sa.LargeBinary(), nullable=False, comment="JSON of the first article's match"),
        sa.Column("opened", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed", UtcDateTime(timezone=True), nullable=False, comment="`at` of its latest matching article"),
        sa.Column("matches", sa.Integer(), nullable=False, comment="matching articles so far"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index("alerts_opened", ["opened"], unique=False)

    op.create_table(
        "articles",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.String(length=20), nullable=False),
        sa.Column("feed", sa.String(length=200), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("published", UtcDateTime(timezone=True), nullable=True),
        sa.Column("seen", UtcDateTime(timezone=True), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column(
            "details", sa.LargeBinary(), nullable=False, comment="the whole article as JSON, without title and text"
        ),
        sa.PrimaryKeyConstraint("id", "revision", *(("seen",) if partitioned else ())),
        postgresql_partition_by="RANGE (seen)",
    )
    if partitioned:
        op.execute("CREATE TABLE articles_other PARTITION OF articles DEFAULT")
    with op.batch_alter_table("articles", schema=None) as batch_op:
        batch_op.create_index("articles_at", ["at"], unique=False)
        batch_op.create_index("articles_seen", ["seen"], unique=False)

    op.create_table(
        "dead_letters",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("offset", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False, comment="the original bytes, with title and text"),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "decisions",
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("article", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.String(length=20), nullable=False),
        sa.Column("value", sa.LargeBinary(), nullable=False, comment="JSON; a replayed revision gets the same again"),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("service", "article", "revision"),
    )
    with op.batch_alter_table("decisions", schema=None) as batch_op:
        batch_op.create_index("decisions_at", ["at"], unique=False)

    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("receiver", sa.String(length=200), nullable=False),
        sa.Column(
            "article",
            sa.String(length=20),
            nullable=False,
            comment="the first matching article: what is told belongs to it",
        ),
        sa.Column("story", sa.String(length=20), nullable=False),
        sa.Column("change", sa.String(length=60), nullable=False),
        sa.Column("message", sa.LargeBinary(), nullable=False, comment="JSON of what to tell"),
        sa.Column("state", sa.String(length=10), nullable=False, comment="pending, sending, sent, uncertain, dead"),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("due", UtcDateTime(timezone=True), nullable=False),
        sa.Column("repeat", sa.Boolean(), nullable=False, comment="an earlier try may have arrived"),
        sa.Column("holder", sa.String(length=60), nullable=True, comment="who sends it now"),
        sa.Column("held_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("created", UtcDateTime(timezone=True), nullable=False),
        sa.Column("sent", UtcDateTime(timezone=True), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False, comment="what the last try met; empty if nothing"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("article", "receiver", "change"),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("deliveries_state_due", ["state", "due"], unique=False)
        batch_op.create_index("deliveries_story", ["story"], unique=False)

    op.create_table(
        "entries",
        sa.Column("feed", sa.String(length=200), nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False, comment="hash of guid or link"),
        sa.Column("content", sa.String(length=20), nullable=False, comment="hash of what the feed says of it"),
        sa.Column("article", sa.String(length=20), nullable=False),
        sa.Column("first_seen", UtcDateTime(timezone=True), nullable=False),
        sa.Column("last_seen", UtcDateTime(timezone=True), nullable=False, comment="when it last stood in the feed"),
        sa.Column(
            "backlog", sa.Boolean(), nullable=False, comment="older than the watch; its later revisions are as well"
        ),
        sa.PrimaryKeyConstraint("feed", "key"),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index("entries_last_seen", ["last_seen"], unique=False)

    op.create_table(
        "feeds",
        sa.Column("id", sa.String(length=200), nullable=False),
        sa.Column(
            "url", sa.Text(), nullable=False, comment="where it is polled: the configured URL or where it moved to"
        ),
        sa.Column("configured_url", sa.Text(), nullable=False),
        sa.Column("added", UtcDateTime(timezone=True), nullable=False),
        sa.Column("etag", sa.Text(), nullable=True),
        sa.Column("last_modified", sa.Text(), nullable=True),
        sa.Column("interval_seconds", sa.Float(), nullable=False),
        sa.Column("due", UtcDateTime(timezone=True), nullable=False),
        sa.Column("polled", UtcDateTime(timezone=True), nullable=True),
        sa.Column(
            "polled_whole",
            UtcDateTime(timezone=True),
            nullable=True,
            comment="last poll without validators that was answered with 200",
        ),
        sa.Column("succeeded", UtcDateTime(timezone=True), nullable=True),
        sa.Column("new_entry", UtcDateTime(timezone=True), nullable=True, comment="when the last new entry was seen"),
        sa.Column("failures", sa.Integer(), nullable=False, comment="in a row"),
        sa.Column("problem", sa.Text(), nullable=False, comment="empty while all is well"),
        sa.Column("gaps", sa.Integer(), nullable=False, comment="polls with no entry in common with the one before"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "fingerprints",
        sa.Column("article", sa.String(length=20), nullable=False),
        sa.Column("revision", sa.String(length=20), nullable=False),
        sa.Column("story", sa.String(length=20), nullable=False),
        sa.Column("copy_of", sa.String(length=20), nullable=True),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False, comment="what the deduplicator compares, packed"),
        sa.PrimaryKeyConstraint("article", "revision"),
    )
    with op.batch_alter_table("fingerprints", schema=None) as batch_op:
        batch_op.create_index("fingerprints_at", ["at"], unique=False)

    op.create_table(
        "log",
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("offset", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("key", sa.String(length=20), nullable=False),
        sa.Column(
            "value",
            sa.LargeBinary(),
            nullable=False,
            comment="the event; an article's title and text stand in articles",
        ),
        sa.Column("written", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("topic", "offset"),
        sqlite_with_rowid=False,
    )
    with op.batch_alter_table("log", schema=None) as batch_op:
        batch_op.create_index("log_key", ["key"], unique=False)
        batch_op.create_index("log_written", ["written"], unique=False)

    op.create_table(
        "log_ends",
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column(
            "offset",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="what the next event of the topic gets",
        ),
        sa.PrimaryKeyConstraint("topic"),
    )
    op.create_table(
        "offsets",
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column(
            "offset",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            nullable=False,
            comment="the next one to read",
        ),
        sa.PrimaryKeyConstraint("service", "topic"),
    )
    op.create_table(
        "retries",
        sa.Column("service", sa.String(length=40), nullable=False),
        sa.Column("topic", sa.String(length=60), nullable=False),
        sa.Column("offset", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("service", "topic", "offset"),
    )
    op.create_table(
        "stories",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("language", sa.String(length=8), nullable=False),
        sa.Column("opened", UtcDateTime(timezone=True), nullable=False),
        sa.Column("changed", UtcDateTime(timezone=True), nullable=False),
        sa.Column("articles", sa.Integer(), nullable=False, comment="copies included"),
        sa.Column("into", sa.String(length=20), nullable=True, comment="the story it was merged into"),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("stories", schema=None) as batch_op:
        batch_op.create_index("stories_changed", ["changed"], unique=False)

    op.create_table(
        "alert_stories",
        sa.Column("rule", sa.String(length=200), nullable=False),
        sa.Column("story", sa.String(length=20), nullable=False),
        sa.Column("alert", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert"],
            ["alerts.id"],
        ),
        sa.PrimaryKeyConstraint("rule", "story"),
    )
    with op.batch_alter_table("alert_stories", schema=None) as batch_op:
        batch_op.create_index("alert_stories_story", ["story"], unique=False)
