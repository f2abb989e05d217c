"""E-mail, tried on a real SMTP server."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from newswatch_alerter.messages import Thread
from newswatch_alerter.receivers.base import BROKEN_PAUSE, Dead, NotSent, Outcome, Sent, Uncertain
from newswatch_alerter.receivers.email import EmailConfig, EmailReceiver, header
from tests.support import hostile
from tests.support.alerting import message, sending
from tests.support.mailserver import MailServer, Trouble, make_certificate


def config(server: MailServer, **fields: Any) -> EmailConfig:
    given = {
        "id": "desk-mail",
        "type": "email",
        "host": server.host,
        "port": server.port,
        "security": "none",
        "from": "newswatch@desk.example",
        "to": ["a@desk.example"],
    }
    return EmailConfig.model_validate(given | fields)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as server:
        yield server


@pytest.mark.parametrize(
    ("trouble", "kind"),
    [
        (Trouble("mail", 451), NotSent),
        (Trouble("mail", 550), NotSent),
        (Trouble("rcpt", 450), NotSent),
        (Trouble("rcpt", 550), Dead),
        (Trouble("data", 452), NotSent),
        (Trouble("data", 554), Dead),
        (Trouble("data", 421), NotSent),
        (Trouble("drop-before"), NotSent),
        (Trouble("drop-after-dot"), Uncertain),
    ],
)
async def test_every_trouble_has_its_verdict(server: MailServer, trouble: Trouble, kind: type[Outcome]) -> None:
    server.next(trouble)
    assert isinstance(await EmailReceiver(config(server), "").send(sending()), kind)


@pytest.mark.parametrize(("code", "broken"), [(451, False), (530, True), (550, True), (553, True)])
async def test_a_sender_who_is_refused_is_the_receivers_trouble_and_no_messages(
    server: MailServer, code: int, broken: bool
) -> None:
    server.next(Trouble("mail", code))
    outcome = await EmailReceiver(config(server), "").send(sending())
    assert isinstance(outcome, NotSent)
    assert (outcome.whole, outcome.broken) == (True, broken)
    assert str(code) in outcome.problem
    if broken:
        assert outcome.wait == BROKEN_PAUSE
        assert "check `from`" in outcome.problem


async def test_silence_after_the_final_dot_is_uncertain(server: MailServer) -> None:
    server.next(Trouble("silent-after-dot"))
    receiver = EmailReceiver(config(server, timeout="1s"), "")
    receiver._after = 0.3
    assert isinstance(await receiver.send(sending()), Uncertain)
    assert len(server.received) == 1


async def test_a_server_that_is_not_there_was_certainly_not_told() -> None:
    assert isinstance(await EmailReceiver(config(MailServer()), "").send(sending()), NotSent)


async def test_an_address_that_was_refused_for_now_is_told_apart(server: MailServer) -> None:
    two = config(server, to=["a@desk.example", "b@desk.example"])
    server.next(Trouble("rcpt", 451, only=("b@desk.example",)), Trouble("rcpt", 550, only=("b@desk.example",)))
    first = await EmailReceiver(two, "").send(sending())
    second = await EmailReceiver(two, "").send(sending())
    assert isinstance(first, Sent)
    assert (first.rest, first.refused) == (("b@desk.example",), ())
    assert isinstance(second, Sent)
    assert (second.rest, second.refused) == ((), ("b@desk.example",))
    assert server.received[0].recipients == ("a@desk.example",)


async def test_a_retry_has_the_same_message_id(server: MailServer) -> None:
    receiver = EmailReceiver(config(server), "")
    await receiver.send(sending(delivery="1234"))
    await receiver.send(sending(delivery="1234", repeat=True))
    assert [mail.parsed["Message-ID"] for mail in server.received] == ["<1234@desk.example>"] * 2
    assert server.received[1].subject.startswith("[possible repeat of 1234] ")


async def test_a_follow_up_joins_the_thread_of_the_first(server: MailServer) -> None:
    thread = Thread("first", "[HIGH] First title - RFI", ("embassy",))
    await EmailReceiver(config(server), "").send(sending(message(thread=thread)))
    mail = server.received[0]
    assert mail.parsed["In-Reply-To"] == mail.parsed["References"] == "<first@desk.example>"
    assert mail.subject == "Re: [HIGH] First title - RFI"


@pytest.mark.parametrize("text", hostile.HEADERS)
def test_no_text_becomes_a_header(text: str) -> None:
    cleaned = header(text)
    assert "=?" not in cleaned
    assert not any(ord(character) < 32 or character in "\x85\u2028\u2029" for character in cleaned)


def test_a_header_is_cut() -> None:
    assert len(header("=?" * 10_000)) <= 200


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("needs the openssl command")
    return make_certificate(tmp_path_factory.mktemp("certificate"))


@pytest.mark.parametrize("security", ["starttls", "tls"])
async def test_it_logs_in_over_an_encrypted_connection(certificate: tuple[Path, Path], security: Any) -> None:
    login = ("newswatch", "canary-password") if security == "starttls" else None
    with MailServer(certificate=certificate, security=security, login=login) as server:
        fields: dict[str, Any] = {"security": security, "ca_file": str(certificate[0])}
        if login:
            fields |= {"user": "newswatch", "password": {"env": "X"}}
        outcome = await EmailReceiver(config(server, **fields), "canary-password" if login else "").send(sending())
        assert outcome == Sent()


async def test_a_wrong_password_is_told_without_the_password(certificate: tuple[Path, Path]) -> None:
    with MailServer(certificate=certificate, security="starttls", login=("newswatch", "right")) as server:
        fields = {"user": "newswatch", "password": {"env": "X"}, "ca_file": str(certificate[0])}
        receiver = EmailReceiver(config(server, security="starttls", **fields), "canary-password")
        outcome = await receiver.send(sending())
    assert isinstance(outcome, NotSent)
    assert "login" in outcome.problem
    assert "canary" not in repr(outcome)


async def test_a_server_without_starttls_is_told_nothing(server: MailServer) -> None:
    outcome = await EmailReceiver(config(server, security="starttls"), "").send(sending())
    assert isinstance(outcome, NotSent)
    assert server.received == []


async def test_an_unknown_certificate_is_told_nothing(certificate: tuple[Path, Path]) -> None:
    with MailServer(certificate=certificate, security="tls") as server:
        assert isinstance(await EmailReceiver(config(server, security="tls"), "").send(sending()), NotSent)
        assert server.received == []


@pytest.mark.parametrize(
    "fields",
    [
        {"to": []},
        {"to": ["a@desk.example\r\nBcc: evil@x.example"]},
        {"from": "no address"},
        {"user": "newswatch"},
        {"user": "newswatch", "password": {"env": "X"}, "host": "smtp.example.org"},
    ],
)
def test_a_dangerous_configuration_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        config(MailServer(), **fields)
