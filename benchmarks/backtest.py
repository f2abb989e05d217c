"""How long a backtest takes: 30 days of 5,000 articles a day, against tagging and judging each one in the same run.

    python -m benchmarks.backtest [--articles N] [--archive FOLDER] [--naive N] [--processes N]

It makes an archive of about 3 kB an article with the desk in seeds/ (kept and used again where a folder is named). One
article in five names what the desk tracks. The naive way is measured on `--naive` articles of that archive, in one
process, and taken to all of them; its hits must be those of the fast way on the same articles.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select

from benchmarks.news import Newsroom
from newswatch_alerter.archive import Archive, Search, go_through, stored
from newswatch_core.storage.articles import put_articles
from newswatch_core.storage.database import open_folder
from newswatch_core.storage.schema import articles
from newswatch_judging.desk import judging_of, usable_rules
from newswatch_judging.query import parse
from newswatch_judging.rules import Rule, read_rules
from tests.support.command import SEEDS

UNTIL = datetime(2026, 5, 1, tzinfo=UTC)
DAYS = timedelta(days=30)
TARGET = 60.0
PORTION = 2_000


def one(query: str) -> Sequence[Rule]:
    return (Rule(id="it", title="It", severity="low", query=query),)


RULES = {
    "three terms": one("@css+ AND @russia AND #embassy"),
    "one entity": one("@russia"),
    "a word": one('"joint military force"'),
    "the whole desk": tuple(read_rules(SEEDS).rules.values()),
}
DESK_QUERIES = usable_rules(SEEDS, read_rules(SEEDS))[1]


def asked(rules: Sequence[Rule], since: datetime) -> Search:
    queries = {rule.id: DESK_QUERIES.get(rule.id) or parse(rule.query) for rule in rules}
    return Search(SEEDS, rules, queries, since, UNTIL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--articles", type=int, default=150_000)
    parser.add_argument("--naive", type=int, default=5_000, help="articles that are judged the naive way")
    parser.add_argument("--processes", type=int, default=0, help="as many as there are processors if 0")
    parser.add_argument("--archive", type=Path)
    given = parser.parse_args()
    with folder(given.archive) as data:
        number = fill(data, given.articles)
        print(f"{number:,} articles over {DAYS.days} days", flush=True)
        print(f"{'rules':<16}{'hits':>8}{'wall s':>9}{'CPU s':>8}{'naive s':>10}{'CPU x':>9}{'time x':>10}", flush=True)
        slowest = max(measure(name, rules, data, number, given) for name, rules in RULES.items())
    print(f"slowest: {slowest:.1f} s; target: {TARGET:.0f} s for 150,000 articles")


@contextmanager
def folder(named: Path | None) -> Iterator[Path]:
    if named is not None:
        named.mkdir(parents=True, exist_ok=True)
        yield named
        return
    with tempfile.TemporaryDirectory() as made:
        yield Path(made)


def fill(data: Path, number: int) -> int:
    """Makes the archive unless it is there; returns how many articles it holds."""
    with closing(open_folder(data)) as database:
        with database.read() as tx:
            there = int(tx.execute(select(func.count()).select_from(articles)).scalar_one())
        if there:
            return there
        newsroom = Newsroom(1, UNTIL - DAYS, DAYS / (number + 1))
        for start in range(0, number, PORTION):
            with database.write() as tx:
                put_articles(tx, [told.article for told in newsroom.take(min(PORTION, number - start))])
    return number


def measure(name: str, rules: Sequence[Rule], data: Path, number: int, given: argparse.Namespace) -> float:
    """Prints a line; returns the seconds that the backtest took."""
    archive, whole = Archive(data), asked(rules, UNTIL - DAYS)
    before, start = cpu(), time.perf_counter()
    gone = go_through(archive, whole, given.processes)
    wall, spent = time.perf_counter() - start, cpu() - before
    few = DAYS * min(1, given.naive / number)
    begun = time.process_time()
    found, judged = naive(archive, asked(rules, UNTIL - few))
    each = (time.process_time() - begun) / judged
    assert found == {(hit.rule, hit.article.id) for hit in gone.hits if hit.article.at >= UNTIL - few}
    print(
        f"{name:<16}{len(gone.hits):8,}{wall:9.1f}{spent:8.1f}{each * number:10.1f}{each * number / wall:8.1f}",
        flush=True,
    )
    return wall


def naive(archive: Archive, search: Search) -> tuple[set[tuple[str, str]], int]:
    """The hits of tagging and judging every article, and how many there were."""
    judging, found, judged = judging_of(search.desk, search.rules, search.queries), set(), 0
    with archive.opened() as database, database.read() as tx:
        for article in stored(tx, search.since, search.until):
            judged += 1
            found.update((match.rule, article.id) for match in judging.judge(article, judging.tag(article)))
    return found, judged


def cpu() -> float:
    """CPU seconds of this process and of those that it waited for."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


if __name__ == "__main__":
    main()
