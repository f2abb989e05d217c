"""The sender on a real SQLite file, with servers that answer as Slack and SMTP do, and with its process killed."""

import asyncio
import random
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import structlog.testing
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from newswatch_alerter import outbox as outbox_module
from newswatch_alerter import sender as sender_module
from newswatch_alerter.lifecycle import Planned
from newswatch_alerter.outbox import Outbox, pending_row
from newswatch_alerter.receivers import email as email_module
from newswatch_alerter.receivers import slack as slack_module
from newswatch_alerter.receivers.slack import SlackReceiver
from newswatch_alerter.sender import Pace, Sender
from newswatch_core.events import utc_now
from newswatch_core.storage.database import Database, open_file
from newswatch_core.storage.schema import deliveries
from tests.support.alerting import message
from tests.support.mailserver import MailServer, Trouble
from tests.support.sendernode import receivers
from tests.support.slackserver import (
    BROKEN,
    FORBIDDEN,
    INVALID,
    RESET_AFTER,
    SILENCE,
    UNAVAILABLE,
    Answer,
    SlackServer,
    too_many,
)

ROOT = Path(__file__).parents[2]


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    database = open_file(tmp_path / "newswatch.db")
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def slack() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


@pytest.fixture
def mail() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


def put(database: Database, number: int, receiver: str = "slack") -> None:
    planned = Planned(f"{receiver}-{number:05}", receiver, f"article-{number}", "opened", ("rule",), None)
    with database.write() as tx:
        tx.execute(
            deliveries.insert().values(pending_row(planned, "story", message(title=f"No {number:05}"), utc_now()))
        )


