"""Dead letters to look at, to process again or to drop, wherever they are kept: in the log or on Kafka."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, delete, insert, select

from newswatch_core.events import UnreadableEventError, decode, key_of
from newswatch_core.ports import Clock
from newswatch_core.storage import log
from newswatch_core.storage.database import Database
from newswatch_core.storage.schema import dead_letters
from newswatch_core.storage.schema import log as log_table


@dataclass(frozen=True)
class Letter:
    """An event that `service` could not process. `id` names it on the command line; `value` are its bytes."""

    id: str
    service: str
    topic: str
    key: str
    reason: str
    tries: int
    at: str
    value: bytes


class DeadLetters(Protocol):
    def letters(self) -> Sequence[Letter]:
        """Those that were neither replayed nor dropped, oldest first."""

    def replay(self, letters: Sequence[Letter]) -> None:
        """Puts them back on the topic they came from, to be processed like any event, and forgets them."""

    def drop(self, letters: Sequence[Letter]) -> None:
        """Forgets them."""


class LoggedLetters:
    """The dead letters of the embedded runtime. newswatch may be running."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def letters(self) -> Sequence[Letter]:
        with self._database.read() as tx:
            rows = tx.execute(select(dead_letters).order_by(dead_letters.c.id)).all()
        return [
            Letter(str(row.id), row.service, row.topic, row.key, row.reason, row.tries, row.at.isoformat(), row.value)
            for row in rows
        ]

    def replay(self, letters: Sequence[Letter]) -> None:
        with self._database.write() as tx:
            for letter in letters:
                self._append(tx, letter)
            self._forget(tx, letters)

    def drop(self, letters: Sequence[Letter]) -> None:
        with self._database.write() as tx:
            self._forget(tx, letters)

    def _append(self, tx: Connection, letter: Letter) -> None:
        now = self._clock()
        try:
            event = decode(letter.value)
        except UnreadableEventError:
            # As it came: a later version may be able to read it.
            row = {"topic": letter.topic, "offset": log.end_of(tx, letter.topic), "key": letter.key}
            tx.execute(insert(log_table).values(**row, value=letter.value, written=now))
        else:
            log.append(tx, letter.topic, [event], now)

    def _forget(self, tx: Connection, letters: Sequence[Letter]) -> None:
        for letter in letters:
            tx.execute(delete(dead_letters).where(dead_letters.c.id == int(letter.id)))


def title_of(letter: Letter) -> str:
    """What a reader recognises the event by."""
    try:
        event = decode(letter.value)
    except UnreadableEventError:
        return "(unreadable)"
    article = getattr(event, "article", None)
    return article.title if article is not None else key_of(event)
