"""The definitions of a desk, as they stand under `define` in the files of rules/."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from newswatch_core.config import Loaded, Problem
from newswatch_judging.definitions import Definition, Query, expand, uses_of, wrong_uses
from newswatch_judging.query import read_query
from newswatch_judging.queryerrors import QueryError
from newswatch_judging.tree import Node

_HINT = "write a line for each, such as sahel-states: '@mali OR @niger'"
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,79}")


@dataclass(frozen=True)
class Defined:
    """A definition as written: `text` begins `skipped` characters into the value that `path` of the file leads to."""

    name: str
    text: str
    loaded: Loaded[Any]
    path: tuple[str | int, ...]
    skipped: int = 0

    def problem(self, error: QueryError, *, warning: bool = False) -> Problem:
        """The problem at the error's place."""
        message = f"definition {self.name!r}: {error.message}"
        offset = error.offset + self.skipped
        return self.loaded.problem_within(offset, error.caret, message, *self.path, hint=error.hint, warning=warning)

    @property
    def place(self) -> str:
        return f"{self.loaded.file}:{self.loaded.node.line_of(*self.path)}"


@dataclass(frozen=True)
class DefinitionsRead:
    """A desk's definitions, and what is wrong: in all, and by the name of the definition that it stands in.

    `places`: where each stands, whether it could be read or not.
    """

    read: Mapping[str, Definition] = field(default_factory=dict)
    places: Mapping[str, Defined] = field(default_factory=dict)
    problems: Sequence[Problem] = ()
    broken: Mapping[str, Sequence[Problem]] = field(default_factory=dict)

    def used_in(self, tree: Node) -> Sequence[str]:
        """The definitions that a query uses, directly or through others."""
        found: dict[str, None] = {}
        waiting = [use.value for use in uses_of(tree)]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found[name] = None
                waiting += [use.value for use in uses_of(self.read[name].tree)] if name in self.read else []
        return list(found)

    def expand(self, tree: Node, text: str) -> Query:
        """The query with its definitions, none of which is broken, written out. Raises QueryError."""
        return expand(tree, text, self.read)

    def query(self, text: str) -> Query:
        """The same of a text. Raises QueryError, also where a definition that it uses is broken."""
        tree = read_query(text)
        for name in self.used_in(tree):
            if name in self.broken:
                raise QueryError(f"the definition ${name} cannot be used", text, 0, self.broken[name][0].message)
        return self.expand(tree, text)

    def expanded(self, text: str) -> str:
        """The source of a query that uses definitions; "" if it uses none, or is wrong."""
        try:
            source = self.query(text).source if "$" in text else text
        except QueryError:
            return ""
        return "" if source == text else source


def each_defined(loaded: Loaded[Any], given: object) -> Iterator[Defined | Problem]:
    """What stands under `define`: a mapping of names to queries; or lines `name = query`, one or a list of them."""
    if isinstance(given, dict):
        for name, text in given.items():
            if isinstance(text, str) and text.strip():
                yield Defined(name, text, loaded, ("define", name))
            else:
                yield loaded.problem(f"define: {name} is no query", "define", name, hint=_HINT)
        return
    lines = given if isinstance(given, list) else [] if given in {None, ""} else [given]
    for index, line in enumerate(lines):
        path = ("define", index) if isinstance(given, list) else ("define",)
        name, equals, text = line.partition("=") if isinstance(line, str) else ("", "", "")
        if text.strip():
            yield Defined(name.strip(), text, loaded, path, len(name) + len(equals))
        else:
            yield loaded.problem("define: this is no definition", *path, hint=_HINT)


def read_definitions(defined: Iterable[Defined | Problem]) -> DefinitionsRead:
    """The definitions of all files together."""
    problems: list[Problem] = []
    places: dict[str, Defined] = {}
    for one in defined:
        if isinstance(one, Problem):
            problems.append(one)
        elif not _NAME.fullmatch(one.name):
            hint = "small letters, digits and hyphens, such as sahel-states"
            problems.append(one.loaded.problem(f"define: {one.name!r} is no name", *one.path, hint=hint))
        elif one.name in places:
            hint = f"first in {places[one.name].place}; give this one another name"
            problems.append(one.loaded.problem(f"the definition {one.name!r} exists already", *one.path, hint=hint))
        else:
            places[one.name] = one
    read: dict[str, Definition] = {}
    errors: list[tuple[str, QueryError]] = []
    for one in places.values():
        try:
            read[one.name] = Definition(one.name, one.text, read_query(one.text))
        except QueryError as error:
            errors.append((one.name, error))
    unread = places.keys() - read.keys()
    # That a definition cannot be read is told once, not again wherever it is used.
    errors += wrong_uses(read, unread)
    broken: dict[str, list[Problem]] = {}
    for name, why in errors:
        broken.setdefault(name, []).append(places[name].problem(why))
    problems += [problem for each in broken.values() for problem in each]
    return DefinitionsRead(read, places, problems, broken)
