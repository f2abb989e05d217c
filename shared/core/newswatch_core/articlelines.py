"""Articles as plain JSON lines, as other tools write them: only `title` is needed.

{"title": ..., "text" or "summary": ..., "id": ..., "url": ..., "language" or "lang": ...,
 "published": ..., "source": ...}
"""

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from newswatch_core.events import MAX_TEXT, Article, hash_id, revision_of, utc_now
from newswatch_core.language import identify
from newswatch_core.ports import Line

_AHEAD_AT_MOST = timedelta(days=1)


class BadLineError(ValueError):
    """The line is no article; the message says what it should be."""


def parse_line(text: bytes) -> Line:
    """The JSON object in `text`. Raises BadLineError."""
    try:
        line = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadLineError(f"not JSON ({error}): give one JSON object a line") from None
    if not isinstance(line, dict):
        raise BadLineError('not a JSON object: give one like {"title": ..., "text": ...}')
    return line


def article_of(line: Line, clock: datetime) -> Article:
    """The article that `line` describes, seen at its `published` if that can be, else at `clock`. Raises BadLineError.

    An `id` that is missing is made from the url, else from title and text, and added to `line`.
    """
    title = _text(line, "title", needed=True)
    text = _text(line, "text") or _text(line, "summary")
    url = _text(line, "url")
    if line.get("id") in (None, ""):
        line["id"] = hash_id(url) if url else hash_id(title, text)
    if not isinstance(line["id"], str | int):
        raise BadLineError("'id' must be a string")
    identity = str(line["id"])
    published = _time(line.get("published"))
    # What claims to be from the future would make everything after it look old.
    at = published if published is not None and published <= utc_now() + _AHEAD_AT_MOST else clock
    source = _text(line, "source") or _text(line, "outlet") or "pipe"
    language = (_text(line, "language") or _text(line, "lang")).lower()[:2] or identify(f"{title}. {text}")
    return Article(
        id=identity,
        revision=revision_of(title, text),
        feed=_text(line, "feed") or source,
        outlet=source,
        country=_text(line, "country"),
        kind=_text(line, "kind") or "press",
        url=url or f"newswatch:{identity}",
        final_url=url or f"newswatch:{identity}",
        title=title,
        text=text[:MAX_TEXT],
        text_from="page" if line.get("text") else "feed",
        language=language,
        published=published,
        seen=at,
        at=at,
    )


def _text(line: Line, name: str, *, needed: bool = False) -> str:
    value = line.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str):
        raise BadLineError(f"{name!r} must be a string, not {type(value).__name__}")
    if needed and not value.strip():
        raise BadLineError(f"{name!r} is missing or empty")
    # A lone surrogate is no text that could be stored or sent.
    return value.encode("utf-8", "replace").decode() if not value.isascii() else value


def _time(value: Any) -> datetime | None:
    """ISO 8601, the form of mail headers, or seconds since 1970."""
    if value in (None, ""):
        return None
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        time = _parse(str(value).strip())
        return time.replace(tzinfo=UTC) if time.tzinfo is None else time.astimezone(UTC)
    except (ValueError, OverflowError, OSError):
        raise BadLineError(f"'published' {value!r} is no time: give it like 2026-04-04T12:00:00Z") from None


def _parse(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return parsedate_to_datetime(text)
