"""Reading a desk's YAML files: every scalar a string, every problem with its file, line and what to do.

Anchors, aliases, tags and repeated keys are refused: they are how a small file becomes a huge or a surprising one.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, TypeVar, get_args

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

MAX_FILE = 20_000_000
MAX_DEPTH = 30
MAX_VALUES = 1_000_000
"""Each takes about 300 bytes of memory while a file is read."""
_QUERY_KEYS = {"query", "define"}
_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")
"""What YAML takes for the end of a line."""
# The parser in C, where PyYAML was built with it, is ten times as fast and marks the same places.
_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True, order=True)
class Problem:
    """Something wrong in a configuration file. `line` counts from 1; 0 where the whole file is meant.

    `column` counts from 1; 0 where the whole line is meant. `view` is the text with a caret below the place, in two
    lines, or "".
    """

    file: str
    line: int
    message: str
    hint: str = ""
    severity: Literal["error", "warning"] = "error"
    column: int = 0
    view: str = ""

    def __str__(self) -> str:
        place = ":".join([self.file, *(str(number) for number in (self.line, self.column) if number)])
        mark = "" if self.severity == "error" else "warning: "
        view = "".join(f"\n    {line}" for line in self.view.splitlines())
        return f"{place}: {mark}{self.message}" + (f" ({self.hint})" if self.hint else "") + view


class ConfigError(Exception):
    """A desk's configuration cannot be used. `problems` says why, one for each place."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Model(BaseModel):
    """Base of all configuration models: immutable, and an unknown field is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Versioned(Model):
    """Base of what stands at the top of a configuration file."""

    version: Literal["1"]


@dataclass(frozen=True)
class Written:
    """A scalar as it stands in its file, with quotes and line breaks; `line` and `column` of its first character."""

    text: str
    line: int
    column: int

    def place(self, value: str, offset: int) -> tuple[int, int]:
        """Line and column of a place in the scalar's value: its characters stand in the same order in the file."""
        at, past = 0, 0
        for character in value[: offset + 1]:
            found = self.text.find(character, past) if not character.isspace() else -1
            if found >= 0:
                at, past = found, found + 1
        if offset >= len(value):
            at = past
        before = _LINE_BREAK.split(self.text[:at])
        return self.line + len(before) - 1, len(before[-1]) + (self.column if len(before) == 1 else 1)


@dataclass(frozen=True)
class Node:
    """A YAML value: a string, a list of nodes or a mapping to nodes, with its line and those of its keys.

    `written`: only of queries, whose mistakes are shown at their very place.
    """

    value: "str | list[Node] | dict[str, Node]"
    line: int
    key_lines: Mapping[str, int] = field(default_factory=dict)
    written: Written | None = None

    def plain(self) -> Any:
        """The same without line numbers, for a model to validate."""
        if isinstance(self.value, list):
            return [node.plain() for node in self.value]
        if isinstance(self.value, dict):
            return {key: node.plain() for key, node in self.value.items()}
        return self.value

    def line_of(self, *path: str | int) -> int:
        """The line of the deepest part of `path` that exists."""
        node, line = self, self.line
        for step in path:
            if isinstance(node.value, dict) and step in node.value:
                line = node.key_lines[str(step)]
                node = node.value[str(step)]
            elif isinstance(node.value, list) and isinstance(step, int) and step < len(node.value):
                node = node.value[step]
                line = node.line
        return line

    def at(self, *path: str | int) -> "Node":
        """The node that `path` leads to. Raises KeyError, IndexError or TypeError where there is none."""
        node = self
        for step in path:
            node = node.value[step]  # type: ignore[index,assignment]  # raised, as said
        return node


M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Loaded(Generic[M]):
    """A file as its model, with the way back to its lines. `file` is the name for messages."""

    model: M
    node: Node
    file: str

    def problem(self, message: str, *path: str | int, hint: str = "", warning: bool = False) -> Problem:
        """A problem at the place that `path` (keys and list positions) leads to."""
        severity: Literal["error", "warning"] = "warning" if warning else "error"
        return Problem(self.file, self.node.line_of(*path), message, hint, severity)

    def problem_within(
        self, offset: int, view: str, message: str, *path: str | int, hint: str = "", warning: bool = False
    ) -> Problem:
        """A problem at one place of the query that `path` leads to."""
        node = self.node.at(*path)
        line, column = node.written.place(str(node.value), offset) if node.written else (node.line, 0)
        return Problem(self.file, line, message, hint, "warning" if warning else "error", column, view)


def load(path: Path, model: type[M], *, root: Path | None = None) -> Loaded[M]:
    """Reads `path` as `model`. Raises ConfigError with all problems; names in them are relative to `root`."""
    file = file_name(path, root)
    node = read_yaml(path, root=root)
    try:
        return Loaded(model.model_validate(node.plain()), node, file)
    except ValidationError as error:
        problems = {_explain(details, model, node, file) for details in error.errors()}
        raise ConfigError(sorted(problems)) from None


