"""Dead letters, in the log and on Kafka: looked at, processed again, dropped."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from newswatch_core.deadletters import DeadLetters, LoggedLetters, title_of
from newswatch_core.events import encode
from newswatch_core.kafka_letters import KafkaLetters
from newswatch_core.runtime.batches import Incoming, dead_letter
from newswatch_core.runtime.delivery import Outgoing
from newswatch_core.storage import log
from newswatch_core.storage.database import Database, open_folder
from newswatch_core.storage.failures import put_dead_letter
from tests.support.articles import NOON, fetched
from tests.support.command import newswatch
from tests.support.kafka_crew import DEAD, IN, Desk

BYTES = {"1": encode(fetched(1, title="Title of the first")), "2": b"\x00\xff not an event"}


class LettersContract:
    """`options` are those of the command line."""

    @pytest.fixture
    def kept(self) -> DeadLetters:
        raise NotImplementedError

    @pytest.fixture
    def options(self) -> Sequence[str]:
        raise NotImplementedError

    def live(self) -> list[bytes]:
        """What stands on the live topic."""
        raise NotImplementedError

    def test_each_letter_tells_what_happened_and_keeps_its_bytes(self, kept: DeadLetters):
        first, second = kept.letters()
        assert (first.service, first.reason, first.tries, first.value) == ("deduplicator", "for 1", 3, BYTES["1"])
        assert title_of(first) == "Title of the first"
        assert second.value == BYTES["2"]

    def test_a_replayed_letter_is_on_the_live_topic_again_and_gone_here(self, kept: DeadLetters):
        first, second = kept.letters()
        kept.replay([first])
        assert self.live() == [BYTES["1"]]
        assert kept.letters() == [second]
        kept.replay([second])
        assert self.live() == [BYTES["1"], BYTES["2"]]
        assert kept.letters() == []

    def test_a_dropped_letter_is_gone(self, kept: DeadLetters):
        first, second = kept.letters()
        kept.drop([second])
        assert kept.letters() == [first]
        assert self.live() == []

    def test_the_commands_do_the_same(self, kept: DeadLetters, options: Sequence[str]):
        first, second = (letter.id for letter in kept.letters())
        listed = newswatch("dead-letters", "list", *options).stdout.splitlines()
        assert [line.split()[0] for line in listed] == [first, second]
        assert newswatch("dead-letters", *options).stdout.splitlines() == listed
        assert "Title of the first" in newswatch("dead-letters", "show", first, *options).stdout
        assert newswatch("dead-letters", "replay", first, *options).stdout == "1 replayed\n"
        refused = newswatch("dead-letters", "drop", first, *options)
        assert refused.returncode == 2
        assert "no dead letter" in refused.stderr
        assert newswatch("dead-letters", "drop", *options).returncode == 2, "nothing is dropped by mistake"
        assert newswatch("dead-letters", "drop", "--all", *options).stdout == "1 dropped\n"
        assert newswatch("dead-letters", *options).stdout == "no dead letters\n"


class TestLogged(LettersContract):
    @pytest.fixture(autouse=True)
    def database(self, tmp_path: Path) -> Iterator[Database]:
        self.opened = open_folder(tmp_path)
        with self.opened.write() as tx:
            for name, value in BYTES.items():
                put_dead_letter(
                    tx,
                    service="deduplicator",
                    topic=IN,
                    offset=0,
                    key="k",
                    value=value,
                    reason=f"for {name}",
                    tries=3,
                    at=NOON,
                )
        yield self.opened
        self.opened.close()

    @pytest.fixture
    def kept(self) -> DeadLetters:
        return LoggedLetters(self.opened, lambda: NOON)

    @pytest.fixture
    def options(self, tmp_path: Path) -> Sequence[str]:
        return ["--data", str(tmp_path)]

    def live(self) -> list[bytes]:
        with self.opened.read() as tx:
            return [record.original for record in log.read(tx, IN, 0, 10)]


class TestOnKafka(LettersContract):
    @pytest.fixture(autouse=True)
    def topics(self, kafka_desk: Desk) -> None:
        self.desk = kafka_desk
        broker = kafka_desk.broker
        for name, value in BYTES.items():
            lost = Incoming(broker.reads("deduplicator"), 0, 7, b"k", value)
            at = NOON.isoformat()
            letter = dead_letter(
                broker.dead_letters("deduplicator"),
                lost,
                stage="deduplicator",
                reason=f"for {name}",
                tries=3,
                at=at,
                limit=10**6,
            )
            kafka_desk.put_records([letter])

    @pytest.fixture
    def kept(self) -> DeadLetters:
        return KafkaLetters(self.desk.broker)

    @pytest.fixture
    def options(self, tmp_path: Path) -> Sequence[str]:
        text = f'version: 1\nkafka:\n  prefix: "{self.desk.prefix}"\n'
        (tmp_path / "newswatch.yaml").write_text(text)
        return ["--kafka", self.desk.address, "--desk", str(tmp_path)]

    def live(self) -> list[bytes]:
        return [record.value for record in self.desk.read(IN)]

    def test_a_letter_whose_key_is_no_text_is_shown_replayed_once_and_gone(
        self, kept: DeadLetters, options: Sequence[str]
    ):
        dead = self.desk.broker.dead_letters("deduplicator")
        headers = (("topic", self.desk.broker.reads("deduplicator").encode()), ("at", NOON.isoformat().encode()))
        self.desk.put_records([Outgoing(dead, b"\xff key", b"{}", headers)])
        assert "article \\udcff key" in newswatch("dead-letters", "list", *options).stdout
        assert newswatch("dead-letters", "show", kept.letters()[-1].id, *options).returncode == 0
        kept.replay(kept.letters()[-1:])
        assert [record.key for record in self.desk.read(IN)] == [b"\xff key"]
        assert len(kept.letters()) == len(BYTES)

    def test_a_letter_too_large_for_its_topic_is_cut_and_says_so(self):
        lost = Incoming("articles.fetched", 0, 7, b"k", b"x" * 10_000)
        letter = dead_letter("dead", lost, stage="tagger", reason="large", tries=1, at="", limit=5_000)
        assert letter.size <= 5_000
        assert dict(letter.headers)["cut"] == b"10000"
        assert self.desk.read(DEAD)
