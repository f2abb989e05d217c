"""Guards: does an ambiguous alias mean its entity here?

Each guard answers with words: why the alias counts (its proof), or why it does not (its refusal).
"""

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from newswatch_core.text import Document, fold
from newswatch_judging.entities import Alias, Context, ContextWord
from newswatch_judging.lexicon import Hit
from newswatch_judging.metonyms import names_a_place

PROVING_ZONES = frozenset({"title", "lead", "body", "dateline"})
"""Where a word may stand that proves something: not in links to other stories, not in credits."""

_HYPHENS = frozenset("-‑‐")
_MONEY = frozenset("$€£¥")
"""Behind the letters of a country: US$ is a currency."""
PART_OF = "part of "
"""How a refusal begins that says what the alias means instead."""
FORBIDDEN = "forbidden near it: "


class Seen:
    """Where the context words of a desk stand in one article, in the zones that prove something."""

    def __init__(self, document: Document, hits: Iterable[Hit[Any]]) -> None:
        self.document = document
        self._hits: dict[ContextWord, list[tuple[int, int]]] = {}
        for hit in hits:
            if isinstance(hit.payload, ContextWord):
                self._hits.setdefault(hit.payload, []).append((hit.first, hit.last))
        self._places: dict[ContextWord, Sequence[tuple[int, int]]] = {}
        self._present: dict[int, Sequence[ContextWord]] = {}

    def places(self, word: ContextWord) -> Sequence[tuple[int, int]]:
        """First word and the one after the last of each place of `word`, in order."""
        known = self._places.get(word)
        if known is None:
            hits = self._hits.get(word, ())
            zone_of = self.document.zone_of
            known = self._places[word] = [place for place in hits if zone_of(place[0]) in PROVING_ZONES]
        return known

    def near(self, context: Context, first: int, last: int, *, one_sentence: bool) -> str | None:
        """The first word of `context` that stands within its distance of `first` to `last`, outside of it.

        Never across title and text, or the ends of the sentence, unless it counts anywhere in the article.
        """
        low, high = self._reach(first, one_sentence=one_sentence)
        for word in self._those_of(context):
            places = self.places(word)
            for begin, end in _around(places, first, last, context.within):
                if (end <= first or begin >= last) and (context.within is None or low <= begin < high):
                    return word.text
        return None

    def _those_of(self, context: Context) -> Sequence[ContextWord]:
        """The words of `context` that stand in the article."""
        known = self._present.get(id(context))
        if known is None:
            present = [word for word in context.each_word if word in self._hits and self.places(word)]
            known = self._present[id(context)] = present
        return known

    def _reach(self, word: int, *, one_sentence: bool) -> tuple[int, int]:
        document = self.document
        if one_sentence:
            sentence = document.sentence_holding(word)
            return sentence.first, sentence.last
        return (0, document.in_title) if word < document.in_title else (document.in_title, len(document.words))

    def among(
        self, words: Iterable[ContextWord], ranges: Iterable[tuple[int, int]], first: int, last: int
    ) -> str | None:
        """The first of `words` that begins in one of `ranges`, outside of `first` to `last`."""
        return next((word.text for word in words if stands_in(self.places(word), ranges, first, last)), None)

    def any_of(self, words: Iterable[ContextWord]) -> str:
        """The first of `words` that stands anywhere, or ""."""
        return next((word.text for word in words if self.places(word)), "")


def stands_in(
    places: Sequence[tuple[int, int]], ranges: Iterable[tuple[int, int]], first: int, last: int
) -> tuple[int, int] | None:
    """The first of these places, which are in order, that begins in a range and does not touch `first` to `last`."""
    for low, high in ranges:
        for begin, end in islice(places, bisect_left(places, (low, 0)), None):
            if begin >= high:
                break
            if end <= first or begin >= last:
                return begin, end
    return None


def _around(places: Sequence[tuple[int, int]], first: int, last: int, within: int | None) -> Sequence[tuple[int, int]]:
    """Those of `places` that can be within so many words of `first` to `last`; all of one word are equally long."""
    if within is None:
        # Two suffice: only one can overlap with the alias itself, and phrases do not overlap with themselves.
        return (places[0], places[-1])
    length = places[0][1] - places[0][0]
    low = bisect_left(places, (first - within - length + 1, 0))
    high = bisect_left(places, (last + within, 0))
    return places[low:high]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the guards say: a refusal, or why the alias counts; `open` where that hangs on the rest of the article."""

    refusal: str = ""
    proof: str = ""
    open: bool = False


def local_verdict(alias: Alias, seen: Seen, first: int, last: int, language: str) -> Verdict:
    """What the guards say that look at the alias's surroundings only; without them the alias counts."""
    refusal = _refusal(alias, seen, first, last, language)
    if refusal:
        return Verdict(refusal=refusal)
    proof = ""
    if alias.requires:
        word = seen.near(alias.requires, first, last, one_sentence=False)
        if word is None:
            return Verdict(refusal="none of its required words is near")
        proof = f"with {word}"
    unproven = alias.text.isupper() and alias.is_exact and not alias.requires and _proves_nothing(seen.document, first)
    return Verdict(proof=proof, open=alias.is_never_alone or unproven)


def _refusal(alias: Alias, seen: Seen, first: int, last: int, language: str) -> str:
    document = seen.document
    if alias.languages and language and language not in alias.languages:
        return f"it counts in {', '.join(alias.languages)} only, not in {language}"
    if is_model_name(document, last, with_letters=not alias.is_bare_acronym):
        return f"{PART_OF}a longer name with {document.words[last]}"
    if fragment := _is_fragment(alias, document, last):
        return fragment
    if alias.is_metonym and (place := names_a_place(document, first, last, language)):
        return f"a place here: {place}"
    if alias.forbids and (word := seen.near(alias.forbids, first, last, one_sentence=True)):
        return FORBIDDEN + word
    return ""


def _is_fragment(alias: Alias, document: Document, last: int) -> str:
    """Why a word means nothing without what stands behind it, or ""."""
    if alias.is_exact and document.text_after(last - 1, 1) in _MONEY:
        return f"{PART_OF}a currency"
    if alias.is_combining and not _is_joined(document, last):
        return "half a word, and no other half follows"
    return ""


def _is_joined(document: Document, last: int) -> bool:
    """Do a hyphen and a word follow at once, as in Russo-Malian?"""
    inside = last < len(document.words) and last != document.in_title
    return inside and document.between(last - 1) in _HYPHENS and document.words[last].isalpha()


def _proves_nothing(document: Document, first: int) -> bool:
    """Capitals prove nothing where all is in capitals."""
    return document.is_shouted(document.sentence_of(first))


def is_model_name(document: Document, last: int, *, with_letters: bool) -> bool:
    """Is the next word joined by a hyphen and made of letters and digits, as in Mali-G78?

    Digits alone will do unless `with_letters`: AES-256, but not AES-2026.
    """
    if last >= len(document.words) or last == document.in_title or document.words[last].isalpha():
        return False
    if document.between(last - 1) not in _HYPHENS:
        return False
    word = fold(document.words[last])
    if word.isdecimal():
        return not with_letters and not (len(word) == 4 and word.startswith(("19", "20")))
    return any(letter.isdecimal() for letter in word) and any(letter.isalpha() for letter in word)
