"""Which articles can fire any of a few rules, at a glance at their words: for going through an archive.

The names and words that the rules need are looked for without guards, sentences and zones. What passes is tagged and
judged like any article; what does not cannot fire, so the result is the same.
"""

from collections.abc import Mapping, Sequence

from newswatch_core.text import Document
from newswatch_judging.entities import Entity
from newswatch_judging.gazetteer import Gazetteer
from newswatch_judging.index import Need, needs_of
from newswatch_judging.keywords import KeywordSet
from newswatch_judging.terms import Key, Terms
from newswatch_judging.tree import Node, terms_of


class Sieve:
    """Made for these queries; `groups` are the entities that `@entity+` stands for."""

    def __init__(
        self,
        queries: Mapping[str, Node],
        entities: Mapping[str, Entity],
        keywords: Mapping[str, KeywordSet],
        groups: Mapping[str, Sequence[str]],
    ) -> None:
        needs = [needs_of(query, groups) for query in queries.values()]
        self._of_entities = [tuple(filter(_is_of_entities, each)) for each in needs]
        self._others = [tuple(need for need in each if not _is_of_entities(need)) for each in needs]
        keys = {key for each in needs for need in each for key in need}
        self._names = Gazetteer({id_: entities[id_] for kind, id_ in sorted(keys) if kind == "entity"})
        sets = {id_: keywords[id_] for kind, id_ in sorted(keys) if kind == "keywords"}
        self._terms = Terms(sets, (term for query in queries.values() for term in terms_of(query)))

    def lets_pass(self, document: Document, language: str) -> bool:
        """Whether one of the rules may be true of the article."""
        present: set[Key] = {("entity", each) for each in self._names.look(document, language)}
        alive = [place for place, needs in enumerate(self._of_entities) if _can_hold(needs, present)]
        if not any(self._others[place] for place in alive):
            return bool(alive)
        present |= self._terms.look(document, language)
        return any(_can_hold(self._others[place], present) for place in alive)


def _is_of_entities(need: Need) -> bool:
    return all(kind == "entity" for kind, _ in need)


def _can_hold(needs: Sequence[Need], present: set[Key]) -> bool:
    return not any(map(present.isdisjoint, needs))
