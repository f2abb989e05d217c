"""Is a query true of an article, and where? The plain evaluator: every other one must agree with it.

A tree is true in a scope (some words, some zones) or not; where it is, each clause comes with the places that
satisfied it. Clauses are what a reader takes for the parts of a query: the operands of AND and NEAR, looked for inside
sentence(...) and zones as well; an OR is one clause. What is under NOT has no places.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice

from newswatch_core.events import Article, ClauseMatch, Closeness, Mention, Span, Zone
from newswatch_core.text import Document, fold
from newswatch_judging.terms import Key
from newswatch_judging.tree import And, AtLeast, Filter, InZone, Near, Node, Not, Or, Term, Within, text_of

STORY: frozenset[Zone] = frozenset({"title", "lead", "body"})
"""The zones that count where a query names none."""
MAX_SPANS = 100
"""So many places a clause are reported at most."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """The words `first` to `last` (exclusive), with their sentence and zone."""

    first: int
    last: int
    sentence: int
    zone: Zone


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look: these words, these zones."""

    first: int
    last: int
    zones: frozenset[Zone] = STORY

    def holds(self, place: Place) -> bool:
        return self.first <= place.first and place.last <= self.last and place.zone in self.zones


MAX_PAIRS = 20_000
"""So many pairs of one NEAR are looked at, in the order of the text: one repeated word would have millions."""

Holds = dict[Node, tuple[Place, ...]]
"""Clause -> the places that satisfied it."""


class Facts:
    """What is known of one article: its words, its mentions, and where the terms of the queries stand."""

    def __init__(
        self,
        article: Article,
        document: Document,
        mentions: Sequence[Mention],
        terms: Mapping[Key, Sequence[tuple[int, int]]],
        groups: Mapping[str, Sequence[str]],
    ) -> None:
        self.article = article
        self.document = document
        self._mentions = mentions
        self._terms = terms
        self.groups = groups
        self._places: dict[Key, tuple[Place, ...]] = {}
        self._story: dict[Key, tuple[Place, ...]] = {}

    def places(self, term: Term) -> tuple[Place, ...]:
        """Where a term stands, in any zone, in the order of the text."""
        key = (term.kind, term.value)
        known = self._places.get(key)
        if known is None:
            known = self._places[key] = tuple(self._find(term))
        return known

    def _find(self, term: Term) -> Iterator[Place]:
        if term.kind not in {"entity", "entity+"}:
            yield from (self._place(first, last) for first, last in self._terms.get((term.kind, term.value), ()))
            return
        wanted = {term.value, *(self.groups.get(term.value, ()) if term.kind == "entity+" else ())}
        found = {self._words(mention) for entity in wanted for mention in self._by_entity.get(entity, ())}
        yield from (self._place(first, last) for first, last in sorted(found))

    @cached_property
    def _by_entity(self) -> Mapping[str, Sequence[Mention]]:
        found: dict[str, list[Mention]] = {}
        for mention in self._mentions:
            found.setdefault(mention.entity, []).append(mention)
        return found

    def _words(self, mention: Mention) -> tuple[int, int]:
        title = mention.zone == "title"
        first = self.document.word_at(mention.start, title=title)
        return first, self.document.word_at(max(mention.start, mention.end - 1), title=title) + 1

    def _place(self, first: int, last: int) -> Place:
        sentence = self.document.sentence_of(first)
        return Place(first, last, sentence, self.document.sentence(sentence).zone)

    def in_story(self, term: Term) -> tuple[Place, ...]:
        """Where a term stands in the zones that count where a query names none."""
        key = (term.kind, term.value)
        known = self._story.get(key)
        if known is None:
            known = self._story[key] = tuple(place for place in self.places(term) if place.zone in STORY)
        return known

    @cached_property
    def everywhere(self) -> Scope:
        return Scope(0, len(self.document.words))

    @cached_property
    def paragraphs(self) -> Mapping[int, tuple[int, int]]:
        """First word and the one after the last of each paragraph; the title is number 0."""
        found: dict[int, tuple[int, int]] = {}
        for sentence in self.document.sentences:
            first, _ = found.get(sentence.paragraph, (sentence.first, sentence.last))
            found[sentence.paragraph] = (first, sentence.last)
        return found


