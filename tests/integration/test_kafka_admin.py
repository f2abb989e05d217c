"""Topics and lag, by the command line on a real broker."""

from pathlib import Path

import pytest

from tests.support.articles import fetched
from tests.support.command import newswatch
from tests.support.kafka_crew import Desk


@pytest.fixture
def desk(kafka: str, tmp_path: Path) -> Desk:
    """A desk whose topics are not made yet."""
    desk = Desk(kafka, tmp_path)
    (tmp_path / "newswatch.yaml").write_text(f'version: 1\nkafka:\n  prefix: "{desk.prefix}"\n  max_record: 2000000\n')
    return desk


def test_topics_are_made_once_checked_and_shown(desk: Desk):
    options = ["--kafka", desk.address, "--desk", desk.folder]
    missing = newswatch("topics", "check", *options)
    assert missing.returncode == 1
    assert f"{desk.prefix}articles.fetched: it is not there" in missing.stdout
    assert "8 topics made" in newswatch("topics", "create", *options).stdout
    assert "all topics are there" in newswatch("topics", "create", *options).stdout
    assert newswatch("topics", "check", *options).returncode == 0
    shown = newswatch("topics", "show", *options).stdout
    assert f"{desk.prefix}articles.tagged" in shown
    assert "partitions 8" in shown
    assert "2.0 MB" in shown


def test_topics_made_otherwise_are_told_by_check(desk: Desk):
    desk.create_topics()
    other = newswatch("topics", "check", "--kafka", desk.address, "--desk", desk.folder)
    assert other.returncode == 1
    assert "max.message.bytes 400000, not 2000000" in other.stdout


def test_lag_counts_what_a_service_has_still_to_read(desk: Desk):
    desk.create_topics()
    desk.put([fetched(number) for number in range(7)])
    shown = newswatch("lag", "--kafka", desk.address, "--desk", desk.folder).stdout
    assert [line.split()[:2] for line in shown.splitlines()] == [
        ["deduplicator", "7"],
        ["tagger", "0"],
        ["alerter", "0"],
    ]


def test_a_broker_that_is_not_there_is_told_in_one_line(tmp_path: Path):
    done = newswatch("topics", "show", "--kafka", "127.0.0.1:1", "--desk", tmp_path)
    assert done.returncode == 2
    assert done.stderr.startswith("newswatch: kafka at 127.0.0.1:1")
    assert "Traceback" not in done.stderr


def test_without_a_broker_the_command_says_how_to_name_one(tmp_path: Path):
    done = newswatch("lag", "--desk", tmp_path)
    assert done.returncode == 2
    assert "--kafka HOST:PORT" in done.stderr
