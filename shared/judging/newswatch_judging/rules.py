"""A desk's rules: rules/*.yaml as written, with the place of each for messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, get_args

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from newswatch_core.config import ConfigError, Loaded, Model, Problem, Versioned, load
from newswatch_core.events import Closeness, Severity
from newswatch_judging.fixtures import Fixtures

FOLDER = "rules"
_READ = "*.y*ml"

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]


def no_single_text(value: object) -> object:
    """For fields that hold a list: says how to write a list of one. Raises ValueError for a text."""
    if isinstance(value, str):
        raise ValueError(f"it is a list: write [{value}]")
    return value


class When(Model):
    """What raises an alert's severity; all that is given must hold. `closeness`: at least as close as that."""

    independent_outlets: int | None = Field(default=None, ge=1)
    closeness: Closeness | None = None

    @model_validator(mode="after")
    def _says_something(self) -> "When":
        if self.independent_outlets is None and self.closeness is None:
            raise ValueError("say what raises it, such as {closeness: title}")
        return self


class Raise(Model):
    """To which severity an alert rises, and when."""

    to: Severity
    when: When


class RuleModel(Model):
    """One rule as rules/*.yaml has it."""

    id: Id
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    severity: Severity = "medium"
    raise_: tuple[Raise, ...] = Field(default=(), alias="raise")
    query: Annotated[str, StringConstraints(min_length=1)]
    notify: Annotated[tuple[str, ...], BeforeValidator(no_single_text)] = ()
    fixtures: Fixtures = Fixtures()


class RulesFile(Versioned):
    """The whole of one file in rules/."""

    rules: tuple[RuleModel, ...]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A stored query with its routing. `file` and `line` say where it stands; `position` is its place in the file."""

    id: str
    title: str
    severity: Severity
    raise_: tuple[Raise, ...] = ()
    query: str
    notify: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    fixtures: Fixtures = field(default_factory=Fixtures)

    def severity_at(self, closeness: Closeness) -> Severity:
        """The severity of an alert whose match is so close: the highest of the rule's own and those it is raised to.

        Independent outlets are not counted yet: what asks for them never applies.
        """
        reached = (one.to for one in self.raise_ if _reached(one.when, closeness))
        return max((self.severity, *reached), key=get_args(Severity).index)


def _reached(when: When, closeness: Closeness) -> bool:
    if when.independent_outlets is not None or when.closeness is None:
        return False
    order: Sequence[Closeness] = get_args(Closeness)
    return order.index(closeness) <= order.index(when.closeness)


@dataclass(frozen=True)
class RulesRead:
    """All rules of a desk, and the files they came from (for the lines of problems).

    `doubled`: ids that stand twice; which of the rules is meant nobody knows.
    """

    rules: Mapping[str, Rule]
    places: Mapping[str, tuple[Loaded[RulesFile], int]]
    problems: Sequence[Problem]
    doubled: frozenset[str] = frozenset()

    def problem(self, rule: str, message: str, *path: str | int, hint: str = "", warning: bool = False) -> Problem:
        """A problem at `path` below the rule with id `rule`."""
        loaded, index = self.places[rule]
        return loaded.problem(message, "rules", index, *path, hint=hint, warning=warning)


def read_rules(desk: Path) -> RulesRead:
    """The rules of all files in the desk's folder rules/, with every problem found on the way."""
    return _read(sorted((desk / FOLDER).glob(_READ)), desk)


def read_rules_file(path: Path) -> RulesRead:
    """The rules of one file, wherever it lies."""
    return _read([path], path.parent)


def _read(paths: Sequence[Path], root: Path) -> RulesRead:
    rules: dict[str, Rule] = {}
    places: dict[str, tuple[Loaded[RulesFile], int]] = {}
    problems: list[Problem] = []
    doubled: set[str] = set()
    for path in paths:
        try:
            loaded = load(path, RulesFile, root=root)
        except ConfigError as error:
            problems += error.problems
            continue
        for index, model in enumerate(loaded.model.rules):
            if model.id in rules:
                doubled.add(model.id)
                first = rules[model.id]
                problems.append(
                    loaded.problem(
                        f"the rule {model.id!r} exists already",
                        "rules",
                        index,
                        "id",
                        hint=f"first in {first.file}:{first.line}; give this one another id",
                    )
                )
                continue
            rules[model.id] = _rule(model, loaded, index)
            places[model.id] = (loaded, index)
    return RulesRead(rules, places, problems, frozenset(doubled))


def unread_files(desk: Path) -> Sequence[Path]:
    """What lies in the folder rules/ under a name that is not read; hidden files and notes to a reader apart."""
    folder = desk / FOLDER
    files = (path for path in folder.iterdir() if path.is_file()) if folder.is_dir() else ()
    return sorted(
        path
        for path in files
        if not path.match(_READ) and not path.name.startswith((".", "README")) and not path.name.endswith("~")
    )


def _rule(model: RuleModel, loaded: Loaded[RulesFile], index: int) -> Rule:
    return Rule(
        id=model.id,
        title=model.title,
        severity=model.severity,
        raise_=model.raise_,
        query=model.query,
        notify=model.notify,
        file=loaded.file,
        line=loaded.node.line_of("rules", index),
        fixtures=model.fixtures,
    )