def evaluate(node: Node, facts: Facts, scope: Scope | None = None) -> Holds | None:
    """The clauses of a tree that is true in the scope, with their places; None where it is not true."""
    return _RULES[type(node)](node, facts, scope or facts.everywhere)


def _term(node: Term, facts: Facts, scope: Scope) -> Holds | None:
    if scope is facts.everywhere:
        found = facts.in_story(node)
    else:
        found = tuple(place for place in facts.places(node) if scope.holds(place))
    return {node: found} if found else None


def _and(node: And, facts: Facts, scope: Scope) -> Holds | None:
    together: Holds = {}
    for part in node.parts:
        holds = evaluate(part, facts, scope)
        if holds is None:
            return None
        together.update(holds)
    return together


def _or(node: Or, facts: Facts, scope: Scope) -> Holds | None:
    holding = [holds for part in node.parts if (holds := evaluate(part, facts, scope)) is not None]
    if not holding:
        return None
    # Places of one term, which many parts may name, are merged once.
    each = {id(places): places for holds in holding for places in holds.values()}
    return {node: tuple(sorted({place for places in each.values() for place in places}))}


def _not(node: Not, facts: Facts, scope: Scope) -> Holds | None:
    return {} if evaluate(node.part, facts, scope) is None else None


def _near(node: Near, facts: Facts, scope: Scope) -> Holds | None:
    pairs = list(_pairs(node, facts, scope))
    if not pairs:
        return None
    holds: dict[Node, set[Place]] = {}
    for left, right in pairs:
        for clause, place in (*left.parts, *right.parts):
            holds.setdefault(clause, set()).add(place)
    return {clause: tuple(sorted(places)) for clause, places in holds.items()}


@dataclass(frozen=True, slots=True)
class _Extent:
    """The words that one side of a NEAR covers, and the clauses standing there."""

    first: int
    last: int
    zone: Zone
    parts: tuple[tuple[Node, Place], ...]


def _extents(node: Node, facts: Facts, scope: Scope) -> list[_Extent]:
    if isinstance(node, Near):
        pairs = _pairs(node, facts, scope)
        merged = {(min(left.first, right.first), max(left.last, right.last)): (left, right) for left, right in pairs}
        return [
            _Extent(first, last, left.zone, (*left.parts, *right.parts))
            for (first, last), (left, right) in sorted(merged.items(), key=lambda item: item[0])
        ]
    holds = evaluate(node, facts, scope)
    places = holds[node] if holds else ()
    return [_Extent(place.first, place.last, place.zone, ((node, place),)) for place in places]


def _pairs(node: Near, facts: Facts, scope: Scope) -> Iterator[tuple[_Extent, _Extent]]:
    """Left and right sides that are near each other and do not overlap: `MAX_PAIRS` of them at most."""
    return islice(_all_pairs(node, facts, scope), MAX_PAIRS)


def _all_pairs(node: Near, facts: Facts, scope: Scope) -> Iterator[tuple[_Extent, _Extent]]:
    rights = _extents(node.right, facts, scope)
    longest = max((right.last - right.first for right in rights), default=0)
    begins = [right.first for right in rights]
    for left in _extents(node.left, facts, scope):
        low = bisect_left(begins, left.last if node.ordered else left.first - node.distance - longest + 1)
        high = bisect_left(begins, left.last + node.distance, low)
        for position in range(low, high):
            right = rights[position]
            if 1 <= _gap(left, right) <= node.distance and left.zone == right.zone:
                yield left, right


def _gap(left: _Extent, right: _Extent) -> int:
    """How many words on the one begins after the other ended: 1 is side by side, less an overlap."""
    return right.first - left.last + 1 if right.first >= left.last else left.first - right.last + 1


