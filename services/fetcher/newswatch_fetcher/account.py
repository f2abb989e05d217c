"""What the fetcher knows of an article: when it came through which feed, or which feed should have carried it."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

from sqlalchemy import select

from newswatch_core.accounts import Account, Inquiry, InquiryError, Section, Step, counted, told_time
from newswatch_core.config import ConfigError
from newswatch_core.events import SAMPLE_FEED, Article
from newswatch_core.feednames import FILE
from newswatch_core.ports import Tx
from newswatch_core.storage.schema import entries
from newswatch_fetcher.config import Feed, load_feeds
from newswatch_fetcher.finding import Carried, Found, carried_from, feeds_at, find
from newswatch_fetcher.reading import ReadingError, read_now
from newswatch_fetcher.store import FeedState, Mark, states_of
from newswatch_fetcher.urls import article_id, host_of

_MOST_FEEDS = 8


def account(inquiry: Inquiry) -> Account:
    """Finds the article and tells how it came. Raises InquiryError for what is neither known nor a URL."""
    found = find(inquiry.tx, inquiry.asked, inquiry.desk, inquiry.now)
    kept = found.revisions[-1] if found.revisions else None
    if inquiry.fetch:
        return _fetched_now(inquiry, found, kept)
    if kept:
        return _of_archive(inquiry, found.revisions)
    if found.sample:
        text = "not yet: this is a sample article of the desk, judged as it stands in articles/"
        return Account(steps=[Step("fetched", text)], facts={"fetched": False, "sample": True}, article=found.sample)
    if found.url:
        return _never_seen(inquiry, found.url)
    raise InquiryError(f"no article {inquiry.asked!r}: give a URL, an id that newswatch printed, or a sample's name")


def _of_archive(inquiry: Inquiry, revisions: Sequence[Article]) -> Account:
    article = revisions[-1]
    marks = marks_of(inquiry.tx, article.id)
    steps = [Step("fetched", _how(article))]
    if len(revisions) > 1:
        when = ", ".join(told_time(each.seen) for each in revisions)
        steps.append(Step("revisions", f"its text changed: {len(revisions)} are kept, seen {when}; this is the last"))
    for feed, mark in marks:
        if feed != article.feed:
            steps.append(Step("also in", f"feed {feed} since {told_time(mark.first_seen)}"))
    if _is_backlog(marks):
        steps.append(
            Step("backlog", "it was older than the watch when its feed was first polled: kept, but never alerted")
        )
    facts: dict[str, Any] = {
        "fetched": True,
        "seen": article.seen.isoformat(),
        "text_from": article.text_from,
        "revisions": [each.revision for each in revisions],
        "feeds": {feed: {"first_seen": mark.first_seen.isoformat(), "backlog": mark.backlog} for feed, mark in marks},
        "backlog": _is_backlog(marks),
    }
    return Account(steps=steps, facts=facts, article=article, stored=True)


def _how(article: Article) -> str:
    through = "as a sample article" if article.feed == SAMPLE_FEED else f"through feed {article.feed}"
    words = counted(len(article.text.split()), "word")
    if article.text_from == "page":
        return f"{told_time(article.seen)} {through}; its page was read: {words}"
    return f"{told_time(article.seen)} {through}; its page could not be read or told less: the feed's own {words}"


def marks_of(tx: Tx, article: str) -> Sequence[tuple[str, Mark]]:
    """The entries that were this article, by feed; looks through all of them."""
    query = select(entries).where(entries.c.article == article).order_by(entries.c.first_seen)
    rows = tx.execute(query).mappings()
    return [(row["feed"], Mark(**{name: row[name] for name in row if name != "feed"})) for row in rows]


def _is_backlog(marks: Sequence[tuple[str, Mark]]) -> bool:
    return bool(marks) and all(mark.backlog for _, mark in marks)


def _fetched_now(inquiry: Inquiry, found: Found, kept: Article | None) -> Account:
    url = found.url or (kept.url if kept else "")
    if not url:
        raise InquiryError("--fetch needs a URL: samples and unknown ids have no page to read")
    feed = next(feeds_at(_feeds(inquiry), host_of(url)), None)
    try:
        article = read_now(inquiry.settings, url, feed, kept, inquiry.now)
    except ReadingError as error:
        return Account(
            steps=[Step("fetched now", f"in vain: {error}")], facts={"fetched_now": False, "problem": str(error)}
        )
    words = counted(len(article.text.split()), "word")
    through = f"as if it had come through feed {article.feed}" if feed or kept else "though no feed covers its host"
    steps = [Step("fetched now", f"{words} read from the page, judged {through}; nothing is kept or sent")]
    if kept:
        same = "the same text as" if kept.revision == article.revision else "another text than"
        steps.append(
            Step("kept", f"{same} the one seen {told_time(kept.seen)}: ask without --fetch for what became of it")
        )
    facts = {"fetched_now": True, "words": len(article.text.split()), "feed": article.feed}
    return Account(steps=steps, facts=facts, article=article)


def _never_seen(inquiry: Inquiry, url: str) -> Account:
    """No such article: which feeds should have carried it, and how they are."""
    host = host_of(url)
    marks = marks_of(inquiry.tx, article_id(url))
    if marks:
        feed, mark = marks[0]
        text = f"{told_time(mark.first_seen)} through feed {feed}, but its text is no longer kept"
        keep = f"articles are kept for {inquiry.settings.retention.articles.days} days"
        return Account(steps=[Step("fetched", text), Step("kept", keep)], facts={"fetched": True, "kept": False})
    feeds = _feeds(inquiry)
    carried = carried_from(inquiry.tx, host)
    states = states_of(inquiry.tx, [feed.id for feed in feeds])
    configured = {feed.id: feed for feed in feeds}
    covering = [*dict.fromkeys(chain((each.feed for each in carried), (each.id for each in feeds_at(feeds, host))))]
    lines = [
        line
        for feed in covering[:_MOST_FEEDS]
        for line in _of_feed(feed, configured.get(feed), states.get(feed), carried, inquiry.now)
    ]
    if len(covering) > _MOST_FEEDS:
        lines.append(f"and {len(covering) - _MOST_FEEDS} more")
    if not covering:
        lines.append(f"none: no feed of {FILE} is at {host}, and no article from there was ever seen; add a feed of it")
    facts = {
        "fetched": False,
        "host": host,
        "feeds": [_facts_of(feed, configured.get(feed), states.get(feed), carried) for feed in covering],
    }
    steps = [Step("fetched", f"never: no feed has carried {url}")]
    return Account(steps=steps, sections=[Section(f"Feeds that cover {host}", lines)], facts=facts)


def _of_feed(
    id_: str, feed: Feed | None, state: FeedState | None, carried: Sequence[Carried], now: datetime
) -> Iterator[str]:
    """A feed as a reader wants to know it who misses an article."""
    if id_ == SAMPLE_FEED:
        yield f"{id_}  the desk's own sample articles"
    else:
        yield f"{id_}  {feed.url if feed else f'no longer in {FILE}'}"
    brought = next((each for each in carried if each.feed == id_), None)
    if brought:
        yield f"  brought {counted(brought.number, 'article')} from there, the last one {told_time(brought.last)}"
    if id_ == SAMPLE_FEED:
        return
    if state is None or state.polled is None:
        yield "  never polled yet" + (": newswatch has not run with it" if state is None else "")
        return
    if state.problem:
        yield f"  last polled {told_time(state.polled)}: {state.problem}"
        yield f"  {counted(state.failures, 'failure')} in a row; it last answered {told_time(state.succeeded)}"
    else:
        yield f"  last polled {told_time(state.polled)}: good; its last new entry came {told_time(state.new_entry)}"
    if state.gaps:
        yield f"  {counted(state.gaps, 'poll')} shared no entry with the one before: some may have passed between"
    yield f"  polled every {state.interval.total_seconds() / 60:.0f} min; next {told_time(max(state.due, now))}"


def _facts_of(id_: str, feed: Feed | None, state: FeedState | None, carried: Sequence[Carried]) -> dict[str, Any]:
    brought = next((each for each in carried if each.feed == id_), None)
    return {
        "feed": id_,
        "url": feed.url if feed else None,
        "polled": state.polled.isoformat() if state and state.polled else None,
        "problem": state.problem if state else "",
        "gaps": state.gaps if state else 0,
        "articles_from_host": brought.number if brought else 0,
    }


def _feeds(inquiry: Inquiry) -> Sequence[Feed]:
    """The desk's feeds; none where it has no feeds.yaml that can be used."""
    try:
        return load_feeds(inquiry.desk)
    except ConfigError:
        return ()
