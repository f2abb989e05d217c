"""The tagger: finds the desk's entities in every article.

articles.deduplicated -> DeduplicatedArticle -> TaggedArticle -> articles.tagged
                         StoryMerged ---------> StoryMerged
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from newswatch_core.config import Problem
from newswatch_core.events import (
    AlertChanged,
    DeduplicatedArticle,
    Event,
    FetchedArticle,
    Mention,
    StoryMerged,
    TaggedArticle,
)
from newswatch_core.ports import Context, Line, LoadStage, Outcome, Poison, Service, Tx
from newswatch_judging.desk import Judging, check_entities, load_tagging
from newswatch_judging.nearmiss import refused_of
from newswatch_tagger.account import account


class Tagger:
    """The stage. It keeps nothing between articles and writes nothing."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        return [self._outcome(event) for event in batch]

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        return ()

    def _outcome(self, event: Event) -> Outcome:
        if isinstance(event, StoryMerged):
            return (event,)
        if isinstance(event, AlertChanged):
            return Poison(f"an event of type {type(event).__name__} is nothing to tag")
        return (tag(event, self._judging),)


class TaggerFilter:
    """The stage for `newswatch pipe`: the line gains `mentions`."""

    def __init__(self, judging: Judging) -> None:
        self._judging = judging

    def process(self, event: Event, line: Line) -> Sequence[tuple[Event, Line]]:
        if isinstance(event, StoryMerged | AlertChanged):
            return ((event, line),)
        tagged = tag(event, self._judging)
        return ((tagged, {**line, "mentions": [_shown(mention) for mention in tagged.mentions]}),)


def tag(event: FetchedArticle | DeduplicatedArticle | TaggedArticle, judging: Judging) -> TaggedArticle:
    """The event with the mentions of the desk's entities; an article without a story is its own."""
    if isinstance(event, FetchedArticle):
        article = event.article
        event = DeduplicatedArticle(article=article, backlog=event.backlog, copy_of=None, story=article.id)
    tagged = judging.tagged(event.article)
    return TaggedArticle(
        article=event.article,
        backlog=event.backlog,
        copy_of=event.copy_of,
        story=event.story,
        includes=event.includes,
        mentions=tagged.mentions,
        entities=judging.entities_hash,
        refused=refused_of(tagged),
    )


def _shown(mention: Mention) -> Line:
    return {
        "entity": mention.entity,
        "alias": mention.alias,
        "start": mention.start,
        "end": mention.end,
        "zone": mention.zone,
        "sentence": mention.sentence,
        "proof": mention.proof,
    }


def _check(desk: Path) -> Sequence[Problem]:
    return check_entities(desk)


def _stage(context: Context) -> LoadStage:
    judging = load_tagging(context.desk)
    return lambda _tx: Tagger(judging)


def _filter(context: Context, tx: Tx) -> TaggerFilter:
    return TaggerFilter(load_tagging(context.desk))


SERVICE = Service(name="tagger", check=_check, stage=_stage, filter=_filter, account=account)
