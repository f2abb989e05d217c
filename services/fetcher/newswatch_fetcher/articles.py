"""From an entry and, where it could be read, its page to an article. Pure."""

import re
from dataclasses import dataclass
from datetime import datetime
from unicodedata import normalize

from newswatch_core.events import Article, TextFrom, event_time, hash_id, revision_of
from newswatch_core.language import identify
from newswatch_fetcher.clean import first_words
from newswatch_fetcher.config import Outlet
from newswatch_fetcher.feeds import Entry
from newswatch_fetcher.urls import article_id

SHORT = 200
"""A page's text below this is more likely a notice than an article."""

_TELLS_LANGUAGE = 40


@dataclass(frozen=True)
class Page:
    """What reading an article's page brought: `text`, or "" and the `problem`. `url` is where redirects led.

    `title`: the page's headline, where that was asked for; a feed tells a better one.
    """

    url: str
    text: str = ""
    problem: str = ""
    title: str = ""


def id_of(feed: str, entry: Entry) -> str:
    """The article's id: that of its link, else of feed and entry.

    A link that several entries share (a live page, a bulletin) tells none of them apart: each is an article.
    """
    if entry.link and not entry.shared_link:
        return article_id(entry.link)
    return hash_id("entry", feed, entry.guid or entry.key)


def choose_text(entry: Entry, page: Page) -> tuple[str, TextFrom, str]:
    """The text to keep, where it is from, and why not from the page ("" if it is)."""
    text = _without_title(page.text, entry.title)
    if not text:
        return entry.text, "feed", page.problem or "no article text in the page"
    if entry.text and len(text) < SHORT:
        return entry.text, "feed", "the page's text is too short"
    if len(text) < len(entry.text):
        return entry.text, "feed", "the feed carries more text than the page"
    return text, "page", ""


def make_article(feed: str, outlet: Outlet, entry: Entry, page: Page, seen: datetime) -> tuple[Article, str]:
    """The article, and why its text is the feed's ("" if it is the page's)."""
    text, text_from, reason = choose_text(entry, page)
    title = entry.title or first_words(text)
    article = Article(
        id=id_of(feed, entry),
        revision=revision_of(title, text),
        feed=feed,
        outlet=outlet.name,
        owner=outlet.owner,
        kind=outlet.kind,
        country=outlet.country,
        url=entry.link,
        final_url=page.url or entry.link,
        title=title,
        text=text,
        text_from=text_from,
        language=_language(f"{title}\n{text}", outlet.language),
        published=entry.published,
        seen=seen,
        at=event_time(entry.published, seen),
    )
    return article, reason


def warm_up() -> None:
    """Loads the language model, which takes about a second."""
    _language("The model is loaded with its first text.", "")


def _language(text: str, expected: str) -> str:
    # A short headline is easily taken for a neighbouring language.
    if expected and len(text) < _TELLS_LANGUAGE:
        return expected
    return identify(text) or expected


def _without_title(text: str, title: str) -> str:
    """`text` without a first paragraph that only repeats the title."""
    first, _, rest = text.partition("\n\n")
    return rest if title and _folded(first) == _folded(title) else text


def _folded(text: str) -> str:
    return re.sub(r"\W+", " ", normalize("NFKC", text)).strip().casefold()
