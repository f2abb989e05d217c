"""What every receiver must do. A new receiver inherits `ReceiverContract` and passes."""

import io
import re
import sys
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Generic, TypeVar

import pytest
import structlog.testing

from newswatch_alerter.messages import Message, Thread, safe_url
from newswatch_alerter.receivers.base import Receiver, Sent
from newswatch_alerter.receivers.console import ConsoleReceiver
from newswatch_alerter.receivers.email import EmailConfig, EmailReceiver
from newswatch_alerter.receivers.slack import SlackReceiver
from tests.support import hostile
from tests.support.alerting import message, sending
from tests.support.mailserver import MailServer
from tests.support.slackserver import SlackServer

FIELDS = ("title", "text", "outlet", "kind", "language", "url", "desk", "rule_title")
TAGS = {"!DOCTYPE", "html", "head", "meta", "body", "div", "p", "h1", "ul", "li", "b", "blockquote", "span", "a"}
ARTICLE = "https://outlet.example.org/1"


@dataclass(frozen=True)
class Shown:
    """What arrived. `text`: all that a reader can see, decoded as the receiver's reader would decode it."""

    text: str
    links: tuple[str, ...]


S = TypeVar("S")


class ReceiverContract(ABC, Generic[S]):
    """The suite. `server` is the real counterpart of the receiver."""

    @pytest.fixture
    @abstractmethod
    def server(self) -> Iterator[S] | S: ...

    @abstractmethod
    def receiver(self, server: S) -> Receiver: ...

    @abstractmethod
    def shown(self, server: S) -> Shown:
        """What arrived last. Fails where something stands in it that never may."""

    async def show(self, server: S, of: Message, **fields: Any) -> Shown:
        assert isinstance(await self.receiver(server).send(sending(of, **fields)), Sent)
        return self.shown(server)

    async def test_a_message_says_what_an_analyst_needs(self, server: S) -> None:
        of = message(title="Ministers meet in Bamako", outlet="RFI", kind="state", language="fr", rule_title="CSS")
        shown = await self.show(server, of)
        wanted = ("HIGH", "Ministers meet in Bamako", "RFI (state, French)", "CSS", "css-russia", "full text", "12:01")
        assert [part for part in wanted if part not in shown.text] == []
        assert shown.links == (ARTICLE,)

    async def test_a_possible_repeat_says_so_and_names_its_delivery(self, server: S) -> None:
        shown = await self.show(server, message(), repeat=True, delivery="1234567890abcdef1234")
        assert "possible repeat of 1234567890abcdef1234" in shown.text
        assert "possible repeat" not in (await self.show(server, message())).text

    async def test_a_sample_says_so(self, server: S) -> None:
        assert "SAMPLE" in (await self.show(server, message(sample=True))).text

    async def test_a_follow_up_names_the_rules_told_before(self, server: S) -> None:
        shown = await self.show(server, message(thread=Thread("f" * 20, "[HIGH] First title - RFI", ("old-rule",))))
        assert "Now also" in shown.text
        assert "old-rule" in shown.text

    @pytest.mark.parametrize("field", FIELDS)
    async def test_hostile_text_stays_text(self, server: S, field: str) -> None:
        for text in hostile.ALL:
            fields: dict[str, Any] = {field: text}
            shown = await self.show(server, message(**fields))
            assert set(shown.links) <= ({ARTICLE} if field != "url" else {safe_url(text), ARTICLE}), text[:80]
            assert not re.search(
                "[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]", shown.text
            )

    async def test_a_huge_message_is_cut_not_refused(self, server: S) -> None:
        shown = await self.show(server, message(title="&<>" * 100_000, text="word " * 40_000, outlet="&" * 9_999))
        assert len(shown.text) < 20_000

    async def test_nothing_is_logged_but_by_the_sender(self, server: S, capsys: pytest.CaptureFixture[str]) -> None:
        with structlog.testing.capture_logs() as logs:
            await self.show(server, message())
        assert logs == []
        assert capsys.readouterr().err == ""


