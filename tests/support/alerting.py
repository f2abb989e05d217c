"""Tagged articles, matches and messages for tests of the alerter."""

from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

from newswatch_alerter.messages import Message, Thread, compose
from newswatch_alerter.receivers.base import Sending
from newswatch_core.events import Article, ClauseMatch, Closeness, Match, Severity, Span, TaggedArticle, Zone, hash_id
from tests.support.articles import NOON, article

NAMES = {"@css": "Confederation of Sahel States", "@russia": "Russia", "#embassy": "embassy"}


def rule(name: str = "css-russia", *, title: str = "", severity: Severity = "high") -> Any:
    """As much of a rule as a message names."""
    return SimpleNamespace(id=name, title=title or f"Title of {name}", severity=severity)


def match(
    of: Article, words: Mapping[str, str], *, rule_id: str = "css-russia", closeness: Closeness = "sentence"
) -> Match:
    """A match whose clauses were satisfied by the first place of each word, in the title or else in the text."""
    return Match(
        rule=rule_id,
        closeness=closeness,
        clauses=tuple(ClauseMatch(clause, (_span(of, word),)) for clause, word in words.items()),
    )


def _span(of: Article, word: str) -> Span:
    zone: Zone = "title" if word in of.title else "lead"
    start = (of.title if zone == "title" else of.text).index(word)
    return Span(start, start + len(word), zone)


def tagged(
    number: int = 1, *, story: str = "", includes: tuple[str, ...] = (), backlog: bool = False, **fields: Any
) -> TaggedArticle:
    of = article(number, **fields)
    return TaggedArticle(
        article=of,
        backlog=backlog,
        copy_of=None,
        story=story or hash_id("story", of.id),
        includes=includes,
        mentions=(),
        entities="none",
    )


def message(
    *, thread: Thread | None = None, sample: bool = False, desk: str = "Test desk", rule_title: str = "", **fields: Any
) -> Message:
    """A message about an article with these fields, fired by one rule on the first word of its title."""
    of = article(1, **fields)
    first = of.title.split()[0] if of.title.split() else ""
    fired = match(of, {"@css": first} if first else {})
    return compose(of, [(rule(title=rule_title), fired)], names=NAMES, desk=desk, thread=thread, sample=sample)


def sending(of: Message | None = None, *, delivery: str = "d" * 20, repeat: bool = False) -> Sending:
    return Sending(delivery, of or message(), repeat, NOON + timedelta(minutes=13))
