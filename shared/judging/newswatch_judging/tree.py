"""The parts of a query: a tree of terms and operators. `start` and `end` lead into the query as written.

A term of kind "defined" stands for a definition; it is gone from trees that are judged (definitions.py).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from newswatch_core.events import Zone

Kind = Literal["entity", "entity+", "keywords", "word", "phrase", "prefix", "cased", "defined"]
Unit = Literal["sentence", "paragraph"]
Field = Literal["lang", "source", "feed", "source-country"]


@dataclass(frozen=True, slots=True)
class Term:
    """Something to find in an article."""

    kind: Kind
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class And:
    parts: "tuple[Node, ...]"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Or:
    parts: "tuple[Node, ...]"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Near:
    """Both sides at most `distance` words apart (1 is side by side), in one zone; the left one first if `ordered`."""

    left: "Node"
    right: "Node"
    distance: int
    ordered: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Within:
    """All of `part` in one sentence or paragraph."""

    unit: Unit
    part: "Node"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class InZone:
    zone: Zone
    part: "Node"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class AtLeast:
    count: int
    part: "Node"
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Filter:
    """A fact about the article rather than its text."""

    field: Field
    value: str
    start: int
    end: int


Node = Term | And | Or | Not | Near | Within | InZone | AtLeast | Filter


def terms_of(node: Node) -> Iterator[Term]:
    """All terms of the tree, in the order of the query."""
    return (each for each in each_node(node) if isinstance(each, Term))


def filters_of(node: Node) -> Iterator[Filter]:
    """All filters of the tree, in the order of the query."""
    return (each for each in each_node(node) if isinstance(each, Filter))


def each_node(node: Node) -> Iterator[Node]:
    """The tree itself and all that is in it, in the order of the query."""
    waiting: list[Node] = [node]
    while waiting:
        each = waiting.pop()
        yield each
        waiting.extend(reversed(children(each)))


def children(node: Node) -> Sequence[Node]:
    if isinstance(node, And | Or):
        return node.parts
    if isinstance(node, Near):
        return (node.left, node.right)
    if isinstance(node, Not | Within | InZone | AtLeast):
        return (node.part,)
    return ()


def with_children(node: Node, parts: Sequence[Node]) -> Node:
    """The same with other children, in the order of `children`."""
    if isinstance(node, And | Or):
        return replace(node, parts=tuple(parts))
    if isinstance(node, Near):
        return replace(node, left=parts[0], right=parts[1])
    if isinstance(node, Not | Within | InZone | AtLeast):
        return replace(node, part=parts[0])
    return node


def is_positive(node: Node) -> bool:
    """Does every match hold some term of this tree? Only then an index can find it."""
    if isinstance(node, And):
        return any(is_positive(part) for part in node.parts)
    if isinstance(node, Or):
        return all(is_positive(part) for part in node.parts)
    if isinstance(node, Within | InZone):
        return is_positive(node.part)
    return not isinstance(node, Not | Filter)


def text_of(node: Node, query: str) -> str:
    """The node as written, on one line."""
    return " ".join(query[node.start : node.end].split())
