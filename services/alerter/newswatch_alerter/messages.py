"""What a receiver is told: composed once, when the rules fire; worded when it is sent.

    article, matches -> compose -> Message (in the outbox, as JSON) -> word -> Wording -> each receiver's own encoding

All text from outside passes `plain`; the encoders of the receivers only add what their format needs.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, Protocol
from urllib.parse import quote, urlsplit, urlunsplit
from zoneinfo import ZoneInfo

import msgspec

from newswatch_alerter.glosses import meanings
from newswatch_core.codes import LANGUAGES
from newswatch_core.events import Article, ClauseMatch, Closeness, CountedArticle, Match, Mention, Severity, Span
from newswatch_judging.reasons import Reason, reasons
from newswatch_judging.rules import Count

MAX_TITLE = 300
MAX_NAME = 120
MAX_URL = 1_000
QUOTES = 2
MAX_RULES = 15
MAX_COUNTED = 15
SEVERITIES: tuple[Severity, ...] = ("low", "medium", "high", "critical")

CLOSENESS_TOLD: Mapping[Closeness, str] = {
    "title": "all in the headline",
    "sentence": "all in one sentence",
    "paragraph": "in one paragraph",
    "article": "across the article",
}


class NamedRule(Protocol):
    """What a message says of a rule."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def severity(self) -> Severity: ...


class Piece(msgspec.Struct, frozen=True):
    """A stretch of quoted text; `marked` if it is among the words that made a rule fire."""

    text: str
    marked: bool = False


class Gloss(msgspec.Struct, frozen=True):
    """Words of the article, and what they stand for in the desk's own names."""

    words: str
    name: str


class RuleTold(msgspec.Struct, frozen=True):
    id: str
    title: str
    closeness: Closeness


class CountedTold(msgspec.Struct, frozen=True):
    """An article that a rule counted."""

    title: str
    outlet: str
    at: datetime


class CountTold(msgspec.Struct, frozen=True):
    """What made up the number of a rule that counts: `what` is such as "3 stories within 24 h"."""

    rule: str
    what: str
    articles: tuple[CountedTold, ...]


class Thread(msgspec.Struct, frozen=True):
    """The first delivery of this story to the same receiver: its id and subject, and the rules told so far."""

    delivery: str
    subject: str
    rules: tuple[str, ...]


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """What one receiver is told about one story. `to`: only these addresses of the receiver; all if empty."""

    desk: str
    zone: str
    severity: Severity
    title: str
    outlet: str
    kind: str
    language: str
    url: str
    text_from: Literal["page", "feed"]
    published: datetime | None
    seen: datetime
    at: datetime
    rules: tuple[RuleTold, ...]
    counts: tuple[CountTold, ...] = ()
    quotes: tuple[tuple[Piece, ...], ...] = ()
    glosses: tuple[Gloss, ...] = ()
    thread: Thread | None = None
    sample: bool = False
    to: tuple[str, ...] = ()


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Message)


def encode(message: Message) -> bytes:
    return _encoder.encode(message)


def decode(data: bytes) -> Message:
    """Reads what `encode` wrote. Raises msgspec.DecodeError."""
    return _decoder.decode(data)


def compose(
    article: Article,
    fired: Sequence[tuple[NamedRule, Match]],
    *,
    names: Mapping[str, str],
    desk: str = "newswatch desk",
    language: str = "en",
    zone: str = "UTC",
    thread: Thread | None = None,
    sample: bool = False,
    counts: Sequence[CountTold] = (),
    mentions: Sequence[Mention] = (),
) -> Message:
    """The message about `article`, which fired these rules.

    `names`: what `@entity` and `#keyword-set` are called, and `@group+@entity` the one as part of the other.
    """
    matches = [match for _, match in fired]
    quotes = tuple(_pieces(reason) for reason in _quoted(article, matches))
    foreign = article.language not in {"", language}
    return Message(
        desk=plain(desk, MAX_NAME),
        zone=zone,
        severity=max((rule.severity for rule, _ in fired), key=SEVERITIES.index),
        title=plain(article.title, MAX_TITLE) or "(no title)",
        outlet=plain(article.outlet, MAX_NAME),
        kind=plain(article.kind, 30),
        language=plain(article.language, 8),
        url=safe_url(article.url),
        text_from=article.text_from,
        published=article.published,
        seen=article.seen,
        at=article.at,
        rules=tuple(RuleTold(rule.id, plain(rule.title, MAX_NAME), match.closeness) for rule, match in fired),
        counts=tuple(counts),
        quotes=quotes,
        glosses=_glosses(article, matches, names, quotes, mentions) if foreign else (),
        thread=thread,
        sample=sample,
    )


