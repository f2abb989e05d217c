"""The alerter, wired: tagged articles in; decisions, alerts and deliveries into the database; alerts out.

TaggedArticle -> judge -> decide -> alerts, decisions -> plan -> compose -> outbox -> (sender) -> receivers
"""

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import structlog
from msgspec.structs import replace

from newswatch_alerter import messages, store, tallies
from newswatch_alerter.account import account
from newswatch_alerter.config import Receivers, sample_configs
from newswatch_alerter.lifecycle import Decision, Planned, Watched, decide, is_sample, plan
from newswatch_alerter.nearmisses import NearMisses
from newswatch_alerter.orders import NAME, Orders, live_orders, notify_problems
from newswatch_alerter.outbox import pending_row
from newswatch_alerter.receivers.base import Receiver, ReceiverConfig
from newswatch_alerter.sender import sender_of
from newswatch_core import metrics
from newswatch_core.config import ConfigError, Problem
from newswatch_core.events import (
    SAMPLE_FEED,
    Article,
    ArticleEvent,
    DeduplicatedArticle,
    Event,
    FetchedArticle,
    Match,
    Mention,
    RefusedMention,
    StoryMerged,
    TaggedArticle,
    hash_id,
    key_of,
)
from newswatch_core.ports import Context, Filter, Line, LoadStage, Outcome, Poison, Sender, Service, Tx
from newswatch_core.storage.schema import deliveries
from newswatch_core.storage.upsert import insert_missing
from newswatch_judging.desk import Judging, check_entities, check_judging
from newswatch_judging.nearmiss import refused_of
from newswatch_judging.rules import FOLDER, RulesRead, read_rules, unread_files


