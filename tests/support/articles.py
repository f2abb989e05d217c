"""Articles and events for tests, with everything but what matters left at a default."""

from datetime import UTC, datetime, timedelta
from typing import Any

from newswatch_core.events import Article, FetchedArticle, hash_id, revision_of

NOON = datetime(2026, 4, 4, 12, tzinfo=UTC)


def article(number: int = 1, **fields: Any) -> Article:
    """An article with an id of its own for every `number`."""
    title = fields.pop("title", f"Title {number}")
    text = fields.pop("text", f"Text of article {number}.")
    url = fields.pop("url", f"https://outlet.example.org/{number}")
    seen = fields.pop("seen", NOON + timedelta(minutes=number))
    given: dict[str, Any] = {
        "id": hash_id(url),
        "revision": revision_of(title, text),
        "feed": "outlet",
        "outlet": "Outlet",
        "final_url": url,
        "text_from": "page",
        "language": "en",
        "published": seen,
        "at": seen,
    }
    return Article(title=title, text=text, url=url, seen=seen, **(given | fields))


def fetched(number: int = 1, *, backlog: bool = False, **fields: Any) -> FetchedArticle:
    return FetchedArticle(article=article(number, **fields), backlog=backlog)
