"""`newswatch pipe`: stages as a filter, JSON lines in, JSON lines out; no network, no deliveries.

State is in memory and empty at the start; `published` is the clock; the order of the lines is kept.
"""

import json
import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from newswatch_core import logs
from newswatch_core.articlelines import BadLineError, article_of, parse_line
from newswatch_core.events import Article, Event, FetchedArticle
from newswatch_core.ports import Context, Filter, Line, Tx
from newswatch_core.services import installed_services
from newswatch_core.settings import Settings, load_settings
from newswatch_core.storage.database import open_memory


def pipe(
    stages: Annotated[
        list[str], typer.Argument(help="deduplicator, tagger, alerter: any of them, in order.", metavar="STAGE...")
    ],
    *,
    config: Annotated[Path | None, typer.Option(help="Folder with the desk's configuration.")] = None,
    sort: Annotated[bool, typer.Option("--sort", help="Sort the articles by `published` first.")] = False,
) -> None:
    """Run stages on JSON lines.

    An article a line on standard input; what the last stage says of it on standard output. No network, no deliveries.
    """
    logs.setup(level="warning")
    # A lone surrogate in the input comes out as the JSON escape it came in as.
    sys.stdout.reconfigure(encoding="utf-8", errors="backslashreplace")  # type: ignore[union-attr] # a TextIOWrapper here
    lines = _Lines(sys.stdin.buffer)
    settings = load_settings(config) if config is not None else Settings(version="1")
    database = open_memory()
    context = Context(desk=config or Path(), settings=settings, database=database)
    with database.write() as tx:
        filters = _build(stages, context, tx, configured=config is not None)
        for line in _run(filters, _sorted(lines) if sort else lines):
            sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
            sys.stdout.flush()
    if lines.bad:
        typer.echo(f"newswatch pipe: {lines.bad} unreadable line(s) left out", err=True)
        raise typer.Exit(1)


class _Lines:
    """The readable lines of a stream, each with its article; the others are reported on standard error."""

    def __init__(self, stream: Iterable[bytes]) -> None:
        self._stream = stream
        # Lines without a time before the first that has one: as old as can be, so that they blind no window.
        self._clock = datetime(1970, 1, 1, tzinfo=UTC)
        self.bad = 0

    def __iter__(self) -> Iterator[tuple[Article, Line]]:
        for number, text in enumerate(self._stream, 1):
            if not text.strip():
                continue
            try:
                line = parse_line(text)
                article = article_of(line, self._clock)
            except BadLineError as error:
                self.bad += 1
                typer.echo(f"newswatch pipe: line {number}: {error}", err=True)
            else:
                self._clock = article.seen
                yield article, line


def _sorted(lines: Iterable[tuple[Article, Line]]) -> Sequence[tuple[Article, Line]]:
    return sorted(lines, key=lambda pair: pair[0].seen)


def _run(filters: Sequence[Filter], lines: Iterable[tuple[Article, Line]]) -> Iterator[Line]:
    for article, line in lines:
        flow: list[tuple[Event, Line]] = [(FetchedArticle(article=article), line)]
        for stage in filters:
            flow = [following for event, before in flow for following in stage.process(event, before)]
        yield from (after for _event, after in flow)


def _build(names: Sequence[str], context: Context, tx: Tx, *, configured: bool) -> Sequence[Filter]:
    services = {service.name: service for service in installed_services() if service.filter is not None}
    unknown = [name for name in names if name not in services]
    if unknown:
        raise typer.BadParameter(f"no stage {unknown[0]!r}; there are: {', '.join(services)}")
    positions = [list(services).index(name) for name in names]
    if positions != sorted(set(positions)):
        raise typer.BadParameter(f"stages stand once each, in this order: {' '.join(services)}")
    if not configured and set(names) - {"deduplicator"}:
        raise typer.BadParameter("the tagger and the alerter need --config DESK, the desk's folder")
    return [build(context, tx) for name in names if (build := services[name].filter) is not None]
