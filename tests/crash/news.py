"""Putting the planned articles where newswatch finds them: on the newsstand, and straight on articles.fetched."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import Future
from datetime import datetime
from zlib import crc32

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaTimeoutError, NodeNotReadyError

from newswatch_core.events import Article, FetchedArticle, encode, hash_id, key_of, revision_of
from newswatch_core.runtime.broker import Broker
from newswatch_core.topics import read_by
from tests.crash.ground import Ground, feed_id
from tests.crash.plan import DEDUPLICATOR, Draft
from tests.support.newsstand import StandArticle
from tests.support.press import Piece

_OUTLETS = 50
_NOT_QUEUED = (KafkaTimeoutError, KafkaConnectionError, NodeNotReadyError)


class Wire:
    """Writes articles to articles.fetched, as a fetcher would; waits out the broker's absence. Thread-safe."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._topic = broker.named(read_by(DEDUPLICATOR).name)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        self._producer: AIOKafkaProducer | None = None

    def start(self) -> None:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._open(), self._loop).result(30)

    def stop(self) -> None:
        assert self._producer is not None
        asyncio.run_coroutine_threadsafe(self._producer.stop(), self._loop).result(60)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()

    def send(self, events: Sequence[FetchedArticle]) -> Future[None]:
        """Done when the broker has all of them."""
        return asyncio.run_coroutine_threadsafe(self._send(events), self._loop)

    async def _open(self) -> None:
        # One batch of a partition is under way at a time: small ones would be what limits the flow.
        self._producer = AIOKafkaProducer(
            **self._broker.client(), acks="all", enable_idempotence=True, max_batch_size=1 << 19
        )
        await self._producer.start()

    async def _send(self, events: Sequence[FetchedArticle]) -> None:
        await asyncio.gather(*[await self._put(event) for event in events])

    async def _put(self, event: FetchedArticle) -> "asyncio.Future[object]":
        assert self._producer is not None
        while True:
            try:
                future: asyncio.Future[object] = await self._producer.send(
                    self._topic, encode(event), key_of(event).encode()
                )
            except _NOT_QUEUED:
                await asyncio.sleep(0.5)
            else:
                return future


class News:
    """Publishes the slots of a draft. A slot that is published again, with the time it first had, is the same news."""

    def __init__(self, draft: Draft, ground: Ground, wire: Wire) -> None:
        self._draft = draft
        self._stand = ground.stand
        self._wire = wire
        self.on_stand = 0
        """Articles on the newsstand so far."""

    def put_on_stand(self, number: int, at: datetime) -> None:
        for place, (feed, piece) in enumerate(self._draft.slot(number).stand):
            path = f"/news/{number:04}-{place:04}.html"
            published = at.replace(microsecond=0)
            article = StandArticle(title=piece.title, text=piece.text, path=path, published=published)
            self._stand.add_article(feed_id(feed), article)
            self.on_stand += 1

    def send(self, number: int, at: datetime) -> Future[None]:
        pieces = self._draft.slot(number).wire
        return self._wire.send([wire_article(piece, f"{number}-{place}", at) for place, piece in enumerate(pieces)])


def wire_article(piece: Piece, name: str, at: datetime) -> FetchedArticle:
    """The article as a fetcher would have emitted it; `name` is unique to it."""
    outlet = crc32(name.encode()) % _OUTLETS
    url = f"https://wire{outlet:02}.example/{name}"
    article = Article(
        id=hash_id(url),
        revision=revision_of(piece.title, piece.text),
        feed=f"wire-{outlet:02}",
        outlet=f"Wire {outlet:02}",
        url=url,
        final_url=url,
        title=piece.title,
        text=piece.text,
        text_from="page",
        language="en",
        published=at,
        seen=at,
        at=at,
    )
    return FetchedArticle(article=article, backlog=False)
