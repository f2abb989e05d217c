"""Finding what queries look for besides entities: keyword sets, words, phrases, beginnings."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from newswatch_core.text import Document
from newswatch_judging.disambiguate import PART_OF, Seen, local_verdict
from newswatch_judging.entities import Alias, ContextWord
from newswatch_judging.gazetteer import Around, Blocked, add_blocked, blocked_of, enclosing
from newswatch_judging.keywords import KeywordSet
from newswatch_judging.lexicon import Hit, How, Lexicon
from newswatch_judging.namesakes import names_a_namesake
from newswatch_judging.tree import Kind, Term

Key = tuple[Kind, str]
"""What makes two terms the same: kind and value."""

_HOW: Mapping[Kind, How] = {"word": "any", "phrase": "exact", "prefix": "prefix", "cased": "cased"}


@dataclass(frozen=True, slots=True)
class Keyword:
    """One word or phrase of a keyword set."""

    owner: str
    keyword: Alias


@dataclass(frozen=True, slots=True)
class Wanted:
    """A term written out in a query."""

    key: Key


class Terms:
    """All keyword sets of a desk and all words of its queries, ready to be looked for."""

    def __init__(self, sets: Mapping[str, KeywordSet], terms: Iterable[Term]) -> None:
        self._terms = Lexicon[Keyword | Wanted]()
        self._around = Lexicon[Around]()
        written: set[ContextWord] = set()
        for keywords in sets.values():
            for language, _, keyword in keywords.each_word():
                how: How = "cased" if keyword.is_exact else "keyword"
                self._terms.add(keyword.text, Keyword(keywords.id, keyword), how=how, language=language)
                for context in (keyword.requires, keyword.forbids):
                    written.update(context.each_word if context else ())
            add_blocked(self._around, keywords.id, keywords.each_blocked())
        for word in written:
            self._around.add(word.text, word, how="context", language=word.language)
        for kind, value in {(term.kind, term.value) for term in terms if term.kind in _HOW}:
            self._terms.add(value, Wanted((kind, value)), how=_HOW[kind])

    def find(self, document: Document, language: str) -> dict[Key, list[tuple[int, int]]]:
        """For each term the places where it stands: first word and the one after the last, in order."""
        hits = self._terms.find(document, language)
        if not hits:
            return {}
        around = self._around.find(document, language)
        seen, blocked = Seen(document, around), blocked_of(around)
        found: dict[Key, set[tuple[int, int]]] = {}
        for hit in hits:
            if isinstance(hit.payload, Wanted):
                found.setdefault(hit.payload.key, set()).add((hit.first, hit.last))
            elif not _refusal(hit, hit.payload, blocked, seen, language):
                found.setdefault(("keywords", hit.payload.owner), set()).add((hit.first, hit.last))
        return {key: _outermost(places) for key, places in found.items()}

    def look(self, document: Document, language: str) -> set[Key]:
        """The terms that stand there, whatever guards say: all that `find` finds, and more."""
        hits = self._terms.find(document, language)
        return {hit.payload.key if isinstance(hit.payload, Wanted) else ("keywords", hit.payload.owner) for hit in hits}

    def refused(self, document: Document, language: str) -> Iterator[tuple[str, int, int, str]]:
        """The keywords that `find` left out: set, first word and the one after the last, and why."""
        around = self._around.find(document, language)
        seen, blocked = Seen(document, around), blocked_of(around)
        for hit in self._terms.find(document, language):
            if isinstance(hit.payload, Keyword):
                why = _refusal(hit, hit.payload, blocked, seen, language)
                if why:
                    yield hit.payload.owner, hit.first, hit.last, why


def _refusal(
    hit: Hit[Any], keyword: Keyword, blocked: Mapping[str, Sequence[Hit[Blocked]]], seen: Seen, language: str
) -> str:
    """Why a keyword does not count where it stands; empty if it does."""
    if longer := enclosing(blocked.get(keyword.owner, ()), hit.first, hit.last):
        return PART_OF + longer
    # In German each noun has a capital letter, which elsewhere tells the Café Embassy from a café of the embassy.
    if hit.last - hit.first == 1 and language != "de":
        other = names_a_namesake(seen.document, hit.first, hit.last)
        if other:
            return f"something else of that name: {other}"
    return local_verdict(keyword.keyword, seen, hit.first, hit.last, language).refusal


def _outermost(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places in order, without those inside another one."""
    kept: list[tuple[int, int]] = []
    for place in sorted(places, key=lambda each: (each[0], -each[1])):
        if not kept or place[1] > kept[-1][1]:
            kept.append(place)
    return kept
