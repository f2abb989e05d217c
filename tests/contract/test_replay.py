"""`newswatch replay` on the embedded log and on Kafka: what comes out, and that nothing else changes."""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from kafka import KafkaProducer

from newswatch_core.admin import connected
from newswatch_core.events import Event, encode, key_of, utc_now
from newswatch_core.storage import log
from newswatch_core.storage.database import Database, open_folder
from newswatch_core.storage.schema import metadata
from tests.support.articles import fetched
from tests.support.command import newswatch
from tests.support.kafka_crew import Desk
from tests.unit.alerter.test_service import both, embassy, write_desk

TAGGED, OUT = "articles.tagged", "alerts"


class ReplayContract:
    """`options` name where the input is; `put` puts it there."""

    desk: Path

    @pytest.fixture
    def options(self) -> Sequence[str]:
        raise NotImplementedError

    def put(self, at: datetime, *events: Event, topic: str = TAGGED) -> None:
        raise NotImplementedError

    def put_unreadable(self, at: datetime) -> None:
        """A record on TAGGED that is no event."""
        raise NotImplementedError

    def state(self) -> Any:
        """All that a replay must leave as it is."""
        raise NotImplementedError

    def replay(self, options: Sequence[str], *, stage: str = "alerter", since: str = "1d") -> list[dict[str, Any]]:
        """What came out; the summary is in `told`."""
        to = self.desk / "out.jsonl"
        done = newswatch("replay", self.desk, "--stage", stage, "--since", since, "--to", to, *options)
        assert done.returncode == 0, done.stderr
        assert done.stdout == ""
        self.told = done.stderr
        return [json.loads(line) for line in to.read_text().splitlines()]

    def test_what_would_come_out_stands_in_the_file_and_all_else_stays_as_it_was(self, options: Sequence[str]):
        ago = utc_now() - timedelta(hours=1)
        self.put(ago, both(1), embassy(2))
        self.put_unreadable(ago)
        before = self.state()
        lines = self.replay(options)
        assert [line["type"] for line in lines] == ["alert-changed", "alert-changed", "dead-letter"]
        assert [line["match"]["rule"] for line in lines[:2]] == ["russia", "embassy"]
        assert lines[2]["stage"] == "alerter"
        assert lines[2]["topic"].endswith(TAGGED)
        assert "unreadable" in lines[2]["reason"]
        assert self.told == "newswatch replay: 3 events read, 2 events out, 1 dead\n"
        assert self.state() == before
        assert self.replay(options) == lines, "it remembers nothing of the run before"

    def test_it_runs_on_the_desk_as_it_is_now(self, options: Sequence[str]):
        self.put(utc_now() - timedelta(hours=1), embassy(1))
        assert len(self.replay(options)) == 1
        rules = (self.desk / "rules/all.yaml").read_text().replace("#embassy", "#embassy AND @russia")
        (self.desk / "rules/all.yaml").write_text(rules)
        assert self.replay(options) == []

    def test_only_what_came_since_is_read(self, options: Sequence[str]):
        now = utc_now()
        for hours in (30, 20, 3, 1):
            self.put(now - timedelta(hours=hours), embassy(hours, story=f"story {hours}"))
        for since, titles in {
            "2d": [30, 20, 3, 1],
            "1d": [20, 3, 1],
            (now - timedelta(hours=2)).isoformat(): [1],
            # Without a zone it is UTC.
            (now - timedelta(hours=4)).replace(tzinfo=None).isoformat(timespec="minutes"): [3, 1],
            "5m": [],
        }.items():
            lines = self.replay(options, since=since)
            assert [line["article"]["title"] for line in lines] == [f"Title {number}" for number in titles]

    def test_standard_output_takes_the_events_and_nothing_else(self, options: Sequence[str]):
        self.put(utc_now() - timedelta(hours=1), embassy(1))
        done = newswatch("replay", self.desk, "--stage", "alerter", "--since", "2h", "--to", "-", *options)
        (line,) = done.stdout.splitlines()
        assert json.loads(line)["type"] == "alert-changed"
        assert done.stderr.startswith("newswatch replay: 1 events read")

    def test_each_stage_reads_its_own_topic(self, options: Sequence[str]):
        text = "Traders of the old port met for the yearly council, and agreed on nothing at all but lunch. " * 20
        ago = utc_now() - timedelta(hours=1)
        self.put(ago, fetched(1, text=text), fetched(2, text=text), topic="articles.fetched")
        first, copy = self.replay(options, stage="deduplicator")
        assert (first["copy_of"], copy["copy_of"]) == (None, fetched(1).article.id)
        assert self.replay(options, stage="tagger") == []

    @pytest.mark.parametrize(
        ("changed", "words"),
        [
            ({"--stage": "printer"}, "no stage 'printer'; there are: deduplicator, tagger, alerter"),
            ({"--stage": "fetcher"}, "the fetcher reads no topic"),
            ({"--since": "yesterday"}, "'yesterday' is no time"),
            ({"--since": "2999-01-01"}, "lies in the future"),
            ({"--to": "/nowhere/out.jsonl"}, "--to /nowhere/out.jsonl"),
            ({"--to": "/"}, "choose a file that can be written"),
        ],
    )
    def test_wrong_usage_is_explained(self, options: Sequence[str], changed: dict[str, str], words: str):
        given = {"--stage": "alerter", "--since": "2h", "--to": "-"} | changed
        done = newswatch("replay", self.desk, *(part for pair in given.items() for part in pair), *options)
        assert done.returncode == 2
        assert words in " ".join(done.stderr.replace("│", " ").split())
        assert "Traceback" not in done.stderr


