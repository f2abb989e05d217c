"""What the database knows of articles of the past: their stories, and which were backlog."""

from collections.abc import Iterator, Mapping, Sequence

from sqlalchemy import and_, func, select

from newswatch_core.ports import Tx
from newswatch_core.storage.schema import entries, fingerprints, stories

_AT_ONCE = 500


def stories_of(tx: Tx, articles: Sequence[str]) -> Mapping[str, str]:
    """By article the story that it belongs to by now, for those that the deduplicator remembers."""
    found: dict[str, str] = {}
    for ids in _portions(articles):
        query = select(fingerprints.c.article, fingerprints.c.story).where(fingerprints.c.article.in_(ids))
        found.update((row.article, row.story) for row in tx.execute(query.order_by(fingerprints.c.at)))
    rows = tx.execute(select(stories.c.id, stories.c.into).where(stories.c.into.is_not(None)))
    merged = {row.id: row.into for row in rows}
    return {article: _end_of(story, merged) for article, story in found.items()}


def _end_of(story: str, merged: Mapping[str, str | None]) -> str:
    seen = {story}
    while (into := merged.get(story)) and into not in seen:
        seen.add(into)
        story = into
    return story


def backlog_of(tx: Tx, articles: Sequence[str]) -> frozenset[str]:
    """Those of the articles that were older than the watch in every feed that carried them."""
    wanted = frozenset(articles)
    every = func.min(entries.c.backlog) if tx.dialect.name != "postgresql" else func.bool_and(entries.c.backlog)
    query = select(entries.c.article).group_by(entries.c.article).having(and_(every))
    return wanted.intersection(tx.execute(query).scalars())


def _portions(ids: Sequence[str]) -> Iterator[Sequence[str]]:
    ids = list(dict.fromkeys(ids))
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