def read_yaml(path: Path, *, root: Path | None = None) -> Node:
    """The file as a tree of nodes. Raises ConfigError where it is missing, not UTF-8 or not plain YAML."""
    file = file_name(path, root)
    try:
        if path.stat().st_size > MAX_FILE:
            raise ConfigError(
                [Problem(file, 0, f"larger than {MAX_FILE // 1_000_000} MB", "split it into several files")]
            )
        text = path.read_bytes().decode("utf-8-sig")
    except FileNotFoundError:
        raise ConfigError([Problem(file, 0, "no such file", "a desk needs it; see seeds/ for an example")]) from None
    except UnicodeDecodeError as error:
        raise ConfigError([Problem(file, 0, f"not UTF-8 at byte {error.start}", "save it as UTF-8")]) from None
    except OSError as error:
        raise ConfigError([Problem(file, 0, f"cannot be read: {error.strerror}")]) from None
    try:
        return _Builder(file, text).build()
    except yaml.MarkedYAMLError as error:
        raise ConfigError([_explain_yaml(error, file, text)]) from None
    except yaml.YAMLError as error:
        raise ConfigError([_explain_character(error, file)]) from None


def file_name(path: Path, root: Path | None) -> str:
    return str(path.relative_to(root)) if root and path.is_relative_to(root) else str(path)


class _Builder:
    """Builds nodes from the parser's events, refusing what a desk's files do not need."""

    def __init__(self, file: str, text: str) -> None:
        self._file = file
        self._lines = _LINE_BREAK.split(text)
        self._values = 0
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_LOADER)

    def build(self) -> Node:
        event = self._next()
        while isinstance(event, yaml.StreamStartEvent | yaml.DocumentStartEvent):
            event = self._next()
        if isinstance(event, yaml.StreamEndEvent):
            raise self._refuse(0, "the file is empty", "it needs at least 'version: 1'")
        node = self._node(event, 0, "")
        self._next()
        following = self._next()
        if not isinstance(following, yaml.StreamEndEvent):
            raise self._refuse(_line(following), "a second YAML document ('---')", "one file, one document")
        return node

    def _next(self) -> yaml.Event:
        return next(self._events)

    def _refuse(self, line: int, message: str, hint: str = "") -> ConfigError:
        return ConfigError([Problem(self._file, line, message, hint)])

    def _node(self, event: yaml.Event, depth: int, key: str) -> Node:
        line = _line(event)
        self._values += 1
        if self._values > MAX_VALUES:
            raise self._refuse(line, f"more than {MAX_VALUES:,} values in one file", "split it into several files")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self._refuse(line, "anchors and aliases (& and *) are not read", "quote the text, or write it out")
        if tag := getattr(event, "tag", None):
            raise self._refuse(line, f"tags ({tag}) are not read", "quote the text")
        if depth > MAX_DEPTH:
            raise self._refuse(line, f"nested deeper than {MAX_DEPTH} levels")
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(line, depth, key)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(line, depth, key)
        if not isinstance(event, yaml.ScalarEvent):
            raise self._refuse(line, "a value is expected here")
        return self._scalar(event, line, key)

    def _scalar(self, event: yaml.ScalarEvent, line: int, key: str) -> Node:
        if key not in _QUERY_KEYS:
            return Node(event.value, line)
        if not event.style:
            self._check_comment(event, line, key)
        if not event.value and key == "query":
            raise self._refuse(line, "the query is empty", "YAML drops what follows #: put the query in single quotes")
        return Node(event.value, line, written=self._written(event))

    def _written(self, event: yaml.ScalarEvent) -> Written:
        first, last = event.start_mark, event.end_mark
        assert first is not None and last is not None, "the parser marks every event"  # noqa: S101, PT018 - guards the type
        lines = self._lines[first.line : last.line + 1]
        lines[-1] = lines[-1][: last.column]
        return Written("\n".join(lines)[first.column :], first.line + 1, first.column + 1)

    def _check_comment(self, event: yaml.ScalarEvent, line: int, key: str) -> None:
        assert event.end_mark is not None, "the parser marks every event"  # noqa: S101 - guards the type
        rest = self._lines[event.end_mark.line][event.end_mark.column :]
        if not rest.strip():
            rest = self._deeper_comment(event)
        if re.match(r"\s*#", rest):
            raise self._refuse(
                line,
                f"YAML drops {rest.strip()!r} from this unquoted {key} as a comment",
                f"put the whole {key} in single quotes",
            )

    def _deeper_comment(self, event: yaml.ScalarEvent) -> str:
        """The line below a query, if it is a comment without a space that looks like a part of it."""
        assert event.start_mark is not None and event.end_mark is not None  # noqa: S101, PT018 - as above
        begin = self._lines[event.start_mark.line]
        for line in self._lines[event.end_mark.line + 1 :]:
            if line.strip():
                deeper = len(line) - len(line.lstrip()) > len(begin) - len(begin.lstrip(" -"))
                return line if deeper and re.match(r"\s*#\w", line) else ""
        return ""

    def _sequence(self, line: int, depth: int, key: str) -> Node:
        nodes = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            nodes.append(self._node(event, depth + 1, key))
        return Node(nodes, line)

    def _mapping(self, line: int, depth: int, parent: str) -> Node:
        nodes: dict[str, Node] = {}
        lines: dict[str, int] = {}
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._node(event, depth + 1, "")
            if not isinstance(key.value, str):
                raise self._refuse(key.line, "a key must be plain text")
            if key.value in nodes:
                raise self._refuse(key.line, f"{key.value!r} stands twice", f"first in line {lines[key.value]}")
            lines[key.value] = key.line
            under = parent if parent in _QUERY_KEYS else key.value
            nodes[key.value] = self._node(self._next(), depth + 1, under)
        return Node(nodes, line, lines)


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark is not None else 0


