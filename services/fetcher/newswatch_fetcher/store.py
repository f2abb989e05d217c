"""What the fetcher remembers: the state of each feed, and a mark for each entry it has brought in."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select, update

from newswatch_core.ports import Tx
from newswatch_core.storage.schema import entries, feeds
from newswatch_core.storage.upsert import insert_missing, upsert
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
    # A clock that once was ahead must silence no feed until then.
    latest = now + _LONGEST_PAUSE
    tx.execute(update(feeds).where(feeds.c.due > latest).values(due=latest))
    ids = [feed.id for feed in configured]
    states = states_of(tx, ids)
    new = [feed for feed in configured if feed.id not in states or states[feed.id].configured_url != feed.url]
    rows = {feed.id: _row(_added(feed, now)) for feed in new}
    # Another fetcher may start at the same time, and may even have polled what is new to us: its rows stay.
    insert_missing(tx, feeds, [row for feed, row in rows.items() if feed not in states])
    for feed in new:
        changed = (feeds.c.id == feed.id, feeds.c.configured_url != feed.url)
        tx.execute(update(feeds).where(*changed).values(rows[feed.id]))
    return states | states_of(tx, list(rows))


def states_of(tx: Tx, ids: Sequence[str]) -> dict[str, FeedState]:
    """The states of those feeds that have one."""
    found = {}
    for start in range(0, len(ids), _AT_ONCE):
        for row in tx.execute(select(feeds).where(feeds.c.id.in_(ids[start : start + _AT_ONCE]))).mappings():
            values = dict(row)
            interval = timedelta(seconds=values.pop("interval_seconds"))
            found[values["id"]] = FeedState(**values, interval=interval)
    return found


def _added(feed: Feed, now: datetime) -> FeedState:
    interval = first_interval(high=feed.high)
    return FeedState(id=feed.id, url=feed.url, configured_url=feed.url, added=now, interval=interval, due=now)


def save_state(tx: Tx, state: FeedState) -> None:
    upsert(tx, feeds, [_row(state)])


def _row(state: FeedState) -> dict[str, Any]:
    values = asdict(state)
    values["interval_seconds"] = values.pop("interval").total_seconds()
    return values


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
