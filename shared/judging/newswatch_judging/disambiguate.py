"""Guards: does an ambiguous alias mean its entity here?

Each guard answers with words: why the alias counts (its proof), or why it does not (its refusal).
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from newswatch_core.text import Document, fold
from newswatch_judging.entities import Alias
from newswatch_judging.metonyms import names_a_place

PROVING_ZONES = frozenset({"title", "lead", "body", "dateline"})
"""Where a word may stand that proves something: not in links to other stories, not in credits."""


@dataclass(frozen=True, slots=True)
class Seen:
    """Where the context words of a desk stand in one article: word -> places (first word, the one after the last)."""

    document: Document
    places: Mapping[str, Sequence[tuple[int, int]]]

    def near(self, words: Iterable[str], first: int, last: int, within: int | None) -> str | None:
        """The first of `words` that stands within so many words of `first` to `last`, outside of it."""
        for word in words:
            places = self.places.get(word)
            if places and any(end <= first or begin >= last for begin, end in _around(places, first, last, within)):
                return word
        return None

    def among(self, words: Iterable[str], ranges: Iterable[tuple[int, int]], first: int, last: int) -> str | None:
        """The first of `words` that begins in one of `ranges`, outside of `first` to `last`."""
        return next((word for word in words if stands_in(self.places.get(word, ()), ranges, first, last)), None)


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
        word = seen.near(alias.requires.words, first, last, alias.requires.within)
        if word is None:
            return Verdict(refusal="none of its required words is near")
        proof = f"with {word}"
    unproven = alias.text.isupper() and alias.is_exact and not alias.requires and _proves_nothing(seen.document, first)
    return Verdict(proof=proof, open=alias.is_never_alone or unproven)


def _refusal(alias: Alias, seen: Seen, first: int, last: int, language: str) -> str:
    document = seen.document
    if alias.languages and language and language not in alias.languages:
        return f"it counts in {', '.join(alias.languages)} only, not in {language}"
    if is_model_name(document, last):
        return f"part of a longer name with {document.words[last]}"
    if alias.is_metonym and (place := names_a_place(document, first, last)):
        return f"a place here: {place}"
    if alias.forbids and (word := seen.near(alias.forbids.words, first, last, alias.forbids.within)):
        return f"forbidden near it: {word}"
    return ""


def _proves_nothing(document: Document, first: int) -> bool:
    """Capitals prove nothing where all is in capitals."""
    return document.sentence_of(first) in document.shouted


def is_model_name(document: Document, last: int) -> bool:
    """Is the next word joined by a hyphen and made of letters and digits, as in Mali-G78?"""
    if last >= len(document.words) or last == document.in_title or document.between(last - 1) not in {"-", "‑", "‐"}:
        return False
    word = fold(document.words[last])
    return any(letter.isdecimal() for letter in word) and any(letter.isalpha() for letter in word)
