"""A desk's rules: rules/*.yaml as written, with the place of each for messages."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, get_args

from pydantic import BeforeValidator, Field, StringConstraints, model_validator

from newswatch_core.config import ConfigError, Duration, Loaded, Model, Problem, Versioned, load
from newswatch_core.events import Closeness, Severity
from newswatch_judging.defined import Defined, DefinitionsRead, each_defined, read_definitions
from newswatch_judging.fixtures import Fixtures
from newswatch_judging.queryerrors import QueryError

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


SHORTEST_WINDOW = timedelta(minutes=1)
LONGEST_WINDOW = timedelta(days=30)


class Count(Model):
    """The rule alerts only when so many different stories, or outlets, matched it within a time."""

    stories: int | None = Field(default=None, ge=2, le=100)
    outlets: int | None = Field(default=None, ge=2, le=100)
    within: Duration

    @model_validator(mode="after")
    def _one_of_both(self) -> "Count":
        if (self.stories is None) == (self.outlets is None):
            raise ValueError("count either stories or outlets, such as {stories: 3, within: 24h}")
        if not SHORTEST_WINDOW <= self.within <= LONGEST_WINDOW:
            raise ValueError("within must be from 1m to 30d")
        return self

    @property
    def number(self) -> int:
        return self.stories or self.outlets or 0


class RuleModel(Model):
    """One rule as rules/*.yaml has it."""

    id: Id
    title: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    severity: Severity = "medium"
    raise_: tuple[Raise, ...] = Field(default=(), alias="raise")
    query: Annotated[str, StringConstraints(min_length=1)]
    count: Count | None = None
    notify: Annotated[tuple[str, ...], BeforeValidator(no_single_text)] = ()
    fixtures: Fixtures = Fixtures()


class RulesFile(Versioned):
    """The whole of one file in rules/. `define`: queries under names of their own (defined.py)."""

    define: Any = None
    rules: tuple[RuleModel, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A stored query with its routing. `file` and `line` say where it stands.

    `expanded`: where the query uses definitions, it and below it those definitions (definitions.py); else "".
    """

    id: str
    title: str
    severity: Severity
    raise_: tuple[Raise, ...] = ()
    query: str
    expanded: str = ""
    count: Count | None = None
    notify: tuple[str, ...] = ()
    file: str = ""
    line: int = 0
    fixtures: Fixtures = field(default_factory=Fixtures)

    @property
    def source(self) -> str:
        """The text that the places of the query's tree lead into."""
        return self.expanded or self.query

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
    """All rules and definitions of a desk, and the files they came from (for the lines of problems).

    `doubled`: ids that stand twice; which of the rules is meant nobody knows.
    """

    rules: Mapping[str, Rule]
    places: Mapping[str, tuple[Loaded[RulesFile], int]]
    problems: Sequence[Problem]
    doubled: frozenset[str] = frozenset()
    definitions: DefinitionsRead = field(default_factory=DefinitionsRead)

    def problem(self, rule: str, message: str, *path: str | int, hint: str = "", warning: bool = False) -> Problem:
        """A problem at `path` below the rule with id `rule`."""
        loaded, index = self.places[rule]
        return loaded.problem(message, "rules", index, *path, hint=hint, warning=warning)

    def problem_within(self, rule: str, error: QueryError, *, warning: bool = False) -> Problem:
        """A problem at one place of the query of the rule with id `rule`."""
        loaded, index = self.places[rule]
        message, path = f"rule {rule!r}: {error.message}", ("rules", index, "query")
        return loaded.problem_within(error.offset, error.caret, message, *path, hint=error.hint, warning=warning)


def read_rules(desk: Path) -> RulesRead:
    """The rules of all files in the desk's folder rules/, with every problem found on the way."""
    return _read(sorted((desk / FOLDER).glob(_READ)), desk)


def read_rules_file(path: Path, desk: Path) -> RulesRead:
    """The rules of one file, wherever it lies. They may use the desk's definitions that the file does not redefine."""
    return _read([path], path.parent, _defined_by(desk, path))


def _defined_by(desk: Path, other: Path) -> Sequence[Defined]:
    """The desk's definitions, but for those of the file `other` and those in files that cannot be read."""
    found: list[Defined] = []
    for path in sorted((desk / FOLDER).glob(_READ)):
        if path.resolve() != other.resolve():
            with suppress(ConfigError):
                loaded = load(path, RulesFile, root=desk)
                found += [one for one in each_defined(loaded, loaded.model.define) if isinstance(one, Defined)]
    return found


def _read(paths: Sequence[Path], root: Path, others: Sequence[Defined] = ()) -> RulesRead:
    rules: dict[str, Rule] = {}
    places: dict[str, tuple[Loaded[RulesFile], int]] = {}
    problems: list[Problem] = []
    defined: list[Defined | Problem] = []
    doubled: set[str] = set()
    for path in paths:
        try:
            loaded = load(path, RulesFile, root=root)
        except ConfigError as error:
            problems += error.problems
            continue
        defined += each_defined(loaded, loaded.model.define)
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
    own = {one.name for one in defined if isinstance(one, Defined)}
    definitions = read_definitions([*defined, *(one for one in others if one.name not in own)])
    problems += definitions.problems
    for name, rule in rules.items():
        if expanded := definitions.expanded(rule.query):
            rules[name] = replace(rule, expanded=expanded)
    return RulesRead(rules, places, problems, frozenset(doubled), definitions)


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
        count=model.count,
        notify=model.notify,
        file=loaded.file,
        line=loaded.node.line_of("rules", index),
        fixtures=model.fixtures,
    )
