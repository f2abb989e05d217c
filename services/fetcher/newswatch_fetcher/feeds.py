"""Reading a feed's body: bytes in, entries out, nothing fetched and nothing raised (but MemoryError).

body --check--> feedparser (a stream, never bytes) --> entries, cleaned --> ParsedFeed
"""

import io
import math
import re
from calendar import timegm
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import feedparser
import msgspec

from newswatch_core.events import MAX_TEXT, hash_id
from newswatch_fetcher.clean import clean_text, clean_title, html_to_text
from newswatch_fetcher.urls import canonical_url

MAX_ENTRIES = 2_000
_MAX_GUID = 2_000
_MAX_FEED_TITLE = 80
_CLOSINGS = (b"</rss", b"</feed", b"</rdf:rdf", b"</channel")


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One item of a feed. `key` is the hash of its guid or link, `content` of what the feed says of it.

    `link` is a canonical URL or "", `guid` as the feed has it or "". Texts are cleaned and free of markup.
    `shared_link`: other entries of the feed, with guids of their own, have the same link, as on live pages.
    """

    key: str
    content: str
    guid: str
    link: str
    title: str
    text: str
    published: datetime | None
    shared_link: bool = False


class ParsedFeed(msgspec.Struct, frozen=True, kw_only=True):
    """What a body held. `problem` says what is wrong with it; there may be usable entries all the same.

    `title` is the feed's own. `dropped` counts entries beyond MAX_ENTRIES (the oldest).
    """

    entries: tuple[Entry, ...] = ()
    title: str = ""
    problem: str = ""
    dropped: int = 0


def parse_feed(body: bytes, content_type: str, url: str) -> ParsedFeed:
    """The entries of a feed, newest first where dated. `url` is where it was read, for relative links."""
    if not body.strip():
        return ParsedFeed(problem="the body is empty")
    # bytes or str could be taken for a file name or a URL to open; a stream cannot. The feed's place is not told: guids
    # would be resolved with it, and change when the feed moves.
    headers = {"content-type": _xml_type(body, content_type)}
    try:
        parsed = feedparser.parse(
            io.BytesIO(body), response_headers=headers, resolve_relative_uris=False, sanitize_html=False
        )
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - feedparser raises anything on damaged bodies
        return ParsedFeed(problem=f"not a readable feed: {type(error).__name__}")
    items: Sequence[dict[str, Any]] = parsed.entries
    if not parsed.version and not items:
        return ParsedFeed(problem=_what_it_is(body))
    problem = ""
    if parsed.bozo and _is_cut_off(body):
        problem = "the feed is cut off"
        items = items[:-1] if _ends_inside_an_entry(body) else items
    entries = _entries(items, url)
    if not entries and not problem and parsed.bozo and items:
        problem = "none of its entries can be read"
    if not entries and not items and not problem and parsed.bozo:
        problem = f"not a readable feed: {parsed.get('bozo_exception', '')}"[:200]
    return ParsedFeed(
        entries=entries[:MAX_ENTRIES],
        title=clean_title(str(dict.get(parsed.feed, "title", "")))[:_MAX_FEED_TITLE].rstrip(),
        problem=problem,
        dropped=max(0, len(entries) - MAX_ENTRIES),
    )


def _xml_type(body: bytes, content_type: str) -> str:
    """The content type to read the body as: only its charset counts, and not where the body is plainly UTF-8.

    By the letter text/xml without a charset would be ASCII, which hardly any server means.
    """
    if not body.isascii() and b"\0" not in body[:200]:
        try:
            body.decode("utf-8")
        except UnicodeDecodeError:
            pass
        else:
            return "application/xml; charset=utf-8"
    charset = re.search(r"""charset\s*=\s*["']?([\w.:-]{2,30})""", content_type, re.IGNORECASE)
    return f"application/xml; charset={charset[1]}" if charset else "application/xml"


def _what_it_is(body: bytes) -> str:
    start = body.lstrip(b"\xef\xbb\xbf \t\r\n")[:2_000].lower()
    if b"<html" in start or b"<!doctype html" in start:
        return "an HTML page instead of a feed"
    if start[:1] in {b"{", b"["}:
        return "JSON instead of an RSS or Atom feed"
    return "not a feed"


def _is_cut_off(body: bytes) -> bool:
    # Without NULs the test holds for UTF-16 as well.
    tail = body[-2_000:].replace(b"\0", b"").lower()
    return not any(closing in tail for closing in _CLOSINGS)


def _ends_inside_an_entry(body: bytes) -> bool:
    text = body.replace(b"\0", b"").lower()
    closed = max(text.rfind(b"</item>"), text.rfind(b"</entry>"))
    return max(text.rfind(b"<item"), text.rfind(b"<entry")) > closed


def _entries(items: Sequence[dict[str, Any]], url: str) -> tuple[Entry, ...]:
    guids = Counter(str(item.get("id", "")) for item in items)
    found: dict[str, Entry] = {}
    for item in items:
        entry = _entry(item, url, shared_guid=guids[str(item.get("id", ""))] > 1)
        if entry is not None:
            found.setdefault(entry.key, entry)
    links = Counter(entry.link for entry in found.values() if entry.guid)
    entries = (
        msgspec.structs.replace(entry, shared_link=True) if entry.guid and links[entry.link] > 1 else entry
        for entry in found.values()
    )
    return tuple(sorted(entries, key=_newest_first))


def _newest_first(entry: Entry) -> float:
    return -entry.published.timestamp() if entry.published else -math.inf


def _entry(item: dict[str, Any], url: str, *, shared_guid: bool) -> Entry | None:
    # A lone surrogate, which &#xD800; makes, cannot be written anywhere.
    guid = str(item.get("id", ""))[:_MAX_GUID].encode("utf-8", "replace").decode()
    link = _link(item, guid, url)
    title = clean_title(str(item.get("title", "")))
    text = _text(item)
    if not (title or text):
        return None
    place = link.partition(":")[2]  # a feed that changes to https has nothing new to say
    # Some feeds give all their entries one guid: then it says nothing.
    key = hash_id(guid) if guid and not (shared_guid and link) else hash_id(place or title + "\n" + text)
    return Entry(
        key=key,
        content=hash_id(place, title, text),
        guid=guid,
        link=link,
        title=title,
        text=text,
        published=_published(item),
    )


def _link(item: dict[str, Any], guid: str, url: str) -> str:
    link = str(item.get("link", ""))
    if link == guid and "://" not in guid:
        return ""  # a guid that calls itself a link, as they do by default
    return canonical_url(link, url)


def _text(item: dict[str, Any]) -> str:
    """The longest text that the entry carries itself."""
    parts = [str(part.get("value", "")) for part in item.get("content", ())] + [str(item.get("summary", ""))]
    texts = [clean_text(html_to_text(part[: 5 * MAX_TEXT])) for part in parts if part]
    return max(texts, key=len, default="")


def _published(item: dict[str, Any]) -> datetime | None:
    # Past feedparser's own lookup, which warns where it stands one date in for another.
    parsed = dict.get(item, "published_parsed") or dict.get(item, "updated_parsed")
    try:
        return datetime.fromtimestamp(timegm(parsed), UTC) if parsed else None
    except (ValueError, OverflowError, TypeError, OSError):
        return None
