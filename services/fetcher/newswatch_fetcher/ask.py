"""Asking a feed's server for what is new, and making sense of the answer."""

from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from newswatch_fetcher import schedule
from newswatch_fetcher.egress import Egress, Response
from newswatch_fetcher.feeds import ParsedFeed
from newswatch_fetcher.network import EgressError
from newswatch_fetcher.store import FeedState
from newswatch_fetcher.workers import WorkerError, Workers

_ACCEPT = "application/atom+xml, application/rss+xml, application/rdf+xml;q=0.9, application/xml;q=0.8, */*;q=0.5"


class PollError(Exception):
    """The poll brought no whole feed. `refused`: by an HTTP status. `wait` is what the server asks for."""

    def __init__(
        self,
        problem: str,
        *,
        unreachable: bool = False,
        refused: bool = False,
        wait: timedelta | None = None,
        gone: bool = False,
    ) -> None:
        super().__init__(problem)
        self.unreachable = unreachable
        self.refused = refused
        self.wait = wait
        self.gone = gone


@dataclass(frozen=True)
class Answer:
    """A feed's answer; `parsed` is None where nothing has changed."""

    response: Response
    whole: bool
    parsed: ParsedFeed | None


async def ask(egress: Egress, workers: Workers, state: FeedState, now: datetime, *, seconds: float) -> Answer:
    """Asks for the feed, with validators unless it is time to read it whole. Raises PollError."""
    whole = schedule.wants_whole(state.polled_whole, now)
    headers = {"Accept": _ACCEPT}
    if not whole:
        validators = {"If-None-Match": state.etag, "If-Modified-Since": state.last_modified}
        headers |= {name: value for name, value in validators.items() if value}
    try:
        response = await egress.get(state.url, headers, seconds=seconds, what="feed")
        if problem := _refusal(response, conditional=len(headers) > 1, now=now):
            raise problem
        if response.status == 304:
            return Answer(response, whole, None)
        content_type = response.headers.get("content-type", "")
        parsed = await workers.parse_feed(response.body, content_type, response.url)
    except PollError:
        raise
    except EgressError as error:
        raise PollError(str(error), unreachable=error.reason == "unreachable") from None
    except WorkerError as error:
        raise PollError(f"the feed cannot be read: {error}") from None
    except Exception as error:
        # Whatever a feed can provoke stays with this feed.
        structlog.get_logger().exception("poll problem", feed=state.id)
        raise PollError(f"unexpected: {type(error).__name__}") from error
    if parsed.problem and not parsed.entries:
        raise PollError(parsed.problem)
    return Answer(response, whole, parsed)


def wanted_wait(response: Response, now: datetime) -> timedelta | None:
    value = response.headers.get("retry-after")
    return schedule.retry_after(value, now) if value else None


def _refusal(response: Response, *, conditional: bool, now: datetime) -> PollError | None:
    """The problem with an answer that is neither 200 nor a 304 that was asked for."""
    if response.status == 200 or (response.status == 304 and conditional):
        return None
    if response.status == 304:
        return PollError("answers 304 though nothing was said to be known", refused=True)
    if response.status == 410:
        return PollError("is gone for good, says its server (410)", refused=True, gone=True)
    wait = wanted_wait(response, now)
    if response.status == 429 and wait is None:
        wait = schedule.CEILING
    return PollError(f"answers {response.status}", refused=True, wait=wait)