class TestConsole(ReceiverContract[io.TextIOWrapper]):
    @pytest.fixture
    def server(self) -> io.TextIOWrapper:
        return io.TextIOWrapper(io.BytesIO(), encoding="utf-8")

    def receiver(self, server: io.TextIOWrapper) -> Receiver:
        return ConsoleReceiver(server)

    def shown(self, server: io.TextIOWrapper) -> Shown:
        raw = server.buffer
        assert isinstance(raw, io.BytesIO)
        (block,) = re.findall(r"\A-{78}\n(.*?)^\n\Z", raw.getvalue().decode(), re.DOTALL | re.MULTILINE)
        raw.seek(0)
        raw.truncate()
        return Shown(block, tuple(re.findall(r"^  (https?://\S+)$", block, re.MULTILINE)))

    async def test_an_ascii_terminal_gets_what_it_can_show(self) -> None:
        stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
        assert isinstance(await ConsoleReceiver(stream).send(sending(message(title="Договор"))), Sent)

    async def test_words_are_marked_with_guillemets_where_there_are_no_colours(
        self, capsys: pytest.CaptureFixture[str]
    ) -> None:
        await ConsoleReceiver().send(sending(message(title="Ministers meet")))
        assert "> «Ministers» meet" in capsys.readouterr().out

    async def test_words_are_marked_in_colour_on_a_terminal(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("NO_COLOR", raising=False)
        stream = io.StringIO()
        monkeypatch.setattr(stream, "isatty", lambda: True)
        await ConsoleReceiver(stream).send(sending(message(title="Ministers meet")))
        assert "\x1b[1;4mMinisters\x1b[0m meet" in stream.getvalue()

    async def test_a_closed_pipe_is_no_crash(self, monkeypatch: pytest.MonkeyPatch) -> None:
        stream = io.StringIO()
        stream.close()
        monkeypatch.setattr(sys, "stdout", stream)
        outcome = await ConsoleReceiver().send(sending())
        assert not isinstance(outcome, Sent)


class TestSlack(ReceiverContract[SlackServer]):
    @pytest.fixture
    def server(self) -> Iterator[SlackServer]:
        with SlackServer() as server:
            yield server

    def receiver(self, server: SlackServer) -> Receiver:
        return SlackReceiver(server.url)

    def shown(self, server: SlackServer) -> Shown:
        return self._read(server.received[-1].payload)

    def _read(self, payload: dict[str, Any]) -> Shown:
        assert payload["unfurl_links"] is payload["unfurl_media"] is payload["link_names"] is False
        assert len(payload["blocks"]) <= 50
        texts = [payload["text"]]
        for block in payload["blocks"]:
            for part in block.get("elements", [block.get("text")]):
                assert part["verbatim"] is True
                assert 1 <= len(part["text"]) <= 3_000
                texts.append(part["text"])
        assert sum(map(len, texts)) < 13_000
        links = []
        for found in re.findall("<[^>]*>", "".join(texts)):
            assert re.fullmatch(r"<https?://[!-;=?-~]+>", found), found
            links.append(found[1:-1].replace("&amp;", "&"))
        whole = "\n".join(texts)
        assert not re.search(r"&(?!(amp|lt|gt);)", whole)
        without = re.sub("<[^>]*>", "", whole)
        assert not re.search(r"https?://|www\.\w", without, re.IGNORECASE)
        return Shown(
            whole.replace("*", "").replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&"), tuple(links)
        )


class TestEmail(ReceiverContract[MailServer]):
    @pytest.fixture
    def server(self) -> Iterator[MailServer]:
        with MailServer() as server:
            yield server

    def receiver(self, server: MailServer) -> Receiver:
        config = EmailConfig.model_validate(
            {
                "id": "desk-mail",
                "type": "email",
                "host": server.host,
                "port": str(server.port),
                "security": "none",
                "from": "newswatch@desk.example",
                "to": ["a@desk.example", "b@desk.example"],
            }
        )
        return EmailReceiver(config, "")

    def shown(self, server: MailServer) -> Shown:
        mail = server.received[-1]
        return self._read(mail.parsed, mail.part("plain"), mail.part("html"))

    def _read(self, mail: EmailMessage, text: str, html: str) -> Shown:
        known = {"Subject", "From", "To", "Date", "Message-ID", "In-Reply-To", "References", "Auto-Submitted"}
        known |= {"MIME-Version", "Content-Type", "X-Peer", "X-MailFrom", "X-RcptTo"}
        assert set(mail.keys()) <= known
        assert str(mail["To"]) == "a@desk.example, b@desk.example"
        assert mail["From"].addresses[0].addr_spec == "newswatch@desk.example"
        assert "\n" not in str(mail["Subject"])
        assert len(str(mail["Subject"])) <= 260
        assert set(re.findall(r"<\s*/?\s*([a-zA-Z!][\w-]*)", html)) <= TAGS
        links = tuple(dict.fromkeys(re.findall(r'href="([^"]*)"', html)))
        words = text + html
        without = words.replace(links[0], "") if links else words
        assert not re.search(r"https?://|www\.\w|\w@\w", without, re.IGNORECASE)
        return Shown(
            f"{mail['Subject']}\n{words}".replace("\r", ""), tuple(link.replace("&amp;", "&") for link in links)
        )
