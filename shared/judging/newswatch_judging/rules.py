"""A desk's rules: rules/*.yaml as written, with the place of each for messages."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from pydantic import Field, StringConstraints

from newswatch_core.config import ConfigError, Loaded, Model, Problem, Versioned, load
from newswatch_core.events import Closeness, Severity
from newswatch_judging.fixtures import Fixtures

FOLDER = "rules"

Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,79}$")]


class When(Model):
    """What raises an alert's severity; all that is given must hold."""

    independent_outlets: int | None = Field(default=None, ge=1)
    closeness: Closeness | None = None


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
    notify: tuple[str, ...] = ()
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


@dataclass(frozen=True)
class RulesRead:
    """All rules of a desk, and the files they came from (for the lines of problems)."""

    rules: Mapping[str, Rule]
    places: Mapping[str, tuple[Loaded[RulesFile], int]]
    problems: Sequence[Problem]

    def problem(self, rule: str, message: str, *path: str | int, hint: str = "", warning: bool = False) -> Problem:
        """A problem at `path` below the rule with id `rule`."""
        loaded, index = self.places[rule]
        return loaded.problem(message, "rules", index, *path, hint=hint, warning=warning)


def read_rules(desk: Path) -> RulesRead:
    """The rules of all files in the desk's folder rules/, with every problem found on the way."""
    rules: dict[str, Rule] = {}
    places: dict[str, tuple[Loaded[RulesFile], int]] = {}
    problems: list[Problem] = []
    for path in sorted((desk / FOLDER).glob("*.y*ml")):
        try:
            loaded = load(path, RulesFile, root=desk)
        except ConfigError as error:
            problems += error.problems
            continue
        for index, model in enumerate(loaded.model.rules):
            if model.id in rules:
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
    return RulesRead(rules, places, problems)


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
