"""Which article is meant by a URL, an id or the name of a sample; and which feeds should carry a URL.

URL, id, name --> the archive (by id, by where it was read) --> the desk's own samples
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, or_, select

from newswatch_core.config import ConfigError, load
from newswatch_core.events import Article, event_time, hash_id, revision_of
from newswatch_core.ports import Tx
from newswatch_core.storage.articles import ids_at, stored_articles
from newswatch_core.storage.schema import articles
from newswatch_fetcher.config import Feed
from newswatch_fetcher.sample import SampleArticle
from newswatch_fetcher.urls import article_id, canonical_url, host_of


@dataclass(frozen=True)
class Found:
    """What is meant: all kept revisions of the article, or a sample of the desk; `url` is "" where none was given."""

    url: str
    revisions: tuple[Article, ...] = ()
    sample: Article | None = None


@dataclass(frozen=True)
class Carried:
    """How many articles of a host came through a feed, and when the last one did."""

    feed: str
    number: int
    last: datetime


def find(tx: Tx, asked: str, desk: Path, now: datetime) -> Found:
    """The article that is asked for. Raises ConfigError where the file of a sample cannot be used."""
    url = canonical_url(asked) if "://" in asked else ""
    sample = None if url else read_sample(desk, asked, now)
    wanted = url or (sample.url if sample else "")
    ids = [article_id(wanted)] if wanted else [asked]
    revisions = stored_articles(tx, ids)
    if not revisions and url:
        revisions = stored_articles(tx, ids_at(tx, url))
    newest = [each for each in revisions if each.id == revisions[-1].id]
    return Found(url, tuple(newest), sample)


def read_sample(desk: Path, name: str, now: datetime) -> Article | None:
    """The article in the desk's folder articles/ with this id or file name, as if it had just been read."""
    stem = Path(name).stem if name.endswith((".yaml", ".yml")) else name
    for path in sorted((desk / "articles").glob("*.y*ml")):
        try:
            model = load(path, SampleArticle, root=desk).model
        except ConfigError:
            if path.stem == stem:
                raise
            continue
        if stem in {path.stem, model.id}:
            return _article(model, now)
    return None


def _article(sample: SampleArticle, now: datetime) -> Article:
    url, title = canonical_url(sample.url), sample.title.strip()
    return Article(
        id=article_id(url) if url else hash_id("fixture", title, sample.text),
        revision=revision_of(title, sample.text),
        feed="fixtures",
        outlet=sample.outlet,
        owner=sample.owner or sample.outlet,
        kind=sample.kind,
        country=sample.country,
        url=url,
        final_url=url,
        title=title,
        text=sample.text,
        text_from="page",
        language=sample.language,
        published=None,
        seen=now,
        at=event_time(None, now),
    )


def carried_from(tx: Tx, host: str) -> Sequence[Carried]:
    """Through which feeds articles of this host came, the most first. Looks through all of the archive."""
    begins = [f"{scheme}://{www}{host}/%" for scheme in ("https", "http") for www in ("", "www.")]
    query = select(articles.c.feed, func.count().label("number"), func.max(articles.c.seen).label("last"))
    query = query.where(or_(*(articles.c.url.like(each) for each in begins))).group_by(articles.c.feed)
    return [Carried(row.feed, row.number, row.last) for row in tx.execute(query.order_by(func.count().desc()))]


def feeds_at(feeds: Sequence[Feed], host: str) -> Iterator[Feed]:
    """The feeds of this host, of a part of it, or of the site that it is a part of."""
    for feed in feeds:
        other = host_of(feed.url)
        if other == host or other.endswith(f".{host}") or (host.endswith(f".{other}") and "." in other):
            yield feed
