"""The articles themselves: the one place where title and text stand."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
from sqlalchemy import Connection, func, or_, select

from newswatch_core.events import Article
from newswatch_core.storage.schema import articles
from newswatch_core.storage.upsert import Row, insert_missing

Key = tuple[str, str]
"""Article id and revision."""

Texts = Mapping[Key, tuple[str, str]]
"""Title and text."""

_AT_ONCE = 200
_decoder = msgspec.json.Decoder(Article)


def without_text(article: Article) -> Article:
    """The article as it stands everywhere else: title and text are looked up here."""
    return msgspec.structs.replace(article, title="", text="")


def put_articles(tx: Connection, new: Iterable[Article]) -> None:
    """Keeps the articles; a revision that is there already stays as it was."""
    by_key = {(article.id, article.revision): article for article in new}
    if tx.dialect.name == "postgresql":
        # There the primary key holds `seen` as well, so that it alone would let a revision in once more.
        for key in _which(tx, list(by_key)):
            del by_key[key]
    insert_missing(tx, articles, [_row(article) for article in by_key.values()])


def _row(article: Article) -> Row:
    return {
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


def _which(tx: Connection, keys: Sequence[Key]) -> set[Key]:
    """Those of `keys` that are there."""
    query = select(articles.c.id, articles.c.revision)
    found: set[Key] = set()
    for ids in _portions(keys):
        found.update((row.id, row.revision) for row in tx.execute(query.where(articles.c.id.in_(ids))))
    return found.intersection(keys)


def get_texts(tx: Connection, keys: Sequence[Key]) -> Texts:
    """Title and text of those of the wanted revisions that are there."""
    wanted = set(keys)
    found: dict[Key, tuple[str, str]] = {}
    query = select(articles.c.id, articles.c.revision, articles.c.title, articles.c.text)
    for ids in _portions(keys):
        # On PostgreSQL two writers at once can bring in a revision twice, seen at different times: the first counts.
        for row in tx.execute(query.where(articles.c.id.in_(ids)).order_by(articles.c.seen.desc())):
            if (row.id, row.revision) in wanted:
                found[row.id, row.revision] = (row.title, row.text)
    return found


def stored_articles(tx: Connection, ids: Sequence[str]) -> Sequence[Article]:
    """All kept revisions of these articles, as they came, in the order in which they were seen; each revision once."""
    found: dict[Key, Article] = {}
    for some in _portions([(id_, "") for id_ in ids]):
        query = select(articles.c.title, articles.c.text, articles.c.details).where(articles.c.id.in_(some))
        for row in tx.execute(query.order_by(articles.c.seen)):
            article = article_of(row.title, row.text, row.details)
            found.setdefault((article.id, article.revision), article)
    return sorted(found.values(), key=lambda article: article.seen)


def article_of(title: str, text: str, details: bytes) -> Article:
    """The article of a row."""
    return msgspec.structs.replace(_decoder.decode(details), title=title, text=text)


def ids_at(tx: Connection, url: str, limit: int = 20) -> Sequence[str]:
    """The articles whose link is `url`, or which were read there after redirects. Looks through all of the archive."""
    column = articles.c.details
    where_read = f'"final_url":{msgspec.json.encode(url).decode()}'
    if tx.dialect.name == "postgresql":
        redirected = func.strpos(func.convert_from(column, "UTF8"), where_read) > 0
    else:
        redirected = func.instr(column, where_read.encode()) > 0
    query = select(articles.c.id).where(or_(articles.c.url == url, redirected)).distinct().limit(limit)
    return list(tx.execute(query).scalars())


def _portions(keys: Sequence[Key]) -> Iterator[Sequence[str]]:
    """The ids of `keys`. Asking for pairs of id and revision would cost a partitioned table far more."""
    ids = list(dict.fromkeys(id_ for id_, _ in keys))
    return (ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE))
