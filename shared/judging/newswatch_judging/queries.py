"""The queries of a desk's rules: read, their names looked up, their definitions written out."""

from collections.abc import Callable, Collection, Sequence

from newswatch_core.config import Problem
from newswatch_core.feednames import FeedNames
from newswatch_judging.names import check_names
from newswatch_judging.query import read_query
from newswatch_judging.queryerrors import QueryError
from newswatch_judging.rules import RulesRead
from newswatch_judging.tree import Node

_Check = Callable[[Node, str], Sequence[QueryError]]


def parse_queries(
    rules: RulesRead,
    entities: Collection[str],
    keywords: Collection[str],
    *,
    names: bool = True,
    feeds: FeedNames | None = None,
) -> tuple[dict[str, Node], dict[str, Sequence[Problem]]]:
    """By rule: the trees of the queries that can be used, and what is wrong with each of the others.

    `names`: whether names are looked up among `entities`, `keywords` and `feeds` (None where these are not known).
    """

    def check(tree: Node, text: str) -> Sequence[QueryError]:
        return check_names(tree, text, entities, keywords, feeds) if names else ()

    definitions = rules.definitions
    wrong_in = {name: _wrong_in(name, rules, check) for name in definitions.read}
    queries: dict[str, Node] = {}
    problems: dict[str, Sequence[Problem]] = {}
    for rule in rules.rules.values():
        try:
            tree = read_query(rule.query)
            wrong = [rules.problem_within(rule.id, error) for error in check(tree, rule.query)]
            for name in definitions.used_in(tree):
                wrong += [*definitions.broken.get(name, ()), *wrong_in.get(name, ())]
            if not wrong:
                queries[rule.id] = definitions.expand(tree, rule.query).tree
        except QueryError as error:
            wrong = [rules.problem_within(rule.id, error)]
        if wrong:
            problems[rule.id] = wrong
    return queries, problems


def wrong_definitions(
    rules: RulesRead, entities: Collection[str], keywords: Collection[str], feeds: FeedNames | None
) -> Sequence[Problem]:
    """The names in definitions that do not exist, whether a rule uses these definitions or not."""

    def check(tree: Node, text: str) -> Sequence[QueryError]:
        return check_names(tree, text, entities, keywords, feeds)

    return [problem for name in rules.definitions.read for problem in _wrong_in(name, rules, check)]


def _wrong_in(name: str, rules: RulesRead, check: _Check) -> Sequence[Problem]:
    definition, place = rules.definitions.read[name], rules.definitions.places[name]
    return [place.problem(error) for error in check(definition.tree, definition.text)]
