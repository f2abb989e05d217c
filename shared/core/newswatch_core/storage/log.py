"""The embedded log: topics as rows of one table, read by offset like those of Kafka.

A logged event refers to its article; title and text are put back when it is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import msgspec
from sqlalchemy import Connection, func, insert, select

from newswatch_core.events import Event, StoryMerged, UnreadableEventError, decode, encode, key_of
from newswatch_core.storage.articles import Texts, get_texts, put_articles, without_text
from newswatch_core.storage.schema import log, log_ends, offsets
from newswatch_core.storage.upsert import upsert


@dataclass(frozen=True)
class Record:
    """One event of a topic. Where it cannot be read, `event` is None and `problem` says why.

    `value` is the row as it stands in the log, and `written` when it came there.
    """

    offset: int
    key: str
    value: bytes
    written: datetime
    event: Event | None
    problem: str = ""

    @property
    def original(self) -> bytes:
        """The event's bytes as another system would have sent them, with title and text."""
        return self.value if self.event is None else encode(self.event)


def append(tx: Connection, topic: str, events: Sequence[Event], now: datetime) -> None:
    """Adds the events at the end of `topic`, in their order."""
    if not events:
        return
    put_articles(tx, [event.article for event in events if not isinstance(event, StoryMerged)])
    start = end_of(tx, topic)
    upsert(tx, log_ends, [{"topic": topic, "offset": start + len(events)}])
    rows = [
        {"topic": topic, "offset": start + position, "key": key_of(event), "value": _to_row(event), "written": now}
        for position, event in enumerate(events)
    ]
    tx.execute(insert(log), rows)


def read(tx: Connection, topic: str, offset: int, limit: int) -> Sequence[Record]:
    """The next records of `topic` from `offset` on, at most `limit`."""
    columns = (log.c.offset, log.c.key, log.c.value, log.c.written)
    query = select(*columns).where(log.c.topic == topic, log.c.offset >= offset)
    rows = tx.execute(query.order_by(log.c.offset).limit(limit)).all()
    decoded = [_from_row(*row) for row in rows]
    keys = [_article_key(record.event) for record in decoded]
    texts = get_texts(tx, list(dict.fromkeys(key for key in keys if key is not None)))
    return [_with_text(record, texts) for record in decoded]


def end_of(tx: Connection, topic: str) -> int:
    """The offset that the next event of `topic` gets; none is ever used again."""
    return int(tx.execute(select(log_ends.c.offset).where(log_ends.c.topic == topic)).scalar() or 0)


def start_of(tx: Connection, topic: str, since: datetime | None = None) -> int:
    """The offset of the oldest event of `topic` that is kept, and was written at `since` or later; else its end."""
    query = select(func.min(log.c.offset)).where(log.c.topic == topic)
    if since is not None:
        query = query.where(log.c.written >= since)
    found = tx.execute(query).scalar()
    return end_of(tx, topic) if found is None else int(found)


def offset_of(tx: Connection, service: str, topic: str) -> int:
    """The offset that `service` reads next."""
    query = select(offsets.c.offset).where(offsets.c.service == service, offsets.c.topic == topic)
    return int(tx.execute(query).scalar() or 0)


def set_offset(tx: Connection, service: str, topic: str, offset: int) -> None:
    upsert(tx, offsets, [{"service": service, "topic": topic, "offset": offset}])


def _to_row(event: Event) -> bytes:
    if isinstance(event, StoryMerged):
        return encode(event)
    return encode(msgspec.structs.replace(event, article=without_text(event.article)))


def _from_row(offset: int, key: str, value: bytes, written: datetime) -> Record:
    try:
        return Record(offset, key, value, written, decode(value))
    except UnreadableEventError as error:
        return Record(offset, key, value, written, None, f"unreadable event: {error}")


def _article_key(event: Event | None) -> tuple[str, str] | None:
    if event is None or isinstance(event, StoryMerged):
        return None
    return event.article.id, event.article.revision


def _with_text(record: Record, texts: Texts) -> Record:
    key = _article_key(record.event)
    if key is None or record.event is None or isinstance(record.event, StoryMerged):
        return record
    found = texts.get(key)
    if found is None:
        return replace(record, event=None, problem="the article's text is no longer kept")
    # All but title and text is the event's own: two feeds may carry the same article.
    article = msgspec.structs.replace(record.event.article, title=found[0], text=found[1])
    event = msgspec.structs.replace(record.event, article=article)
    return replace(record, event=event)
