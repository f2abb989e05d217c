"""What the alerter remembers for rules with `count`: the articles that matched them, each once.

A rule's tally takes the place of the story for its alert, so that replicas take turns at it as they do at stories, and
that it has one open alert whatever happens (store.py).
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec.structs import replace
from sqlalchemy import Connection, select, update

from newswatch_alerter.counting import counted_article
from newswatch_alerter.lifecycle import Decided, KnownAlert, Tally, Watched, is_sample
from newswatch_core.events import SAMPLE_FEED, Article, CountedArticle, TaggedArticle, hash_id
from newswatch_core.storage.schema import alert_stories, alerts, counted, stories
from newswatch_core.storage.upsert import insert_missing

MOST = 5_000
"""So many waiting articles of a rule are looked at, the latest ones: a single story may have very many."""

Rules = Mapping[str, Watched]


def tally_of(rule: str, article: Article) -> str:
    """Samples have tallies of their own."""
    return hash_id("tally", rule, *([SAMPLE_FEED] if is_sample(article) else []))


def tallies_of(rules: Rules, matched: Iterable[str], article: Article) -> Mapping[str, str]:
    """The tallies of those rules that count, by rule."""
    return {rule: tally_of(rule, article) for rule in matched if rules[rule].count}


def load(tx: Connection, event: TaggedArticle, rules: Rules, tallies: Mapping[str, str]) -> Mapping[str, Tally]:
    """By rule: its latest alert, and what waits near `event` in time."""
    if not tallies:
        return {}
    query = (
        select(alert_stories.c.rule, alerts.c.id, alerts.c.episode, alerts.c.changed)
        .join(alerts, alerts.c.id == alert_stories.c.alert)
        .where(alert_stories.c.story.in_(tallies.values()))
    )
    latest = {row.rule: KnownAlert(row.id, row.episode, row.changed) for row in tx.execute(query)}
    found = {rule: _waiting(tx, event, tally, rules[rule]) for rule, tally in tallies.items()}
    own = counted_article(event)
    now = dict(merged_into(tx, {own.story, *(one.story for waiting in found.values() for one in waiting)}))
    # This merge the event knows of, wherever it comes from.
    now |= dict.fromkeys(event.includes, now.get(own.story, own.story))
    return {
        rule: Tally(latest.get(rule), [_in_story(one, now) for one in waiting], _in_story(own, now).story)
        for rule, waiting in found.items()
    }


def _in_story(article: CountedArticle, now: Mapping[str, str]) -> CountedArticle:
    return replace(article, story=now.get(article.story, article.story))


def _waiting(tx: Connection, event: TaggedArticle, tally: str, rule: Watched) -> Sequence[CountedArticle]:
    assert rule.count is not None  # noqa: S101 - the rules with a tally are those that count
    at, within = event.article.at, rule.count.within
    query = (
        select(counted)
        .where(counted.c.tally == tally, counted.c.alert.is_(None), counted.c.at.between(at - within, at + within))
        .order_by(counted.c.at.desc(), counted.c.article)
        .limit(MOST)
    )
    return [
        CountedArticle(id=row.article, story=row.story, title=row.title, outlet=row.outlet, url=row.url, at=row.at)
        for row in tx.execute(query)
    ]


def merged_into(tx: Connection, ids: Collection[str]) -> Mapping[str, str]:
    """Which stories those of `ids` were merged into since: the deduplicator writes that down before it says so."""
    found: dict[str, str] = {}
    waiting = set(ids)
    while waiting:
        query = select(stories.c.id, stories.c.into).where(stories.c.id.in_(waiting), stories.c.into.is_not(None))
        fresh = {row.id: row.into for row in tx.execute(query) if row.id not in found}
        found |= fresh
        waiting = set(fresh.values()) - found.keys()
    return {story: _last(story, found) for story in found}


def _last(story: str, into: Mapping[str, str]) -> str:
    for _ in into:
        story = into.get(story, story)
    return story


def keep(
    tx: Connection, event: TaggedArticle, decided: Sequence[Decided], rules: Rules, tallies: Mapping[str, str]
) -> None:
    """Writes down the article for each rule that counted it, and for which alert the waiting ones counted now."""
    for one in decided:
        if one.rule not in tallies or one.verdict not in {"waiting", "opened", "counted"}:
            continue
        insert_missing(tx, counted, [_row(event, tallies[one.rule], one.alert or None)])
        count = rules[one.rule].count
        if one.counted and count:
            first = one.counted[0].at
            here = (counted.c.tally == tallies[one.rule], counted.c.at.between(first, first + count.within))
            waited = tx.execute(
                update(counted).where(*here, counted.c.alert.is_(None)).values(alert=one.alert)
            ).rowcount
            tx.execute(update(alerts).where(alerts.c.id == one.alert).values(matches=1 + waited))


def _row(event: TaggedArticle, tally: str, alert: str | None) -> dict[str, Any]:
    values = msgspec.structs.asdict(counted_article(event))
    return {"tally": tally, "article": values.pop("id"), **values, "alert": alert}
