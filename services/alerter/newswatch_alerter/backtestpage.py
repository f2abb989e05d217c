"""A backtest as lines for readers, and as JSON."""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, TextIO

from newswatch_alerter.backtest import Backtest, Outcome
from newswatch_alerter.hits import Hit
from newswatch_alerter.messages import CLOSENESS_TOLD
from newswatch_alerter.trial import Tried
from newswatch_core.accounts import counted, told_time
from newswatch_judging.reasons import marked

_BAR = 40


def lines(file: str, tried: Tried, samples: int) -> Iterator[str]:
    """For readers: each rule of the file."""
    yield f"{file}: {counted(tried.articles, 'stored article')}, {told_time(tried.since)} to {told_time(tried.until)}"
    for tested in tried.rules:
        yield ""
        yield from _of_rule(tested, samples)


def write_json(tried: Tried, samples: int, out: TextIO) -> None:
    """For programs; of each list of articles the first `samples`, with the whole number beside it."""
    page = {
        "since": tried.since.isoformat(),
        "until": tried.until.isoformat(),
        "articles": tried.articles,
        "rules": [_as_json(tested, samples) for tested in tried.rules],
    }
    json.dump(page, out, ensure_ascii=False, indent=2)
    out.write("\n")


def _of_rule(tested: Backtest, samples: int) -> Iterator[str]:
    """One rule: how often, on which days, in which stories, and what differs from the rule now in force."""
    yield f"{tested.rule.id}: {tested.rule.title}"
    yield f"  would have fired on {_numbers(tested.outcome)}"
    if tested.rule.count:
        yield "  its count is not applied here: each article on which the query is true is told"
    if tested.before is None:
        yield "  the desk has no rule of this id"
    elif tested.same:
        yield "  the same query as the desk's rule of this id"
    else:
        yield f"  the desk's rule of this id: {_numbers(tested.before)}"
    if tested.outcome.hits:
        yield "  by day (UTC)"
        yield from _bars(tested.outcome.days)
        yield "  by story, the largest first"
        for told in tested.outcome.stories[:samples]:
            yield f"    {counted(len(told.hits), 'article')}, {counted(told.alerts, 'alert')}, story {told.story}"
            yield from _article(told.hits[0], "      ")
        if len(tested.outcome.stories) > samples:
            yield f"    and {len(tested.outcome.stories) - samples} more"
    if tested.before is not None and not tested.same:
        yield from _differing("fires newly", tested.newly, samples)
        yield from _differing("no longer fires", tested.no_longer, samples)


def _numbers(outcome: Outcome) -> str:
    stories, alerts = counted(len(outcome.stories), "story", "stories"), counted(outcome.alerts, "alert")
    text = f"{counted(len(outcome.hits), 'article')} in {stories}: {alerts}"
    return text + (f" ({outcome.backlog} more were older than the watch: never alerted)" if outcome.backlog else "")


def _bars(days: Mapping[date, int]) -> Iterator[str]:
    most = max(days.values())
    for day, number in days.items():
        yield f"    {day}  {'#' * max(1, round(number * _BAR / most)):<{_BAR}}  {number}"


def _differing(what: str, hits: Sequence[Hit], samples: int) -> Iterator[str]:
    yield f"  {what}: {counted(len(hits), 'article')}"
    for hit in hits[:samples]:
        yield from _article(hit, "    ")
    if len(hits) > samples > 0:
        yield f"    and {len(hits) - samples} more"


def _article(hit: Hit, indent: str) -> Iterator[str]:
    yield f"{indent}{told_time(hit.article.at)}  {hit.article.title or '(no title)'}  ({hit.article.outlet})"
    yield f"{indent}  {hit.article.url}"
    yield f"{indent}  {CLOSENESS_TOLD[hit.closeness]}"
    yield from (f"{indent}  > {marked(reason)}" for reason in hit.reasons)


def _as_json(tested: Backtest, samples: int) -> dict[str, Any]:
    return {
        "rule": tested.rule.id,
        "title": tested.rule.title,
        **_outcome(tested.outcome, samples),
        "in_force": None if tested.before is None else _outcome(tested.before, 0),
        "same": tested.same,
        "fires_newly": _articles(tested.newly, samples),
        "no_longer_fires": _articles(tested.no_longer, samples),
    }


def _outcome(outcome: Outcome, samples: int) -> dict[str, Any]:
    return {
        "articles": len(outcome.hits),
        "alerts": outcome.alerts,
        "backlog": outcome.backlog,
        "days": {day.isoformat(): number for day, number in outcome.days.items()},
        "stories": len(outcome.stories),
        "largest": [
            {"story": told.story, "articles": len(told.hits), "alerts": told.alerts, "first": _shown(told.hits[0])}
            for told in outcome.stories[:samples]
        ],
    }


def _articles(hits: Sequence[Hit], samples: int) -> dict[str, Any]:
    return {"number": len(hits), "articles": [_shown(hit) for hit in hits[:samples]]}


def _shown(hit: Hit) -> dict[str, Any]:
    article = hit.article
    return {
        "article": article.id,
        "at": article.at.isoformat(),
        "outlet": article.outlet,
        "title": article.title,
        "url": article.url,
        "closeness": hit.closeness,
        "sentences": [marked(reason) for reason in hit.reasons],
    }
