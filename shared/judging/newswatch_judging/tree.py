"""The parts of a query: a tree of terms and operators. `start` and `end` lead into the query as written."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from newswatch_core.events import Zone

Kind = Literal["entity", "entity+", "keywords", "word", "phrase", "prefix", "cased"]
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
    waiting: list[Node] = [node]
    while waiting:
        each = waiting.pop()
        if isinstance(each, Term):
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
    """The node as written, on one line. A bracket that closes after its last part is added."""
    shown = " ".join(query[node.start : node.end].split())
    return shown + ")" * (shown.count("(") - shown.count(")"))
