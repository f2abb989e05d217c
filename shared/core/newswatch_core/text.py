"""A text taken apart: words, sentences, paragraphs and zones, all with offsets into the original.

Offsets are code points, end exclusive, into the title for the title's words and into the text for all others. A word
is a run of letters and digits: hyphens and apostrophes separate (Russian-backed is two words, l'ambassade too), a
possessive 's is no word, a dotted acronym (A.E.S.) is one, and each character of a script without spaces is one.
Web and mail addresses and @names hold no words.

Most articles are left alone after a glance at their words. So only these are read at once; offsets are made when asked
for, and sentences as far as they are asked for.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import msgspec

from newswatch_core.events import Zone
from newswatch_core.folding import INVISIBLE, MARKS, fold, fold_keeping_case, tidy
from newswatch_core.sentences import paragraph_spans, sentence_spans
from newswatch_core.zones import pieces

__all__ = ["Document", "Sentence", "fold", "fold_keeping_case", "read", "spans", "tidy", "words"]

LEAD_PARAGRAPHS = 2
LEAD_WORDS = 60

_NO_SPACES = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u31f0-\u31ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_LETTERS = rf"[^\W_{_NO_SPACES}]"
_LETTER = rf"[^\W\d_{_NO_SPACES}]"
_DOTTED = r"(?:(?<!\w)(?:(?:L\.){2,}(?:L(?!\w))?|L\.L(?![\w.])))"
"""A.E.S. or A.E.S, where L is a letter"""
_WORD = re.compile(rf"{_DOTTED.replace('L', _LETTER)}|{_LETTERS}+(?:[{MARKS}{INVISIBLE}]+{_LETTERS}*)*|[{_NO_SPACES}]")
# The same, many times as fast, for texts without an underscore, a mark and a script without spaces.
_SPECIAL = re.compile(f"[{MARKS}{INVISIBLE}{_NO_SPACES}]")
_PLAIN = re.compile(r"\w+")
_DOT_INSIDE = re.compile(r"\.(?<=[^\W\d]\.)(?<!\w[^\W\d]\.)[^\W\d]")
_ACRONYM = re.compile(_DOTTED.replace("L", r"[^\W\d]"))
_ITEM = re.compile(r"(?:[-–—•*‣▪●·►▶]|\d{1,2}[.)])[^\S\n]+\S")
_POSSESSIVE = re.compile(r"['’ʼ＇](?<=[^\W\d_].)[sS](?![\w’'])")
_LINK = re.compile(r"(?:https?://|www\.)\S+")
_MAIL_OR_NAME = re.compile(r"(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+|(?<![\w@])@\w+")
_DOMAIN = re.compile(
    r"\.(?:com|org|net|info|news|gov|edu|int|io|tv|ru|fr|ml|bf|ne|ng|uk|de|es|eu|ua|рф)(?![\w-])(?:/\S*)?"
)
_BEFORE_DOMAIN = re.compile(r"[\w-]{1,63}(?:\.[\w-]{1,63}){0,3}\Z")


class Sentence(msgspec.Struct, frozen=True):
    """A sentence or a part of one in a zone of its own. `first` to `last` (exclusive) are its words.

    Paragraph 0 is the title; `start` and `end` are offsets into the title or the text.
    """

    start: int
    end: int
    zone: Zone
    paragraph: int
    first: int
    last: int


class Document:
    """Title and text as words in one sequence: those of the title first.

    `words[i]` stands at `starts[i]` to `end_of(i)`; it belongs to the title if `i < in_title`.
    """

    def __init__(self, title: str, text: str) -> None:
        self.title = title
        self.text = text
        self._readable = (_without_others(title), _without_others(text))
        in_title, in_text = map(_words, self._readable)
        self.in_title = len(in_title)
        self.words: Sequence[str] = in_title + in_text
        self._sentences: list[Sentence] = []
        self._firsts: list[int] = []
        self._more = self._read_sentences()
        self._read_to = 0
        self._shouted: dict[int, bool] = {}

    @cached_property
    def starts(self) -> Sequence[int]:
        title, text = self._readable
        return _starts(title, self.words[: self.in_title]) + _starts(text, self.words[self.in_title :])

    @cached_property
    def ends(self) -> Sequence[int]:
        return [start + len(word) for start, word in zip(self.starts, self.words, strict=True)]

    @cached_property
    def words_inside(self) -> frozenset[str]:
        """All words, as written, that stand somewhere else than at the beginning of a sentence."""
        firsts = {sentence.first for sentence in self.sentences}
        return frozenset(word for place, word in enumerate(self.words) if place not in firsts)

    def end_of(self, word: int) -> int:
        """The offset after this word's last character."""
        return self.starts[word] + len(self.words[word])

    @property
    def sentences(self) -> Sequence[Sentence]:
        """All of them, in the order of the text."""
        self._read_sentences_to(len(self.words))
        return self._sentences

    def sentence(self, number: int) -> Sentence:
        """The sentence with this number, which one of the other methods gave."""
        return self._sentences[number]

    def sentence_of(self, word: int) -> int:
        """The number of the sentence that the word with this index is in."""
        if word >= self._read_to:
            self._read_sentences_to(word)
        return bisect_right(self._firsts, word) - 1

    def sentence_holding(self, word: int) -> Sentence:
        return self._sentences[self.sentence_of(word)]

    def zone_of(self, word: int) -> Zone:
        return self._sentences[self.sentence_of(word)].zone

    def word_at(self, offset: int, *, title: bool) -> int:
        """The index of the last word that begins at or before `offset`."""
        if title:
            return max(0, bisect_right(self.starts, offset, 0, self.in_title) - 1)
        return max(self.in_title, bisect_right(self.starts, offset, self.in_title) - 1)

    def sentence_at(self, offset: int, *, title: bool) -> int:
        """The number of the sentence at an offset into the title or the text."""
        return max(0, self.sentence_of(self.word_at(offset, title=title)))

    def source(self, word: int) -> str:
        """The string that the offsets of this word lead into."""
        return self.title if word < self.in_title else self.text

    def text_after(self, word: int, length: int) -> str:
        """So many characters that follow this word, of the same source."""
        end = self.end_of(word)
        return self.source(word)[end : end + length]

    def between(self, word: int) -> str:
        """What stands between this word and the next one of the same source."""
        return self.source(word)[self.end_of(word) : self.starts[word + 1]]

    @property
    def shouted(self) -> frozenset[int]:
        """The sentences written in capitals throughout, where capitals prove nothing."""
        return frozenset(number for number in range(len(self.sentences)) if self.is_shouted(number))

    def is_shouted(self, number: int) -> bool:
        """Is this sentence written in capitals throughout?"""
        known = self._shouted.get(number)
        if known is None:
            known = self._shouted[number] = self._is_shouted(self._sentences[number])
        return known

    def _is_shouted(self, sentence: Sentence) -> bool:
        words = [
            word
            for word in self.words[sentence.first : sentence.last]
            if len(word) > 1 and word.lower() != word.upper()
        ]
        capitals = sum(word.isupper() for word in words)
        return len(words) >= 3 and capitals >= 0.75 * len(words)

    def list_item(self, word: int) -> tuple[int, int] | None:
        """The words of the list item that holds this word: first and the one after the last; None outside lists."""
        return self._items[self.sentence_of(word)]

    @cached_property
    def _items(self) -> Sequence[tuple[int, int] | None]:
        """For each sentence the list item that it is part of: from its mark to the next one or the paragraph's end."""
        begins: list[int | None] = []
        lasts: dict[int, int] = {}
        for number, sentence in enumerate(self.sentences):
            same = begins[-1] if number and self.sentences[number - 1].paragraph == sentence.paragraph else None
            begins.append(number if self._begins_item(number) else same)
            if (begin := begins[-1]) is not None:
                lasts[begin] = sentence.last
        return [None if begin is None else (self.sentences[begin].first, lasts[begin]) for begin in begins]

    def _begins_item(self, number: int) -> bool:
        sentence = self.sentences[number]
        return sentence.zone != "title" and _ITEM.match(self.text, sentence.start) is not None

    def _read_sentences_to(self, word: int) -> None:
        """Reads on until the sentence of this word is known, or all are."""
        while self._read_to <= word:
            sentence = next(self._more, None)
            if sentence is None:
                return
            self._sentences.append(sentence)
            self._firsts.append(sentence.first)
            self._read_to = sentence.last

    def _read_sentences(self) -> Iterator[Sentence]:
        if self.title.strip():
            yield Sentence(0, len(self.title), "title", 0, 0, self.in_title)
        lead = _Lead()
        place = self.in_title
        for number, parts in enumerate(pieces(self.text, paragraph_spans(self.text)), 1):
            lead.paragraph_begins(holds_story=any(zone == "body" for *_, zone in parts))
            for start, end, zone in parts:
                for first, last in sentence_spans(self.text, start, end):
                    stop = bisect_right(self.starts, last - 1, place)
                    if stop == place:
                        continue
                    actual = lead.zone(stop - place) if zone == "body" else zone
                    yield Sentence(first, last, actual, number, place, stop)
                    place = stop


