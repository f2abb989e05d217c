"""`newswatch rules backtest`: rules of a file tried on the archive, beside those of the desk."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from newswatch_alerter.archive import Archive, Search, go_through
from newswatch_alerter.backtest import IN_FORCE, Backtest, compare
from newswatch_alerter.past import backlog_of, stories_of
from newswatch_core.config import ConfigError
from newswatch_judging.desk import usable_rules
from newswatch_judging.rules import read_rules, read_rules_file


@dataclass(frozen=True)
class Tried:
    """What became of each rule on so many `articles` of a time."""

    since: datetime
    until: datetime
    articles: int
    rules: Sequence[Backtest]


def try_rules(file: Path, desk: Path, archive: Archive, since: datetime, until: datetime) -> Tried:
    """Raises ConfigError for the file, the entities and the keywords, and DatabaseProblemError."""
    wanted, queries, problems = usable_rules(desk, read_rules_file(file, desk))
    if problems:
        raise ConfigError(problems)
    # A rule of the desk that is broken is not in force.
    current, trees, _ = usable_rules(desk, read_rules(desk))
    rules = tuple(wanted.values())
    others = [current[rule.id] for rule in rules if rule.id in current and current[rule.id].source != rule.source]
    beside = tuple(replace(other, id=IN_FORCE + other.id) for other in others)
    all_queries = {**queries, **{IN_FORCE + other.id: trees[other.id] for other in others}}
    gone = go_through(archive, Search(desk, (*rules, *beside), all_queries, since, until))
    ids = [hit.article.id for hit in gone.hits]
    with archive.opened() as database, database.read() as tx:
        found = compare(rules, current, gone.hits, stories_of(tx, ids), backlog_of(tx, ids))
    return Tried(since, until, gone.articles, found)
