"""What of an article is compared with others: words, word groups and numbers, as 32-bit hashes.

    title, text -> words -> terms     (stems of the head: what the article is about)
                         -> phrases   (three words in a row of the head: how it says it)
                         -> shingles  (one of eight groups of five words of a full text: where it was copied from)

The head is the title and the first words of the text: what feeds carry and what copies keep. All hashes are the
same in every process, since fingerprints are stored.
"""

import re
from array import array
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from unicodedata import normalize
from urllib.parse import urlsplit
from zlib import crc32

import msgspec

from newswatch_core.events import Article

FULL_TEXT = 100
"""Words from which a text counts as full; a shorter one is a summary."""
HEAD = 100
"""Words of the text that belong to the head."""
STEM = 6
"""Letters of a word that make its stem: coarse, but the same for every language written with spaces."""
SAMPLE = 8
"""One of this many shingles is kept, chosen by its hash, so that copies keep the same ones."""

NUMBER = 4
"""The class of terms that hold a digit; classes 0 to 3 are words of up to 3, 4, 5 and more letters."""

Hashes = Sequence[int]

_MARKS = "\u0300-\u036f\u0610-\u061a\u064b-\u065f\u0900-\u0903\u093a-\u094f\u0980-\u0983\u09bc-\u09cd"
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
_WORD = re.compile(rf"\d+(?:[.,]\d+)+|[{_UNSPACED}]|[^\W_{_UNSPACED}]+(?:[{_MARKS}]+[^\W_{_UNSPACED}]*)*")
_ASCII_WORD = re.compile(r"\d+(?:[.,]\d+)+|[^\W_]+", re.ASCII)
_DECIMAL = re.compile(r"[0-9][.,][0-9]")
_BETWEEN = str.maketrans({number: " " for number in range(128) if not chr(number).isalnum()})
"""The words of ASCII text without decimals are what lies between these: the same as `_WORD` finds, far sooner."""
_SHORT = 3
_WORDS_KNOWN = 200_000
_TITLE_CASE = 0.6
_WIDTH = array("I").itemsize
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Fingerprint(msgspec.Struct, frozen=True, kw_only=True, eq=False, gc=False):
    """One revision of an article, as far as it is compared. Never part of a cycle: the collector need not look at it.

    `at` counts microseconds since 1970. The first `titled` of `terms` and of `phrases` stand in the title (of the
    phrases: `titled_phrases`). `names` are the terms always written with a capital.
    `words` is the length of the text; `site` hashes the host.
    """

    article: str
    revision: str
    language: str
    at: int
    site: int
    exact: int
    words: int
    terms: Hashes
    titled: int
    names: Hashes
    phrases: Hashes
    titled_phrases: int
    shingles: Hashes

    @property
    def is_full(self) -> bool:
        return self.words >= FULL_TEXT

    @property
    def key(self) -> tuple[int, str, str]:
        """Orders fingerprints by age; unique, and the database can order by the same."""
        return (self.at, self.article, self.revision)


def fingerprint(article: Article) -> Fingerprint:
    title, text = _words(article.title), _words(article.text)
    titled = dict.fromkeys(map(_term, title))
    terms = dict.fromkeys((*titled, *map(_term, text[:HEAD])))
    title_words, text_words = _packed(title), _packed(text)
    titled_phrases = dict.fromkeys(_groups(title_words, 3))
    phrases = dict.fromkeys((*titled_phrases, *_groups(text_words[: HEAD * _WIDTH], 3)))
    full = len(text) >= FULL_TEXT
    shingles = {group for group in _groups(text_words, 5) if not group % SAMPLE} if full else ()
    return Fingerprint(
        article=article.id,
        revision=article.revision,
        language=article.language,
        at=microseconds(article.at),
        site=_hash(_host(article.url) or article.outlet),
        exact=_exact(text_words if full else title_words + bytes(_WIDTH) + text_words),
        words=len(text),
        terms=array("I", terms),
        titled=len(titled),
        names=array("I", _names(title, text[:HEAD])),
        phrases=array("I", phrases),
        titled_phrases=len(titled_phrases),
        shingles=array("I", sorted(shingles)),
    )


def microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exactly (a float would round them)."""
    return (moment - _EPOCH) // _MICROSECOND


def moment(at: int) -> datetime:
    return _EPOCH + timedelta(microseconds=at)


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _words(text: str) -> list[str]:
    if not text.isascii():
        found: list[str] = _WORD.findall(normalize("NFKC", text))
        return found
    return _ASCII_WORD.findall(text) if _DECIMAL.search(text) else text.translate(_BETWEEN).split()


class _Known(dict[str, int]):
    """What was worked out for the words seen: a look costs half of one into an `lru_cache`."""

    def __init__(self, work_out: Callable[[str], int]) -> None:
        super().__init__()
        self._work_out = work_out

    def __missing__(self, word: str) -> int:
        if len(self) >= _WORDS_KNOWN:
            self.clear()
        self[word] = value = self._work_out(word)
        return value


def _term_of(word: str) -> int:
    """The hash of the word's stem, with its class in the lowest three bits."""
    small = word.lower()
    if any(map(str.isdigit, small)):
        return _hash(small) & ~7 | NUMBER
    size = 2 if len(small) == 1 and ord(small) >= 0x0E00 else min(max(len(small), 3), 6) - 3
    return _hash(small[:STEM]) & ~7 | size


def _whole_of(word: str) -> int:
    return _hash(word.lower())


def _hash(word: str) -> int:
    return crc32(word.encode("utf-8", "surrogatepass"))


_term = _Known(_term_of).__getitem__
_whole = _Known(_whole_of).__getitem__


def _packed(words: Sequence[str]) -> bytes:
    """The hashes of all words, one after the other."""
    return array("I", map(_whole, words)).tobytes()


def _groups(words: bytes, size: int) -> Sequence[int]:
    """A hash for each `size` neighbouring words."""
    size *= _WIDTH
    return [crc32(words[start : start + size]) for start in range(0, len(words) - size + 1, _WIDTH)]


def _exact(words: bytes) -> int:
    """Hashes what an exact copy keeps: the words of a full text under any title, else title and text."""
    return int.from_bytes(blake2b(words, digest_size=8).digest())


def _names(title: Sequence[str], head: Sequence[str]) -> Iterable[int]:
    """The terms of words that never start small. A title in Title Case tells nothing; numbers are no names."""
    longer = [word for word in title if len(word) > _SHORT]
    if sum(word[0].isupper() for word in longer) > _TITLE_CASE * len(longer):
        title = ()
    found: dict[int, bool] = {}
    for word in (*title, *head):
        term = _term(word)
        found[term] = word[0].isupper() and found.get(term, True)
    return (term for term, capital in found.items() if capital)


def pack(mark: Fingerprint) -> bytes:
    """The parts that have no column of their own."""
    return _encoder.encode(
        (
            mark.site,
            mark.exact,
            mark.words,
            mark.titled,
            mark.titled_phrases,
            *(_bytes(part) for part in (mark.terms, mark.names, mark.phrases, mark.shingles)),
        )
    )


def unpack(article: str, revision: str, language: str, at: int, data: bytes) -> Fingerprint:
    site, exact, words, titled, titled_phrases, terms, names, phrases, shingles = _decoder.decode(data)
    return Fingerprint(
        article=article,
        revision=revision,
        language=language,
        at=at,
        site=site,
        exact=exact,
        words=words,
        terms=array("I", terms),
        titled=titled,
        names=array("I", names),
        phrases=array("I", phrases),
        titled_phrases=titled_phrases,
        shingles=array("I", shingles),
    )


def _bytes(part: Hashes) -> bytes:
    return array("I", part).tobytes()


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(tuple[int, int, int, int, int, bytes, bytes, bytes, bytes])
