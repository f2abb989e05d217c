"""What the desk asks of the alerter: rules with their receivers, made anew when its files change.

rules, entities, keywords -> Judging, as far as they are good --routes--> Orders
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import get_args

from newswatch_alerter.config import FILE, Receivers, closest
from newswatch_alerter.lifecycle import Watched
from newswatch_core import metrics
from newswatch_core.config import ConfigError, Problem
from newswatch_core.events import Closeness, Severity
from newswatch_core.live import Live, Remade, Same
from newswatch_core.ports import Context
from newswatch_core.settings import Settings
from newswatch_judging import entities, keywords, rules
from newswatch_judging.desk import Judging
from newswatch_judging.renewal import Renewed, renew
from newswatch_judging.rules import Rule, RulesRead, read_rules

NAME = "alerter"
FILES = (entities.FOLDER, keywords.FILE, rules.FOLDER, "articles", FILE)
"""What is watched. Fixtures elsewhere are read whenever something here has changed."""
_NAMED = 10


class Orders:
    """What the desk's configuration asks for, made ready once: a stage is loaded anew whenever one is thrown away."""

    def __init__(self, settings: Settings, judging: Judging, receivers: Receivers) -> None:
        self.settings = settings
        self.judging = judging
        self.receivers = receivers
        self.names = term_names(judging)
        self.watched = {rule.id: watch(rule, receivers.expand(rule.notify)) for rule in judging.rules.values()}
        self.samples = {rule.id: watch(rule, (receivers.for_samples,)) for rule in judging.rules.values()}


def live_orders(context: Context) -> Live[Orders]:
    """The orders of the desk, and how they are made anew. Raises ConfigError."""
    desk, settings = context.desk, context.settings

    def make() -> Orders:
        judging, receivers = Judging.load(desk), Receivers.load(desk)
        unknown = unknown_receivers(read_rules(desk), receivers)
        if problems := [problem for each in unknown.values() for problem in each]:
            raise ConfigError(problems)
        judging.prepare()
        return Orders(settings, judging, receivers)

    def remake(before: Orders, same: Same) -> Remade[Orders]:
        return remade(desk, settings, before, same)

    return Live(NAME, desk, FILES, make=make, remake=remake, in_force=_count)


def remade(desk: Path, settings: Settings, before: Orders, same: Same) -> Remade[Orders]:
    """The orders of the desk as it is now, as far as it is good; of `before` what is not."""
    receivers, problems, notes = _receivers(desk, before.receivers)
    renewed = renew(desk, before.judging, same, lambda read: unknown_receivers(read, receivers))
    if missing := _kept_without_receiver(renewed, receivers):
        message = f"the routes stay as they were: the last good version of rule {missing.id!r} needs them"
        problems = [*problems, Problem(missing.file, missing.line, message, "mend the rule first")]
        receivers = before.receivers
        renewed = renew(desk, before.judging, same, lambda read: unknown_receivers(read, receivers))
    told = {"rules": len(renewed.judging.rules), **_told(renewed)}
    orders = Orders(settings, renewed.judging, receivers)
    return Remade(orders, sorted({*problems, *renewed.problems}), told, notes)


def _receivers(desk: Path, before: Receivers) -> tuple[Receivers, Sequence[Problem], Sequence[Problem]]:
    """Routes are taken at once; the receivers themselves are those of the start. Then problems, and notes."""
    try:
        read = Receivers.load(desk)
    except ConfigError as error:
        return before, error.problems, ()
    if read.configs == before.configs:
        return read, (), ()
    message = "the receivers have changed: they, and the routes with them, are taken at the next start"
    return before, (), [Problem(FILE, 0, message, "restart newswatch, or its alerters", "warning")]


def _kept_without_receiver(renewed: Renewed, receivers: Receivers) -> Rule | None:
    kept = (renewed.judging.rules[rule] for rule in renewed.kept)
    return next((rule for rule in kept if not set(rule.notify) <= set(receivers.names)), None)


def _told(renewed: Renewed) -> Mapping[str, object]:
    """For the log: which rules are others than before."""
    kinds = {"new": renewed.new, "changed": renewed.changed, "gone": renewed.gone, "stay": renewed.kept}
    return {kind: rules if len(rules) <= _NAMED else len(rules) for kind, rules in kinds.items() if rules}


def _count(orders: Orders) -> None:
    metrics.RULES.set(len(orders.judging.rules))
    metrics.ENTITIES_HASH.labels(NAME).set(orders.judging.entities_number)


def watch(rule: Rule, receivers: tuple[str, ...]) -> Watched:
    """`rule`, for alerts that go to `receivers`."""
    severities: Mapping[Closeness, Severity] = {one: rule.severity_at(one) for one in get_args(Closeness)}
    return Watched(rule.id, rule.severity, receivers, severities, rule.count)


def term_names(judging: Judging) -> Mapping[str, str]:
    """What the `@entity` and `#keyword-set` of queries are called, and members and people as part of `@group+`."""
    known = judging.entities
    names = {f"@{entity.id}": entity.name for entity in known.values()}
    for group in known.values():
        for part in (*group.members, *group.people):
            role = "a member of" if part in group.members else "of"
            names[f"@{group.id}+@{part}"] = f"{known[part].name}, {role} {group.name}"
    return names | {f"#{keywords.id}": keywords.name for keywords in judging.keywords.values()}


def unknown_receivers(read: RulesRead, receivers: Receivers) -> Mapping[str, Sequence[Problem]]:
    """By rule: a problem for each name in its `notify` that nobody has."""
    return {rule.id: problems for rule in read.rules.values() if (problems := _unknown(rule, read, receivers))}


def _unknown(rule: Rule, read: RulesRead, receivers: Receivers) -> Sequence[Problem]:
    return [
        read.problem(
            rule.id,
            f"rule {rule.id!r} notifies {name!r}, which is neither a receiver nor a route",
            "notify",
            place,
            hint=closest(name, receivers.names),
        )
        for place, name in enumerate(rule.notify)
        if name not in receivers.names
    ]


def notify_problems(read: RulesRead, receivers: Receivers) -> Sequence[Problem]:
    """Rules that tell nobody, or somebody unknown."""
    problems = [problem for each in unknown_receivers(read, receivers).values() for problem in each]
    for rule in read.rules.values():
        if not rule.notify:
            hint = "name receivers or routes of receivers.yaml: " + ", ".join(receivers.names)
            message = f"rule {rule.id!r} tells nobody: it has no notify"
            problems.append(read.problem(rule.id, message, hint=hint, warning=True))
    return problems
