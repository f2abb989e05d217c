"""What the fetcher remembers: the state of each feed, and a mark for each entry it has brought in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, func, select, update

from newswatch_core.ports import Tx
from newswatch_core.storage.schema import entries, feeds
from newswatch_core.storage.upsert import upsert
from newswatch_fetcher.config import Feed
from newswatch_fetcher.schedule import first_interval

_TOUCH_EVERY = timedelta(hours=1)
_LONGEST_PAUSE = timedelta(days=1)
_AT_ONCE = 500


@dataclass(frozen=True)
class FeedState:
    """A row of the table feeds; see there. `problem` is "" while all is well."""

    id: str
    url: str
    configured_url: str
    added: datetime
    interval: timedelta
    due: datetime
    etag: str | None = None
    last_modified: str | None = None
    polled: datetime | None = None
    polled_whole: datetime | None = None
    succeeded: datetime | None = None
    new_entry: datetime | None = None
    failures: int = 0
    problem: str = ""
    gaps: int = 0

    @property
    def first(self) -> bool:
        """Whether no poll has been completed yet."""
        return self.succeeded is None


@dataclass(frozen=True)
class Mark:
    """An entry that was brought in: its key, the hash of what the feed said, its article, when it was in the feed.

    `backlog`: it was older than the watch, and so are its later revisions.
    """

    key: str
    content: str
    article: str
    first_seen: datetime
    last_seen: datetime
    backlog: bool


def load_states(tx: Tx, configured: Sequence[Feed], now: datetime) -> dict[str, FeedState]:
    """The state of each configured feed. New ones, and those whose URL was changed, are written as added now."""
    found = {row["id"]: _state(row) for row in tx.execute(select(feeds)).mappings()}
    states = {}
    for feed in configured:
        state = found.get(feed.id)
        if state is None or state.configured_url != feed.url:
            state = FeedState(
                id=feed.id,
                url=feed.url,
                configured_url=feed.url,
                added=now,
                interval=first_interval(high=feed.high),
                due=now,
            )
            save_state(tx, state)
        # A clock that once was ahead must not silence a feed until then.
        states[feed.id] = replace(state, due=min(state.due, now + _LONGEST_PAUSE))
    return states


def load_state(tx: Tx, feed: str) -> FeedState | None:
    """The state of one feed, as it was last saved."""
    row = tx.execute(select(feeds).where(feeds.c.id == feed)).mappings().first()
    return _state(row) if row else None


def save_state(tx: Tx, state: FeedState) -> None:
    values = asdict(state)
    values["interval_seconds"] = values.pop("interval").total_seconds()
    upsert(tx, feeds, [values])


def load_marks(tx: Tx, feed: str, keys: Sequence[str]) -> dict[str, Mark]:
    """The marks of those entries of `feed` that have one, by key."""
    marks = {}
    columns = [entries.c[name] for name in ("key", "content", "article", "first_seen", "last_seen", "backlog")]
    for start in range(0, len(keys), _AT_ONCE):
        part = keys[start : start + _AT_ONCE]
        query = select(*columns).where(entries.c.feed == feed, entries.c.key.in_(part))
        marks.update({row["key"]: Mark(**row) for row in tx.execute(query).mappings()})
    return marks


def save_marks(tx: Tx, feed: str, marks: Iterable[Mark]) -> None:
    upsert(tx, entries, [{"feed": feed, **asdict(mark)} for mark in marks])


def touch_marks(tx: Tx, feed: str, marks: Mapping[str, Mark], now: datetime) -> None:
    """Says that the marked entries still stand in the feed. To the hour: it matters after thirty days."""
    stale = [key for key, mark in marks.items() if now - mark.last_seen >= _TOUCH_EVERY]
    for start in range(0, len(stale), _AT_ONCE):
        part = stale[start : start + _AT_ONCE]
        tx.execute(update(entries).where(entries.c.feed == feed, entries.c.key.in_(part)).values(last_seen=now))


def oldest_mark(tx: Tx, feed: str) -> datetime | None:
    """When the first of the marked entries of `feed` was brought in; None if there are none."""
    moment: datetime | None = tx.execute(select(func.min(entries.c.first_seen)).where(entries.c.feed == feed)).scalar()
    return moment


def renewed(mark: Mark | None, made: Mark) -> Mark:
    """`made`, with the first sight of the mark that was there before."""
    return replace(made, first_seen=mark.first_seen) if mark else made


def _state(row: RowMapping) -> FeedState:
    values = dict(row)
    interval = timedelta(seconds=values.pop("interval_seconds"))
    return FeedState(**values, interval=interval)
