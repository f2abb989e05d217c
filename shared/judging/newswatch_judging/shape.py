"""What a query may be like: how long, how deep, at what price; and that it asks for something that can be found.

The price bounds what judging one article by one rule can take. A term costs 1. What looks at every pair of places or
at every sentence multiplies the price of what it stands around, since that is looked at again and again.
"""

import re

from newswatch_judging.queryerrors import QueryError
from newswatch_judging.tree import (
    AtLeast,
    InZone,
    Near,
    Node,
    Not,
    Or,
    Term,
    Within,
    children,
    each_node,
    is_positive,
    terms_of,
    text_of,
)

MAX_LENGTH = 100_000
MAX_TERMS = 2_000
MAX_DEPTH = 50
MAX_PRICE = 20_000
_TIMES = {Near: 4, Within: 10, AtLeast: 2}
_MOVE = "move its words into a keyword set (keywords.yaml)"


def check_length(query: str) -> None:
    """Raises QueryError."""
    if len(query) > MAX_LENGTH:
        message = f"the query is longer than {MAX_LENGTH:,} characters"
        raise QueryError(message, query, MAX_LENGTH, f"split it into several rules, or {_MOVE}", kind="cost")


def check_nesting(query: str) -> None:
    """Refuses what nests too deep before the tree is built; quoted text does not count. Raises QueryError."""
    depth = run = 0
    for match in re.finditer(r'"[^"]*"|“[^”]*”|\(|\)|NOT(?!\w)|\w+\s*:(?=\s*[(\w])|[^\s()"]+', query):
        piece = match[0]
        if piece == ")":
            depth -= 1
        elif piece == "(":
            depth += 1
        run = run + 1 if piece == "NOT" or piece.endswith(":") else 0
        if depth + run > MAX_DEPTH:
            raise _too_deep(query, match.start())


def check_size(tree: Node, query: str) -> None:
    """Whether a tree may be walked through: how many terms it has, and how deep it is. Raises QueryError."""
    terms = sum(1 for _ in terms_of(tree))
    if terms > MAX_TERMS:
        message = f"the query has {terms:,} terms, more than {MAX_TERMS:,}"
        raise QueryError(message, query, 0, _MOVE, kind="cost")
    waiting: list[tuple[Node, int]] = [(tree, 1)]
    while waiting:
        node, depth = waiting.pop()
        if depth > MAX_DEPTH:
            # A NEAR b NEAR c is ((a NEAR b) NEAR c): a chain is as deep as it is long.
            raise _too_deep(query, node.start)
        waiting.extend((child, depth + 1) for child in children(node))


def check_shape(tree: Node, query: str) -> None:
    """Whether a tree can be judged, and at what price. Raises QueryError."""
    check_size(tree, query)
    for node in each_node(tree):
        _check_node(node, query)
    _check_price(tree, query)
    if not is_positive(tree):
        hint = "add what must stand in the article, joined with AND; NOT and filters only narrow"
        raise QueryError(
            "the query has no required term, so it would be tried on every article", query, tree.start, hint
        )


def _too_deep(query: str, offset: int) -> QueryError:
    return QueryError(f"nested deeper than {MAX_DEPTH} levels", query, offset, "split the rule", kind="cost")


def _check_node(node: Node, query: str) -> None:
    if isinstance(node, Not) and isinstance(node.part, Not):
        raise QueryError("NOT NOT", query, node.start, "take both out")
    if isinstance(node, Near):
        for side in (node.left, node.right):
            if not _is_place(side):
                hint = 'NEAR and BEFORE take words, "phrases", @entities, #keyword-sets and OR of these on each side'
                raise QueryError("this has no place in the text", query, side.start, hint)
    if isinstance(node, AtLeast) and not _is_place(node.part):
        hint = 'atleast/n takes one word, "phrase", @entity, #keyword-set, or OR of these in brackets'
        raise QueryError("this cannot be counted", query, node.part.start, hint)
    if isinstance(node, Within | InZone) and not is_positive(node.part):
        raise QueryError("nothing here must be found", query, node.part.start, "write NOT in front of it instead")


def _is_place(node: Node) -> bool:
    return isinstance(node, Term | Near) or (isinstance(node, Or) and all(_is_place(part) for part in node.parts))


def price(node: Node) -> int:
    """What judging by this tree may cost: see the top of this module."""
    return (sum(map(price, children(node))) or 1) * _TIMES.get(type(node), 1)


def _check_price(tree: Node, query: str) -> None:
    cost = price(tree)
    if cost <= MAX_PRICE:
        return
    dearest = max(children(tree), key=price, default=tree)
    shown = text_of(dearest, query)
    message = f"the query costs {cost:,}, more than {MAX_PRICE:,}"
    hint = f"NEAR costs 4 times and sentence() 10 times what stands inside; dearest is {shown[:60]!r}"
    raise QueryError(message, query, dearest.start, hint, kind="cost")