class TestEmbedded(ReplayContract):
    @pytest.fixture(autouse=True)
    def database(self, tmp_path: Path) -> Iterator[Database]:
        self.desk = write_desk(tmp_path / "desk")
        (tmp_path / "data").mkdir()
        self.opened = open_folder(tmp_path / "data")
        yield self.opened
        self.opened.close()

    @pytest.fixture
    def options(self, tmp_path: Path) -> Sequence[str]:
        return ["--data", str(tmp_path / "data")]

    def put(self, at: datetime, *events: Event, topic: str = TAGGED) -> None:
        with self.opened.write() as tx:
            log.append(tx, topic, events, at)

    def put_unreadable(self, at: datetime) -> None:
        self.put(at, embassy(99))
        with self.opened.write() as tx:
            tx.exec_driver_sql("UPDATE log SET value = x'00ff' WHERE offset = (SELECT max(offset) FROM log)")

    def state(self) -> Any:
        with self.opened.read() as tx:
            return {table.name: tx.execute(table.select()).all() for table in metadata.sorted_tables}

    def test_newswatch_may_be_writing_meanwhile(self, options: Sequence[str]):
        self.put(utc_now() - timedelta(hours=1), embassy(1))
        with self.opened.write():
            assert len(self.replay(options)) == 1

    def test_a_folder_without_data_is_told(self, tmp_path: Path):
        done = newswatch("replay", self.desk, "--stage", "alerter", "--since", "1d", "--to", "-", "--data", tmp_path)
        assert done.returncode == 2
        assert f"{tmp_path}/newswatch.db: no such file" in done.stderr

    def test_without_a_place_to_read_from_both_are_named(self):
        done = newswatch("replay", self.desk, "--stage", "alerter", "--since", "1d", "--to", "-")
        assert done.returncode == 2
        words = " ".join(done.stderr.replace("│", " ").split())
        assert "--kafka HOST:PORT" in words
        assert "--data FOLDER" in words


class TestOnKafka(ReplayContract):
    @pytest.fixture(autouse=True)
    def topics(self, kafka_desk: Desk, tmp_path: Path) -> None:
        settings = f'version: 1\nkafka:\n  prefix: "{kafka_desk.prefix}"\n'
        self.desk = write_desk(tmp_path / "desk", **{"newswatch.yaml": settings})
        self.kafka = kafka_desk

    @pytest.fixture
    def options(self) -> Sequence[str]:
        return ["--kafka", self.kafka.address]

    def put(self, at: datetime, *events: Event, topic: str = TAGGED) -> None:
        # A millisecond apart: what came at the same time in different partitions has no order.
        self.send(
            [(key_of(event), encode(event), at + timedelta(milliseconds=n), None) for n, event in enumerate(events)],
            topic,
        )

    def put_unreadable(self, at: datetime) -> None:
        self.send([("key", b"\x00\xff", at + timedelta(seconds=1), None)], TAGGED)

    def send(self, records: Sequence[tuple[str, bytes, datetime, int | None]], topic: str) -> None:
        producer = KafkaProducer(bootstrap_servers=self.kafka.address)
        for key, value, at, partition in records:
            moment = int(at.timestamp() * 1000)
            producer.send(self.kafka.prefix + topic, value, key.encode(), partition=partition, timestamp_ms=moment)
        producer.flush()
        producer.close()

    def state(self) -> Any:
        with connected(self.kafka.broker) as admin:
            return self.kafka.read(OUT), self.kafka.read("dead-letters.alerter"), admin.lag()

    def test_partitions_are_read_in_the_order_of_time_with_the_order_in_each_kept(self, options: Sequence[str]):
        begin, records = utc_now() - timedelta(hours=5), []
        late = set(range(403, 1_200, 10))
        for number in range(1_200):
            # The late ones come from a clock that is behind: their place in their partition counts.
            at = begin + timedelta(seconds=number - 600 * (number in late))
            event = embassy(number, story=f"story {number}")
            records.append((event.article.id, encode(event), at, 0 if number < 300 else number % 7))
        self.send(records, TAGGED)
        numbers = [int(line["article"]["title"].split()[1]) for line in self.replay(options)]
        assert [number for number in numbers if number not in late] == [n for n in range(1_200) if n not in late]
        for partition in range(7):
            ours = [number for number in range(300, 1_200) if number % 7 == partition]
            assert [number for number in numbers if number >= 300 and number % 7 == partition] == ours

    def test_a_topic_that_is_not_there_is_told(self, options: Sequence[str]):
        (self.desk / "newswatch.yaml").write_text('version: 1\nkafka:\n  prefix: "nobodys."\n')
        done = newswatch("replay", self.desk, "--stage", "alerter", "--since", "1d", "--to", "-", *options)
        assert done.returncode == 2
        assert "no topic nobodys.articles.tagged: run `newswatch topics create`" in done.stderr

    def test_a_broker_that_is_not_there_is_told_and_costs_no_file(self, tmp_path: Path):
        to = tmp_path / "kept"
        to.write_text("of before")
        arguments = ["--stage", "alerter", "--since", "1d", "--to", to, "--kafka", "127.0.0.1:1"]
        done = newswatch("replay", self.desk, *arguments)
        assert done.returncode == 2
        assert done.stderr.startswith("newswatch: kafka at 127.0.0.1:1")
        assert to.read_text() == "of before"
