"""Which rules can be true of an article at all, by the terms that stand in it.

query -> its needs: sets of terms, of each of which at least one must stand in the article
article -> mentions, later the terms found in it -> the rules none of whose needs is unmet -> evaluated one by one

A need is a necessary condition, never a sufficient one: zones, distances, counts and what is under NOT are left to
the evaluator. A query without a need (it is refused when rules are read) is always evaluated.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from newswatch_judging.terms import Key
from newswatch_judging.tree import Filter, Node, Not, Or, Term, children

Need = frozenset[Key]
"""Terms, one of which must stand in the article; entities one by one, whatever `@entity+` holds."""


def needs_of(node: Node, groups: Mapping[str, Sequence[str]]) -> frozenset[Need]:
    """What an article must hold to make this tree true; `groups` are the entities that `@entity+` stands for."""
    if isinstance(node, Term):
        if node.kind == "entity+":
            return frozenset({frozenset(("entity", each) for each in (node.value, *groups.get(node.value, ())))})
        return frozenset({frozenset({(node.kind, node.value)})})
    if isinstance(node, Not | Filter):
        return frozenset()
    parts = [needs_of(part, groups) for part in children(node)]
    return _of_any(parts) if isinstance(node, Or) else frozenset[Need]().union(*parts)


def _of_any(parts: Sequence[frozenset[Need]]) -> frozenset[Need]:
    """The needs of an OR: one need of every part, together. Of the many combinations those that tell most are taken."""
    if not all(parts):
        return frozenset()
    found = {*frozenset.intersection(*parts), _together(parts)}
    of_entities = [frozenset(filter(_is_of_entities, part)) for part in parts]
    return frozenset(found | {_together(of_entities)} if all(of_entities) else found)


def _together(parts: Iterable[Iterable[Need]]) -> Need:
    return frozenset[Key]().union(*(min(part, key=_breadth) for part in parts))


def _breadth(need: Need) -> tuple[int, list[Key]]:
    return len(need), sorted(need)


def _is_of_entities(need: Need) -> bool:
    return all(kind == "entity" for kind, _ in need)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A rule, its place in the order of the rules, and what it needs: of the mentions, and of other terms as well."""

    place: int
    rule: str
    mentioned: tuple[Need, ...]
    needs: tuple[Need, ...]

    def can_hold(self, present: set[Key]) -> bool:
        """Can the rule be true of an article where these terms stand?"""
        return not any(map(present.isdisjoint, self.needs))


class RuleIndex:
    """The rules of a desk by the entities that they need."""

    def __init__(self, queries: Mapping[str, Node], groups: Mapping[str, Sequence[str]]) -> None:
        self._by_entity: dict[Key, list[Candidate]] = {}
        self._others: list[Candidate] = []
        for place, (rule, query) in enumerate(queries.items()):
            needs = sorted(needs_of(query, groups), key=_breadth)
            mentioned = tuple(filter(_is_of_entities, needs))
            candidate = Candidate(place, rule, mentioned[1:], tuple(needs))
            for key in mentioned[0] if mentioned else ():
                self._by_entity.setdefault(key, []).append(candidate)
            if not mentioned:
                self._others.append(candidate)

    def alive(self, mentioned: set[Key]) -> Sequence[Candidate]:
        """The rules that an article with mentions of these entities can make true, in the order of the rules."""
        found = {
            candidate.place: candidate
            for key in mentioned
            for candidate in self._by_entity.get(key, ())
            if not any(map(mentioned.isdisjoint, candidate.mentioned))
        }
        found |= {candidate.place: candidate for candidate in self._others}
        return [found[place] for place in sorted(found)]
