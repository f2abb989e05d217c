"""Near misses: rules that would have fired but for one clause.

A rule nearly fired where all that its query requires holds but for one clause, and that clause failed in one of these
ways (the first that applies):

guard   it would hold if the mentions counted that a guard refused
not     it would hold without its NOT
apart   its parts stand in the article, but not so close together, in another zone, or too few of them
unread  it is a word or a keyword set, and only the feed's summary of the article could be read
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import msgspec

from newswatch_core.events import MAX_REFUSED, Mention, RefusedMention
from newswatch_judging.evaluate import Facts, evaluate
from newswatch_judging.explain import Known, account, required
from newswatch_judging.gazetteer import Tagged
from newswatch_judging.tree import And, AtLeast, InZone, Near, Node, Not, Or, Term, Within, terms_of, text_of

Kind = Literal["guard", "not", "apart", "unread"]

HELD_IF_UNREAD = 2
"""So many clauses must hold where the rest was not read: a headline that names one entity is no near miss."""


class NearMiss(msgspec.Struct, frozen=True):
    """A rule that nearly fired on an article: the clause that failed, how, and in words why."""

    rule: str
    kind: Kind
    clause: str
    why: str


@dataclass(frozen=True)
class Suspicion:
    """What guards refused in an article, and the facts as they would be if all of it counted."""

    refused: Sequence[RefusedMention]
    facts: Facts


def near_miss(rule: str, node: Node, query: str, facts: Facts, suspicion: Suspicion | None) -> NearMiss | None:
    """How nearly a rule fired that did not; None where more than one clause failed, or one in another way.

    `suspicion`: None where guards refused nothing.
    """
    parts = list(required(node))
    failing = [part for part in parts if evaluate(part, facts) is None]
    if len(failing) != 1:
        return None
    (part,) = failing
    shown = text_of(part, query)
    if suspicion is not None and evaluate(part, suspicion.facts) is not None:
        return NearMiss(rule, "guard", shown, _guards(part, suspicion.refused, facts))
    allowed = without_nots(part)
    if allowed != part and (allowed is None or evaluate(allowed, facts) is not None):
        why = "; ".join(each.why for each in account(rule, part, Known(facts, query)).clauses if not each.holds)
        return NearMiss(rule, "not", shown, why)
    apart = loosened(part)
    if apart != part and evaluate(apart, facts) is not None:
        told = account(rule, part, Known(facts, query)).clauses
        why = "; ".join(each.why for each in told if not each.holds)
        return NearMiss(rule, "apart", shown, why or "its parts do not stand so close together")
    held = len(parts) - 1 - sum(isinstance(each, Not) for each in parts)
    if facts.article.text_from == "feed" and held >= HELD_IF_UNREAD and _is_of_words(part):
        return NearMiss(rule, "unread", shown, "not found in the feed's summary; the page could not be read")
    return None


def without_nots(node: Node) -> Node | None:
    """The tree without what is under NOT, but for exclusions by source or language; None where nothing is left."""
    if isinstance(node, Not):
        return None if any(True for _ in terms_of(node)) else node
    if isinstance(node, And):
        kept = tuple(left for part in node.parts if (left := without_nots(part)) is not None)
        return (kept[0] if len(kept) == 1 else replace(node, parts=kept)) if kept else None
    if isinstance(node, Within | InZone):
        inner = without_nots(node.part)
        return None if inner is None else replace(node, part=inner)
    return node


def loosened(node: Node) -> Node:
    """The tree with its parts anywhere in the article, however often."""
    if isinstance(node, Within | InZone | AtLeast):
        return loosened(node.part)
    if isinstance(node, Near):
        return And((loosened(node.left), loosened(node.right)), node.start, node.end)
    if isinstance(node, And | Or):
        return replace(node, parts=tuple(loosened(part) for part in node.parts))
    return node


def refused_of(tagged: Tagged) -> tuple[RefusedMention, ...]:
    """What guards refused, as it travels with the article: the first `MAX_REFUSED` of each entity."""
    told = Counter[str]()
    kept = []
    for mention, why in tagged.refused:
        told[mention.entity] += 1
        if told[mention.entity] <= MAX_REFUSED:
            place = {name: getattr(mention, name) for name in ("entity", "alias", "start", "end", "zone")}
            kept.append(RefusedMention(**place, why=why))
    return tuple(kept)


def with_refused(mentions: Sequence[Mention], refused: Sequence[RefusedMention]) -> Sequence[Mention]:
    """The mentions as they would be if no guard had refused one."""
    added = [
        Mention(entity=each.entity, alias=each.alias, start=each.start, end=each.end, zone=each.zone, sentence=0)
        for each in refused
    ]
    return [*mentions, *added]


def _is_of_words(node: Node) -> bool:
    parts = node.parts if isinstance(node, Or) else (node,)
    return all(isinstance(part, Term) and part.kind not in {"entity", "entity+"} for part in parts)


def _guards(part: Node, refused: Sequence[RefusedMention], facts: Facts) -> str:
    wanted = set[str]()
    for term in terms_of(part):
        wanted.update((term.value,) if term.kind == "entity" else ())
        wanted.update((term.value, *facts.groups.get(term.value, ())) if term.kind == "entity+" else ())
    told = dict.fromkeys(
        f"{_words(each, facts)!r} does not count as @{each.entity}: {each.why}"
        for each in refused
        if each.entity in wanted
    )
    return "; ".join(list(told)[:3])


def _words(refused: RefusedMention, facts: Facts) -> str:
    source = facts.article.title if refused.zone == "title" else facts.article.text
    return " ".join(source[refused.start : refused.end].split())
