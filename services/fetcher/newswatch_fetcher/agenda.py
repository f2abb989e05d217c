"""When each feed's turn comes, as far as this fetcher knows. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from heapq import heapify, heappop, heappush
from urllib.parse import urlsplit

from newswatch_fetcher.schedule import spread

_LONGEST_NAME = 300


def host_of(url: str) -> str:
    """What a fetcher holds while it polls `url`: only one of them asks a host at a time."""
    return urlsplit(url).netloc.rpartition("@")[2].lower()[:_LONGEST_NAME]


class Agenda:
    """Feeds by the time at which they are due; a feed that was taken is off it until it is put back."""

    def __init__(self, dues: Mapping[str, datetime], high: Iterable[str], now: datetime) -> None:
        """`high`: the feeds that go first. Of those that are due already, all but a few wait for a moment."""
        self._high = frozenset(high)
        late = sorted((feed for feed, due in dues.items() if due <= now), key=lambda feed: feed not in self._high)
        starts = {feed: now + spread(position) for position, feed in enumerate(late)}
        self._turns = [(starts.get(feed, due), feed) for feed, due in dues.items()]
        heapify(self._turns)

    def put(self, feed: str, due: datetime) -> None:
        heappush(self._turns, (due, feed))

    def shift(self, by: timedelta) -> None:
        """Moves all turns: the clock by which they were planned was set."""
        self._turns = [(due + by, feed) for due, feed in self._turns]

    def take(self, now: datetime, most: int) -> Sequence[str]:
        """At most so many of the feeds that are due, those of high priority first."""
        due = []
        while self._turns and self._turns[0][0] <= now:
            due.append(heappop(self._turns))
        due.sort(key=lambda turn: turn[1] not in self._high)
        for turn in due[most:]:
            heappush(self._turns, turn)
        return [feed for _, feed in due[:most]]

    def wait(self, now: datetime, longest: timedelta) -> timedelta:
        """How long nothing is due."""
        if not self._turns:
            return longest
        return min(max(self._turns[0][0] - now, timedelta(0)), longest)
