"""`newswatch lag` and `newswatch topics show` on a data folder."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from newswatch_core.storage import log
from newswatch_core.storage.database import Database, open_folder
from newswatch_core.storage.failures import put_dead_letter
from newswatch_core.storage.schema import log as log_table
from newswatch_core.topics import TOPICS
from tests.support.articles import NOON, fetched
from tests.support.command import newswatch


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_folder(tmp_path)
    yield database
    database.close()


def put(database: Database, number: int) -> None:
    with database.write() as tx:
        log.append(tx, "articles.fetched", [fetched(one) for one in range(number)], NOON)


def lag(folder: Path) -> list[list[str]]:
    done = newswatch("lag", "--data", folder)
    assert done.returncode == 0, done.stderr
    return [line.split()[:2] for line in done.stdout.splitlines()]


def test_lag_counts_what_a_service_has_still_to_read(database: Database, tmp_path: Path):
    assert lag(tmp_path) == [["deduplicator", "0"], ["tagger", "0"], ["alerter", "0"]]
    put(database, 7)
    assert lag(tmp_path)[0] == ["deduplicator", "7"]
    with database.write() as tx:
        log.set_offset(tx, "deduplicator", "articles.fetched", 5)
        tx.execute(log_table.delete().where(log_table.c.offset < 5))
    assert lag(tmp_path) == [["deduplicator", "2"], ["tagger", "0"], ["alerter", "0"]]


def test_lag_counts_nothing_that_is_no_longer_kept(database: Database, tmp_path: Path):
    put(database, 7)
    with database.write() as tx:
        tx.execute(log_table.delete().where(log_table.c.offset < 3))
    assert lag(tmp_path)[0] == ["deduplicator", "4"]


def test_topics_show_what_is_there_and_for_how_long(database: Database, tmp_path: Path):
    put(database, 7)
    with database.write() as tx:
        about = {"topic": "articles.fetched", "offset": 0, "key": "k", "value": b"x", "reason": "no", "tries": 1}
        put_dead_letter(tx, service="deduplicator", at=NOON, **about)  # type: ignore[arg-type] # of several types
    (tmp_path / "newswatch.yaml").write_text("version: 1\nretention: {log: 2d}\n")
    shown = newswatch("topics", "show", "--data", tmp_path, "--desk", tmp_path).stdout.splitlines()
    lines = {line.split()[0]: line for line in shown}
    assert len(lines) == len(TOPICS) + 4
    assert "partitions 1   kept 48h  7 events" in lines["articles.fetched"]
    assert "kept 720h  1 events" in lines["dead-letters.deduplicator"]
    assert lines["alerts"].endswith("0 events")


@pytest.mark.parametrize("command", [("lag",), ("topics", "show")])
def test_a_folder_without_data_is_told(tmp_path: Path, command: tuple[str, ...]):
    done = newswatch(*command, "--data", tmp_path)
    assert done.returncode == 2
    assert "no such file: give --data the folder" in done.stderr


def test_a_data_folder_that_is_named_counts_more_than_a_broker_in_the_environment(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setenv("NEWSWATCH_KAFKA", "127.0.0.1:1")
    put(database, 1)
    assert lag(tmp_path)[0] == ["deduplicator", "1"]
