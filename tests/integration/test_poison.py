"""A hundred bad messages among ten thousand: each is buried, none holds up the rest, and what can be is mended."""

import random
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import pytest

from newswatch_core.events import DeduplicatedArticle, FetchedArticle, decode, encode
from newswatch_core.storage.database import open_folder
from tests.support.articles import fetched
from tests.support.command import newswatch
from tests.support.kafka_crew import DEAD, Desk, Read, WorkerProcess
from tests.support.waiting import until

GOOD = 10_000
BAD = 100
SEED = 20260404
LATER = 99
"""The version of an event that this one cannot read."""
LONGEST_WAIT = 5.0
REASONS = {
    "not JSON": ("malformed", 1),
    "truncated": ("truncated", 1),
    "version": (f"version {LATER} is newer", 1),
    "Poison": ("asked for", 1),
    "Raises": ("ValueError('asked for')", 3),
    "Big": ("bytes; ", 1),
}
"""By kind of a bad message: words of its reason, and after how many tries it is given up."""
BEYOND_MENDING = ("not JSON", "truncated")


class Bad:
    """A bad message, as it stands on the topic."""

    def __init__(self, number: int, kind: str) -> None:
        self.kind = kind
        self.title = f"{kind} {number}"
        whole = encode(fetched(GOOD + number, title=self.title))
        self.value = {
            "not JSON": f"this is message {number}".encode(),
            "truncated": whole[: len(whole) // 2],
            "version": whole.replace(b'"version":1', b'"version":%d' % LATER),
        }.get(kind, whole)


@pytest.fixture
def bad() -> list[Bad]:
    dice = random.Random(SEED)
    return [Bad(number, dice.choice(list(REASONS))) for number in range(BAD)]


@pytest.fixture
def desk(kafka_desk: Desk) -> Desk:
    open_folder(kafka_desk.folder / "state").close()
    settings = f'version: 1\nkafka:\n  prefix: "{kafka_desk.prefix}"\n'
    (kafka_desk.folder / "newswatch.yaml").write_text(settings, encoding="utf-8")
    return kafka_desk


def mixed(bad: Iterable[Bad]) -> list[FetchedArticle | bytes]:
    dice = random.Random(SEED)
    messages: list[FetchedArticle | bytes] = [fetched(number) for number in range(GOOD)]
    for one in bad:
        messages.insert(dice.randrange(len(messages)), one.value)
    return messages


def titles(records: Iterable[Read]) -> Counter[str]:
    events = [decode(record.value.replace(b'"version":%d' % LATER, b'"version":1')) for record in records]
    return Counter(event.article.title for event in events if isinstance(event, DeduplicatedArticle))


def longest_wait(records: Iterable[Read]) -> float:
    """Seconds between one of the records and the next."""
    return max(later - earlier for earlier, later in pairwise(sorted(record.at for record in records)))


def letters_of(desk: Desk) -> list[Read]:
    """Dead letters; not the marks of those that were replayed."""
    return [record for record in desk.read(DEAD) if "stage" in record.headers]


def test_bad_messages_are_buried_with_their_reason_and_delivered_once_mended(desk: Desk, bad: list[Bad]):
    desk.put(mixed(bad))
    worker = desk.worker()
    try:
        expect_burial(desk, worker, bad)
        worker.stop()
        (desk.folder / "mended").touch()
        worker = desk.worker(CREW_VERSION=str(LATER))
        expect_resurrection(desk, bad)
        assert worker.stop() == 0, worker.log[-3000:]
    finally:
        worker.end()


def expect_burial(desk: Desk, worker: WorkerProcess, bad: list[Bad]) -> None:
    until(lambda: desk.lag() == 0, 240, every=0.5)
    passed, letters = desk.read(), letters_of(desk)
    assert titles(passed) == {fetched(number).article.title: 1 for number in range(GOOD)}
    assert Counter(letter.value for letter in letters) == Counter(one.value for one in bad)
    kinds = {one.value: one.kind for one in bad}
    for letter in letters:
        words, tries = REASONS[kinds[letter.value]]
        assert words in letter.headers["reason"]
        assert int(letter.headers["tries"]) == tries
    assert '"stage stopped"' not in worker.log
    by_partition = {number: [one for one in passed if one.partition == number] for number in range(8)}
    waits = [longest_wait(records) for records in (*by_partition.values(), [*passed, *letters])]
    print(f"longest wait of a partition: {max(waits[:-1]):.2f} s of those written, {waits[-1]:.2f} s of the one read")
    assert max(waits) < LONGEST_WAIT


def expect_resurrection(desk: Desk, bad: list[Bad]) -> None:
    place = ["--kafka", desk.address, "--desk", desk.folder]
    replayed = newswatch("dead-letters", "replay", "--all", *place)
    assert replayed.stdout == f"{BAD} replayed\n", replayed.stderr
    until(lambda: desk.lag() == 0, 60, every=0.5)
    mended = {one.title: 1 for one in bad if one.kind not in BEYOND_MENDING}
    assert titles(desk.read()) == {fetched(number).article.title: 1 for number in range(GOOD)} | mended
    hopeless = sorted(one.value.decode() for one in bad if one.kind in BEYOND_MENDING)
    listed = newswatch("dead-letters", "list", *place).stdout.splitlines()
    assert len(listed) == len(hopeless)
    assert sorted(letter.value.decode() for letter in letters_of(desk)[BAD:]) == hopeless