def count_told(rule: str, count: Count, counted: Sequence[CountedArticle]) -> CountTold:
    """What a rule that counts has counted, for its message."""
    number = len(counted)
    things = "stories" if count.stories else "outlets"
    told = tuple(
        CountedTold(plain(one.title, MAX_TITLE) or "(no title)", plain(one.outlet, MAX_NAME), one.at)
        for one in counted[:MAX_COUNTED]
    )
    return CountTold(rule, f"{number} {things} within {time_span(count.within)}", told)


def _quoted(article: Article, matches: Sequence[Match]) -> Sequence[Reason]:
    """The sentences that show the most of what all the rules wanted, each sentence once."""
    spans: dict[str, set[Span]] = {}
    for clause in (clause for match in matches for clause in match.clauses):
        spans.setdefault(clause.clause, set()).update(clause.spans)
    clauses = tuple(ClauseMatch(clause, tuple(sorted(places))) for clause, places in spans.items())
    return reasons(article, Match(rule="", closeness="article", clauses=clauses), QUOTES)


def _pieces(reason: Reason) -> tuple[Piece, ...]:
    pieces, done = [], 0
    for start, end in sorted(reason.marks):
        if end <= done:
            continue
        pieces.append(Piece(_inner(reason.text[done : max(start, done)])))
        pieces.append(Piece(_inner(reason.text[max(start, done) : end]), marked=True))
        done = end
    pieces.append(Piece(_inner(reason.text[done:])))
    return tuple(piece for piece in pieces if piece.text)


def _glosses(
    article: Article,
    matches: Sequence[Match],
    names: Mapping[str, str],
    quotes: Sequence[Sequence[Piece]],
    mentions: Sequence[Mention],
) -> tuple[Gloss, ...]:
    """For each clause, its first words among those that the quotations mark."""
    marked = {piece.text.casefold() for quoted in quotes for piece in quoted if piece.marked}
    found: dict[str, Gloss] = {}
    for meant in meanings(matches, names, mentions):
        for span, name in meant:
            words = plain((article.title if span.zone == "title" else article.text)[span.start : span.end], 80)
            if words.casefold() in marked and words.casefold() != name.casefold():
                found.setdefault(name, Gloss(words, plain(name, MAX_NAME)))
                break
    return tuple(found.values())


def _drop(character: str) -> str:
    category = unicodedata.category(character)
    if category == "Cs":
        return "\ufffd"
    if category in {"Cc", "Zl", "Zp"}:
        return " "
    # The two joiners are part of how Persian, Hindi and others are written; all else that is invisible goes.
    return character if category not in {"Cf", "Cn"} or character in "\u200c\u200d" else ""


def _inner(text: str) -> str:
    """`text` in one line, without invisible characters; white space at its ends becomes one space."""
    return re.sub(r"\s+", " ", "".join(map(_drop, text)))


def plain(text: str, limit: int) -> str:
    """`text` in one line of at most `limit` characters, without control, format or broken characters."""
    line = _inner(text[: limit * 20]).strip()
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def safe_url(url: str) -> str:
    """`url` as ASCII without anything that ends a link early; "" if it is not a usable http(s) address."""
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").encode("idna").decode("ascii")
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not re.fullmatch(r"[a-z0-9.:-]+", host):
        return ""
    host = f"[{host}]" if ":" in host else host
    try:
        path, query = quote(parts.path, safe="/%:@!$&+,;=~-._"), quote(parts.query, safe="/%:@!$&+,;=?~-._")
        made = urlunsplit((parts.scheme, host + port, path, query, ""))
    except UnicodeEncodeError:
        return ""
    return made if len(made) <= MAX_URL else ""


