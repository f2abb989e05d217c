"""A desk's judgement made anew while it is in force: what is good is taken, of all else the last good one stays.

    files -> entities, keywords --each whole, or the last good ones--> rules --each, or its last good version--> Judging

What holds at any time: every rule in force passes its fixtures with the entities and keywords in force.

- A rule that cannot be read, or fails its fixtures, keeps its last good version; the others are taken.
- Entities and keywords are refused where a rule would be left without a version that passes with them.
- While anything is refused, no rule goes: what is missing may stand in the file that could not be read.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from posixpath import normpath

from newswatch_core.config import Problem
from newswatch_core.feednames import read_feed_names
from newswatch_core.live import Same
from newswatch_judging.desk import Judging, run_fixtures
from newswatch_judging.entities import FOLDER as ENTITIES
from newswatch_judging.entities import Entity, read_entities
from newswatch_judging.keywords import FILE as KEYWORDS
from newswatch_judging.keywords import KeywordSet, read_keywords
from newswatch_judging.names import check_names
from newswatch_judging.queries import parse_queries, wrong_definitions
from newswatch_judging.rules import FOLDER as RULES
from newswatch_judging.rules import Rule, RulesRead, read_rules
from newswatch_judging.tree import Node

_PUT_BACK = "put them back, or restart if that is meant"

Refusals = Callable[[RulesRead], Mapping[str, Sequence[Problem]]]
"""By rule: what a service has against it."""


@dataclass(frozen=True)
class Renewed:
    """The judgement from now on. `problems`: what was refused. The rest are ids of rules, as against before."""

    judging: Judging
    problems: Sequence[Problem]
    new: Sequence[str] = ()
    changed: Sequence[str] = ()
    gone: Sequence[str] = ()
    kept: Sequence[str] = ()
    """In force in a version that is not, or not any more, the one in the files."""


@dataclass(frozen=True)
class _Base:
    """What rules are judged on."""

    entities: Mapping[str, Entity]
    keywords: Mapping[str, KeywordSet]
    problems: Sequence[Problem] = ()


@dataclass
class _Sorted:
    """The rules of the files: those that pass on some base, and what is wrong with the others."""

    good: dict[str, Rule] = field(default_factory=dict)
    queries: dict[str, Node] = field(default_factory=dict)
    wrong: dict[str, Sequence[Problem]] = field(default_factory=dict)
    judging: Judging | None = None
    """With those rules and no others, if that was made."""

    @property
    def problems(self) -> Sequence[Problem]:
        return [problem for each in self.wrong.values() for problem in each]


def renew_tagging(desk: Path, before: Judging) -> Renewed:
    """The entities of the desk in this folder, or those of `before` where they cannot be used."""
    base = _base(desk, before, keywords=False)
    judging = before if base.entities is before.entities else Judging(base.entities, {}, {}, {})
    judging.prepare()
    return Renewed(judging, base.problems)


def renew(desk: Path, before: Judging, same: Same, refusals: Refusals = lambda _: {}) -> Renewed:
    """The judgement of the desk in this folder, as far as it is good; of `before` what is not.

    `same` tells of a fixture's file whether it is as it was when the whole desk was last good.
    """
    read = read_rules(desk)
    base = _base(desk, before)
    renewal = _Renewal(desk, before, same, read, refusals(read))
    found = renewal.sort(base)
    problems = [*base.problems, *_errors(read.problems), *_none_left(read, before)]
    problems += wrong_definitions(read, base.entities, base.keywords, read_feed_names(desk))
    kept = renewal.kept(found, anything_refused=bool(problems or found.wrong))
    if blocked := renewal.without_version(base, kept):
        rule, why = blocked
        hint = "mend the rule, its fixtures, or the entities and keywords"
        message = f"entities and keywords stay as they were: with the new ones the rule {rule.id!r} {why}"
        problems += [Problem(rule.file or RULES, rule.line, message, hint), *found.wrong.get(rule.id, ())]
        base = _Base(before.entities, before.keywords)
        found = renewal.sort(base)
        kept = renewal.kept(found, anything_refused=True)
    judging = renewal.judging(base, found, kept)
    judging.prepare()
    return _told(judging, before, sorted({*problems, *found.problems}), kept)


class _Renewal:
    """The rules of the files and those in force before, and which of them pass."""

    def __init__(
        self, desk: Path, before: Judging, same: Same, read: RulesRead, refused: Mapping[str, Sequence[Problem]]
    ) -> None:
        self._desk = desk
        self._before = before
        self._same = same
        self._read = read
        self._refused = refused

    def sort(self, base: _Base) -> _Sorted:
        queries, wrong = parse_queries(self._read, base.entities, base.keywords, feeds=read_feed_names(self._desk))
        found = _Sorted(wrong=wrong)
        for refused, why in self._refused.items():
            found.wrong[refused] = [*found.wrong.get(refused, ()), *why]
        for doubled in self._read.doubled:
            # Told among the problems of reading already.
            found.wrong.setdefault(doubled, ())
        usable = {rule: self._read.rules[rule] for rule in queries if rule not in found.wrong}
        found.queries = {rule: queries[rule] for rule in usable}
        judging = Judging(base.entities, base.keywords, usable, found.queries)
        for rule in usable.values():
            proven = self._is_old(base) and self._was_proven(rule)
            if problems := [] if proven else list(run_fixtures(rule, judging, self._read, self._desk)):
                found.wrong[rule.id] = problems
                del found.queries[rule.id]
            else:
                found.good[rule.id] = rule
        found.judging = judging if len(found.good) == len(usable) else None
        return found

    def judging(self, base: _Base, found: _Sorted, kept: Mapping[str, Rule]) -> Judging:
        """All that is to be in force; what was made before is used again: large sets of entities take long to make."""
        rules = {**kept, **found.good}
        if self._is_old(base) and _each_unplaced(rules) == _each_unplaced(self._before.rules):
            return self._before
        if found.judging is not None and not kept:
            return found.judging
        queries = {rule: self._before.queries[rule] for rule in kept} | found.queries
        return Judging(base.entities, base.keywords, rules, queries)

    def kept(self, found: _Sorted, *, anything_refused: bool) -> dict[str, Rule]:
        """The rules that stay in their last good version."""
        if not anything_refused:
            return {}
        return {name: rule for name, rule in self._before.rules.items() if name not in found.good}

    def without_version(self, base: _Base, kept: Mapping[str, Rule]) -> tuple[Rule, str] | None:
        """The first of the rules to be kept that does not pass on this base either, and why."""
        if self._is_old(base) or not kept:
            return None
        queries = {rule: self._before.queries[rule] for rule in kept}
        judging = Judging(base.entities, base.keywords, kept, queries)
        for rule in kept.values():
            unknown = check_names(queries[rule.id], rule.query, base.entities, base.keywords)
            if unknown:
                return rule, f"names what is gone: {unknown[0].message}"
            failing = next(iter(run_fixtures(rule, judging, _Unplaced(), self._desk)), None)
            if failing:
                return rule, f"fails its fixtures: {failing.message}"
        return None

    def _is_old(self, base: _Base) -> bool:
        same_entities = base.entities is self._before.entities or base.entities == self._before.entities
        return same_entities and base.keywords == self._before.keywords

    def _was_proven(self, rule: Rule) -> bool:
        """Whether it is in force as it is, and none of its fixtures is another than then."""
        before = self._before.rules.get(rule.id)
        if before is None or _unplaced(before) != _unplaced(rule):
            return False
        fixtures = (*rule.fixtures.fires, *rule.fixtures.silent)
        return all(self._same(normpath(one)) for one in fixtures if isinstance(one, str))


class _Unplaced(RulesRead):
    """For rules whose files have changed since: their problems have no place."""

    def __init__(self) -> None:
        super().__init__({}, {}, ())

    def problem(self, rule: str, message: str, *path: str | int, hint: str = "", warning: bool = False) -> Problem:
        return Problem(RULES, 0, message, hint)


def _base(desk: Path, before: Judging, *, keywords: bool = True) -> _Base:
    """Entities and keywords, each whole from the files or else as they were."""
    entities = read_entities(desk)
    problems = list(_errors(entities.problems))
    if not entities.entities and before.entities and not problems:
        # A folder that was not mounted, or is just being written.
        problems.append(Problem(ENTITIES, 0, "no entities any more", _PUT_BACK))
    taken = before.entities if problems or entities.entities == before.entities else entities.entities
    if not keywords:
        return _Base(taken, {}, problems)
    read = read_keywords(desk)
    broken = list(_errors(read.problems))
    if not read.sets and before.keywords and not broken:
        broken = [Problem(KEYWORDS, 0, "no keywords any more", _PUT_BACK)]
    return _Base(taken, before.keywords if broken else read.sets, [*problems, *broken])


def _none_left(read: RulesRead, before: Judging) -> Sequence[Problem]:
    if read.rules or read.problems or not before.rules:
        return ()
    return [Problem(RULES, 0, "no rules any more: nothing could ever fire", _PUT_BACK)]


def _told(judging: Judging, before: Judging, problems: Sequence[Problem], kept: Iterable[str]) -> Renewed:
    old, now = before.rules, judging.rules
    return Renewed(
        judging,
        problems,
        new=[rule for rule in now if rule not in old],
        changed=[rule for rule in now if rule in old and _unplaced(now[rule]) != _unplaced(old[rule])],
        gone=[rule for rule in old if rule not in now],
        kept=list(kept),
    )


def _unplaced(rule: Rule) -> Rule:
    """Without its place: a rule that moved down its file is the same."""
    return replace(rule, file="", line=0)


def _each_unplaced(rules: Mapping[str, Rule]) -> Mapping[str, Rule]:
    return {name: _unplaced(rule) for name, rule in rules.items()}


def _errors(problems: Iterable[Problem]) -> Iterable[Problem]:
    return (problem for problem in problems if problem.severity == "error")
