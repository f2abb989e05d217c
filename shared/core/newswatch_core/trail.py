"""Where an article got to: its events in the embedded log, and its dead letters. Kafka keeps no such trail."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select

from newswatch_core.accounts import Step
from newswatch_core.deadletters import Letter
from newswatch_core.storage.log import offset_of
from newswatch_core.storage.schema import log
from newswatch_core.topics import TOPICS


@dataclass(frozen=True)
class Waiting:
    """The article's event in `topic` that `service` has not read yet, with how many events before it."""

    service: str
    topic: str
    before: int


def waiting_of(tx: Connection, article: str) -> Sequence[Waiting]:
    """Which services have still to read an event of the article."""
    found = []
    for topic in TOPICS:
        if topic.reader is None:
            continue
        reads = offset_of(tx, topic.reader, topic.name)
        newest = select(func.max(log.c.offset)).where(log.c.topic == topic.name, log.c.key == article)
        last = tx.execute(newest).scalar()
        if last is not None and last >= reads:
            found.append(Waiting(topic.reader, topic.name, int(last) - reads))
    return found


def steps_of(waiting: Sequence[Waiting], letters: Iterable[Letter], article: str) -> Sequence[Step]:
    """What holds the article up or ended its way."""
    steps = [
        Step("waiting", f"the {each.service} has not read it yet: {each.before} events of {each.topic} come before it")
        for each in waiting
    ]
    for each in letters:
        if each.key == article:
            text = f"the {each.service} gave it up at {each.at[:16].replace('T', ' ')}, tried {each.tries} times"
            steps.append(Step("dead letter", f"{text}: {each.reason} (`newswatch dead-letters show {each.id}`)"))
    return steps


def facts_of(waiting: Sequence[Waiting], letters: Iterable[Letter], article: str) -> Mapping[str, Any]:
    """The same for programs."""
    dead = [each for each in letters if each.key == article]
    return {
        "waiting": [vars(each) for each in waiting],
        "dead_letters": [
            {name: getattr(each, name) for name in ("id", "service", "at", "tries", "reason")} for each in dead
        ],
    }
