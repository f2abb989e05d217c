"""Finding what queries look for besides entities: keyword sets, words, phrases, beginnings."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from newswatch_core.text import Document
from newswatch_judging.disambiguate import Seen, local_verdict
from newswatch_judging.entities import Alias, ContextWord
from newswatch_judging.gazetteer import Blocked, enclosing, places_of
from newswatch_judging.keywords import KeywordSet
from newswatch_judging.lexicon import Hit, How, Lexicon
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


Payload = Keyword | Wanted | Blocked | ContextWord


class Terms:
    """All keyword sets of a desk and all words of its queries, ready to be looked for."""

    def __init__(self, sets: Mapping[str, KeywordSet], terms: Iterable[Term]) -> None:
        self._lexicon = Lexicon[Payload]()
        written: set[ContextWord] = set()
        for keywords in sets.values():
            for language, _, keyword in keywords.each_word():
                how: How = "cased" if keyword.is_exact else "keyword"
                self._lexicon.add(keyword.text, Keyword(keywords.id, keyword), how=how, language=language)
                for context in (keyword.requires, keyword.forbids):
                    written.update(context.each_word if context else ())
            for text in keywords.blocked:
                self._lexicon.add(text, Blocked(keywords.id, text), how="any")
        for word in written:
            self._lexicon.add(word.text, word, how="context", language=word.language)
        for kind, value in {(term.kind, term.value) for term in terms if term.kind in _HOW}:
            self._lexicon.add(value, Wanted((kind, value)), how=_HOW[kind])

    def find(self, document: Document, language: str) -> dict[Key, list[tuple[int, int]]]:
        """For each term the places where it stands: first word and the one after the last, in order."""
        hits = self._lexicon.find(document, language)
        seen = Seen(document, places_of(document, hits))
        blocked: dict[str, list[Hit[Payload]]] = {}
        for hit in hits:
            if isinstance(hit.payload, Blocked):
                blocked.setdefault(hit.payload.owner, []).append(hit)
        found: dict[Key, set[tuple[int, int]]] = {}
        for hit in hits:
            if isinstance(hit.payload, Wanted):
                found.setdefault(hit.payload.key, set()).add((hit.first, hit.last))
            elif isinstance(hit.payload, Keyword) and _counts(hit, hit.payload, blocked, seen, language):
                found.setdefault(("keywords", hit.payload.owner), set()).add((hit.first, hit.last))
        return {key: _outermost(places) for key, places in found.items()}


def _counts(
    hit: Hit[Payload], keyword: Keyword, blocked: Mapping[str, list[Hit[Payload]]], seen: Seen, language: str
) -> bool:
    if enclosing(blocked.get(keyword.owner, ()), hit.first, hit.last):
        return False
    return not local_verdict(keyword.keyword, seen, hit.first, hit.last, language).refusal


def _outermost(places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """The places in order, without those inside another one."""
    kept: list[tuple[int, int]] = []
    for place in sorted(places, key=lambda each: (each[0], -each[1])):
        if not kept or place[1] > kept[-1][1]:
            kept.append(place)
    return kept
