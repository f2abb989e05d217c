"""Going through the stored articles with other rules than those in force: for `search` and `rules backtest`.

    the time asked for, in slices --> processes: read, sieve, tag, judge --> hits, by time

One evaluator serves this and the live stages. An article is tagged anew from its stored text, with the desk's entities
as they are now.
"""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from pathlib import Path

from sqlalchemy import func, select

from newswatch_alerter.hits import Hit, hits_of
from newswatch_core.commands.opened import opened
from newswatch_core.events import Article
from newswatch_core.ports import Tx
from newswatch_core.storage.articles import article_of
from newswatch_core.storage.database import Database
from newswatch_core.storage.postgres import take_time
from newswatch_core.storage.schema import articles
from newswatch_judging.desk import judging_of
from newswatch_judging.rules import Rule
from newswatch_judging.tree import Node

ALONE_BELOW = 4_000
"""So few articles are judged by this process alone: starting others takes longer."""
_MOST_PROCESSES = 8
_SLICES_EACH = 8
_ROWS_AT_ONCE = 500


@dataclass(frozen=True)
class Archive:
    """Where the articles are kept: a data folder, or PostgreSQL if there is a URL."""

    data: Path
    postgres: str = ""

    def opened(self) -> AbstractContextManager[Database]:
        """The database, to read from it. Raises DatabaseProblemError, for its trouble too."""
        return opened(self.data, self.postgres)


@dataclass(frozen=True)
class Gone:
    """What going through the archive brought: how many articles there were, and the hits in the order of time."""

    articles: int
    hits: Sequence[Hit]


@dataclass(frozen=True)
class Search:
    """Which articles are asked for: of `since` up to `until`, by the time that windows use; by which rules.

    `queries`: the trees of the rules.
    """

    desk: Path
    rules: Sequence[Rule]
    queries: Mapping[str, Node]
    since: datetime
    until: datetime


def go_through(archive: Archive, search: Search, processes: int = 0) -> Gone:
    """All hits of the rules in the archive. Of an article's revisions the first that a rule fires on counts for it.

    `processes`: how many share the work; as many as there are processors if 0. Raises ConfigError and
    DatabaseProblemError.
    """
    with archive.opened() as database, database.read() as tx:
        where = (articles.c.at >= search.since, articles.c.at < search.until)
        number = int(tx.execute(select(func.count()).select_from(articles).where(*where)).scalar_one())
    processes = processes or min(len(os.sched_getaffinity(0)), _MOST_PROCESSES)
    if number < ALONE_BELOW or processes == 1:
        found = [_Reader(archive, search).judge((search.since, search.until))]
    else:
        slices = sliced(search.since, search.until, processes * _SLICES_EACH)
        start = partial(_start, archive, search)
        with ProcessPoolExecutor(processes, get_context("spawn"), start) as pool:
            found = list(pool.map(_judge, slices))
    return Gone(number, _first_of_each(hit for part in found for hit in part))


def sliced(since: datetime, until: datetime, number: int) -> Sequence[tuple[datetime, datetime]]:
    """The time from `since` to `until` in so many equal parts."""
    step = (until - since) / number
    return list(pairwise([since + step * place for place in range(number)] + [until]))


def _first_of_each(hits: Iterator[Hit]) -> Sequence[Hit]:
    kept: dict[tuple[str, str], Hit] = {}
    for hit in sorted(hits, key=lambda hit: (hit.article.at, hit.article.seen, hit.article.id, hit.rule)):
        kept.setdefault((hit.rule, hit.article.id), hit)
    return list(kept.values())


class _Reader:
    """Reads and judges parts of the archive, in one process."""

    def __init__(self, archive: Archive, search: Search) -> None:
        self._archive = archive
        self._judging = judging_of(search.desk, search.rules, search.queries)

    def judge(self, part: tuple[datetime, datetime]) -> Sequence[Hit]:
        """The hits in the articles of this time."""
        with self._archive.opened() as database, database.read() as tx:
            take_time(tx)
            return [hit for article in stored(tx, *part) for hit in hits_of(self._judging, article)]


def stored(tx: Tx, since: datetime, until: datetime) -> Iterator[Article]:
    """The articles of this time, all revisions."""
    query = select(articles.c.title, articles.c.text, articles.c.details)
    query = query.where(articles.c.at >= since, articles.c.at < until)
    for row in tx.execution_options(yield_per=_ROWS_AT_ONCE).execute(query):
        yield article_of(row.title, row.text, row.details)


_judge_here: Callable[[tuple[datetime, datetime]], Sequence[Hit]] | None = None


def _start(archive: Archive, search: Search) -> None:
    """What a process of the pool begins with."""
    global _judge_here  # noqa: PLW0603 - a pool has no other way to give its processes something to keep
    _judge_here = _Reader(archive, search).judge


def _judge(part: tuple[datetime, datetime]) -> Sequence[Hit]:
    assert _judge_here is not None, "the process was not started"  # noqa: S101 - guards the type
    return _judge_here(part)
