"""The articles themselves: the one place where title and text stand."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, select, tuple_

from newswatch_core.events import Article
from newswatch_core.storage.schema import articles
from newswatch_core.storage.upsert import insert_missing

Key = tuple[str, str]
"""Article id and revision."""

Texts = Mapping[Key, tuple[str, str]]
"""Title and text."""

_AT_ONCE = 200


def without_text(article: Article) -> Article:
    """The article as it stands everywhere else: title and text are looked up here."""
    return msgspec.structs.replace(article, title="", text="")


def put_articles(tx: Connection, new: Iterable[Article]) -> None:
    """Keeps the articles; a revision that is there already stays as it was."""
    rows = [
        {
            "id": article.id,
            "revision": article.revision,
            "feed": article.feed,
            "url": article.url,
            "language": article.language,
            "title": article.title,
            "text": article.text,
            "published": article.published,
            "seen": article.seen,
            "at": article.at,
            "details": msgspec.json.encode(without_text(article)),
        }
        for article in {(article.id, article.revision): article for article in new}.values()
    ]
    insert_missing(tx, articles, rows)


def get_texts(tx: Connection, keys: Sequence[Key]) -> Texts:
    """Title and text of those of the wanted revisions that are there."""
    found: dict[Key, tuple[str, str]] = {}
    for start in range(0, len(keys), _AT_ONCE):
        wanted = keys[start : start + _AT_ONCE]
        query = select(articles.c.id, articles.c.revision, articles.c.title, articles.c.text)
        for row in tx.execute(query.where(tuple_(articles.c.id, articles.c.revision).in_(wanted))):
            found[row.id, row.revision] = (row.title, row.text)
    return found
