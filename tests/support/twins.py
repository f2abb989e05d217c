"""What came of a run of the whole path, in words that do not depend on the order in which articles arrived.

Who comes first decides which article of a story is the original and which its copy, with it which article opens the
alert, and, where articles are barely alike, whether they are one story. It may not decide which rules fire in a story
and how many of its articles matched, or what each receiver is told of it and how often.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from newswatch_core.events import AlertChanged, DeduplicatedArticle, Event, StoryMerged
from newswatch_core.storage.database import Database
from newswatch_core.storage.schema import alerts
from tests.support.wholepath import MARK

Story = frozenset[str]
"""The URLs of its articles."""


@dataclass(frozen=True)
class Outcome:
    """What came of a run."""

    stories: frozenset[Story]
    alerts: Counter[tuple[str, Story, int]]
    """Rule, story, and how many of its articles matched."""
    emitted: frozenset[tuple[str, Story]]
    """Rule and story of the alerts on the last topic."""
    told: Mapping[str, Counter[tuple[str, ...]]]
    """By receiver: the rules that each message names, and the mark of a repeat where it has one."""
    decided: Mapping[str, tuple[str | None, str]]
    """By the id of an article: the article that it copies, and its story as first decided."""


def outcome_of(
    database: Database,
    *,
    deduplicated: Sequence[Event],
    alerted: Sequence[Event],
    messages: Mapping[str, Sequence[str]],
    rules: Iterable[str],
) -> Outcome:
    """`deduplicated` and `alerted`: what stands on those topics. `messages`: the words that each receiver was sent."""
    stories = stories_of(deduplicated)
    with database.read() as tx:
        rows = tx.execute(select(alerts.c.id, alerts.c.rule, alerts.c.article, alerts.c.matches)).all()
    changed = [event for event in alerted if isinstance(event, AlertChanged)]
    assert {event.id for event in changed} == {row.id for row in rows}, "topic and table tell of the same alerts"
    names = sorted(rules)
    return Outcome(
        stories=frozenset(stories.values()),
        alerts=Counter((row.rule, stories[row.article], row.matches) for row in rows),
        emitted=frozenset((event.match.rule, stories[event.article.id]) for event in changed),
        told={receiver: Counter(_named(words, names) for words in texts) for receiver, texts in messages.items()},
        decided=decided_in(deduplicated),
    )


def decided_in(deduplicated: Iterable[Event]) -> dict[str, tuple[str | None, str]]:
    decided = dict[str, tuple[str | None, str]]()
    for event in deduplicated:
        if isinstance(event, DeduplicatedArticle):
            found = (event.copy_of, event.story)
            assert decided.setdefault(event.article.id, found) == found, "an article is decided once"
    return decided


def stories_of(events: Iterable[Event]) -> dict[str, Story]:
    """By the id of an article: the story that it is in at the end."""
    story, url, into = dict[str, str](), dict[str, str](), dict[str, str]()
    for event in events:
        if isinstance(event, StoryMerged):
            into[event.story] = event.into
        elif isinstance(event, DeduplicatedArticle):
            story[event.article.id] = event.story
            url[event.article.id] = event.article.url
    members: dict[str, set[str]] = {}
    for article, name in story.items():
        while name in into:
            name = into[name]  # noqa: PLW2901 - the story that it was merged into
        story[article] = name
        members.setdefault(name, set()).add(url[article])
    return {article: frozenset(members[name]) for article, name in story.items()}


def _named(words: str, rules: Iterable[str]) -> tuple[str, ...]:
    return (*(rule for rule in rules if f"({rule})" in words), *([MARK] if MARK in words.lower() else []))