def _within(node: Within, facts: Facts, scope: Scope) -> Holds | None:
    together: dict[Node, list[Place]] = {}
    for first, last in _units(node, facts, scope):
        holds = evaluate(node.part, facts, replace(scope, first=max(first, scope.first), last=min(last, scope.last)))
        for clause, places in (holds or {}).items():
            together.setdefault(clause, []).extend(places)
    return {clause: tuple(places) for clause, places in together.items()} or None


def _units(node: Within, facts: Facts, scope: Scope) -> Iterator[tuple[int, int]]:
    """The sentences or paragraphs that hold any term at all: no other one can make a required part true."""
    sentences = facts.document.sentences
    numbers = {
        place.sentence for term in _positive_terms(node.part) for place in facts.places(term) if scope.holds(place)
    }
    if node.unit == "sentence":
        yield from ((sentences[number].first, sentences[number].last) for number in sorted(numbers))
    else:
        for paragraph in sorted({sentences[number].paragraph for number in numbers}):
            yield facts.paragraphs[paragraph]


def _positive_terms(node: Node) -> Iterator[Term]:
    if isinstance(node, Term):
        yield node
    elif isinstance(node, And | Or):
        for part in node.parts:
            yield from _positive_terms(part)
    elif isinstance(node, Near):
        yield from _positive_terms(node.left)
        yield from _positive_terms(node.right)
    elif isinstance(node, Within | InZone | AtLeast):
        yield from _positive_terms(node.part)


def _in_zone(node: InZone, facts: Facts, scope: Scope) -> Holds | None:
    zones: frozenset[Zone] = frozenset({node.zone})
    if scope.zones not in (STORY, zones):
        zones = frozenset()
    return evaluate(node.part, facts, replace(scope, zones=zones))


def _at_least(node: AtLeast, facts: Facts, scope: Scope) -> Holds | None:
    found = {(extent.first, extent.last) for extent in _extents(node.part, facts, scope)}
    return evaluate(node.part, facts, scope) if len(found) >= node.count else None


def _filter(node: Filter, facts: Facts, scope: Scope) -> Holds | None:
    article, value = facts.article, fold(node.value)
    if node.field == "lang":
        matches = fold(article.language).partition("-")[0] == value
    elif node.field == "source-country":
        matches = fold(article.country) == value
    elif node.field == "feed":
        matches = fold(article.feed) == value
    else:
        matches = value in {fold(article.outlet), fold(article.owner), _host(article.url)}
    return {} if matches else None


def _host(url: str) -> str:
    host = url.partition("://")[2].partition("/")[0].rpartition("@")[2].partition(":")[0]
    return fold(host.removeprefix("www."))


_Rule = Callable[..., Holds | None]
_RULES: Mapping[type, _Rule] = {
    Term: _term,
    And: _and,
    Or: _or,
    Not: _not,
    Near: _near,
    Within: _within,
    InZone: _in_zone,
    AtLeast: _at_least,
    Filter: _filter,
}


def closeness(holds: Holds, facts: Facts) -> Closeness:
    """The smallest unit that holds a place of every clause."""
    clauses = [places for places in holds.values() if places]
    shared = set.intersection(*({place.sentence for place in places} for places in clauses))
    sentence = facts.document.sentence
    if any(sentence(number).zone == "title" for number in shared):
        return "title"
    if shared:
        return "sentence"
    paragraphs = set.intersection(*({sentence(place.sentence).paragraph for place in places} for places in clauses))
    return "paragraph" if paragraphs else "article"


def clause_matches(holds: Holds, facts: Facts, query: str) -> tuple[ClauseMatch, ...]:
    """The clauses as written, in the order of the query, each with its spans in the order of the text."""
    return tuple(
        ClauseMatch(text_of(node, query), tuple(_span(place, facts) for place in places[:MAX_SPANS]))
        for node, places in sorted(holds.items(), key=lambda item: (item[0].start, item[0].end))
        if places
    )


def _span(place: Place, facts: Facts) -> Span:
    return Span(facts.document.starts[place.first], facts.document.end_of(place.last - 1), place.zone)
