"""What the storage keeps, the same on SQLite and on PostgreSQL: one suite, inherited by both."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError, IntegrityError

from newswatch_core.events import StoryMerged
from newswatch_core.settings import Retention
from newswatch_core.storage import failures, log, summary
from newswatch_core.storage.articles import get_texts, put_articles
from newswatch_core.storage.database import Database, open_memory
from newswatch_core.storage.migrate import is_current, schema_version
from newswatch_core.storage.partitions import is_partition
from newswatch_core.storage.retention import SEEN_MARKS, sweep
from newswatch_core.storage.schema import (
    alert_stories,
    alerts,
    articles,
    dead_letters,
    decisions,
    deliveries,
    entries,
    feeds,
    fingerprints,
    metadata,
    stories,
)
from newswatch_core.storage.schema import log as log_table
from newswatch_core.storage.upsert import insert_missing, upsert
from tests.support.articles import NOON, article, fetched

TOPIC = "articles.fetched"
LATER = NOON + timedelta(days=90)


def alert_row(name: str = "alert", **fields: Any) -> dict[str, Any]:
    of = article(1)
    row = {
        "id": name,
        "rule": "rule",
        "article": of.id,
        "revision": of.revision,
        "episode": 1,
        "severity": "high",
        "closeness": "sentence",
        "match": b"{}",
        "opened": NOON,
        "changed": NOON,
        "matches": 1,
    }
    return row | fields


def delivery_row(name: str, **fields: Any) -> dict[str, Any]:
    row = {
        "id": name,
        "receiver": "console",
        "article": "article",
        "story": "story",
        "change": "opened",
        "message": b"{}",
        "state": "pending",
        "tries": 0,
        "due": NOON,
        "repeat": False,
        "created": NOON,
        "problem": "",
    }
    return row | fields


def feed_row(name: str, **fields: Any) -> dict[str, Any]:
    row = {
        "id": name,
        "url": "https://feed.example/",
        "configured_url": "https://feed.example/",
        "added": NOON,
        "interval_seconds": 900.5,
        "due": NOON,
        "failures": 0,
        "problem": "",
        "gaps": 0,
    }
    return row | fields


class StorageContract:
    @pytest.fixture
    def database(self) -> Iterator[Database]:
        raise NotImplementedError

    # --- transactions

    def test_what_raises_is_taken_back_whole(self, database: Database) -> None:
        with suppress(ZeroDivisionError), database.write() as tx:
            log.append(tx, TOPIC, [fetched(1)], NOON)
            raise ZeroDivisionError
        with database.read() as tx:
            assert log.end_of(tx, TOPIC) == 0
            assert summary.counts(tx)["articles"] == 0

    def test_a_reader_that_was_broken_off_leaves_nothing_behind(self, database: Database) -> None:
        for _ in range(30):
            with suppress(ZeroDivisionError), database.read():
                raise ZeroDivisionError
        with database.write() as tx:
            log.append(tx, TOPIC, [fetched(1)], NOON)

    def test_a_row_that_breaks_a_rule_is_no_trouble_of_the_database(self, database: Database) -> None:
        with pytest.raises(IntegrityError), database.write() as tx:
            tx.execute(feeds.insert(), [feed_row("f"), feed_row("f")])

    # --- schema

    def test_the_migrations_lead_to_the_tables_of_the_schema(self, database: Database) -> None:
        def of_the_schema(_object: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
            return kind != "table" or not is_partition(name or "")

        with database.write() as tx:
            context = MigrationContext.configure(tx, opts={"include_object": of_the_schema})
            assert compare_metadata(context, metadata) == []

    def test_migrating_again_changes_nothing(self, database: Database) -> None:
        database.migrate()
        database.check()
        with database.read() as tx:
            assert is_current(tx)
            assert schema_version(tx) is not None

    # --- log

    def test_events_come_back_in_order_with_their_text(self, database: Database) -> None:
        events = [
            fetched(1),
            StoryMerged(story="b", into="a", at=NOON),
            fetched(2),
            fetched(1, text="Another revision."),
        ]
        with database.write() as tx:
            log.append(tx, TOPIC, events[:2], NOON)
            log.append(tx, TOPIC, events[2:], NOON)
        with database.read() as tx:
            records = log.read(tx, TOPIC, 0, 10)
            assert [record.event for record in records] == events
            assert [record.offset for record in records] == [0, 1, 2, 3]
            assert [record.event for record in log.read(tx, TOPIC, 2, 1)] == events[2:3]

    def test_offsets_are_kept_by_service(self, database: Database) -> None:
        with database.write() as tx:
            log.set_offset(tx, "deduplicator", TOPIC, 5)
            log.set_offset(tx, "deduplicator", TOPIC, 2**40)
        with database.read() as tx:
            assert log.offset_of(tx, "deduplicator", TOPIC) == 2**40
            assert log.offset_of(tx, "tagger", TOPIC) == 0

    def test_a_damaged_row_is_told_apart_from_its_neighbours(self, database: Database) -> None:
        with database.write() as tx:
            log.append(tx, TOPIC, [fetched(1), fetched(2), fetched(3)], NOON)
            tx.execute(update(log_table).where(log_table.c.offset == 1).values(value=b"\x00junk"))
            tx.execute(delete(articles).where(articles.c.id == fetched(3).article.id))
            good, damaged, textless = log.read(tx, TOPIC, 0, 10)
        assert good.event == fetched(1)
        assert "unreadable" in damaged.problem
        assert "no longer kept" in textless.problem

    # --- articles

    def test_a_revision_stands_once_and_as_it_came_first(self, database: Database) -> None:
        first = article(1)
        again = article(1, seen=first.seen + timedelta(days=2), feed="another")
        for new in (first, again):
            with database.write() as tx:
                put_articles(tx, [new, new])
        with database.read() as tx:
            feed = tx.execute(select(articles.c.feed).where(articles.c.id == first.id)).scalar_one()
            assert feed == first.feed
            assert summary.counts(tx)["articles"] == 1

    def test_many_articles_come_back_by_key(self, database: Database) -> None:
        many = [article(number) for number in range(450)]
        with database.write() as tx:
            put_articles(tx, many)
            put_articles(tx, many[:10])
        keys = [(one.id, one.revision) for one in many]
        with database.read() as tx:
            texts = {key: (one.title, one.text) for key, one in zip(keys, many, strict=True)}
            assert get_texts(tx, [*keys, ("nobody", "knows")]) == texts

    def test_any_text_is_taken_and_keeps_its_length(self, database: Database) -> None:
        odd = "\u0410 NUL \0 and half a pair \ud83d; whole \U0001f600"
        with database.write() as tx:
            tx.execute(feeds.insert().values(feed_row("odd", problem=odd, etag=None)))
        with database.read() as tx:
            row = tx.execute(select(feeds.c.problem, feeds.c.etag)).one()
        assert len(row.problem) == len(odd)
        assert row.problem.startswith("\u0410 NUL ")
        assert row.problem.endswith("\U0001f600")
        assert row.etag is None

    # --- failures

    def test_tries_are_counted_and_forgotten(self, database: Database) -> None:
        with database.write() as tx:
            assert [failures.count_try(tx, "tagger", TOPIC, 7) for _ in range(3)] == [1, 2, 3]
            assert failures.count_try(tx, "alerter", TOPIC, 7) == 1
            failures.forget_tries(tx, "tagger", TOPIC, before=8)
            assert failures.count_try(tx, "tagger", TOPIC, 7) == 1

    def test_dead_letters_are_listed_newest_first(self, database: Database) -> None:
        with database.write() as tx:
            for offset in range(3):
                failures.put_dead_letter(
                    tx,
                    service="tagger",
                    topic=TOPIC,
                    offset=offset,
                    key="k",
                    value=b"\x00\xff",
                    reason="a NUL \0 in it",
                    tries=3,
                    at=NOON,
                )
        with database.read() as tx:
            letters = failures.list_dead_letters(tx, limit=2)
            assert [letter.offset for letter in letters] == [2, 1]
            assert letters[0].at == NOON
            assert set(tx.execute(select(dead_letters.c.value)).scalars()) == {b"\x00\xff"}

    # --- upsert

    def test_upsert_inserts_or_sets_the_other_columns(self, database: Database) -> None:
        with database.write() as tx:
            upsert(tx, feeds, [feed_row("a"), feed_row("b", failures=4)])
            upsert(tx, feeds, [feed_row("b", failures=5, polled=NOON), feed_row("c", polled=None)])
            upsert(tx, feeds, [])
        with database.read() as tx:
            found = {row.id: (row.failures, row.polled) for row in tx.execute(select(feeds))}
        assert found == {"a": (0, None), "b": (5, NOON), "c": (0, None)}

    def test_insert_missing_leaves_what_is_there(self, database: Database) -> None:
        with database.write() as tx:
            insert_missing(tx, deliveries, [delivery_row("one")])
            insert_missing(tx, deliveries, [delivery_row("one", state="sent"), delivery_row("same but the id")])
            insert_missing(tx, deliveries, [delivery_row("two", change="again")])
        with database.read() as tx:
            assert {row.id: row.state for row in tx.execute(select(deliveries))} == {"one": "pending", "two": "pending"}

    def test_times_come_back_in_utc_to_the_microsecond(self, database: Database) -> None:
        moment = datetime.fromisoformat("2026-04-04T14:30:00.123456+05:30")
        with database.write() as tx:
            tx.execute(feeds.insert().values(feed_row("f", due=moment)))
            (found,) = tx.execute(select(feeds.c.due).where(feeds.c.due <= moment)).scalars()
        assert (found, found.utcoffset()) == (moment, timedelta(0))

    # --- alerts and deliveries

    def test_a_story_has_one_alert_of_a_rule(self, database: Database) -> None:
        with database.write() as tx:
            tx.execute(alerts.insert().values([alert_row("a"), alert_row("b")]))
            insert_missing(tx, alert_stories, [{"rule": "rule", "story": "s", "alert": "a"}])
            insert_missing(tx, alert_stories, [{"rule": "rule", "story": "s", "alert": "b"}])
            assert tx.execute(select(alert_stories.c.alert)).scalars().all() == ["a"]

    def test_a_revision_has_one_decision_of_a_service(self, database: Database) -> None:
        row = {"service": "alerter", "article": "a", "revision": "r", "value": b"1", "at": NOON}
        with database.write() as tx:
            insert_missing(tx, decisions, [row])
            insert_missing(tx, decisions, [row | {"value": b"2"}, row | {"service": "deduplicator"}])
            assert sorted(map(tuple, tx.execute(select(decisions.c.service, decisions.c.value)))) == [
                ("alerter", b"1"),
                ("deduplicator", b"1"),
            ]

    # --- what the commands show

    def test_the_summary_counts_and_lists(self, database: Database) -> None:
        first = article(1)
        with database.write() as tx:
            put_articles(tx, [first, article(2)])
            tx.execute(alerts.insert().values([alert_row("old"), alert_row("new", opened=LATER, revision="gone")]))
            insert_missing(tx, deliveries, [delivery_row("1"), delivery_row("2", change="x", state="sent")])
            tx.execute(feeds.insert().values([feed_row("well"), feed_row("ill", failures=2)]))
        with database.read() as tx:
            assert summary.counts(tx) == {
                "articles": 2,
                "stories": 0,
                "alerts": 2,
                "dead_letters": 0,
                "deliveries pending": 1,
                "deliveries sent": 1,
            }
            assert [(row["id"], row["title"]) for row in summary.alert_rows(tx, 5)] == [
                ("new", None),
                ("old", first.title),
            ]
            assert [row["id"] for row in summary.feed_rows(tx)] == ["ill", "well"]

    # --- retention

    def test_retention_never_takes_what_is_unread_nor_the_last_offset(self, database: Database) -> None:
        with database.write() as tx:
            log.append(tx, TOPIC, [fetched(1), fetched(2), fetched(3)], NOON)
            log.append(tx, "alerts", [fetched(1)], NOON)
            log.set_offset(tx, "deduplicator", TOPIC, 1)
            sweep(tx, LATER, Retention())
            assert [record.event for record in log.read(tx, TOPIC, 0, 10)] == [fetched(2), fetched(3)]
            log.set_offset(tx, "deduplicator", TOPIC, 3)
            sweep(tx, LATER, Retention())
            assert log.end_of(tx, TOPIC) == 3
            assert log.end_of(tx, "alerts") == 1

    def test_old_articles_go_when_nothing_in_the_log_refers_to_them(self, database: Database) -> None:
        with database.write() as tx:
            log.append(tx, TOPIC, [fetched(1), fetched(2)], NOON)
            log.append(tx, TOPIC, [fetched(3, seen=LATER)], LATER)
            log.set_offset(tx, "deduplicator", TOPIC, 2)
            sweep(tx, LATER, Retention())
            sweep(tx, LATER, Retention())
            assert tx.execute(select(articles.c.title)).scalars().all() == ["Title 3"]

    def test_what_services_remember_goes_by_age(self, database: Database) -> None:
        keep = Retention()
        fresh, stale = LATER - keep.articles / 2, LATER - keep.articles - timedelta(days=1)
        ages = {"fresh": fresh, "stale": stale, "very stale": stale - SEEN_MARKS}
        with database.write() as tx:
            for name, at in ages.items():
                tx.execute(decisions.insert().values(service="s", article=name, revision="r", value=b"", at=at))
                mark = {"story": "s", "language": "en", "data": b""}
                tx.execute(fingerprints.insert().values(article=name, revision="r", at=at, **mark))
                tx.execute(stories.insert().values(id=name, language="en", opened=at, changed=at, articles=1))
            sweep(tx, LATER, keep)
            left = [
                set(tx.execute(select(column)).scalars())
                for column in (decisions.c.article, fingerprints.c.article, stories.c.id)
            ]
        assert left == [{"fresh", "stale"}, {"fresh"}, {"fresh"}]

    def test_deliveries_go_only_when_they_are_done(self, database: Database) -> None:
        with database.write() as tx:
            for state in ("pending", "sending", "sent", "uncertain", "dead"):
                tx.execute(deliveries.insert().values(delivery_row(state, change=state, state=state)))
            sweep(tx, LATER + timedelta(days=1), Retention())
            assert set(tx.execute(select(deliveries.c.id)).scalars()) == {"pending", "sending", "uncertain"}

    def test_marks_of_entries_live_while_their_feed_is_down(self, database: Database) -> None:
        later = NOON + timedelta(days=31)
        mark = {"key": "k", "content": "c", "article": "a", "first_seen": NOON, "last_seen": NOON, "backlog": False}
        with database.write() as tx:
            for name, succeeded in (("down", NOON), ("well", later)):
                tx.execute(feeds.insert().values(feed_row(name, succeeded=succeeded)))
                tx.execute(entries.insert().values(feed=name, **mark))
            sweep(tx, later, Retention())
            assert tx.execute(select(entries.c.feed)).scalars().all() == ["down"]


class TestSqlite(StorageContract):
    @pytest.fixture
    def database(self) -> Iterator[Database]:
        database = open_memory()
        yield database
        database.close()


class TestPostgresql(StorageContract):
    @pytest.fixture
    def database(self, postgres: Database) -> Database:
        return postgres

    def test_a_reader_cannot_write(self, database: Database) -> None:
        with pytest.raises(DBAPIError, match="read-only"), database.read() as tx:
            tx.execute(feeds.insert().values(feed_row("f")))

    def test_a_reader_sees_one_state_from_its_first_question_on(self, database: Database) -> None:
        count = select(func.count()).select_from(feeds)
        with database.read() as reading:
            assert reading.execute(count).scalar() == 0
            with database.write() as tx:
                tx.execute(feeds.insert().values(feed_row("f")))
            assert reading.execute(count).scalar() == 0
        with database.read() as reading:
            assert reading.execute(count).scalar() == 1