class Alerter:
    """The stage: one outcome per event, everything written in the batch's transaction."""

    def __init__(self, orders: Callable[[], Orders]) -> None:
        """`orders` is asked once for each batch: all of it is judged alike."""
        self._in_force = orders
        self._orders = orders()
        self._near = NearMisses()
        self._untold: list[tuple[Article, Decision]] = []
        self._log = structlog.get_logger()

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        self._tell()
        self._orders = self._in_force()
        batch = [_apart(event) for event in batch]
        articles = {event.article.id for event in batch if isinstance(event, TaggedArticle)}
        decisions = store.load_decisions(tx, articles)
        matches = [self._matches(event, decisions, now) for event in batch]
        self._near.save(tx)
        # Judging is over before anybody has to wait; what was decided meanwhile is looked up again.
        store.lock_stories(tx, _stories(batch, matches) | self._tallies(batch, matches))
        matching = {key_of(event) for event, found in zip(batch, matches, strict=True) if found}
        decisions |= store.load_decisions(tx, matching)
        outcomes: list[Outcome] = []
        for place, event in enumerate(batch):
            if isinstance(event, TaggedArticle):
                # A microsecond apart, so that deliveries keep the order of their articles.
                moment = now + timedelta(microseconds=place)
                outcomes.append(self._article(event, matches[place], decisions, tx, moment))
            elif isinstance(event, StoryMerged):
                store.join(tx, store.stories_of(event))
                store.join(tx, set(map(_samples_of, store.stories_of(event))))
                outcomes.append(())
            else:
                outcomes.append(Poison(f"the alerter reads tagged articles and merges, not {type(event).__name__}"))
        return outcomes

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        self._tell()
        return ()

    def _matches(self, event: Event, decisions: store.Decisions, now: datetime) -> Sequence[Match]:
        """The event's matches, unless all of it was decided on before. Near misses are noted."""
        if not isinstance(event, TaggedArticle):
            return ()
        stored = decisions[event.article.id].get(event.article.revision)
        if stored and stored.is_whole(event):
            return ()
        found = found_in(self._orders.judging, event)
        matches = self._orders.judging.judge(event.article, found[0])
        self._near.look(self._orders.judging, event, found, matches, now)
        return self._ranked(matches)

    def _article(
        self, event: TaggedArticle, matches: Sequence[Match], decisions: store.Decisions, tx: Tx, now: datetime
    ) -> Sequence[Event]:
        article = event.article
        revisions = decisions[article.id]
        stored = revisions.get(article.revision)
        if stored and stored.is_whole(event):
            return stored.events(article)
        settled = stored.rules_settled(event) if stored else frozenset()
        matches = [match for match in matches if match.rule not in settled]
        if not matches and not stored:
            return ()
        rules = self._rules(article)
        counting = tallies.tallies_of(rules, [match.rule for match in matches], article)
        opened = False
        while not opened:
            # The merges that the deduplicator knew of may still be on their way.
            store.join(tx, store.stories_of(event))
            known = store.known(tx, event, [match.rule for match in matches], revisions)
            known = dataclasses.replace(known, tallies=tallies.load(tx, event, rules, counting))
            fresh = decide(event, matches, rules, known)
            told = store.told(tx, event, known.since) if fresh.opened else {}
            opened = store.open_alerts(tx, event, fresh.opened, counting, now)
        decision = stored.extended(event, fresh) if stored else fresh
        store.save_decision(tx, event, decision, now)
        store.count_in(tx, event, fresh.decided, counting)
        tallies.keep(tx, event, fresh.decided, rules, counting)
        planned = plan(article.id, fresh, rules, told)
        rows = [pending_row(one, event.story, self._message(article, fresh, one), now) for one in planned]
        insert_missing(tx, deliveries, rows)
        revisions[article.revision] = decision
        self._untold.append((article, fresh))
        return decision.events(article)

    def _rules(self, article: Article) -> Mapping[str, Watched]:
        return self._orders.samples if is_sample(article) else self._orders.watched

    def _tallies(self, batch: Sequence[Event], matches: Sequence[Sequence[Match]]) -> set[str]:
        """What rules that count have in the place of stories."""
        return {
            tally
            for event, found in zip(batch, matches, strict=True)
            if isinstance(event, TaggedArticle) and found
            for tally in tallies.tallies_of(
                self._rules(event.article), [match.rule for match in found], event.article
            ).values()
        }

    def _ranked(self, matches: Iterable[Match]) -> Sequence[Match]:
        """The most severe alert first."""

        def rank(match: Match) -> tuple[int, str]:
            return -messages.SEVERITIES.index(self._orders.watched[match.rule].severity_of(match)), match.rule

        return sorted(matches, key=rank)

    def _message(self, article: Article, decision: Decision, planned: Planned) -> messages.Message:
        told = planned.thread
        return messages.compose(
            article,
            [
                (dataclasses.replace(self._orders.judging.rules[one.rule], severity=one.severity), one.match)
                for one in decision.decided
                if one.rule in planned.rules
            ],
            names=self._orders.names,
            desk=self._orders.settings.desk,
            language=self._orders.settings.language,
            zone=self._orders.settings.timezone,
            thread=messages.Thread(told.delivery, told.subject, told.rules) if told else None,
            sample=is_sample(article),
            mentions=self._orders.judging.tag(article),
            counts=[
                messages.count_told(one.rule, count, one.counted)
                for one in decision.decided
                if one.rule in planned.rules and one.counted and (count := self._orders.judging.rules[one.rule].count)
            ],
        )

    def _tell(self) -> None:
        """Logs and counts the last batch: it is known to be committed only when the next call comes."""
        self._near.count()
        untold, self._untold = self._untold, []
        for article, decision in untold:
            self._tell_of(article, decision)

    def _tell_of(self, article: Article, decision: Decision) -> None:
        opened = decision.opened
        for one in opened:
            metrics.ALERTS.labels(severity=one.severity).inc()
        if opened:
            self._log.info("alert", rules=[one.rule for one in opened], title=article.title, outlet=article.outlet)
        else:
            why = sorted({one.verdict for one in decision.decided})
            self._log.debug("match", rules=[one.rule for one in decision.decided], silent=why, title=article.title)


def _apart(event: Event) -> Event:
    """A sample is put in a story of its own: an alert about samples must not count as told of what is real."""
    if isinstance(event, TaggedArticle) and is_sample(event.article):
        return replace(event, story=_samples_of(event.story), includes=tuple(map(_samples_of, event.includes)))
    return event


def _samples_of(story: str) -> str:
    return hash_id(SAMPLE_FEED, story)


def _stories(batch: Sequence[Event], matches: Sequence[Sequence[Match]]) -> set[str]:
    """The stories whose alerts a batch may change."""
    merged = {story for event in batch if isinstance(event, StoryMerged) for story in store.stories_of(event)}
    samples = {_samples_of(story) for story in merged}
    matched = {
        story
        for event, found in zip(batch, matches, strict=True)
        if isinstance(event, TaggedArticle) and found
        for story in store.stories_of(event)
    }
    return merged | samples | matched


def found_in(judging: Judging, event: ArticleEvent) -> tuple[Sequence[Mention], Sequence[RefusedMention]]:
    """The mentions in the event's article and what was refused, tagged anew unless that was with the same entities."""
    if isinstance(event, TaggedArticle) and event.entities == judging.entities_hash:
        return event.mentions, event.refused
    if isinstance(event, TaggedArticle):
        metrics.RETAGGED.inc()
    tagged = judging.tagged(event.article)
    return tagged.mentions, refused_of(tagged)


