"""The deduplicator's rows: fingerprints (the window), decisions and stories."""

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import msgspec
from sqlalchemy import func, select

from newswatch_core.events import Article
from newswatch_core.ports import Tx
from newswatch_core.storage.postgres import lock_names, take_time, wait_for_name
from newswatch_core.storage.schema import decisions, fingerprints, stories
from newswatch_core.storage.upsert import insert_missing, upsert
from newswatch_deduplicator.fingerprint import microseconds, moment, pack, unpack
from newswatch_deduplicator.memory import Decision, Entry, Limits, Memory

SERVICE = "deduplicator"

Decisions = dict[str, dict[str, Decision]]
"""By article, then by revision; the first made first."""
Taken = tuple[Article, Entry, Decision]

_IDS_AT_ONCE = 500


def take_turn(tx: Tx) -> None:
    """Until the end of `tx` no other deduplicator decides.

    One that lost its partition may still be in the midst of its last batch when the next one takes over.
    """
    lock_names(tx, [SERVICE])


def load_memory(tx: Tx, limits: Limits) -> Memory:
    """The window as it was after the last commit, and after that of a batch that another has in hand."""
    with _uncollected():
        return _load_memory(tx, limits)


@contextmanager
def _uncollected() -> Iterator[None]:
    """What comes into being meanwhile is never looked at by the garbage collector: none of it is part of a cycle, and
    a look at a whole window stops every thread for seconds, the pulse too."""
    gc.disable()
    try:
        yield
        gc.freeze()
    finally:
        gc.enable()


def _load_memory(tx: Tx, limits: Limits) -> Memory:
    take_time(tx)
    wait_for_name(tx, SERVICE)
    memory = Memory(limits)
    merged = select(stories.c.id, stories.c.into).where(stories.c.into.is_not(None))
    for row in tx.execute(merged):
        memory.learn_merge(row.id, row.into)
    newest = tx.execute(select(func.max(fingerprints.c.at))).scalar()
    if newest is not None:
        oldest = newest - timedelta(microseconds=limits.copies)
        column = fingerprints.c
        by_age = (column.at.desc(), column.article.desc(), column.revision.desc())
        rows = select(fingerprints).where(column.at >= oldest).order_by(*by_age).limit(limits.articles)
        for entry in sorted(map(_entry, tx.execute(rows)), key=lambda entry: entry.number):
            memory.remember(entry)
    return memory


def load_decisions(tx: Tx, articles: Iterable[str]) -> Decisions:
    """What was decided on any revision of `articles`."""
    found: Decisions = {}
    column = decisions.c
    query = select(column.article, column.revision, column.value).where(column.service == SERVICE)
    for ids in _portions(sorted(set(articles))):
        for row in tx.execute(query.where(column.article.in_(ids)).order_by(column.at, column.revision)):
            found.setdefault(row.article, {})[row.revision] = _decisions.decode(row.value)
    return found


def save(tx: Tx, taken: Sequence[Taken], now: datetime) -> None:
    """Writes what a batch led to, in the order in which it was decided."""
    insert_missing(tx, fingerprints, [_fingerprint_row(entry) for _, entry, _ in taken])
    rows = [
        {
            "service": SERVICE,
            "article": article.id,
            "revision": article.revision,
            "value": msgspec.json.encode(decision),
            "at": now,
        }
        for article, _, decision in taken
    ]
    insert_missing(tx, decisions, rows)
    upsert(tx, stories, list(_story_rows(tx, taken).values()))


def _story_rows(tx: Tx, taken: Sequence[Taken]) -> dict[str, dict[str, Any]]:
    touched = {story for _, _, decision in taken for story in (decision.story, *decision.merged)}
    rows: dict[str, dict[str, Any]] = {}
    for ids in _portions(sorted(touched)):
        rows.update({row.id: row._asdict() for row in tx.execute(select(stories).where(stories.c.id.in_(ids)))})
    for article, entry, decision in taken:
        new = {"opened": article.at, "changed": article.at, "articles": 0, "into": None, "language": article.language}
        row = rows.setdefault(decision.story, {"id": decision.story, **new})
        for story in decision.merged:
            merged = rows.setdefault(story, {"id": story, **new})
            merged["into"] = decision.story
            row["articles"] += merged["articles"]
        row["articles"] += entry.first
        row["changed"] = max(row["changed"], article.at)
    return rows


def _fingerprint_row(entry: Entry) -> dict[str, Any]:
    mark = entry.mark
    return {
        "article": mark.article,
        "revision": mark.revision,
        "story": entry.story,
        "copy_of": entry.copy_of,
        "language": mark.language,
        "at": moment(mark.at),
        "data": _encoder.encode((entry.number, entry.first, entry.adds, pack(mark))),
    }


def _entry(row: Any) -> Entry:
    number, first, adds, data = _decoder.decode(row.data)
    mark = unpack(row.article, row.revision, row.language, microseconds(row.at), data)
    return Entry(number, mark, row.copy_of, row.story, first, adds)


def _portions(ids: Sequence[str]) -> Iterable[Sequence[str]]:
    """Databases take only so many parameters in a statement."""
    return (ids[start : start + _IDS_AT_ONCE] for start in range(0, len(ids), _IDS_AT_ONCE))


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, bool, bool, bytes])
_decisions = msgspec.json.Decoder(Decision)
