"""What only PostgreSQL has: a network, other writers, days of articles, and a server that may go away."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from structlog.testing import capture_logs

from newswatch_core.secrets import blot_out
from newswatch_core.settings import Retention
from newswatch_core.storage import partitions
from newswatch_core.storage.articles import get_texts, put_articles
from newswatch_core.storage.database import (
    Database,
    DatabaseProblemError,
    migrate_url,
    open_existing_url,
    open_memory,
    open_url,
)
from newswatch_core.storage.postgres import lock_names, not_ahead, take_time, try_lock_name
from newswatch_core.storage.retention import sweep
from newswatch_core.storage.schema import alerts, articles, feeds
from newswatch_core.storage.summary import alert_rows
from tests.contract.test_storage import alert_row, feed_row
from tests.support.articles import NOON, article
from tests.support.command import newswatch
from tests.support.postgres import Server, new_database, start_server

DAY = timedelta(days=1)


@pytest.fixture
def empty_url() -> Iterator[str]:
    with new_database(migrated=False) as url:
        yield url


def parts(database: Database) -> dict[str, int]:
    """The partitions that hold articles, and how many."""
    query = select(text("tableoid::regclass::text"), articles.c.id)
    found: dict[str, int] = {}
    with database.read() as tx:
        for part, _ in tx.execute(query):
            found[part] = found.get(part, 0) + 1
    return found


def test_articles_stand_in_the_part_of_their_day(postgres: Database) -> None:
    with postgres.write() as tx:
        partitions.make_ahead(tx, NOON)
        days = [article(1, seen=NOON - DAY), article(2, seen=NOON), article(3, seen=NOON + DAY), article(4, seen=NOON)]
        put_articles(tx, days)
        put_articles(tx, [article(5, seen=NOON + 30 * DAY), article(6, seen=NOON - 30 * DAY)])
    assert parts(postgres) == {
        "articles_d20260403": 1,
        "articles_d20260404": 2,
        "articles_d20260405": 1,
        "articles_other": 2,
    }


def test_a_day_that_comes_late_takes_its_articles_with_it(postgres: Database) -> None:
    later = NOON + 10 * DAY
    with postgres.write() as tx:
        put_articles(tx, [article(1, seen=later), article(2, seen=NOON)])
    with postgres.write() as tx:
        partitions.make_ahead(tx, later)
        partitions.make_ahead(tx, later)
    assert parts(postgres) == {"articles_d20260414": 1, "articles_other": 1}
    one = article(1, seen=later)
    with postgres.read() as tx:
        assert get_texts(tx, [(one.id, one.revision)]) == {(one.id, one.revision): (one.title, one.text)}


def test_days_are_dropped_once_all_of_them_is_too_old(postgres: Database) -> None:
    with postgres.write() as tx:
        partitions.make_ahead(tx, NOON)
        put_articles(tx, [article(number, seen=NOON + number * DAY) for number in range(-2, 3)])
        sweep(tx, NOON + Retention().articles + DAY, Retention())
    # The fifth of April is only half over; what is in no day goes to the minute.
    assert parts(postgres) == {"articles_d20260405": 1, "articles_d20260406": 1}


def test_a_revision_that_two_brought_in_at_once_is_shown_as_it_was_first(postgres: Database) -> None:
    early, late = article(1, seen=NOON, feed="early"), article(1, seen=NOON + 2 * DAY, feed="late")
    with postgres.write() as one, postgres.write() as other:
        put_articles(one, [late])
        put_articles(other, [early])
    with postgres.write() as tx:
        tx.execute(alerts.insert().values(alert_row()))
        assert len(tx.execute(select(articles)).all()) == 2
        assert [row["title"] for row in alert_rows(tx, 5)] == [early.title]
        texts = get_texts(tx, [(early.id, early.revision)])
        assert texts == {(early.id, early.revision): (early.title, early.text)}


def test_a_reader_of_articles_only_delays_their_end(postgres: Database) -> None:
    with postgres.write() as tx:
        partitions.make_ahead(tx, NOON)
        put_articles(tx, [article(1, seen=NOON)])
    with postgres.read() as reading:
        reading.execute(select(articles.c.id)).all()
        with capture_logs() as logs, postgres.write() as tx:
            tx.execute(feeds.insert().values(feed_row("f")))
            partitions.drop_before(tx, NOON + 5 * DAY)
    assert "partition problem" in {line["event"] for line in logs}
    with postgres.write() as tx:
        assert tx.execute(select(feeds.c.id)).scalars().all() == ["f"]
        partitions.drop_before(tx, NOON + 5 * DAY)
    assert parts(postgres) == {}


def test_a_fresh_database_has_the_days_to_come(postgres: Database) -> None:
    now = datetime.now(UTC)
    with postgres.read() as tx:
        assert {now.date(), now.date() + DAY, now.date() + 3 * DAY} <= set(partitions.days(tx))
    with open_memory().write() as tx:
        partitions.make_ahead(tx, now)
        assert partitions.days(tx) == ()


def test_two_that_migrate_at_once_both_succeed(empty_url: str) -> None:
    with ThreadPoolExecutor(3) as threads:
        list(threads.map(migrate_url, [empty_url] * 3))
    open_existing_url(empty_url).close()


def test_a_database_that_was_not_migrated_is_refused(empty_url: str, postgres: Database, postgres_url: str) -> None:
    with pytest.raises(DatabaseProblemError, match="newswatch migrate --postgres"):
        open_existing_url(empty_url)
    with postgres.write() as tx:
        tx.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(DatabaseProblemError, match="later newswatch"):
        migrate_url(postgres_url)


def test_a_missing_table_is_trouble_of_the_database(empty_url: str) -> None:
    database = open_url(empty_url)
    with pytest.raises(OperationalError), database.write() as tx:
        tx.execute(select(feeds))
    database.close()


@pytest.mark.parametrize(
    "url",
    ["", "nonsense", "mysql://u:sesame-open@h/d", "postgresql://u:sesame-open@h", "postgresql://u:sesame-open@h:x/d"],
)
def test_an_address_that_is_none_is_refused_without_being_told(url: str) -> None:
    with pytest.raises(DatabaseProblemError, match="postgresql://USER@HOST") as refused:
        open_url(url)
    assert "sesame" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_password_reaches_no_message() -> None:
    with pytest.raises(DatabaseProblemError) as refused:
        open_existing_url("postgresql://user:sesame-open@127.0.0.1:1/desk")
    assert str(refused.value).startswith("postgresql://127.0.0.1:1/desk: connection")
    database = open_url("postgresql://user:sesame-open@127.0.0.1:1/desk")
    with pytest.raises(OperationalError) as failed, database.read():
        pass
    assert "sesame" not in f"{failed.value!r} {database.name} {failed.value.orig!r}"
    assert "sesame" not in blot_out("this is sesame-open")


def test_values_stand_in_no_error(postgres: Database) -> None:
    with pytest.raises(Exception, match="duplicate key") as failed, postgres.write() as tx:
        tx.execute(feeds.insert(), [feed_row("f", problem="confidential"), feed_row("f", problem="confidential")])
    assert "confidential" not in f"{failed.value!r}{failed.value}"


def test_a_clock_that_is_ahead_is_not_believed(postgres: Database) -> None:
    with postgres.read() as tx:
        assert not_ahead(tx, NOON) == NOON
        assert not_ahead(tx, datetime.now(UTC) + 365 * DAY) <= datetime.now(UTC) + timedelta(minutes=1)
    with open_memory().read() as tx:
        assert not_ahead(tx, NOON + 365 * DAY) == NOON + 365 * DAY


# --- other writers


def test_a_deadlock_is_trouble_of_the_database(postgres: Database) -> None:
    with postgres.write() as tx:
        tx.execute(feeds.insert(), [feed_row("a"), feed_row("b")])
    both = threading.Barrier(2)

    def work(first: str, second: str) -> None:
        with postgres.write() as tx:
            tx.execute(update(feeds).where(feeds.c.id == first).values(failures=1))
            both.wait(10)
            tx.execute(update(feeds).where(feeds.c.id == second).values(failures=1))

    with ThreadPoolExecutor(2) as threads:
        works = [threads.submit(work, *pair) for pair in (("a", "b"), ("b", "a"))]
    problems = [one.exception() for one in works]
    assert sorted(map(type, problems), key=str) == sorted([type(None), OperationalError], key=str)


@pytest.mark.parametrize(
    ("limit", "then"),
    [
        ("lock_timeout = '100ms'", "SELECT pg_advisory_xact_lock(1)"),
        ("statement_timeout = '100ms'", "SELECT pg_sleep(5)"),
        ("idle_in_transaction_session_timeout = '50ms'", "SELECT 1"),
        ("transaction_read_only = on", "DELETE FROM feeds"),
    ],
)
def test_waiting_too_long_and_a_standby_are_trouble(postgres: Database, limit: str, then: str) -> None:
    with postgres.write() as other:
        other.execute(text("SELECT pg_advisory_xact_lock(1)"))
        with pytest.raises(OperationalError), postgres.write() as tx:  # noqa: PT012 - the whole transaction is meant
            tx.execute(text(f"SET LOCAL {limit}"))
            threading.Event().wait(0.2)
            tx.execute(text(then))
    with postgres.write() as tx:
        tx.execute(text("SELECT 1"))


def test_no_free_connection_is_trouble(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("newswatch_core.storage.postgres._POOL", 1)
    monkeypatch.setattr("newswatch_core.storage.postgres._POOL_OVERFLOW", 0)
    monkeypatch.setattr("newswatch_core.storage.postgres.CONNECT_SECONDS", 0.1)
    database = open_url(postgres_url)
    with database.read(), pytest.raises(OperationalError), database.read():
        pass
    database.close()


def test_names_are_locked_until_the_end_of_the_transaction(postgres: Database) -> None:
    with postgres.write() as one, postgres.write() as other:
        lock_names(one, ["b", "a", "a"])
        assert [try_lock_name(other, name) for name in ("a", "b", "c")] == [False, False, True]
        one.commit()
        assert try_lock_name(other, "a")
    with postgres.write() as tx:
        lock_names(tx, [])


def test_connections_wait_for_nothing_without_end(postgres: Database) -> None:
    names = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout", "timezone")
    with postgres.write() as tx:
        before = [tx.execute(text(f"SHOW {name}")).scalar() for name in names]
        take_time(tx)
        within = [tx.execute(text(f"SHOW {name}")).scalar() for name in names]
    with postgres.write() as tx:
        after = [tx.execute(text(f"SHOW {name}")).scalar() for name in names]
    assert before == after == ["30s", "10s", "1min", "UTC"]
    assert within == ["0", "10s", "0", "UTC"]


# --- a server that goes away


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    server = start_server()
    yield server
    server.stop()


def test_a_server_that_was_killed_is_used_again_when_it_is_back(server: Server) -> None:
    migrate_url(server.url())
    database = open_url(server.url())
    with database.write() as tx:
        tx.execute(feeds.insert().values(feed_row("before")))
    with pytest.raises(OperationalError), database.write() as tx:  # noqa: PT012 - the whole transaction is meant
        tx.execute(feeds.insert().values(feed_row("during")))
        server.kill()
        tx.execute(feeds.insert().values(feed_row("after")))
    with pytest.raises(OperationalError), database.read() as tx:
        tx.execute(select(feeds))
    server.start()
    with database.read() as tx:
        assert tx.execute(select(feeds.c.id)).scalars().all() == ["before"]
    database.close()


# --- commands


def test_the_reading_commands_read_postgresql_after_it_was_migrated(empty_url: str) -> None:
    given = ("--postgres", empty_url)
    refused = newswatch("status", *given)
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "newswatch migrate --postgres" in refused.stderr
    assert "empty -> " in newswatch("migrate", *given).stdout
    assert "up to date" in newswatch("migrate", *given).stdout
    assert newswatch("status", *given).stdout.split()[:2] == ["articles", "0"]
    assert newswatch("alerts", *given).stdout == "no alerts\n"
    assert newswatch("dead-letters", *given).stdout == "no dead letters\n"


def test_migrating_wants_an_address() -> None:
    refused = newswatch("migrate", "--postgres", "")
    assert refused.returncode == 2
    assert "NEWSWATCH_POSTGRES" in refused.stderr