def _explain_yaml(error: yaml.MarkedYAMLError, file: str, text: str) -> Problem:
    mark = error.problem_mark or error.context_mark
    message = " ".join(str(part) for part in (error.context, error.problem) if part)
    hint = "check the indentation and the quotes here"
    lines = _LINE_BREAK.split(text)
    if mark and mark.line < len(lines) and re.match(r" *\t", lines[mark.line]):
        hint = "indent with spaces, not with tabs"
    elif mark and mark.line < len(lines) and re.match(r"[\s-]*query:\s*[\"']", lines[mark.line]):
        hint = "put the whole query in single quotes"
    elif "mapping values are not allowed" in message:
        hint = "a value that holds ': ' must be quoted"
    elif "cannot start any token" in message or "alias" in message or "anchor" in message:
        hint = "text that begins with @, *, &, % or ` must be quoted"
    return Problem(file, mark.line + 1 if mark else 0, f"not YAML: {message}", hint)


def _explain_character(error: yaml.YAMLError, file: str) -> Problem:
    """Characters that no YAML file may hold: NUL and other control characters."""
    hint = "take the invisible character out; in quotes it can be written as \\x00 and the like"
    return Problem(file, 0, f"not YAML: {error}".splitlines()[0], hint)


def _explain(details: Mapping[str, Any], model: type[BaseModel], node: Node, file: str) -> Problem:
    path = tuple(details["loc"])
    line = node.line_of(*path)
    name = next((str(step) for step in reversed(path) if isinstance(step, str)), "")
    if details["type"] == "extra_forbidden":
        known = _fields_at(model, path[:-1])
        close = get_close_matches(name, known, 1)
        hint = f"did you mean {close[0]!r}?" if close else "known here: " + ", ".join(sorted(known))
        return Problem(file, line, f"unknown field {name!r}", hint)
    if details["type"] == "missing":
        return Problem(file, line, f"{name!r} is missing")
    if details["type"] in {"union_tag_not_found", "union_tag_invalid"}:
        tag = details["ctx"]["discriminator"].strip("'")
        if details["type"] == "union_tag_not_found":
            return Problem(file, line, f"{tag!r} is missing")
        line, given = node.line_of(*path, tag), details["ctx"]["tag"]
        return Problem(file, line, f"{tag}: {given!r} is none of {details['ctx']['expected_tags']}")
    if details["type"] in {"model_type", "dict_type", "list_type", "tuple_type"}:
        kind = "a list" if details["type"] in {"list_type", "tuple_type"} else "a mapping (name: value)"
        return Problem(file, line, f"{name or 'the file'!r} must be {kind}")
    message = str(details["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    given = details.get("input")
    shown = f", not {given!r}" if isinstance(given, str) and len(given) < 60 and repr(given) not in message else ""
    return Problem(file, line, f"{name}: {message}{shown}" if name else message + shown)


def _fields_at(model: type[BaseModel], path: Sequence[str | int]) -> set[str]:
    """The fields of the model that `path` leads to below `model`."""
    below: list[type[BaseModel]] = []
    for step in path:
        if isinstance(step, str) and step in _names(model):
            below = _models_in(_names(model)[step])
            if not below:
                return set()
            model = below[0]
        elif isinstance(step, str):
            # Where one of several models stands, the path names the one by its tag, such as the type of a receiver.
            tagged = (one for one in below if any(step in get_args(tag) for tag in _names(one).values()))
            model = next(tagged, model)
    return set(_names(model))


def _names(model: type[BaseModel]) -> dict[str, Any]:
    return {info.alias or name: info.annotation for name, info in model.model_fields.items()}


def _models_in(annotation: Any) -> list[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return [annotation]
    return [found for part in get_args(annotation) for found in _models_in(part)]


_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}


def _duration(value: object) -> object:
    if not isinstance(value, str):
        return value
    match = re.fullmatch(r"(\d{1,6})\s*([smhd])", value.strip())
    if not match:
        raise ValueError("a length of time such as 30s, 15m, 6h or 30d is expected")
    return timedelta(seconds=int(match[1]) * _UNITS[match[2]])


Duration = Annotated[timedelta, BeforeValidator(_duration)]
"""A length of time, written as 30s, 15m, 6h or 30d."""
