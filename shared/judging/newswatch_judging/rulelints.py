"""What is not wrong in the rules of a desk, but does less than it seems to: warnings for `newswatch check`."""

from collections.abc import Iterator, Mapping

from newswatch_core.config import Problem
from newswatch_core.feednames import FeedNames
from newswatch_core.text import fold, words
from newswatch_judging.commonwords import FUNCTION_WORDS
from newswatch_judging.entities import EntitiesRead
from newswatch_judging.keywords import KeywordsRead
from newswatch_judging.names import unknown_source
from newswatch_judging.query import read_query
from newswatch_judging.queryerrors import QueryError
from newswatch_judging.rules import RulesRead
from newswatch_judging.tree import Node, Not, Term, children, filters_of, terms_of


def lint_rules(
    rules: RulesRead, entities: EntitiesRead, keywords: KeywordsRead, feeds: FeedNames | None
) -> Iterator[Problem]:
    """Terms that mean little, sources that nobody knows, and what no rule uses. Broken queries are told elsewhere."""
    trees = _trees(rules)
    for rule, tree in trees.items():
        for error in _lint_query(tree, rules.rules[rule].query, rules, feeds):
            yield rules.problem_within(rule, error, warning=True)
    for name, definition in rules.definitions.read.items():
        for error in _lint_query(definition.tree, definition.text, rules, feeds):
            yield rules.definitions.places[name].problem(error, warning=True)
    if len(trees) == len(rules.rules) and trees and not (rules.problems or entities.problems or keywords.problems):
        # What is broken may use what seems to be unused.
        yield from _unused(trees, rules, entities, keywords)


def _trees(rules: RulesRead) -> Mapping[str, Node]:
    trees: dict[str, Node] = {}
    for rule in rules.rules.values():
        try:
            trees[rule.id] = read_query(rule.query)
        except QueryError:
            continue
    return trees


def _lint_query(tree: Node, query: str, rules: RulesRead, feeds: FeedNames | None) -> Iterator[QueryError]:
    for term in _wanted(tree):
        if term.kind in {"word", "phrase", "prefix"} and term.value.lower() in rules.definitions.places:
            hint = f"write ${term.value.lower()}, if the definition is meant"
            yield QueryError(f"{term.value!r} is looked for as a word here", query, term.start, hint)
        elif term.kind in {"word", "phrase"} and all(fold(word) in FUNCTION_WORDS for word in words(term.value)):
            hint = "it stands in nearly every article: take it out, or write a phrase with it"
            yield QueryError(f"{term.value!r} is too common to say anything", query, term.start, hint)
    for part in filters_of(tree) if feeds else ():
        if feeds and (hint := unknown_source(part, feeds)):
            yield QueryError(f"nobody in feeds.yaml is called {part.value!r}", query, part.start, hint)


def _wanted(tree: Node) -> Iterator[Term]:
    """The terms that are not under NOT."""
    waiting = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, Term):
            yield node
        if not isinstance(node, Not):
            waiting.extend(reversed(children(node)))


def _unused(
    trees: Mapping[str, Node], rules: RulesRead, entities: EntitiesRead, keywords: KeywordsRead
) -> Iterator[Problem]:
    definitions = rules.definitions
    used_definitions = {name for tree in trees.values() for name in definitions.used_in(tree)}
    used = [term for tree in trees.values() for term in terms_of(tree)]
    used += [
        term for name in used_definitions if name in definitions.read for term in terms_of(definitions.read[name].tree)
    ]
    named = {term.value for term in used if term.kind in {"entity", "entity+"}}
    for entity in entities.entities.values():
        named.update((*entity.members, *entity.people, *entity.related))
    hint = "use it, or take it out"
    for name in entities.entities.keys() - named:
        yield entities.problem(name, f"no rule uses the entity @{name}", "id", hint=hint, warning=True)
    for name in keywords.sets.keys() - {term.value for term in used if term.kind == "keywords"}:
        yield keywords.problem(name, f"no rule uses the keyword set #{name}", "id", hint=hint, warning=True)
    for name in definitions.places.keys() - used_definitions:
        place = definitions.places[name]
        yield place.loaded.problem(f"no rule uses the definition ${name}", *place.path, hint=hint, warning=True)
