"""Polling the newsstand step by step, with a clock that the test turns."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from newswatch_core.events import Event, FetchedArticle
from newswatch_core.settings import load_settings
from newswatch_core.storage.database import Database, open_folder
from newswatch_fetcher.config import load_feeds
from newswatch_fetcher.egress import Egress
from newswatch_fetcher.notices import Notices
from newswatch_fetcher.pages import Pages
from newswatch_fetcher.poll import Poller, Tools
from newswatch_fetcher.store import FeedState, load_states
from newswatch_fetcher.workers import Workers
from tests.support.newsstand import Newsstand, StandArticle


def report(number: int = 1, paragraphs: int = 4) -> StandArticle:
    """An article long enough to be believed."""
    text = "\n\n".join(
        f"Paragraph {part} of report {number} says that the ministers of the three states met in the capital on Monday."
        for part in range(paragraphs)
    )
    return StandArticle(title=f"Report number {number} on the ministers", text=text)


class EmitFailedError(Exception):
    """What a test's `emit` raises on order."""


class Rig:
    """A fetcher without its schedule: every poll is asked for. State is read anew each time, as after a restart."""

    def __init__(self, stand: Newsstand, folder: Path, workers: Workers) -> None:
        self.stand = stand
        self.folder = folder
        self.now = datetime.now(UTC)
        self.events: list[FetchedArticle] = []
        self.emits_left: int | None = None
        self.notices = Notices()
        self._workers = workers
        self.database: Database

    async def __aenter__(self) -> Self:
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        self.database = open_folder(data)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.database.close()

    def forward(self, **time: float) -> None:
        self.now += timedelta(**time)

    async def poll(self, feed_id: str = "news") -> FeedState:
        """Polls a feed now, whenever it is due; what was emitted is added to `events`."""
        self.stand.write_desk(self.folder)
        feeds = load_feeds(self.folder)
        settings = load_settings(self.folder)
        egress = Egress(settings)
        tools = Tools(
            egress=egress,
            workers=self._workers,
            pages=Pages(egress, self._workers, lambda: self.now),
            database=self.database,
            clock=lambda: self.now,
            notices=self.notices,
            outlets={},
            chance=lambda: 0.0,
        )
        with self.database.write() as tx:
            state = load_states(tx, feeds, self.now)[feed_id]
        feed = next(feed for feed in feeds if feed.id == feed_id)
        try:
            return await Poller(tools, self._emit).poll(feed, state)
        finally:
            await egress.close()

    def state(self, feed_id: str = "news") -> FeedState:
        with self.database.write() as tx:
            return load_states(tx, load_feeds(self.folder), self.now)[feed_id]

    def titles(self) -> list[str]:
        """Titles emitted since the last call."""
        titles = [event.article.title for event in self.events]
        self.events.clear()
        return titles

    async def _emit(self, events: Sequence[Event]) -> None:
        if self.emits_left == 0:
            raise EmitFailedError
        if self.emits_left is not None:
            self.emits_left -= 1
        self.events += [event for event in events if isinstance(event, FetchedArticle)]
