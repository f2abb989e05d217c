"""When a feed is polled next. Pure: time and chance are passed in.

The interval follows the feed between two bounds: shorter while most entries of a poll are new, longer while none is.
A feed that fails is polled ever more rarely, but always again; no more rarely than a quiet one unless its server
refuses, so that an outage of the network has no aftermath.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

FLOOR = timedelta(minutes=2)
CEILING = timedelta(minutes=15)
CEILING_HIGH = timedelta(minutes=5)
MAX_BACK_OFF = timedelta(hours=6)
MAX_RETRY_AFTER = timedelta(hours=24)
WHOLE_EVERY = timedelta(hours=24)
"""How often a feed is read without validators, against servers whose ETag lies."""

_FIRST_BACK_OFF = timedelta(minutes=1)
_JITTER = 0.1
_AT_ONCE = 12
_STARTS_A_SECOND = 10
_MANY_NEW = 0.3


@dataclass(frozen=True)
class Next:
    """The interval to remember, when to poll next, and whether entries may have come and gone unseen."""

    interval: timedelta
    due: datetime
    gap: bool = False


def ceiling(*, high: bool) -> timedelta:
    return CEILING_HIGH if high else CEILING


def first_interval(*, high: bool) -> timedelta:
    """The interval of a feed that nobody knows yet."""
    return ceiling(high=high) / 2


def after_success(
    interval: timedelta,
    *,
    entries: int,
    new: int,
    first: bool,
    high: bool,
    now: datetime,
    chance: float,
    wait: timedelta | None = None,
) -> Next:
    """After a poll that listed `entries`, `new` of them unknown (0, 0 for a 304).

    `first`: nothing was known before. `wait`: what the server's Retry-After asks for, obeyed up to the ceiling.
    `chance`: 0 <= chance < 1.
    """
    gap = not first and entries > 0 and new == entries
    if gap:
        interval /= 2
    elif not first and new > _MANY_NEW * entries:
        interval *= 0.7
    elif new == 0:
        interval *= 1.3
    interval = min(max(interval, FLOOR), ceiling(high=high))
    # Jitter only shortens: the ceiling is a promise.
    pause = max(interval * (1 - _JITTER * chance), min(wait or timedelta(0), ceiling(high=high)))
    return Next(interval, now + pause, gap)


def after_failure(
    interval: timedelta,
    *,
    failures: int,
    refused: bool,
    high: bool,
    now: datetime,
    chance: float,
    wait: timedelta | None = None,
    gone: bool = False,
) -> Next:
    """After the `failures`-th failed poll in a row. `refused`: with an HTTP status. `gone`: the server said 410."""
    longest = MAX_BACK_OFF if refused else ceiling(high=high)
    pause = min(_FIRST_BACK_OFF * 2 ** min(max(failures - 1, 0), 12), longest)
    if gone:
        pause = MAX_BACK_OFF
    pause *= 1 - _JITTER * chance
    return Next(interval, now + max(pause, wait or timedelta(0)))


def retry_after(value: str, now: datetime) -> timedelta | None:
    """The wait that a Retry-After header asks for (seconds or a date), at most MAX_RETRY_AFTER; None if unreadable."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return min(timedelta(seconds=min(int(value[:9]), 10**8)), MAX_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    wait = (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) - now
    return min(max(wait, timedelta(0)), MAX_RETRY_AFTER)


def wants_whole(polled_whole: datetime | None, now: datetime) -> bool:
    """Whether it is time to read the feed without validators."""
    return polled_whole is None or now - polled_whole >= WHOLE_EVERY


def spread(position: int) -> timedelta:
    """How long the feed at `position` of those due at start-up waits: the first few not at all."""
    return timedelta(seconds=max(0, position - _AT_ONCE + 1) / _STARTS_A_SECOND)


def is_backlog(published: datetime | None, *, first: bool, added: datetime) -> bool:
    """Whether an entry is older than the watch: only those of a feed's first poll are."""
    return first and (published is None or published < added - timedelta(hours=24))
