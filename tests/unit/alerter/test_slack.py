"""What Slack's answers mean, tried on a server that gives them."""

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from newswatch_alerter.messages import word
from newswatch_alerter.receivers import slack
from newswatch_alerter.receivers.base import BROKEN_PAUSE, Dead, NotSent, Outcome, Sent, Uncertain
from newswatch_alerter.receivers.slack import SlackReceiver, payload, usable_webhook
from tests.support.alerting import message, sending
from tests.support.articles import NOON
from tests.support.slackserver import (
    BROKEN,
    FORBIDDEN,
    GONE,
    INVALID,
    NOT_FOUND,
    OK,
    RESET_AFTER,
    RESET_BEFORE,
    SILENCE,
    UNAVAILABLE,
    Answer,
    SlackServer,
    too_many,
)


@pytest.fixture
def server() -> Iterator[SlackServer]:
    with SlackServer() as server:
        yield server


async def post(server: SlackServer, answer: Answer) -> Outcome:
    server.next(answer)
    return await SlackReceiver(server.url).send(sending())


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (OK, Sent),
        (Answer(200, b"ok\n"), Sent),
        (Answer(200, b"<html>Sign in to the network</html>"), Uncertain),
        (Answer(204, b""), Uncertain),
        (Answer(302, b"", {"Location": "https://evil.example/"}), NotSent),
        (INVALID, Dead),
        (Answer(400, b"msg_blocks_too_long"), Dead),
        (Answer(413, b"too big"), Dead),
        (too_many("1"), NotSent),
        (BROKEN, Uncertain),
        (Answer(502), Uncertain),
        (UNAVAILABLE, NotSent),
        (RESET_BEFORE, Uncertain),
        (RESET_AFTER, Uncertain),
        (Answer(200, b"x" * 10_000_000), Uncertain),
    ],
)
async def test_every_answer_has_its_verdict(server: SlackServer, answer: Answer, kind: type[Outcome]) -> None:
    assert isinstance(await post(server, answer), kind)


@pytest.mark.parametrize("answer", [FORBIDDEN, NOT_FOUND, GONE, Answer(400, b"invalid_token"), Answer(401)])
async def test_trouble_of_the_webhook_or_its_room_is_no_trouble_of_the_message(
    server: SlackServer, answer: Answer
) -> None:
    outcome = await post(server, answer)
    assert isinstance(outcome, NotSent)
    assert outcome.whole
    assert outcome.broken
    assert outcome.wait == BROKEN_PAUSE


async def test_a_refused_connection_was_certainly_not_sent() -> None:
    with SlackServer() as gone:
        url = gone.url
    assert isinstance(await SlackReceiver(url).send(sending()), NotSent)


async def test_silence_after_the_message_is_uncertain(server: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "DEADLINE", 0.3)
    assert isinstance(await post(server, SILENCE), Uncertain)
    assert len(server.accepted) == 1


async def test_a_dripping_answer_ends_with_the_deadline(server: SlackServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slack, "DEADLINE", 0.3)
    assert isinstance(await post(server, Answer(how="drip", seconds=0.05)), Uncertain)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("1", 1), ("3600", 3600), ("Sat, 04 Apr 2026 12:14:00 GMT", 60), ("abc", 30), ("-5", 30), (None, 30)],
)
async def test_retry_after_is_heard(server: SlackServer, header: str | None, seconds: int) -> None:
    outcome = await post(server, too_many(header))
    assert isinstance(outcome, NotSent)
    assert outcome.wait == timedelta(seconds=seconds)


@pytest.mark.parametrize("answer", [OK, INVALID, BROKEN, RESET_AFTER, too_many("1")])
async def test_no_outcome_names_the_webhook(server: SlackServer, answer: Answer) -> None:
    assert "canary" not in repr(await post(server, answer))


@pytest.mark.parametrize(
    "url", ["http://hooks.slack.com/x", "", "ftp://127.0.0.1/", "https://", "https://[::1", "https://a b/", "hello"]
)
def test_a_useless_webhook_is_refused_without_being_named(url: str) -> None:
    with pytest.raises(ValueError, match="the webhook") as refused:
        usable_webhook(url)
    assert len(url) < 9 or url not in str(refused.value)


async def test_the_payload_is_plain_ascii_json(server: SlackServer) -> None:
    await SlackReceiver(server.url).send(sending(message(title="«объединённые силы»")))
    assert server.received[0].raw.isascii()


def test_marked_words_are_bold_and_the_only_link_is_the_articles() -> None:
    text = json.dumps(payload(word(message(title="Ministers meet"), now=NOON, delivery="d")), ensure_ascii=False)
    assert "> *Ministers* meet" in text
    assert text.count("<https://outlet.example.org/1>") == text.count("<") == 1