@dataclass(frozen=True)
class RuleLine:
    title: str
    id: str
    closeness: str

    def __str__(self) -> str:
        return f"{self.title} ({self.id}): {self.closeness}"


@dataclass(frozen=True)
class Wording:
    """A message in words, the same for every receiver, in the order an analyst reads it.

    `flags` come before everything. `rules_word` introduces `rules`; `before` names rules that were told before.
    `counts`: of each rule that counts, what it counted and a line for each article.
    """

    flags: tuple[str, ...]
    severity: str
    title: str
    source: str
    rules_word: str
    rules: tuple[RuleLine, ...]
    before: str
    counts: tuple[tuple[str, tuple[str, ...]], ...]
    quotes: tuple[tuple[Piece, ...], ...]
    glosses: tuple[str, ...]
    facts: str
    times: str
    link: str
    desk: str
    foot: str

    @property
    def first_line(self) -> str:
        """Severity, title, outlet, age: what a phone shows."""
        flags = "".join(f"[{flag}] " for flag in self.flags)
        return f"{flags}[{self.severity}] {self.title} - {self.source}"


def word(message: Message, *, now: datetime, delivery: str, repeat: bool = False) -> Wording:
    flags = ["SAMPLE"] if message.sample else []
    if repeat:
        flags.append(f"possible repeat of {delivery}")
    rules = tuple(RuleLine(told.title, told.id, CLOSENESS_TOLD[told.closeness]) for told in message.rules[:MAX_RULES])
    more = len(message.rules) - len(rules)
    thread = message.thread
    words = "Now also" if thread else ("Rule" if len(message.rules) == 1 else f"{len(message.rules)} rules")
    return Wording(
        flags=tuple(flags),
        severity=message.severity.upper(),
        title=message.title,
        source=f"{source(message)}, {age(now - message.at)}",
        rules_word=words + (f" ({more} more not listed)" if more > 0 else ""),
        rules=rules,
        before=f"Told before in this story: {', '.join(thread.rules)}" if thread else "",
        counts=tuple(_counted(told, now) for told in message.counts),
        quotes=message.quotes,
        glosses=tuple(f"«{gloss.words}» = {gloss.name}" for gloss in message.glosses),
        facts="full text" if message.text_from == "page" else "feed text only",
        times=times(message),
        link=message.url,
        desk=message.desk,
        foot=f"{message.desk}, delivery {delivery}",
    )


def _counted(told: CountTold, now: datetime) -> tuple[str, tuple[str, ...]]:
    lines = tuple(f"{one.title} - {one.outlet}, {age(now - one.at)}" for one in told.articles)
    return f"{told.what} ({told.rule})", lines


def source(message: Message) -> str:
    """The outlet, with its kind and language."""
    language = LANGUAGES.get(message.language, message.language)
    inside = ", ".join(part for part in (message.kind, language) if part)
    return f"{message.outlet} ({inside})" if inside else message.outlet


def subject(message: Message) -> str:
    """The line that a thread of messages goes by."""
    if message.thread:
        return f"Re: {message.thread.subject}"
    return f"[{message.severity.upper()}] {message.title} - {message.outlet}"


def times(message: Message) -> str:
    zone = ZoneInfo(message.zone)
    published = f"published {_clock(message.published, zone)}" if message.published else "publication time unknown"
    return f"{published}, seen {_clock(message.seen, zone)} ({message.zone})"


def _clock(time: datetime, zone: ZoneInfo) -> str:
    try:
        return time.astimezone(zone).strftime("%d %b %Y %H:%M")
    except (OverflowError, ValueError):
        return "at an impossible time"


def time_span(length: timedelta) -> str:
    """A length of time, in the largest unit that gives it whole."""
    minutes = int(length.total_seconds() // 60)
    if minutes % (24 * 60) == 0 and minutes > 48 * 60:
        return f"{minutes // (24 * 60)} days"
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"


def age(length: timedelta) -> str:
    """How long ago, in the largest unit that says something."""
    minutes = int(length.total_seconds() // 60)
    if minutes < 1:
        return "just now"
    if minutes < 60:
        return f"{minutes} min ago"
    if minutes < 48 * 60:
        return f"{minutes // 60} h ago"
    return f"{minutes // (24 * 60)} days ago"
