"""The deduplicator: says of every article whose copy it is and to which story it belongs.

articles.fetched -> FetchedArticle -> decided before? --no--> fingerprint -> memory -> decision
                                           |                                              |
                                           +--yes: the stored decision -------------------+
                    (StoryMerged,) DeduplicatedArticle -> articles.deduplicated <---------+
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

import structlog

from newswatch_core.config import Problem
from newswatch_core.events import Article, DeduplicatedArticle, Event, FetchedArticle, StoryMerged
from newswatch_core.ports import Context, Line, LoadStage, Outcome, Poison, Service, Tx
from newswatch_deduplicator import store
from newswatch_deduplicator.account import account
from newswatch_deduplicator.fingerprint import fingerprint, microseconds
from newswatch_deduplicator.memory import Decision, Limits, Memory


class Deduplicator:
    """The stage. Its memory runs ahead of the database while a batch is open: it must not outlive a failed commit."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._log = structlog.get_logger()

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        store.take_turn(tx)
        decided = store.load_decisions(tx, (event.article.id for event in batch if isinstance(event, FetchedArticle)))
        taken: list[store.Taken] = []
        outcomes: list[Outcome] = []
        for event in batch:
            if not isinstance(event, FetchedArticle):
                outcomes.append(Poison(f"the deduplicator reads fetched articles, not {type(event).__name__}"))
                continue
            article = event.article
            revisions = decided.setdefault(article.id, {})
            if article.revision not in revisions:
                known = next(iter(revisions.values()), None)
                entry, decision = self._memory.take(fingerprint(article), known, now=microseconds(now))
                taken.append((article, entry, decision))
                revisions[article.revision] = decision
                if known is None:
                    self._tell(article, decision)
            outcomes.append(events_of(event, revisions[article.revision]))
        if taken:
            store.save(tx, taken, now)
        return outcomes

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        return ()

    def _tell(self, article: Article, decision: Decision) -> None:
        if decision.copy_of is not None:
            self._log.info("copy", title=article.title, outlet=article.outlet, of=decision.copy_of)
        elif decision.story != article.id:
            self._log.debug("story", title=article.title, outlet=article.outlet, story=decision.story)
        for story in decision.merged:
            self._log.info("stories merged", story=story, into=decision.story)


class DeduplicatorFilter:
    """The stage for `newswatch pipe`: the line gains `copy_of` and `story`; all is kept in memory."""

    def __init__(self, memory: Memory) -> None:
        self._memory = memory
        self._decided: store.Decisions = {}

    def process(self, event: Event, line: Line) -> Sequence[tuple[Event, Line]]:
        if not isinstance(event, FetchedArticle):
            raise TypeError(f"the deduplicator reads fetched articles, not {type(event).__name__}: put it first")
        article = event.article
        revisions = self._decided.setdefault(article.id, {})
        if article.revision not in revisions:
            known = next(iter(revisions.values()), None)
            # The articles themselves are the clock here.
            mark = fingerprint(article)
            _, revisions[article.revision] = self._memory.take(mark, known, now=mark.at)
        return [(following, _shown(following, line)) for following in events_of(event, revisions[article.revision])]


def events_of(event: FetchedArticle, decision: Decision) -> Sequence[StoryMerged | DeduplicatedArticle]:
    """Merges first: who reads the article then knows all of its story."""
    article = event.article
    merges = [StoryMerged(story=story, into=decision.story, at=article.at) for story in decision.merged]
    following = DeduplicatedArticle(
        article=article,
        backlog=event.backlog,
        copy_of=decision.copy_of,
        story=decision.story,
        includes=decision.includes,
    )
    return (*merges, following)


def _shown(event: StoryMerged | DeduplicatedArticle, line: Line) -> Line:
    if isinstance(event, StoryMerged):
        return {"story": event.story, "into": event.into}
    return {**line, "copy_of": event.copy_of, "story": event.story}


def _check(desk: Path) -> Sequence[Problem]:
    """Nothing of a desk's configuration is the deduplicator's."""
    return ()


def _stage(context: Context) -> LoadStage:
    return lambda tx: Deduplicator(store.load_memory(tx, Limits()))


def _filter(context: Context, tx: Tx) -> DeduplicatorFilter:
    return DeduplicatorFilter(Memory())


SERVICE = Service(name="deduplicator", check=_check, stage=_stage, filter=_filter, account=account)
