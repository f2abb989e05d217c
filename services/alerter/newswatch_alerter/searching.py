"""`newswatch search`: the stored articles of which a query is true, as lines, CSV and JSON."""

import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TextIO

from newswatch_alerter.archive import Archive, Search, go_through
from newswatch_alerter.hits import Hit
from newswatch_core.accounts import counted, told_time
from newswatch_judging.desk import read_search
from newswatch_judging.reasons import marked

_COLUMNS = ("at", "article", "outlet", "kind", "country", "language", "title", "url", "closeness", "sentences")
_FORMULAS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Found:
    """The hits, newest first, of so many `articles` since a time."""

    since: datetime
    articles: int
    hits: Sequence[Hit]


def search(query: str, desk: Path, archive: Archive, since: datetime, until: datetime) -> Found:
    """Raises QueryError, ConfigError and DatabaseProblemError."""
    rule, tree = read_search(desk, query)
    gone = go_through(archive, Search(desk, (rule,), {rule.id: tree}, since, until))
    return Found(since, gone.articles, gone.hits[::-1])


def lines(found: Found, limit: int) -> Iterator[str]:
    """For readers: each article with the sentences that show it, and how many there are."""
    for hit in found.hits[:limit]:
        yield f"{told_time(hit.article.at)}  {hit.article.title or '(no title)'}  ({hit.article.outlet})"
        yield f"    {hit.article.url}"
        yield from (f"    > {marked(reason)}" for reason in hit.reasons)
    yield f"{counted(len(found.hits), 'article')} of {found.articles} since {told_time(found.since)}"


def write_csv(found: Found, limit: int, out: TextIO) -> None:
    """For spreadsheets. Text from outside must not be a formula there."""
    writer = csv.DictWriter(out, fieldnames=_COLUMNS)
    writer.writeheader()
    for hit in found.hits[:limit]:
        row = _row(hit)
        writer.writerow({name: f"'{text}" if text.startswith(_FORMULAS) else text for name, text in row.items()})


def write_json(found: Found, limit: int, out: TextIO) -> None:
    """For programs: a list of objects."""
    json.dump([_row(hit) for hit in found.hits[:limit]], out, ensure_ascii=False, indent=2)
    out.write("\n")


def _row(hit: Hit) -> dict[str, str]:
    article = hit.article
    told = {name: getattr(article, name) for name in ("outlet", "kind", "country", "language", "title", "url")}
    why = {"closeness": hit.closeness, "sentences": " / ".join(map(marked, hit.reasons))}
    return {"at": article.at.isoformat(), "article": article.id, **told, **why}
