"""Definitions: queries under a name of their own, used in others as `$name`.

    define: {sahel-states: '@mali OR @niger OR @burkina-faso'}        query: '$sahel-states AND #embassy'

A query with definitions is judged as if each were written out in brackets. Its source is the query and, below it, a
copy of each definition for each use: so every part of the tree has a text to show. A use as a whole shows as `$name`;
the parts of a definition that joins several with AND show as they stand there.
"""

from bisect import bisect_right
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from newswatch_judging.names import unknown_definition
from newswatch_judging.queryerrors import QueryError
from newswatch_judging.shape import MAX_DEPTH, MAX_LENGTH, check_shape
from newswatch_judging.tree import Node, Term, children, terms_of, with_children


@dataclass(frozen=True)
class Definition:
    """`tree` is that of the text as it stands, with further definitions in it not replaced."""

    name: str
    text: str
    tree: Node


@dataclass(frozen=True)
class Query:
    """A query ready to be judged. The places of `tree` lead into `source`, which begins with the query itself."""

    tree: Node
    source: str


def uses_of(tree: Node) -> Iterator[Term]:
    """The places where a tree uses definitions."""
    return (term for term in terms_of(tree) if term.kind == "defined")


def expand(tree: Node, text: str, definitions: Mapping[str, Definition]) -> Query:
    """The query `text` with its definitions written out. Raises QueryError for unknown ones and too great a cost.

    The definitions do not lead back to themselves (`wrong_uses`).
    """
    expansion = _Expansion(text, definitions)
    whole = expansion.written_out(tree, 0, 0)
    source = "\n".join(expansion.sources)
    try:
        check_shape(whole, source)
    except QueryError as error:
        place, name = expansion.home(error.offset)
        within = f"in ${name}: " if name else ""
        raise QueryError(within + error.message, text, place, error.hint, kind=error.kind) from None
    return Query(whole, source)


@dataclass
class _Expansion:
    text: str
    definitions: Mapping[str, Definition]
    sources: list[str] = field(default_factory=list)
    length: int = 0
    _copies: list[tuple[int, int, str]] = field(default_factory=list)
    """Where each copy begins in the source, and the place and name of the use in the query that led to it."""

    def __post_init__(self) -> None:
        self.sources.append(self.text)
        self.length = len(self.text)

    def written_out(self, node: Node, shift: int, depth: int) -> Node:
        """`node`, which stands `shift` further on in the source than in its own text, with its definitions replaced."""
        if isinstance(node, Term) and node.kind == "defined":
            return self._use(node, shift, depth)
        moved = replace(node, start=node.start + shift, end=node.end + shift) if shift else node
        parts = children(node)
        return with_children(moved, [self.written_out(part, shift, depth) for part in parts]) if parts else moved

    def _use(self, use: Term, shift: int, depth: int) -> Node:
        start, end = use.start + shift, use.end + shift
        place, name = self.home(start)
        if use.value not in self.definitions:
            raise QueryError(*unknown_definition(use, self.text, self.definitions), kind="name")
        definition = self.definitions[use.value]
        begins = self.length + 1
        self.length = begins + len(definition.text)
        if self.length > MAX_LENGTH or depth >= MAX_DEPTH:
            message = f"with its definitions written out, the query is longer than {MAX_LENGTH:,} characters"
            if depth >= MAX_DEPTH:
                message = f"definitions within definitions, deeper than {MAX_DEPTH} levels"
            raise QueryError(message, self.text, place, "use keyword sets in their place", kind="cost")
        self.sources.append(definition.text)
        self._copies.append((begins, place, name or use.value))
        return replace(self.written_out(definition.tree, begins, depth + 1), start=start, end=end)

    def home(self, offset: int) -> tuple[int, str]:
        """The place in the query itself that led to this one of the source, and the definition used there, if any."""
        if offset <= len(self.text):
            return offset, ""
        _, place, name = self._copies[bisect_right(self._copies, (offset, len(self.text) + 1, "")) - 1]
        return place, name


def wrong_uses(definitions: Mapping[str, Definition], unread: Collection[str] = ()) -> Sequence[tuple[str, QueryError]]:
    """By name: the uses in definitions of others that are not there, or that lead back to where they stand.

    `unread`: names of definitions that are there, but could not be read.
    """
    found: list[tuple[str, QueryError]] = []
    settled: set[str] = set()
    for name in definitions:
        # A path through the definitions, with the uses that are still to be followed from each.
        path: dict[str, Iterator[Term]] = {}
        if name not in settled:
            path[name] = uses_of(definitions[name].tree)
        while path:
            here = next(reversed(path))
            use = next(path[here], None)
            if use is None:
                settled.add(here)
                del path[here]
            elif use.value in unread:
                continue
            elif use.value not in definitions:
                found.append(
                    (here, QueryError(*unknown_definition(use, definitions[here].text, definitions), kind="name"))
                )
            elif use.value in path:
                steps = list(path)
                circle = " -> ".join(f"${each}" for each in [*steps[steps.index(use.value) :][:8], use.value])
                message = f"the definition ${here} leads back to itself: {circle}"
                hint = "take one of these uses out"
                found.append((here, QueryError(message, definitions[here].text, use.start, hint)))
            elif use.value not in settled:
                path[use.value] = uses_of(definitions[use.value].tree)
    return found
