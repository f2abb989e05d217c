"""When a match opens an alert, and whom it is told to. Decides only: reads and writes nothing.

An alert is one rule in one story. The first matching article opens it, copy or not; further articles only count.
A receiver hears of a story once, with all the rules that fired; of a rule that fires later, once more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import msgspec

from newswatch_core.events import AlertChanged, Article, Change, Match, Severity, TaggedArticle, hash_id

CLOSES_AFTER = timedelta(hours=48)
"""An alert closes when no matching article came for this long; a later match opens the story's next episode."""

Verdict = Literal["opened", "counted", "revision", "backlog"]
"""What became of a match. `revision`: an earlier revision of the article matched the rule; `backlog`: never alerted."""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one match, and why. `change` is set where the alert was opened."""

    rule: str
    verdict: Verdict
    match: Match
    severity: Severity
    alert: str = ""
    episode: int = 1
    change: Change | None = None


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided of one revision of one article; kept, and given again when the revision is replayed."""

    story: str
    decided: tuple[Decided, ...]

    @property
    def opened(self) -> Sequence[Decided]:
        return [one for one in self.decided if one.verdict == "opened"]

    def events(self, article: Article) -> Sequence[AlertChanged]:
        """The events that follow, the same at every replay."""
        return [
            AlertChanged(
                id=one.alert,
                change=one.change,
                story=self.story,
                severity=one.severity,
                match=one.match,
                article=article,
                at=article.at,
            )
            for one in self.decided
            if one.change is not None
        ]


@dataclass(frozen=True)
class Watched:
    """A rule as far as its alerts need it; `receivers` with routes expanded, in order, each once."""

    id: str
    severity: Severity
    receivers: tuple[str, ...]


@dataclass(frozen=True)
class KnownAlert:
    """The latest alert of a rule in the story."""

    id: str
    episode: int
    changed: datetime


@dataclass(frozen=True)
class Told:
    """The first delivery about the story to a receiver; `rules`: all that were told there since."""

    delivery: str
    article: str
    subject: str
    rules: tuple[str, ...]


@dataclass(frozen=True)
class Known:
    """What the past says of an article and its story.

    `matched`: the rules that other revisions of the article matched, each with its alert ("" if none). `alerts`: by
    rule, the latest one of the story.
    """

    matched: Mapping[str, str] = field(default_factory=dict)
    alerts: Mapping[str, KnownAlert] = field(default_factory=dict)


@dataclass(frozen=True)
class Planned:
    """A delivery to be made: about `rules`, under the article first told to the receiver."""

    id: str
    receiver: str
    article: str
    change: str
    rules: tuple[str, ...]
    thread: Told | None


def is_open(alert: KnownAlert, at: datetime) -> bool:
    return at - alert.changed <= CLOSES_AFTER


def decide(event: TaggedArticle, matches: Sequence[Match], rules: Mapping[str, Watched], known: Known) -> Decision:
    """What each match becomes. `rules` holds the rule of every match."""
    at = event.article.at
    joins = any(is_open(alert, at) for alert in known.alerts.values())
    change: Change = "rule-joined" if joins else "opened"
    return Decision(
        story=event.story,
        decided=tuple(_decide(event, match, rules[match.rule], known, change) for match in matches),
    )


def _decide(event: TaggedArticle, match: Match, rule: Watched, known: Known, change: Change) -> Decided:
    article, alert = event.article, known.alerts.get(rule.id)
    if rule.id in known.matched:
        verdict: Verdict = "revision"
        return Decided(rule=rule.id, verdict=verdict, match=match, severity=rule.severity, alert=known.matched[rule.id])
    if event.backlog:
        return Decided(rule=rule.id, verdict="backlog", match=match, severity=rule.severity)
    if alert is not None and is_open(alert, article.at):
        return Decided(
            rule=rule.id,
            verdict="counted",
            match=match,
            severity=rule.severity,
            alert=alert.id,
            episode=alert.episode,
        )
    episode = alert.episode + 1 if alert else 1
    return Decided(
        rule=rule.id,
        verdict="opened",
        match=match,
        severity=rule.severity,
        alert=hash_id(rule.id, article.id, str(episode)),
        episode=episode,
        change=change,
    )


def plan(article: str, decision: Decision, rules: Mapping[str, Watched], told: Mapping[str, Told]) -> Sequence[Planned]:
    """The deliveries that a decision calls for: one for each receiver of the alerts it opened.

    `told`: what receivers were told of the story before, by receiver.
    """
    opened = {one.rule: one.alert for one in decision.opened}
    per_receiver: dict[str, list[str]] = {}
    for rule in opened:
        for receiver in rules[rule].receivers:
            per_receiver.setdefault(receiver, []).append(rule)
    planned = []
    for receiver, fired in per_receiver.items():
        thread = told.get(receiver)
        first = thread.article if thread else article
        change = joined(fired, [opened[rule] for rule in fired]) if thread else "opened"
        planned.append(
            Planned(
                id=hash_id(first, receiver, change),
                receiver=receiver,
                article=first,
                change=change,
                rules=tuple(fired),
                thread=thread,
            )
        )
    return planned


def joined(rules: Sequence[str], alerts: Sequence[str]) -> str:
    """The name of the change "these rules joined", in 60 characters; the alerts make it unique."""
    return f"rule-joined:{','.join(rules)[:27]}/{hash_id(*alerts)}"


def elder(one: tuple[datetime, str], other: tuple[datetime, str]) -> str:
    """Which of two alerts, each (opened, id), lives on where they meet."""
    return min(one, other)[1]
