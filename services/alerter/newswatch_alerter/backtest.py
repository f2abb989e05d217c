"""What a rule would have done in the past, beside the rule now in force. Pure.

hits of both --> per rule: by day, by story, alerts, samples, and what fires newly or no longer
"""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from operator import attrgetter

from newswatch_alerter.hits import Hit
from newswatch_alerter.lifecycle import CLOSES_AFTER
from newswatch_judging.rules import Rule

IN_FORCE = "\x00"
"""Before the id of the rule now in force, which goes through the archive beside the one of the same id."""


@dataclass(frozen=True)
class Told:
    """One story that a rule fires on: its hits in the order of time, and how many alerts they would have opened."""

    story: str
    hits: tuple[Hit, ...]
    alerts: int


@dataclass(frozen=True)
class Outcome:
    """What one rule would have done. `backlog`: so many more articles were older than the watch: never alerted."""

    hits: tuple[Hit, ...] = ()
    stories: tuple[Told, ...] = ()
    backlog: int = 0

    @property
    def alerts(self) -> int:
        return sum(told.alerts for told in self.stories)

    @property
    def days(self) -> Mapping[date, int]:
        """How many articles of each day, in UTC; days without one are left out."""
        return dict(sorted(Counter(hit.article.at.date() for hit in self.hits).items()))


@dataclass(frozen=True)
class Backtest:
    """A rule's outcome, and that of the rule of the same id now in force: None if there is none.

    `same`: it is word for word the same rule. `newly`, `no_longer`: what differs.
    """

    rule: Rule
    outcome: Outcome
    before: Outcome | None
    same: bool
    newly: tuple[Hit, ...] = ()
    no_longer: tuple[Hit, ...] = ()


def compare(
    rules: Sequence[Rule],
    in_force: Mapping[str, Rule],
    hits: Iterable[Hit],
    stories: Mapping[str, str],
    backlog: Collection[str],
) -> Sequence[Backtest]:
    """The backtest of each rule. `stories`: by article, where known; `backlog`: the articles that are never alerted."""
    by_rule: dict[str, list[Hit]] = {}
    for hit in hits:
        by_rule.setdefault(hit.rule, []).append(hit)
    return [_compare(rule, in_force.get(rule.id), by_rule, stories, backlog) for rule in rules]


def _compare(
    rule: Rule,
    current: Rule | None,
    by_rule: Mapping[str, Sequence[Hit]],
    stories: Mapping[str, str],
    backlog: Collection[str],
) -> Backtest:
    outcome = _outcome(by_rule.get(rule.id, ()), stories, backlog)
    if current is None:
        return Backtest(rule, outcome, None, same=False)
    if current.source == rule.source:
        return Backtest(rule, outcome, outcome, same=True)
    before = _outcome(by_rule.get(IN_FORCE + rule.id, ()), stories, backlog)
    return Backtest(
        rule,
        outcome,
        before,
        same=False,
        newly=_without(outcome.hits, before.hits),
        no_longer=_without(before.hits, outcome.hits),
    )


def _without(hits: Sequence[Hit], others: Sequence[Hit]) -> tuple[Hit, ...]:
    """The hits on articles that are not among those of the others."""
    known = {hit.article.id for hit in others}
    return tuple(hit for hit in hits if hit.article.id not in known)


def _outcome(hits: Sequence[Hit], stories: Mapping[str, str], backlog: Collection[str]) -> Outcome:
    live = sorted((hit for hit in hits if hit.article.id not in backlog), key=attrgetter("article.at", "article.id"))
    by_story: dict[str, list[Hit]] = {}
    for hit in live:
        by_story.setdefault(stories.get(hit.article.id, hit.article.id), []).append(hit)
    told = [Told(story, tuple(each), _episodes(hit.article.at for hit in each)) for story, each in by_story.items()]
    told.sort(key=lambda story: (-len(story.hits), story.hits[0].article.at))
    return Outcome(tuple(live), tuple(told), len(hits) - len(live))


def _episodes(times: Iterable[datetime]) -> int:
    """How many alerts of one rule a story would have had: one closes after so long without news."""
    number, last = 0, None
    for at in times:
        number += last is None or at - last > CLOSES_AFTER
        last = at
    return number
