from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from newswatch_fetcher.workers import Workers
from tests.support.fetching import Rig
from tests.support.newsstand import Newsstand


@pytest_asyncio.fixture(loop_scope="package", scope="package")
async def workers() -> AsyncIterator[Workers]:
    async with Workers() as started:
        yield started


@pytest.fixture
def stand() -> Iterator[Newsstand]:
    with Newsstand() as open_stand:
        open_stand.add_feed("news", host="news.example", outlet="The News", language="en")
        yield open_stand


@pytest_asyncio.fixture(loop_scope="package")
async def rig(stand: Newsstand, tmp_path: Path, workers: Workers) -> AsyncIterator[Rig]:
    async with Rig(stand, tmp_path, workers) as made:
        yield made
