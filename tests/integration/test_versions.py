"""What earlier versions wrote stays readable for ever.

tests/data/versions holds a data folder's database as SQL, one file for each schema, and events as they stood on the
topics, one file for each version of them. Such a file is never changed; a new version adds its own.
"""

import json
import sqlite3
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import func, insert, select

from newswatch_alerter import store as alerter_store
from newswatch_alerter.outbox import Outbox
from newswatch_core.events import StoryMerged, decode, encode, event_types
from newswatch_core.ports import Context
from newswatch_core.runtime.stages import StageRunner
from newswatch_core.services import installed_services
from newswatch_core.settings import Settings
from newswatch_core.storage import failures, log, summary
from newswatch_core.storage.database import Database, open_folder, open_url
from newswatch_core.storage.migrate import _scripts, is_current
from newswatch_core.storage.schema import alerts, decisions, deliveries, hosts, metadata
from newswatch_core.topics import TOPICS
from newswatch_fetcher.store import load_marks, states_of
from tests.support.articles import NOON
from tests.support.postgres import new_database
from tests.support.versions import with_later_fields
from tests.unit.alerter.test_service import write_desk

VERSIONS = Path(__file__).resolve().parents[1] / "data/versions"
SCHEMAS = sorted(VERSIONS.glob("schema-*.sql"))
LATER = NOON + timedelta(hours=2)


@pytest.mark.parametrize("path", sorted(VERSIONS.glob("events-*.jsonl")), ids=lambda path: path.stem)
def test_events_of_earlier_versions_are_read_and_keep_their_fields(path: Path) -> None:
    lines = path.read_bytes().splitlines()
    events = [decode(line) for line in lines]
    assert {type(event) for event in events} == set(event_types())
    for line, event in zip(lines, events, strict=True):
        written, now = json.loads(line), json.loads(encode(event))
        assert now | written | {"version": now["version"]} == now
        assert decode(json.dumps(with_later_fields(written)).encode()) == event


@pytest.fixture(params=SCHEMAS, ids=lambda path: path.stem)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A data folder as that version left it."""
    with sqlite3.connect(tmp_path / "newswatch.db") as connection:
        connection.executescript(request.param.read_text(encoding="utf-8"))
    connection.close()
    return tmp_path


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, folder: Path) -> Iterator[Database]:
    """The database, migrated by this version."""
    if request.param == "sqlite":
        database = open_folder(folder)
        yield database
        database.close()
        return
    with new_database(migrated=False) as url:
        database = open_url(url)
        _copy(folder, database)
        database.migrate()
        yield database
        database.close()


def _copy(folder: Path, target: Database) -> None:
    """The rows of the first schema in PostgreSQL, in tables of that schema."""
    with sqlite3.connect(folder / "newswatch.db") as connection:
        version = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
        there = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    with target.write() as tx:
        config = Config()
        _scripts(config)
        config.attributes["connection"] = tx
        command.upgrade(config, version)
        source = open_folder(folder)
        with source.read() as old:
            for table in metadata.sorted_tables:
                if table.name in there and (rows := [dict(row) for row in old.execute(select(table)).mappings()]):
                    tx.execute(insert(table), rows)
        source.close()


def test_an_earlier_database_is_brought_to_this_version(database: Database) -> None:
    with database.read() as tx:
        assert is_current(tx)
        assert tx.execute(select(func.count()).select_from(hosts)).scalar() == 0
        assert summary.counts(tx) == {
            "articles": 4,
            "stories": 3,
            "alerts": 2,
            "dead_letters": 1,
            "deliveries sent": 1,
            "deliveries uncertain": 1,
        }
        assert [row["title"] for row in summary.alert_rows(tx, 5)] == ["Confederation of Sahel States meets Russia"] * 2
        assert failures.list_dead_letters(tx)[0].reason == "ValueError('an example')"


def test_its_log_and_feeds_are_read(database: Database) -> None:
    with database.write() as tx:
        for topic in TOPICS:
            records = log.read(tx, topic.name, 0, 100)
            assert len(records) == (2 if topic.reader is None else 4)
            for record in records:
                assert record.problem == ""
                assert record.event is not None
                assert not isinstance(record.event, StoryMerged)
                assert record.event.article.text
        states = states_of(tx, ["courier", "herald"])
        assert (states["courier"].etag, states["courier"].gaps, states["herald"].failures) == ('"v1"', 1, 3)
        assert failures.count_try(tx, "alerter", "articles.tagged", 7) == 2
        (first, *_) = log.read(tx, "articles.fetched", 0, 1)
        assert first.event is not None
        assert not isinstance(first.event, StoryMerged)
        assert load_marks(tx, "courier", ["no such"]) == {}
        assert set(alerter_store.load_decisions(tx, [first.event.article.id])[first.event.article.id]) == {
            first.event.article.revision
        }


def test_replayed_it_decides_as_before(database: Database, tmp_path: Path) -> None:
    desk = write_desk(tmp_path / "desk")
    context = Context(desk, Settings(version="1", desk="Test desk"), database, lambda: LATER)
    before = _written(database)
    with database.write() as tx:
        for service, topic in (("deduplicator", "articles.fetched"), ("alerter", "articles.tagged")):
            log.set_offset(tx, service, topic, 0)
    runners = [StageRunner(service, context) for service in installed_services() if service.stage]
    while sum(runner.step() for runner in runners):
        pass
    assert _written(database) == before


def _written(database: Database) -> list[set[tuple[object, ...]]]:
    with database.read() as tx:
        return [
            {tuple(row) for row in tx.execute(select(*columns))}
            for columns in (
                (decisions.c.service, decisions.c.article, decisions.c.value),
                (alerts.c.id, alerts.c.matches),
                (deliveries.c.id, deliveries.c.state),
            )
        ]


def test_its_outbox_is_emptied(database: Database) -> None:
    row = Outbox(database, lambda: LATER, "sender").claim("extra", timedelta(minutes=1))
    assert row is not None
    assert row.repeat
    assert row.message.title == "Confederation of Sahel States meets Russia"
