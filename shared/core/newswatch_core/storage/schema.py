"""Every table. A change here needs a migration in `migrations/versions/`; a test compares the two."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    DateTime,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

metadata = MetaData()


class UtcDateTime(TypeDecorator[datetime]):
    """An aware datetime, kept in UTC: SQLite has no time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        time: datetime = value
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)


class SafeText(TypeDecorator[str]):
    """Text of any origin. PostgreSQL takes no NUL and no lone surrogate; each is replaced, so that offsets hold."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:
        if value is None or (value.isascii() and "\0" not in value):
            return value
        return value.replace("\0", "\ufffd").encode("utf-8", "replace").decode()


_Id = String(20)
_Offset = BigInteger().with_variant(Integer, "sqlite")

log = Table(
    "log",
    metadata,
    Column("topic", String(60), primary_key=True),
    Column("offset", _Offset, primary_key=True, autoincrement=False),
    Column("key", _Id, nullable=False),
    Column("value", LargeBinary, nullable=False, comment="the event; an article's title and text stand in articles"),
    Column("written", UtcDateTime, nullable=False),
    Index("log_key", "key"),
    Index("log_written", "written"),
    sqlite_with_rowid=False,
)

log_ends = Table(
    "log_ends",
    metadata,
    Column("topic", String(60), primary_key=True),
    Column("offset", _Offset, nullable=False, comment="what the next event of the topic gets"),
)

offsets = Table(
    "offsets",
    metadata,
    Column("service", String(40), primary_key=True),
    Column("topic", String(60), primary_key=True),
    Column("offset", _Offset, nullable=False, comment="the next one to read"),
)

retries = Table(
    "retries",
    metadata,
    Column("service", String(40), primary_key=True),
    Column("topic", String(60), primary_key=True),
    Column("offset", _Offset, primary_key=True, autoincrement=False),
    Column("tries", Integer, nullable=False),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", _Offset, primary_key=True, autoincrement=True),
    Column("service", String(40), nullable=False),
    Column("topic", String(60), nullable=False),
    Column("offset", _Offset, nullable=False),
    Column("key", _Id, nullable=False),
    Column("value", LargeBinary, nullable=False, comment="the original bytes, with title and text"),
    Column("reason", SafeText, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)

# On PostgreSQL the primary key also holds `seen`, the day of which says in which part a row stands (partitions.py).
articles = Table(
    "articles",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("revision", _Id, primary_key=True),
    Column("feed", String(200), nullable=False),
    Column("url", SafeText, nullable=False),
    Column("language", String(8), nullable=False),
    Column("title", SafeText, nullable=False),
    Column("text", SafeText, nullable=False),
    Column("published", UtcDateTime),
    Column("seen", UtcDateTime, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("details", LargeBinary, nullable=False, comment="the whole article as JSON, without title and text"),
    Index("articles_at", "at"),
    Index("articles_seen", "seen"),
    postgresql_partition_by="RANGE (seen)",
)

feeds = Table(
    "feeds",
    metadata,
    Column("id", String(200), primary_key=True),
    Column("url", SafeText, nullable=False, comment="where it is polled: the configured URL or where it moved to"),
    Column("configured_url", SafeText, nullable=False),
    Column("added", UtcDateTime, nullable=False),
    Column("etag", SafeText),
    Column("last_modified", SafeText),
    Column("interval_seconds", Float, nullable=False),
    Column("due", UtcDateTime, nullable=False),
    Column("polled", UtcDateTime),
    Column("polled_whole", UtcDateTime, comment="last poll without validators that was answered with 200"),
    Column("succeeded", UtcDateTime),
    Column("new_entry", UtcDateTime, comment="when the last new entry was seen"),
    Column("failures", Integer, nullable=False, comment="in a row"),
    Column("problem", SafeText, nullable=False, comment="empty while all is well"),
    Column("gaps", Integer, nullable=False, comment="polls with no entry in common with the one before"),
)

hosts = Table(
    "hosts",
    metadata,
    Column("name", String(300), primary_key=True, comment="host and port, as in the feeds' URLs"),
    Column("holder", String(60), comment="the fetcher that polls its feeds now"),
    Column("held_until", UtcDateTime, nullable=False, comment="from then on any fetcher may take it"),
)

entries = Table(
    "entries",
    metadata,
    Column("feed", String(200), primary_key=True),
    Column("key", _Id, primary_key=True, comment="hash of guid or link"),
    Column("content", _Id, nullable=False, comment="hash of what the feed says of it"),
    Column("article", _Id, nullable=False),
    Column("first_seen", UtcDateTime, nullable=False),
    Column("last_seen", UtcDateTime, nullable=False, comment="when it last stood in the feed"),
    Column("backlog", Boolean, nullable=False, comment="older than the watch; its later revisions are as well"),
    Index("entries_last_seen", "last_seen"),
)

decisions = Table(
    "decisions",
    metadata,
    Column("service", String(40), primary_key=True),
    Column("article", _Id, primary_key=True),
    Column("revision", _Id, primary_key=True),
    Column("value", LargeBinary, nullable=False, comment="JSON; a replayed revision gets the same again"),
    Column("at", UtcDateTime, nullable=False),
    Index("decisions_at", "at"),
)

fingerprints = Table(
    "fingerprints",
    metadata,
    Column("article", _Id, primary_key=True),
    Column("revision", _Id, primary_key=True),
    Column("story", _Id, nullable=False),
    Column("copy_of", _Id),
    Column("language", String(8), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("data", LargeBinary, nullable=False, comment="what the deduplicator compares, packed"),
    Index("fingerprints_at", "at"),
)

stories = Table(
    "stories",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("language", String(8), nullable=False),
    Column("opened", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False),
    Column("articles", Integer, nullable=False, comment="copies included"),
    Column("into", _Id, comment="the story it was merged into"),
    Index("stories_changed", "changed"),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("rule", String(200), nullable=False),
    Column("article", _Id, nullable=False, comment="the first matching article"),
    Column("revision", _Id, nullable=False),
    Column("episode", Integer, nullable=False),
    Column("severity", String(10), nullable=False),
    Column("closeness", String(10), nullable=False),
    Column("match", LargeBinary, nullable=False, comment="JSON of the first article's match"),
    Column("opened", UtcDateTime, nullable=False),
    Column("changed", UtcDateTime, nullable=False, comment="`at` of its latest matching article"),
    Column("matches", Integer, nullable=False, comment="matching articles so far"),
    Index("alerts_opened", "opened"),
)

alert_stories = Table(
    "alert_stories",
    metadata,
    Column("rule", String(200), primary_key=True),
    Column("story", _Id, primary_key=True),
    Column("alert", _Id, ForeignKey("alerts.id"), nullable=False),
    Index("alert_stories_story", "story"),
)

counted = Table(
    "counted",
    metadata,
    Column("tally", _Id, primary_key=True, comment="stands for a rule that counts"),
    Column("article", _Id, primary_key=True),
    Column("story", _Id, nullable=False),
    Column("title", SafeText, nullable=False),
    Column("outlet", SafeText, nullable=False),
    Column("url", SafeText, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("alert", _Id, comment="the one that it counted for; while there is none it waits for others"),
    Index("counted_tally_at", "tally", "at"),
    Index("counted_at", "at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("receiver", String(200), nullable=False),
    Column("article", _Id, nullable=False, comment="the first matching article: what is told belongs to it"),
    Column("story", _Id, nullable=False),
    Column("change", String(60), nullable=False),
    Column("message", LargeBinary, nullable=False, comment="JSON of what to tell"),
    Column("state", String(10), nullable=False, comment="pending, sending, sent, uncertain, dead"),
    Column("tries", Integer, nullable=False),
    Column("due", UtcDateTime, nullable=False),
    Column("repeat", Boolean, nullable=False, comment="an earlier try may have arrived"),
    Column("holder", String(60), comment="who sends it now"),
    Column("held_until", UtcDateTime),
    Column("created", UtcDateTime, nullable=False),
    Column("sent", UtcDateTime),
    Column("problem", SafeText, nullable=False, comment="what the last try met; empty if nothing"),
    UniqueConstraint("article", "receiver", "change"),
    Index("deliveries_state_due", "state", "due"),
    Index("deliveries_story", "story"),
)

near_misses = Table(
    "near_misses",
    metadata,
    Column("article", _Id, primary_key=True),
    Column("revision", _Id, primary_key=True),
    Column("rule", String(200), primary_key=True),
    Column("kind", String(10), nullable=False, comment="guard, not, apart, unread"),
    Column("clause", SafeText, nullable=False, comment="the one that failed, as the query has it"),
    Column("why", SafeText, nullable=False),
    Column("at", UtcDateTime, nullable=False, comment="when the article was judged"),
    Index("near_misses_at", "at"),
)
