"""A real SMTP server that keeps what it gets, and misbehaves on order.

    with MailServer() as mail:
        mail.next(Trouble("data", 451), Trouble("drop-after-dot"))     # then it takes everything again
        ... send to mail.host, mail.port ...
        mail.received

It runs in a thread of the process that made it, so a tested process may be killed at any moment.
"""

import asyncio
import email
import ssl
import subprocess
import threading
from collections import deque
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any, Literal, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

from tests.support.ports import free_port


@dataclass(frozen=True)
class Trouble:
    """How one message is met: refused with `code` at a step, or worse.

    `rcpt` refuses the recipients in `only` (all if empty). `drop-after-dot` takes the message, then breaks the
    connection; `silent-after-dot` takes it and says nothing; `drop-before` breaks off at MAIL FROM.
    """

    step: Literal["mail", "rcpt", "data", "drop-before", "drop-after-dot", "silent-after-dot"]
    code: int = 451
    only: tuple[str, ...] = ()


@dataclass(frozen=True)
class Mail:
    """A message that the server took."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        message = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(message, EmailMessage)
        return message

    @property
    def subject(self) -> str:
        return str(self.parsed["Subject"])

    def part(self, kind: Literal["plain", "html"]) -> str:
        body = self.parsed.get_body((kind,))
        assert body is not None
        return str(body.get_content())

    @property
    def words(self) -> str:
        """Subject and both bodies."""
        return "\n".join((self.subject, self.part("plain"), self.part("html")))


class MailServer:
    """Listens on a free port of 127.0.0.1. `certificate` (see `make_certificate`) turns STARTTLS or TLS on."""

    host = "127.0.0.1"

    def __init__(
        self,
        *,
        certificate: tuple[Path, Path] | None = None,
        security: Literal["none", "starttls", "tls"] = "none",
        login: tuple[str, str] | None = None,
    ) -> None:
        self.port = free_port()
        self._orders: deque[Trouble] = deque()
        self._lock = threading.Lock()
        self._received: list[Mail] = []
        self._login = login
        tls = _context(certificate) if certificate else None
        options: dict[str, Any] = {"ident": "test"}
        if security == "starttls":
            options |= {"tls_context": tls, "require_starttls": True}
        if login:
            options |= {
                "authenticator": self._authenticate,
                "auth_required": True,
                "auth_require_tls": security == "starttls",
            }
        self._options = options | {"ssl_context": tls if security == "tls" else None}
        self._controller: Controller | None = None

    def __enter__(self) -> Self:
        self._controller = Controller(
            _Handler(self), hostname=self.host, port=self.port, ready_timeout=10, **self._options
        )
        self._controller.start()
        return self

    def __exit__(self, *_: object) -> None:
        assert self._controller is not None
        self._controller.stop()

    def next(self, *troubles: Trouble) -> None:
        with self._lock:
            self._orders.extend(troubles)

    @property
    def received(self) -> list[Mail]:
        with self._lock:
            return list(self._received)

    def _authenticate(self, _server: SMTP, _session: Session, _envelope: Envelope, _kind: str, data: Any) -> AuthResult:
        given = data if isinstance(data, LoginPassword) else None
        good = given is not None and self._login == (given.login.decode(), given.password.decode())
        return AuthResult(success=good, handled=good is True)

    def take_order(self) -> Trouble | None:
        with self._lock:
            return self._orders.popleft() if self._orders else None

    def record(self, mail: Mail) -> None:
        with self._lock:
            self._received.append(mail)


class _Handler:
    """What aiosmtpd calls at each step of a session; the names are its own."""

    def __init__(self, server: MailServer) -> None:
        self._server = server
        self._trouble: dict[int, Trouble | None] = {}

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        trouble = self._server.take_order()
        self._trouble[id(session)] = trouble
        if trouble and trouble.step == "mail":
            return f"{trouble.code} no"
        if trouble and trouble.step == "drop-before":
            _break_off(server)
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, _server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        trouble = self._trouble.get(id(session))
        if trouble and trouble.step == "rcpt" and (not trouble.only or address in trouble.only):
            return f"{trouble.code} no"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        trouble = self._trouble.pop(id(session), None)
        if trouble and trouble.step == "data":
            return f"{trouble.code} no"
        content = envelope.content
        raw = content if isinstance(content, bytes) else str(content).encode()
        self._server.record(Mail(envelope.mail_from or "", tuple(envelope.rcpt_tos), raw))
        if trouble and trouble.step == "drop-after-dot":
            _break_off(server)
        if trouble and trouble.step == "silent-after-dot":
            await asyncio.sleep(60)
        return "250 OK"


def _break_off(server: SMTP) -> None:
    transport = server.transport
    assert isinstance(transport, asyncio.WriteTransport)
    transport.abort()


def _context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def make_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for 127.0.0.1 and its key. Needs the openssl command."""
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    command = (
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=127.0.0.1"
        " -addext subjectAltName=IP:127.0.0.1"
    )
    subprocess.run([*command.split(), "-keyout", key, "-out", certificate], check=True, capture_output=True)
    return certificate, key
