"""The events that travel between the services, and their form on the wire.

    fetcher -> FetchedArticle -> deduplicator -> DeduplicatedArticle, StoryMerged
            -> tagger -> TaggedArticle, StoryMerged -> alerter -> AlertChanged

Every event is one JSON object with a `type` and a `version`. Readers ignore fields they do not know, so that
an older replica can read a newer writer; a field is never removed or given another meaning.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Literal
from unicodedata import normalize

import msgspec

VERSION = 1
MAX_TEXT = 200_000
"""Code points of an article's text that are kept; the rest is cut off by the fetcher."""

MAX_REFUSED = 3
"""So many refused mentions of an entity travel with an article."""

SAMPLE_FEED = "SAMPLE"
"""The feed of a desk's own sample articles (`newswatch run --sample`)."""

TextFrom = Literal["page", "feed"]
Zone = Literal["title", "lead", "body", "dateline", "credit", "related"]
Closeness = Literal["title", "sentence", "paragraph", "article"]
Severity = Literal["low", "medium", "high", "critical"]
Change = Literal["opened", "rule-joined"]

_BACKDATED_AT_MOST = timedelta(hours=48)


class Article(msgspec.Struct, frozen=True, kw_only=True):
    """One canonical URL, with its title and text as read once.

    `id` is the hash of `url`, the canonical URL of the feed's link; `final_url` is where redirects led.
    `revision` is the hash of title and text. `text` is plain text with a blank line between paragraphs.
    `language` is a two-letter code, or "" where unknown. `at` is the time that all windows use.
    """

    id: str
    revision: str
    feed: str
    outlet: str
    owner: str = ""
    kind: str = "press"
    country: str = ""
    url: str
    final_url: str
    title: str
    text: str
    text_from: TextFrom
    language: str
    published: datetime | None
    seen: datetime
    at: datetime


class Span(msgspec.Struct, frozen=True, order=True):
    """Code points `start` to `end` (exclusive) of the title where `zone` is title, else of the text."""

    start: int
    end: int
    zone: Zone


class Mention(msgspec.Struct, frozen=True, kw_only=True):
    """One place where an entity stands. `proof` says in words what made an ambiguous alias count."""

    entity: str
    alias: str
    start: int
    end: int
    zone: Zone
    sentence: int
    proof: str = ""


class RefusedMention(msgspec.Struct, frozen=True):
    """Words that look like an entity; `why` says which guard did not let them count."""

    entity: str
    alias: str
    start: int
    end: int
    zone: Zone
    why: str


class ClauseMatch(msgspec.Struct, frozen=True):
    """A clause of a rule's query, as written, and the places that satisfied it."""

    clause: str
    spans: tuple[Span, ...]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """One article satisfying one rule."""

    rule: str
    closeness: Closeness
    clauses: tuple[ClauseMatch, ...]


class FetchedArticle(msgspec.Struct, frozen=True, kw_only=True, tag="fetched-article"):
    """A new article or a new revision of one. `backlog` articles are archived but never alerted."""

    article: Article
    backlog: bool = False
    version: int = VERSION


class DeduplicatedArticle(msgspec.Struct, frozen=True, kw_only=True, tag="deduplicated-article"):
    """`copy_of` is the id of the article that this one repeats, `story` the id of its story.

    `includes`: the stories that were merged into that one before, or at this article. On Kafka this event and their
    StoryMerged may overtake each other.
    """

    article: Article
    backlog: bool = False
    copy_of: str | None
    story: str
    includes: tuple[str, ...] = ()
    version: int = VERSION


class StoryMerged(msgspec.Struct, frozen=True, kw_only=True, tag="story-merged"):
    """From now on everything of `story` belongs to the story `into`."""

    story: str
    into: str
    at: datetime
    version: int = VERSION


class TaggedArticle(msgspec.Struct, frozen=True, kw_only=True, tag="tagged-article"):
    """`entities` is the hash of the entity files that `mentions` were found with.

    `refused`: some of what was no mention, at most `MAX_REFUSED` an entity; near misses are made of it.
    """

    article: Article
    backlog: bool = False
    copy_of: str | None
    story: str
    includes: tuple[str, ...] = ()
    mentions: tuple[Mention, ...]
    entities: str
    refused: tuple[RefusedMention, ...] = ()
    version: int = VERSION


class CountedArticle(msgspec.Struct, frozen=True, kw_only=True):
    """One of the articles that opened the alert of a rule with `count`: the first of its story or outlet."""

    id: str
    story: str
    title: str
    outlet: str
    url: str
    at: datetime


class AlertChanged(msgspec.Struct, frozen=True, kw_only=True, tag="alert-changed"):
    """An alert was opened, or a further rule joined its story; for other systems to read.

    `counted`: where the rule asks for several stories or outlets, an article of each, the oldest first.
    """

    id: str
    change: Change
    story: str
    severity: Severity
    match: Match
    article: Article
    at: datetime
    counted: tuple[CountedArticle, ...] = ()
    version: int = VERSION


Event = FetchedArticle | DeduplicatedArticle | StoryMerged | TaggedArticle | AlertChanged
ArticleEvent = FetchedArticle | DeduplicatedArticle | TaggedArticle | AlertChanged

_encoder = msgspec.json.Encoder()
_decoder: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


class UnreadableEventError(ValueError):
    """The bytes are no event, or one of a later major version."""


def encode(event: Event) -> bytes:
    return _encoder.encode(event)


def decode(data: bytes) -> Event:
    """Reads what `encode` wrote. Raises UnreadableEventError."""
    try:
        event = _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UnreadableEventError(_why_unknown(data) or str(error)) from error
    if event.version > VERSION:
        raise UnreadableEventError(_newer(event.version))
    return event


class _Head(msgspec.Struct):
    """What every event of every version begins with."""

    type: str
    version: int


_head_decoder = msgspec.json.Decoder(_Head)


def _why_unknown(data: bytes) -> str:
    """What a reader has to know of an event that another version wrote; empty if it is none of those."""
    try:
        head = _head_decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return ""
    if head.version > VERSION:
        return _newer(head.version)
    known = [str(one.__struct_config__.tag) for one in event_types()]
    return "" if head.type in known else f"event type {head.type!r} is not known here, only {', '.join(known)}"


def _newer(version: int) -> str:
    return f"event version {version} is newer than {VERSION}, the newest known here"


def key_of(event: Event) -> str:
    """The id that keeps events in order: those of one article (or story) stay in one partition."""
    return event.story if isinstance(event, StoryMerged) else event.article.id


def hash_id(*parts: str) -> str:
    """A deterministic id of 20 hexadecimal digits (80 bits) from its parts."""
    return blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()


def revision_of(title: str, text: str) -> str:
    """The hash of title and text, the same for differences in white space and Unicode form only."""
    return hash_id(*(" ".join(normalize("NFC", part).split()) for part in (title, text)))


def event_time(published: datetime | None, seen: datetime) -> datetime:
    """`published` where it can be believed (within the 48 hours before `seen`), else `seen`; both in UTC."""
    if published is not None and seen - _BACKDATED_AT_MOST <= published <= seen:
        return published
    return seen


def utc_now() -> datetime:
    return datetime.now(UTC)


def event_types() -> Sequence[type[Event]]:
    return (FetchedArticle, DeduplicatedArticle, StoryMerged, TaggedArticle, AlertChanged)