def matches_of(judging: Judging, event: ArticleEvent) -> Sequence[Match]:
    """The matches of all rules on the event's article."""
    return judging.judge(event.article, found_in(judging, event)[0])


class AlerterFilter:
    """`newswatch pipe`: says which rules an article fires, whatever copies, stories or silences would do later."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging

    def process(self, event: Event, line: Line) -> Sequence[tuple[Event, Line]]:
        if not isinstance(event, FetchedArticle | DeduplicatedArticle | TaggedArticle):
            return ()
        article = event.article
        matches = sorted(matches_of(self._judging, event), key=lambda match: match.rule)
        shown = {
            "id": line.get("id", article.id),
            "rules": [match.rule for match in matches],
            "matches": [show_match(article, match) for match in matches],
        }
        return [(event, shown)]


def show_match(article: Article, match: Match) -> Line:
    """A match as a line shows it: each clause with its places and the words there."""
    clauses = [
        {
            "clause": clause.clause,
            "spans": [{"start": span.start, "end": span.end, "zone": span.zone} for span in clause.spans],
            "words": [
                (article.title if span.zone == "title" else article.text)[span.start : span.end]
                for span in clause.spans
            ],
        }
        for clause in match.clauses
    ]
    return {"rule": match.rule, "closeness": match.closeness, "clauses": clauses}


def check(desk: Path) -> Sequence[Problem]:
    """The problems of receivers.yaml and of the rules, and of what the rules say of receivers."""
    problems: list[Problem] = []
    receivers = None
    try:
        receivers = Receivers.load(desk)
        problems += receivers.secret_warnings()
    except ConfigError as error:
        problems += error.problems
    problems += check_rules(desk)
    if receivers:
        problems += notify_problems(read_rules(desk), receivers)
    return problems


def check_rules(desk: Path) -> Sequence[Problem]:
    """The problems of rules and fixtures; those of entities and keywords are told by the tagger's check."""
    problems = set(check_judging(desk)) - set(check_entities(desk))
    read = read_rules(desk)
    if not read.rules and not read.problems:
        # A folder that was not mounted must not look like a quiet day.
        problems.add(Problem("rules", 0, "no rules: nothing can ever fire", "write rules/NAME.yaml; see seeds/rules"))
    for path in unread_files(desk):
        hint = f"name it {path.stem}.yaml"
        problems.add(Problem(f"{FOLDER}/{path.name}", 0, "is not read as rules", hint, "warning"))
    return sorted([*problems, *rule_warnings(read)])


def rule_warnings(read: RulesRead) -> Sequence[Problem]:
    """Rules that can be used but do less than they seem to."""
    problems = []
    for rule in read.rules.values():
        if not rule.fixtures.fires and not rule.fixtures.silent:
            message = f"rule {rule.id!r} has no fixtures: nothing proves that it fires"
            hint = "add fixtures: {fires: [articles/NAME.yaml]}"
            problems.append(read.problem(rule.id, message, hint=hint, warning=True))
        for place, one in enumerate(rule.raise_):
            if one.when.independent_outlets is not None:
                message = f"rule {rule.id!r}: independent_outlets is not counted yet: this raise never applies"
                hint = "raise by closeness, or take it out"
                problems.append(read.problem(rule.id, message, "raise", place, hint=hint, warning=True))
    return problems


def make_stage(context: Context) -> LoadStage:
    """Raises ConfigError."""
    live = live_orders(context)
    context.lives.append(live)
    return lambda _tx: Alerter(lambda: live.current)


def make_sender(context: Context) -> Sender:
    """Raises ConfigError, also for a missing secret."""
    receivers = Receivers.load(context.desk)
    built = receivers.build()
    ready: dict[str, tuple[ReceiverConfig, Receiver]] = {
        name: (config, built[name]) for name, config in receivers.configs.items()
    }
    # Always: what an earlier run left in the outbox must not look like a receiver that is gone.
    ready |= {name: (config, config.build()) for name, config in sample_configs(receivers).items()}
    return sender_of(context, ready)


def make_filter(context: Context, _tx: Tx) -> Filter:
    """Raises ConfigError."""
    return AlerterFilter(Judging.load(context.desk))


SERVICE = Service(name=NAME, check=check, stage=make_stage, sender=make_sender, filter=make_filter, account=account)