class _Lead:
    """Counts how much of the story has been seen, to tell lead from body: whole sentences only."""

    def __init__(self) -> None:
        self._paragraphs = 0
        self._words = 0

    def paragraph_begins(self, *, holds_story: bool) -> None:
        self._paragraphs += holds_story

    def zone(self, words: int) -> Zone:
        if self._paragraphs > LEAD_PARAGRAPHS or self._words >= LEAD_WORDS:
            return "body"
        self._words += words
        return "lead"


def read(title: str, text: str) -> Document:
    """Takes an article's title and text apart, in time linear in their length."""
    return Document(title, text)


def spans(text: str) -> list[tuple[int, int]]:
    """Start and end of each word."""
    readable = _without_others(text)
    found = _words(readable)
    return [(start, start + len(word)) for start, word in zip(_starts(readable, found), found, strict=True)]


def words(text: str) -> list[str]:
    """The words as written."""
    return _words(_without_others(text))


def _words(readable: str) -> list[str]:
    if not _is_plain(readable):
        return _WORD.findall(readable)
    if _DOT_INSIDE.search(readable) is None:
        return _PLAIN.findall(readable)
    found: list[str] = []
    done = 0
    for acronym in _acronyms(readable):
        found += _PLAIN.findall(readable, done, acronym.start())
        found.append(acronym[0])
        done = acronym.end()
    return found + _PLAIN.findall(readable, done)


