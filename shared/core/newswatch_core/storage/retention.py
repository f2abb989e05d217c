"""Deleting what is no longer needed."""

from datetime import datetime, timedelta

from sqlalchemy import Column, Connection, Table, delete, func, or_, select

from newswatch_core.settings import Retention
from newswatch_core.storage import partitions, postgres
from newswatch_core.storage.schema import (
    articles,
    counted,
    dead_letters,
    decisions,
    deliveries,
    entries,
    feeds,
    fingerprints,
    hosts,
    log,
    near_misses,
    offsets,
    stories,
)
from newswatch_core.topics import TOPICS

SEEN_MARKS = timedelta(days=30)
"""How long an entry is remembered after it left its feed: publishers bring old ones back."""
DELIVERIES = timedelta(days=90)
NEAR_MISSES = timedelta(days=14)
MAX_NEAR_MISSES = 100_000
"""So many are kept at most, the newest."""
COUNTED = timedelta(days=32)
"""What a rule counts lies at most 30 days apart; an article may be dated two days before it is seen."""


_LOCK = "retention"


def sweep(tx: Connection, now: datetime, keep: Retention) -> int:
    """Deletes what is older than `keep` says, and says how many rows that were. Unread events always stay.

    On PostgreSQL articles go by whole days, which are not counted, and the days to come are made ready; where another
    process sweeps already, nothing is done.
    """
    if not postgres.try_lock_name(tx, _LOCK):
        return 0
    postgres.take_time(tx)
    gone = _sweep_log(tx, now, keep)
    for table, column, until in _aged(now, keep):
        gone += tx.execute(delete(table).where(column < until)).rowcount
    gone += _forget_entries(tx, now)
    gone += _sweep_near_misses(tx)
    done = or_(deliveries.c.state == "sent", deliveries.c.state == "dead")
    gone += tx.execute(delete(deliveries).where(done, deliveries.c.created < now - DELIVERIES)).rowcount
    # Last, because on PostgreSQL it locks the table until the end of the transaction.
    return gone + _sweep_articles(tx, now, keep)


def _sweep_log(tx: Connection, now: datetime, keep: Retention) -> int:
    gone = 0
    for topic in TOPICS:
        where = [log.c.topic == topic.name, log.c.written < now - keep.log]
        if topic.reader is not None:
            read_to = select(func.coalesce(func.max(offsets.c.offset), 0)).where(offsets.c.topic == topic.name)
            where.append(log.c.offset < read_to.scalar_subquery())
        gone += tx.execute(delete(log).where(*where)).rowcount
    return gone


def _sweep_articles(tx: Connection, now: datetime, keep: Retention) -> int:
    """Deletes old articles, but none that a logged event refers to."""
    until = now - keep.articles
    logged = select(log.c.key).where(log.c.key == articles.c.id).exists()
    if tx.dialect.name != "postgresql":
        return tx.execute(delete(articles).where(articles.c.seen < until, ~logged)).rowcount
    partitions.make_ahead(tx, now)
    oldest_logged = tx.execute(select(func.min(articles.c.seen)).where(logged)).scalar()
    return partitions.drop_before(tx, min(until, oldest_logged or until))


def _aged(now: datetime, keep: Retention) -> list[tuple[Table, Column[datetime], datetime]]:
    return [
        (fingerprints, fingerprints.c.at, now - keep.articles),
        (stories, stories.c.changed, now - keep.articles),
        # Decisions outlive the seen marks: an entry that comes back must meet the decision it had.
        (decisions, decisions.c.at, now - keep.articles - SEEN_MARKS),
        (dead_letters, dead_letters.c.at, now - keep.articles),
        (near_misses, near_misses.c.at, now - NEAR_MISSES),
        (counted, counted.c.at, now - COUNTED),
        (hosts, hosts.c.held_until, now - keep.articles),
    ]


def _sweep_near_misses(tx: Connection) -> int:
    """Deletes the oldest beyond `MAX_NEAR_MISSES`."""
    newest = select(near_misses.c.at).order_by(near_misses.c.at.desc()).offset(MAX_NEAR_MISSES).limit(1)
    until = tx.execute(newest).scalar()
    return 0 if until is None else tx.execute(delete(near_misses).where(near_misses.c.at <= until)).rowcount


def _forget_entries(tx: Connection, now: datetime) -> int:
    """Deletes the marks of entries that their feed has not carried for long.

    The time is that of the feed's last answer: while a feed is down nobody knows what it carries.
    """
    known = {row.id: row.succeeded for row in tx.execute(select(feeds.c.id, feeds.c.succeeded))}
    gone = 0
    for feed in tx.execute(select(entries.c.feed).distinct()).scalars().all():
        answered = known.get(feed, now) or now
        old = entries.c.last_seen < min(answered, now) - SEEN_MARKS
        gone += tx.execute(delete(entries).where(entries.c.feed == feed, old)).rowcount
    return gone