def hasten(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses after failures pass in hundredths of a second."""
    monkeypatch.setattr(outbox_module, "FIRST_WAIT", outbox_module.FIRST_WAIT / 200)
    monkeypatch.setattr(outbox_module, "LONGEST_WAIT", outbox_module.LONGEST_WAIT / 10_000)
    monkeypatch.setattr(outbox_module, "COPY_WAITS", [timedelta(seconds=0.02), timedelta(seconds=0.05)])


def states(database: Database) -> Counter[str]:
    with database.read() as tx:
        return Counter(row.state for row in tx.execute(select(deliveries.c.state)))


@asynccontextmanager
async def running(database: Database, slack: SlackServer, mail: MailServer | None = None) -> AsyncIterator[None]:
    sender = Sender(Outbox(database, utc_now, "test"), receivers(slack.url, mail.port if mail else 0), utc_now)
    task = asyncio.create_task(sender.run())
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def until(condition: Callable[[], bool], seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        await asyncio.sleep(0.02)


def numbers(slack: SlackServer) -> list[int]:
    return [int(found[1]) for one in slack.accepted if (found := re.search(r"No (\d{5})", one.payload["text"]))]


async def test_everything_arrives_once_and_in_order(database: Database, slack: SlackServer, mail: MailServer) -> None:
    for number in range(30):
        put(database, number)
        put(database, number, "mail")
    async with running(database, slack, mail):
        await until(lambda: states(database)["sent"] == 60)
    assert numbers(slack) == list(range(30))
    assert [mail.subject for mail in mail.received] == [f"[HIGH] No {number:05} - Outlet" for number in range(30)]
    assert not any("possible repeat" in one.words for one in slack.received)


async def test_nothing_is_sent_before_retry_after_and_nothing_dropped(database: Database, slack: SlackServer) -> None:
    put(database, 1)
    put(database, 2)
    slack.next(too_many("2"))
    async with running(database, slack):
        await until(lambda: states(database)["sent"] == 2)
    first, second, third = (one.at for one in slack.received)
    assert second - first >= 2
    assert numbers(slack) == [1, 2]
    assert third >= second


async def test_an_uncertain_message_comes_again_with_its_mark(
    database: Database, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch)
    put(database, 1)
    slack.next(RESET_AFTER, BROKEN)
    async with running(database, slack):
        await until(lambda: states(database)["sent"] == 1)
    marks = ["possible repeat of slack-00001" in one.payload["text"] for one in slack.accepted]
    assert marks == [False, True, True]


async def test_an_outage_kills_nothing_and_everything_arrives_after_it(
    database: Database, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch)
    for number in range(3):
        put(database, number)
    slack.next(*[UNAVAILABLE] * 4, *[BROKEN] * 6, *[UNAVAILABLE] * 4)
    async with running(database, slack):
        await until(lambda: states(database)["sent"] == 3)
    assert set(numbers(slack)) == {0, 1, 2}
    assert max(Counter(one.payload["text"] for one in slack.accepted if "possible" not in one.words).values()) == 1


async def test_a_webhook_that_is_switched_off_and_on_again_loses_nothing_and_is_told_once(
    database: Database, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch)
    monkeypatch.setattr(slack_module, "BROKEN_PAUSE", timedelta(seconds=0.05))
    for number in range(3):
        put(database, number)
    slack.next(*[FORBIDDEN] * 5)
    with structlog.testing.capture_logs() as logs:
        async with running(database, slack):
            await until(lambda: states(database)["sent"] == 3)
    assert numbers(slack) == [0, 1, 2]
    (told,) = [log for log in logs if log["log_level"] == "error"]
    assert (told["event"], told["receiver"]) == ("delivery problem", "slack")
    assert "403" in told["problem"]


async def test_a_permanent_refusal_is_dead_loudly_and_holds_nothing_up(database: Database, slack: SlackServer) -> None:
    put(database, 1)
    put(database, 2)
    slack.next(INVALID)
    with structlog.testing.capture_logs() as logs:
        async with running(database, slack):
            await until(lambda: states(database) == {"dead": 1, "sent": 1})
    (dead,) = [log for log in logs if log["log_level"] == "error"]
    assert dead["event"] == "delivery dead"
    assert "canary" not in repr(logs)


async def test_a_silent_receiver_delays_no_other(database: Database, slack: SlackServer, mail: MailServer) -> None:
    slack.always(SILENCE)
    put(database, 1)
    for number in range(20):
        put(database, number, "mail")
    async with running(database, slack, mail):
        await until(lambda: states(database)["sent"] == 20, 5)
    assert states(database) == {"sent": 20, "uncertain": 1}


async def test_a_stop_lets_a_message_under_way_end(database: Database, slack: SlackServer) -> None:
    put(database, 1)
    slack.next(Answer(seconds=0.5))
    async with running(database, slack):
        await until(lambda: len(slack.received) == 1)
    assert states(database) == {"sent": 1}


async def test_a_database_that_fails_for_a_while_loses_and_repeats_nothing(
    database: Database, slack: SlackServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sender_module, "PAUSE", 0.05)
    troubles = iter(["claim", "still_held", "claim"] * 3)
    for name in ("claim", "still_held"):
        original = getattr(Outbox, name)

        def failing(*args: Any, name: str = name, original: Any = original) -> Any:
            if next(troubles, "") == name:
                raise OperationalError("", {}, Exception("disk I/O error"))
            return original(*args)

        monkeypatch.setattr(Outbox, name, failing)
    for number in range(5):
        put(database, number)
    monkeypatch.setattr(outbox_module, "FIRST_WAIT", outbox_module.FIRST_WAIT / 20)
    async with running(database, slack):
        await until(lambda: states(database)["sent"] == 5)
    assert numbers(slack) == list(range(5))
    assert not any("possible repeat" in one.words for one in slack.received)


async def test_a_receiver_with_a_bug_holds_up_neither_itself_nor_others(
    database: Database, slack: SlackServer, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_self: object, _sending: object) -> None:
        raise KeyError("canary-secret")

    monkeypatch.setattr(SlackReceiver, "send", broken)
    put(database, 1)
    put(database, 2, "mail")
    with structlog.testing.capture_logs() as logs:
        async with running(database, slack, mail):
            await until(lambda: states(database) == {"sent": 1, "uncertain": 1})
    assert "canary" not in repr(logs)


async def test_a_refused_sender_kills_no_mail_and_is_told_as_broken(
    database: Database, slack: SlackServer, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasten(monkeypatch)
    monkeypatch.setattr(email_module, "BROKEN_PAUSE", timedelta(seconds=0.1))
    for number in range(3):
        put(database, number, "mail")
    # More often than a message may be refused for its own sake.
    mail.next(*[Trouble("mail", 550)] * (outbox_module.MAX_REFUSALS + 2))
    with structlog.testing.capture_logs() as logs:
        async with running(database, slack, mail):
            await until(lambda: states(database)["sent"] == 3)
    assert [one.subject for one in mail.received] == [f"[HIGH] No {number:05} - Outlet" for number in range(3)]
    (problem,) = [log for log in logs if log["event"] == "delivery problem"]
    assert (problem["log_level"], "refused the sender's address (550)" in problem["problem"]) == ("error", True)


async def test_mail_troubles_end_in_one_mail_each(
    database: Database, slack: SlackServer, mail: MailServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbox_module, "FIRST_WAIT", outbox_module.FIRST_WAIT / 20)
    put(database, 1, "mail")
    put(database, 2, "mail")
    mail.next(Trouble("mail", 421), Trouble("rcpt", 450), Trouble("data", 451), Trouble("drop-before"))
    async with running(database, slack, mail):
        await until(lambda: states(database)["sent"] == 2)
    assert sorted(one.subject for one in mail.received) == ["[HIGH] No 00001 - Outlet", "[HIGH] No 00002 - Outlet"]


def test_after_a_burst_messages_keep_their_pace() -> None:
    pace = Pace(1.0, burst=3)
    now, sent = 100.0, []
    for _ in range(6):
        sent.append(now - 100.0)
        now += pace.take(now)
    assert sent == [0, 0, 0, 1, 2, 3]


def test_without_a_pace_nothing_waits() -> None:
    pace = Pace(0.0, burst=1)
    assert [pace.take(5.0) for _ in range(3)] == [0, 0, 0]


def test_killed_twenty_times_nothing_is_lost_and_no_repeat_is_unmarked(
    database: Database, slack: SlackServer, mail: MailServer, tmp_path: Path
) -> None:
    total, chance = 150, random.Random(7)
    slack.always(Answer(seconds=0.01))
    for number in range(total):
        put(database, number)
        put(database, number, "mail")
    command = [
        sys.executable,
        "-m",
        "tests.support.sendernode",
        str(tmp_path / "newswatch.db"),
        slack.url,
        str(mail.port),
    ]
    for _ in range(20):
        before = len(slack.received)
        process = subprocess.Popen(command, cwd=ROOT)
        deadline = time.monotonic() + 20
        while len(slack.received) <= before and time.monotonic() < deadline and states(database)["sent"] < 2 * total:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.wait()
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        deadline = time.monotonic() + 60
        while states(database)["sent"] < 2 * total and time.monotonic() < deadline:
            time.sleep(0.05)
    finally:
        process.kill()
        process.wait()
    assert states(database) == {"sent": 2 * total}
    assert set(numbers(slack)) == set(range(total))
    told = [one.payload["text"] for one in slack.accepted]
    unmarked = Counter(text for text in told if "possible repeat" not in text)
    assert max(unmarked.values()) == 1
    mails = Counter(one.subject for one in mail.received if "possible repeat" not in one.subject)
    assert max(mails.values()) == 1
    assert {re.search(r"No (\d{5})", one.subject)[1] for one in mail.received} == {  # type: ignore[index]
        f"{number:05}" for number in range(total)
    }