def _starts(readable: str, words: Iterable[str]) -> list[int]:
    """Where the words of a text begin: between two of them is no letter, so the next place of a word is its own."""
    find, end = readable.find, 0
    found: list[int] = []
    for word in words:
        start = find(word, end)
        found.append(start)
        end = start + len(word)
    return found


def _is_plain(readable: str) -> bool:
    return "_" not in readable and (readable.isascii() or _SPECIAL.search(readable) is None)


def _acronyms(readable: str) -> Iterator[re.Match[str]]:
    done = 0
    for dot in _DOT_INSIDE.finditer(readable):
        acronym = _ACRONYM.match(readable, dot.start() - 1) if dot.start() > done else None
        if acronym:
            yield acronym
            done = acronym.end()


def _without_others(text: str) -> str:
    """The text with blanks in place of what is no word: addresses, @names and the possessive 's; as long as before."""
    text = _without_addresses(text)
    if "'" in text or "’" in text or "ʼ" in text or "＇" in text:
        text = _POSSESSIVE.sub("  ", text)
    return text


def _without_addresses(text: str) -> str:
    """The text with blanks in place of web and mail addresses and @names, as long as before."""
    if "://" in text or "www." in text:
        text = _LINK.sub(_blank, text)
    if "@" in text:
        text = _MAIL_OR_NAME.sub(_blank, text)
    kept: list[str] = []
    done = 0
    for domain in _DOMAIN.finditer(text):
        host = _BEFORE_DOMAIN.search(text, max(done, domain.start() - 80), domain.start())
        if host:
            kept += (text[done : host.start()], " " * (domain.end() - host.start()))
            done = domain.end()
    return "".join((*kept, text[done:])) if kept else text


def _blank(match: re.Match[str]) -> str:
    return " " * len(match[0])
