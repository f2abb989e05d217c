"""What the worker processes do, and the messages to and from them."""

import msgspec

from newswatch_fetcher.feeds import ParsedFeed, parse_feed


class ParseFeed(msgspec.Struct, frozen=True, tag=True):
    """Read a feed's body."""

    body: bytes
    content_type: str
    url: str


class ExtractPage(msgspec.Struct, frozen=True, tag=True):
    """Find the article text in a page; its headline as well if `titled`."""

    body: bytes
    content_type: str
    url: str
    titled: bool = False


class FeedParsed(msgspec.Struct, frozen=True, tag=True):
    feed: ParsedFeed


class PageExtracted(msgspec.Struct, frozen=True, tag=True):
    text: str
    title: str = ""


class Failed(msgspec.Struct, frozen=True, tag=True):
    """The task could not be done; `reason` says why in words."""

    reason: str


Task = ParseFeed | ExtractPage
Result = FeedParsed | PageExtracted | Failed


def perform(task: Task) -> Result:
    """Does a task in this process. Whatever goes wrong inside becomes Failed, except running out of memory."""
    try:
        if isinstance(task, ParseFeed):
            return FeedParsed(parse_feed(task.body, task.content_type, task.url))
        # Imported here: a worker that only reads feeds never needs it.
        from newswatch_fetcher.extract import extract_text, extract_title  # noqa: PLC0415 - see above

        title = extract_title(task.body, task.content_type) if task.titled else ""
        return PageExtracted(extract_text(task.body, task.content_type, task.url), title)
    except MemoryError:
        raise
    except Exception as error:  # noqa: BLE001 - parsers raise anything on hostile input
        return Failed(f"{type(error).__name__}: {error}"[:300].encode("utf-8", "replace").decode())
