"""The tagger: finds the desk's entities in every article.

articles.deduplicated -> DeduplicatedArticle -> TaggedArticle -> articles.tagged
                         StoryMerged ---------> StoryMerged
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from newswatch_core import metrics
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
from newswatch_core.live import Live, Remade
from newswatch_core.ports import Context, Line, LoadStage, Outcome, Poison, Service, Tx
from newswatch_judging.desk import Judging, check_entities, load_tagging
from newswatch_judging.entities import FOLDER
from newswatch_judging.nearmiss import refused_of
from newswatch_judging.renewal import Renewed, renew_tagging
from newswatch_tagger.account import account


class Tagger:
    """The stage. It keeps nothing between articles and writes nothing."""

    def __init__(self, judging: Callable[[], Judging]) -> None:
        """`judging` is asked once for each batch."""
        self._in_force = judging

    def handle(self, batch: Sequence[Event], tx: Tx, now: datetime) -> Sequence[Outcome]:
        judging = self._in_force()
        return [_outcome(event, judging) for event in batch]

    def tick(self, now: datetime, tx: Tx) -> Sequence[Event]:
        return ()


def _outcome(event: Event, judging: Judging) -> Outcome:
    if isinstance(event, StoryMerged):
        return (event,)
    if isinstance(event, AlertChanged):
        return Poison(f"an event of type {type(event).__name__} is nothing to tag")
    return (tag(event, judging),)


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
    desk = context.desk
    live = Live(
        SERVICE.name,
        desk,
        [FOLDER],
        make=lambda: load_tagging(desk),
        remake=lambda before, _same: _remade(renew_tagging(desk, before)),
        in_force=lambda judging: metrics.ENTITIES_HASH.labels(SERVICE.name).set(judging.entities_number),
    )
    context.lives.append(live)
    return lambda _tx: Tagger(lambda: live.current)


def _remade(renewed: Renewed) -> Remade[Judging]:
    return Remade(renewed.judging, renewed.problems, {"entities": len(renewed.judging.entities)})


def _filter(context: Context, tx: Tx) -> TaggerFilter:
    return TaggerFilter(load_tagging(context.desk))


SERVICE = Service(name="tagger", check=_check, stage=_stage, filter=_filter, account=account)
