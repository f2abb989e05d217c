"""Why a rule fired on an article, or which of its clauses failed and how.

query, facts -> an account: each clause that the query requires, with the words that satisfy it or what is missing

Clauses are those of `evaluate.py`. Where `sentence(...)`, a zone, NEAR or atleast fails, its parts are told one by one
as they stand in the article; if each of them does, the operator itself is told as the clause that failed.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import msgspec

from newswatch_core.events import Closeness, Mention, Span, Zone
from newswatch_judging.evaluate import STORY, Facts, Holds, Place, Scope, closeness, evaluate
from newswatch_judging.tree import And, AtLeast, Filter, InZone, Near, Node, Not, Or, Term, Within, terms_of, text_of

MAX_QUOTES = 5
"""So many places of a clause are quoted; `found` counts all."""
_MAX_COMPARED = 200


class Quote(msgspec.Struct, frozen=True):
    """Words of the article. `proof` says what made an ambiguous name count."""

    words: str
    span: Span
    proof: str = ""


class Refused(msgspec.Struct, frozen=True):
    """Words that look like an entity or a keyword of a clause, and why a guard did not let them count."""

    term: str
    words: str
    span: Span
    why: str


class ClauseAccount(msgspec.Struct, frozen=True):
    """What became of one clause, as it is written in the query. `why` is empty where it holds.

    `found`: at how many places it stands.
    """

    clause: str
    holds: bool
    why: str = ""
    found: int = 0
    quotes: tuple[Quote, ...] = ()
    refused: tuple[Refused, ...] = ()


class RuleAccount(msgspec.Struct, frozen=True):
    """What a rule makes of an article. `closeness` is None where it does not fire."""

    rule: str
    fires: bool
    closeness: Closeness | None
    clauses: tuple[ClauseAccount, ...]


@dataclass(frozen=True)
class Known:
    """All that an account is made of. `refused` holds, by term (`@css`, `#embassy`), what did not count."""

    facts: Facts
    query: str
    mentions: Sequence[Mention] = ()
    refused: Mapping[str, Sequence[Refused]] = field(default_factory=dict)


def account(rule: str, node: Node, known: Known) -> RuleAccount:
    """What a rule with this query makes of the article."""
    holds = evaluate(node, known.facts)
    if holds is not None:
        # NOT and filters have no places; that they hold is worth a line all the same.
        clauses = [*_holding(holds, known), *_silent(node, known)]
        return RuleAccount(rule, fires=True, closeness=closeness(holds, known.facts), clauses=tuple(clauses))
    return RuleAccount(rule, fires=False, closeness=None, clauses=tuple(_clauses(node, known, known.facts.everywhere)))


def required(node: Node) -> Iterator[Node]:
    """The parts of a query all of which must hold."""
    if isinstance(node, And):
        for part in node.parts:
            yield from required(part)
    else:
        yield node


def _silent(node: Node, known: Known) -> Iterator[ClauseAccount]:
    for part in required(node):
        if isinstance(part, Not | Filter):
            yield ClauseAccount(text_of(part, known.query), holds=True)


def _holding(holds: Holds, known: Known) -> Iterator[ClauseAccount]:
    for node, places in sorted(holds.items(), key=lambda item: (item[0].start, item[0].end)):
        if places:
            quotes = _quotes(places, known)
            yield ClauseAccount(text_of(node, known.query), holds=True, found=len(places), quotes=quotes)


def _clauses(node: Node, known: Known, scope: Scope) -> Iterator[ClauseAccount]:
    """The clauses of a tree that need not be true in the scope."""
    if isinstance(node, And):
        for part in node.parts:
            yield from _clauses(part, known, scope)
        return
    holds = evaluate(node, known.facts, scope)
    if holds is not None:
        yield from _holding(holds, known) if holds else [ClauseAccount(text_of(node, known.query), holds=True)]
        return
    if isinstance(node, Within | InZone | Near | AtLeast):
        inner = list(_parts(node, known, scope))
        yield from inner
        if all(clause.holds for clause in inner):
            yield ClauseAccount(text_of(node, known.query), holds=False, why=_too_loose(node, known, scope))
        return
    yield _failed(node, known, scope)


def _parts(node: Within | InZone | Near | AtLeast, known: Known, scope: Scope) -> Iterator[ClauseAccount]:
    if isinstance(node, Near):
        yield from _clauses(node.left, known, scope)
        yield from _clauses(node.right, known, scope)
    else:
        yield from _clauses(node.part, known, scope)


def _too_loose(node: Within | InZone | Near | AtLeast, known: Known, scope: Scope) -> str:
    """Why an operator fails all of whose parts stand in the article."""
    if isinstance(node, Within):
        return f"never all in one {node.unit}"
    if isinstance(node, InZone):
        return f"not all in the {node.zone}"
    if isinstance(node, AtLeast):
        places = (evaluate(node.part, known.facts, scope) or {}).values()
        return f"only {len({place for each in places for place in each})} of at least {node.count}"
    return _how_far(node, known, scope)


def _how_far(node: Near, known: Known, scope: Scope) -> str:
    lefts, rights = (
        sorted({place for places in (evaluate(side, known.facts, scope) or {}).values() for place in places})
        for side in (node.left, node.right)
    )
    pairs = list(product(lefts[:_MAX_COMPARED], rights[:_MAX_COMPARED]))
    if node.ordered:
        pairs = [(left, right) for left, right in pairs if left.last <= right.first]
        if not pairs:
            return "only the other way round"
    apart = [_apart(left, right) for left, right in pairs if left.zone == right.zone]
    if not apart:
        return "never in the same part of the article"
    return f"{min(apart)} words apart at best, and {node.distance} are allowed"


def _apart(left: Place, right: Place) -> int:
    return max(right.first - left.last, left.first - right.last) + 1


def _failed(node: Node, known: Known, scope: Scope) -> ClauseAccount:
    """A clause that is not true and has no parts to tell of."""
    shown = text_of(node, known.query)
    if isinstance(node, Not):
        places = sorted({place for each in (evaluate(node.part, known.facts, scope) or {}).values() for place in each})
        quotes = _quotes(places, known)
        if not quotes:
            return ClauseAccount(shown, holds=False, why="that is so")
        words = ", ".join(dict.fromkeys(repr(quote.words) for quote in quotes[:3]))
        return ClauseAccount(shown, holds=False, why=f"there is {words}", found=len(places), quotes=quotes)
    if isinstance(node, Filter):
        return ClauseAccount(shown, holds=False, why=_what_it_is(node, known.facts))
    refused = tuple(each for term in dict.fromkeys(_names(node, known)) for each in known.refused.get(term, ()))
    if isinstance(node, Or):
        return ClauseAccount(shown, holds=False, why=_no_alternative(node, known, scope), refused=refused)
    return ClauseAccount(shown, holds=False, why="not found" + _elsewhere(node, known.facts, scope), refused=refused)


def _names(node: Node, known: Known) -> Iterator[str]:
    """The terms of a tree as refusals name them, members and people of `@entity+` included."""
    for term in terms_of(node):
        if term.kind in {"entity", "entity+"}:
            yield f"@{term.value}"
            if term.kind == "entity+":
                yield from (f"@{each}" for each in known.facts.groups.get(term.value, ()))
        elif term.kind == "keywords":
            yield f"#{term.value}"


def _elsewhere(node: Node, facts: Facts, scope: Scope) -> str:
    """Where a term stands that it does not count in."""
    zones: list[Zone] = sorted({place.zone for term in terms_of(node) for place in facts.places(term)} - scope.zones)
    if not zones:
        return ""
    where = " and ".join(zones)
    return (
        f" (only in the {where}, which counts if the query names it)" if not STORY & set(zones) else f" ({where} only)"
    )


def _no_alternative(node: Or, known: Known, scope: Scope) -> str:
    """What an OR lacks: of those alternatives of which a part stands there, what is missing."""
    halves = []
    for part in node.parts:
        if isinstance(part, Term):
            continue
        told = list(_clauses(part, known, scope))
        missing = [clause for clause in told if not clause.holds]
        if len(missing) < len(told):
            halves.append(_half(text_of(part, known.query), missing))
    nearly = f"; {'; '.join(halves[:3])}" if halves else ""
    return f"not found: none of its {len(node.parts)} alternatives{nearly}"


def _half(shown: str, missing: Sequence[ClauseAccount]) -> str:
    if [clause.clause for clause in missing] == [shown]:
        return f"{shown} is {missing[0].why}"
    phrases = (each.clause if each.why.startswith("not found") else f"{each.clause} ({each.why})" for each in missing)
    return f"{shown} lacks {', '.join(phrases)}"


def _what_it_is(node: Filter, facts: Facts) -> str:
    article = facts.article
    told = {
        "lang": f"the article's language is {article.language or 'not known'}",
        "source": f"it is from {article.outlet} (owner {article.owner or article.outlet})",
        "feed": f"it came through the feed {article.feed}",
        "source-country": f"its outlet's country is {article.country or 'not known'}",
    }
    return told.get(node.field, "the article has another one")


def _quotes(places: Sequence[Place], known: Known) -> tuple[Quote, ...]:
    return tuple(_quote(place, known) for place in places[:MAX_QUOTES])


def _quote(place: Place, known: Known) -> Quote:
    document = known.facts.document
    start, end = document.starts[place.first], document.end_of(place.last - 1)
    in_title = place.zone == "title"
    proof = next(
        (
            mention.proof
            for mention in known.mentions
            if mention.proof and mention.start == start and (mention.zone == "title") == in_title
        ),
        "",
    )
    words = " ".join(document.source(place.first)[start:end].split())
    return Quote(words, Span(start, end, place.zone), proof)
