"""When a match opens an alert, and whom it is told to. Decides only: reads and writes nothing.

An alert is one rule in one story. The first matching article opens it, copy or not; further articles only count.
A rule with `count` waits for several stories or outlets, and has one alert for all of them (counting.py).
A receiver hears of a story once, with all the rules that fired; of a rule that fires later, once more.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

import msgspec
from msgspec.structs import replace

from newswatch_alerter.counting import counted_article, reached
from newswatch_core.events import (
    SAMPLE_FEED,
    AlertChanged,
    Article,
    Change,
    Closeness,
    CountedArticle,
    Match,
    Severity,
    TaggedArticle,
    hash_id,
)
from newswatch_judging.rules import Count

CLOSES_AFTER = timedelta(hours=48)
"""An alert closes when no matching article came for this long; a later match opens the story's next episode."""

Verdict = Literal["opened", "counted", "waiting", "revision", "backlog"]
"""What became of a match. `waiting`: the rule counts, and has not enough yet; `revision`: an earlier revision of the
article matched the rule; `backlog`: never alerted."""


class Decided(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one match, and why. `change` is set where the alert was opened.

    `feed`: the one through which the article came when this was decided. `counted`: what made up the number of a rule
    with `count`.
    """

    rule: str
    verdict: Verdict
    match: Match
    severity: Severity
    alert: str = ""
    episode: int = 1
    change: Change | None = None
    feed: str = ""
    counted: tuple[CountedArticle, ...] = ()


class Decision(msgspec.Struct, frozen=True, kw_only=True):
    """What was decided of one revision of one article; kept, and given again when the revision is replayed.

    `feeds`: those through which it came so far. A rule may ask for a feed or an outlet, so each may fire others.
    """

    story: str
    decided: tuple[Decided, ...]
    feeds: tuple[str, ...] = ()

    @property
    def opened(self) -> Sequence[Decided]:
        return [one for one in self.decided if one.verdict == "opened"]

    def events(self, article: Article) -> Sequence[AlertChanged]:
        """The events that follow where the article comes through its feed, the same at every replay."""
        return [
            AlertChanged(
                id=one.alert,
                change=one.change,
                story=self.story,
                severity=one.severity,
                match=one.match,
                article=article,
                at=article.at,
                counted=one.counted,
            )
            for one in self.decided
            if one.change is not None and one.feed in {"", article.feed}
        ]

    def is_whole(self, event: TaggedArticle) -> bool:
        """Whether it says all of `event`, which is then a replay."""
        return event.article.feed in self.feeds and len(self._kept(event)) == len(self.decided)

    def rules_settled(self, event: TaggedArticle) -> frozenset[str]:
        """The rules of which `event` cannot change what was decided."""
        return frozenset(one.rule for one in self._kept(event) if same_world(one.feed, event))

    def extended(self, event: TaggedArticle, further: "Decision") -> "Decision":
        """With what was decided `further`, when the article came as `event`."""
        feeds = tuple(dict.fromkeys((*self.feeds, *further.feeds)))
        return Decision(story=self.story, decided=(*self._kept(event), *further.decided), feeds=feeds)

    def _kept(self, event: TaggedArticle) -> Sequence[Decided]:
        """A match in the backlog of one feed may be news in another."""
        return [one for one in self.decided if event.backlog or one.verdict != "backlog"]


def same_world(feed: str, event: TaggedArticle) -> bool:
    """Whether both are samples, or neither is: what is told of samples must not keep back what is real."""
    return (feed == SAMPLE_FEED) == is_sample(event.article)


def is_sample(article: Article) -> bool:
    return article.feed == SAMPLE_FEED


def alert_id(rule: str, article: Article, episode: int) -> str:
    return hash_id(rule, article.id, str(episode), *([SAMPLE_FEED] if is_sample(article) else []))


@dataclass(frozen=True)
class Watched:
    """A rule as far as its alerts need it; `receivers` with routes expanded, in order, each once.

    `severities`: those that differ from `severity`, by the closeness of the match.
    """

    id: str
    severity: Severity
    receivers: tuple[str, ...]
    severities: Mapping[Closeness, Severity] = field(default_factory=dict)
    count: Count | None = None

    def severity_of(self, match: Match) -> Severity:
        return self.severities.get(match.closeness, self.severity)


@dataclass(frozen=True)
class KnownAlert:
    """The latest alert of a rule in the story."""

    id: str
    episode: int
    changed: datetime


@dataclass(frozen=True)
class Tally:
    """What a rule with `count` has: its latest alert, and the articles near in time that wait for others.

    `story`: that of the article to be decided about, as merged by now.
    """

    alert: KnownAlert | None = None
    waiting: Sequence[CountedArticle] = ()
    story: str = ""


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
    rule, the latest one of the story. `since`: when the oldest of those that are open was opened. `tallies`: of rules
    with `count`, whatever the story.
    """

    matched: Mapping[str, str] = field(default_factory=dict)
    alerts: Mapping[str, KnownAlert] = field(default_factory=dict)
    tallies: Mapping[str, Tally] = field(default_factory=dict)
    since: datetime | None = None


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
        feeds=(event.article.feed,),
    )


def _decide(event: TaggedArticle, match: Match, rule: Watched, known: Known, change: Change) -> Decided:
    article = event.article
    tally = known.tallies.get(rule.id, Tally())
    alert = tally.alert if rule.count else known.alerts.get(rule.id)
    made = Decided(
        rule=rule.id, verdict="counted", match=match, severity=rule.severity_of(match), feed=event.article.feed
    )
    if rule.id in known.matched:
        return replace(made, verdict="revision", alert=known.matched[rule.id])
    if event.backlog:
        return replace(made, verdict="backlog")
    if alert is not None and is_open(alert, article.at):
        return replace(made, alert=alert.id, episode=alert.episode)
    counted: Sequence[CountedArticle] = ()
    if rule.count:
        own = counted_article(event)
        counted = reached(rule.count, tally.waiting, replace(own, story=tally.story or own.story))
        if not counted:
            return replace(made, verdict="waiting")
    episode = alert.episode + 1 if alert else 1
    opened = replace(made, verdict="opened", alert=alert_id(rule.id, article, episode), episode=episode, change=change)
    return replace(opened, counted=tuple(counted))


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


def elder(*met: tuple[datetime, str]) -> str:
    """Which of the alerts that meet, each (opened, id), lives on."""
    return min(met)[1]
