"""E-mail, through one SMTP server.

SMTP has a gap that nobody can close: if the connection is lost after the final dot, the server may have taken the
message. Such a try is uncertain, and the next carries the same Message-ID, so that mail programs can see the repeat.
"""

import asyncio
import re
import ssl
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from email.utils import format_datetime
from html import escape as html_escape
from typing import Annotated, Literal

import aiosmtplib
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from newswatch_alerter.messages import Piece, Wording, plain, subject, word
from newswatch_alerter.receivers.base import (
    BROKEN_PAUSE,
    Dead,
    NotSent,
    Outcome,
    ReceiverConfig,
    Sending,
    Sent,
    Uncertain,
)
from newswatch_alerter.receivers.encoding import LOOPBACK, defang
from newswatch_core.config import Duration
from newswatch_core.secrets import SecretRef
from newswatch_judging.rules import no_single_text

SUBJECT_LIMIT = 200
Security = Literal["starttls", "tls", "none"]


def _address(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9._%+=-]{1,64}@[A-Za-z0-9.-]{1,190}", value):
        raise ValueError("an address such as desk@example.org is expected, without a name")
    return value


MailAddress = Annotated[str, AfterValidator(_address)]


class EmailReceiver:
    """Sends each message to all its addresses in one go, on a connection of its own."""

    def __init__(self, config: "EmailConfig", password: str) -> None:
        self._config = config
        self._password = password
        self._before = config.timeout.total_seconds()
        self._after = 5 * self._before
        self.deadline = self._before + self._after + 5

    async def send(self, sending: Sending) -> Outcome:
        recipients = sending.message.to or self._config.to
        wording = word(sending.message, now=sending.now, delivery=sending.delivery, repeat=sending.repeat)
        data = build(sending, wording, self._config.from_, recipients)
        smtp = self._client()
        try:
            return await self._send(smtp, data, recipients)
        finally:
            smtp.close()

    async def _send(self, smtp: aiosmtplib.SMTP, data: bytes, recipients: Sequence[str]) -> Outcome:
        try:
            async with asyncio.timeout(self._before):
                await smtp.connect()
                taken, later, never = await _envelope(smtp, self._config.from_, recipients)
        except aiosmtplib.SMTPAuthenticationError as error:
            problem = f"the SMTP server refused the login ({error.code}): check user and password"
            return NotSent(problem, wait=BROKEN_PAUSE, broken=True)
        except aiosmtplib.SMTPSenderRefused as error:
            return _sender_refused(error.code)
        except (aiosmtplib.SMTPException, OSError, TimeoutError, ValueError) as error:
            return NotSent(_shown(error))
        if not taken:
            return _nobody(later, never)
        return await self._hand_over(smtp, data, later, never)

    def _client(self) -> aiosmtplib.SMTP:
        config = self._config
        return aiosmtplib.SMTP(
            hostname=config.host,
            port=config.port or (465 if config.security == "tls" else 587),
            timeout=self._before,
            username=config.user or None,
            password=self._password or None,
            use_tls=config.security == "tls",
            # True, not None: without STARTTLS nothing is sent, where None would go on in the clear.
            start_tls=config.security == "starttls",
            tls_context=_tls(config.ca_file) if config.security != "none" else None,
        )

    async def _hand_over(
        self, smtp: aiosmtplib.SMTP, data: bytes, later: Sequence["_Refusal"], never: Sequence["_Refusal"]
    ) -> Outcome:
        try:
            async with asyncio.timeout(self._after):
                await smtp.data(data, timeout=self._after)
        except aiosmtplib.SMTPDataError as error:
            return _message_refused(error.code)
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            return Uncertain(_shown(error))
        await _goodbye(smtp)
        problem = "; ".join(f"{refusal.address}: {refusal.code}" for refusal in (*later, *never))
        return Sent(
            rest=tuple(refusal.address for refusal in later),
            refused=tuple(refusal.address for refusal in never),
            problem=f"not taken for {problem}" if problem else "",
        )


class _Refusal:
    def __init__(self, address: str, code: int) -> None:
        self.address = address
        self.code = code


async def _envelope(
    smtp: aiosmtplib.SMTP, sender: str, recipients: Sequence[str]
) -> tuple[Sequence[str], Sequence[_Refusal], Sequence[_Refusal]]:
    """Names sender and recipients to the server. Returns who was taken, who may be later, and who never."""
    await smtp.mail(sender)
    taken: list[str] = []
    later: list[_Refusal] = []
    never: list[_Refusal] = []
    for address in recipients:
        try:
            await smtp.rcpt(address)
            taken.append(address)
        except aiosmtplib.SMTPRecipientRefused as error:
            (later if error.code < 500 else never).append(_Refusal(address, error.code))
    return taken, later, never


def _nobody(later: Sequence[_Refusal], never: Sequence[_Refusal]) -> Outcome:
    if later:
        return NotSent(f"the SMTP server took no recipient for now ({later[0].code})", whole=False)
    return Dead(f"the SMTP server refused every recipient ({never[0].code})")


def _sender_refused(code: int) -> Outcome:
    """Nothing of the message is known to the server yet: it would refuse any other as well."""
    if code < 500:
        return NotSent(f"the SMTP server refused the sender's address for now ({code})")
    problem = f"the SMTP server refused the sender's address ({code}): check `from`, user and password, or the server"
    return NotSent(problem, wait=BROKEN_PAUSE, broken=True)


def _message_refused(code: int) -> Outcome:
    if code == 421:
        return NotSent("the SMTP server is closing (421)")
    if code < 500:
        return NotSent(f"the SMTP server refused the message for now ({code})", whole=False)
    return Dead(f"the SMTP server refused the message ({code})")


def _shown(error: Exception) -> str:
    """The kind of error; a server's words are untrusted, and may repeat what was said to it."""
    code = f" ({error.code})" if isinstance(error, aiosmtplib.SMTPResponseException) else ""
    return f"the SMTP server could not be used: {type(error).__name__}{code}"


async def _goodbye(smtp: aiosmtplib.SMTP) -> None:
    """The message is taken: no trouble matters any more."""
    with suppress(aiosmtplib.SMTPException, OSError, TimeoutError):
        async with asyncio.timeout(2):
            await smtp.quit()


def _tls(ca_file: str) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file or None)


def build(sending: Sending, wording: Wording, sender: str, recipients: Sequence[str]) -> bytes:
    """The whole e-mail, as it goes over the wire."""
    domain = sender.rsplit("@", 1)[1]
    mail = EmailMessage(policy=SMTP_POLICY)
    flags = "".join(f"[{flag}] " for flag in wording.flags)
    mail["Subject"] = header(flags + subject(sending.message))
    mail["From"] = Address(header(wording.desk), addr_spec=sender)
    mail["To"] = tuple(Address(addr_spec=address) for address in recipients)
    mail["Date"] = format_datetime(sending.now)
    mail["Message-ID"] = f"<{sending.delivery}@{domain}>"
    if thread := sending.message.thread:
        mail["In-Reply-To"] = mail["References"] = f"<{thread.delivery}@{domain}>"
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content(as_text(wording), cte="quoted-printable")
    mail.add_alternative(as_html(wording), subtype="html", cte="quoted-printable")
    return mail.as_bytes()


def header(text: str) -> str:
    """`text` as a header can hold it: one line, nothing that could be read as an encoded word."""
    return re.sub(r"=(?=\?)|(?<=\?)=", "= ", plain(text, SUBJECT_LIMIT))[:SUBJECT_LIMIT]


def as_text(wording: Wording) -> str:
    """The part for programs without HTML."""
    flags = "".join(f"[{flag}] " for flag in wording.flags)
    lines = [f"{flags}[{wording.severity}] {defang(wording.title)}", defang(wording.source), ""]
    if len(wording.rules) == 1:
        lines.append(f"{wording.rules_word}: {defang(str(wording.rules[0]))}")
    else:
        lines += [f"{wording.rules_word}:", *(f"- {defang(str(rule))}" for rule in wording.rules)]
    lines += [defang(wording.before)] if wording.before else []
    for what, counted in wording.counts:
        lines += ["", f"{defang(what)}:", *(f"- {defang(line)}" for line in counted)]
    lines += [""] if wording.quotes else []
    lines += [f"> {_marked_text(quoted)}" for quoted in wording.quotes]
    lines += [defang(gloss) for gloss in wording.glosses]
    lines += ["", f"{wording.facts}; {wording.times}"]
    lines += [wording.link] if wording.link else []
    return "\n".join([*lines, "", f"-- {defang(wording.foot)}", ""])


def _marked_text(pieces: Sequence[Piece]) -> str:
    marked = "".join(f"«{piece.text}»" if piece.marked else piece.text for piece in pieces)
    return defang(marked.strip())


_COLOURS = {"LOW": "#4a6785", "MEDIUM": "#1f5fa8", "HIGH": "#b35900", "CRITICAL": "#b00020"}
_PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark"></head>
<body style="margin:0;padding:16px;font-family:system-ui,-apple-system,'Segoe UI',Roboto,sans-serif;font-size:16px;\
line-height:1.45"><div style="max-width:640px;margin:0 auto">
{body}
</div></body></html>
"""
_QUOTE = "margin:12px 0;padding:4px 12px;border-left:4px solid #c8c8c8"
_MARK = "background:#ffe58a;color:#1a1a1a;font-weight:600"
_SMALL = "margin:4px 0;font-size:14px;color:#666"


def as_html(wording: Wording) -> str:
    """The part that most people read; it holds no picture, and no link but the article's."""
    colour = _COLOURS[wording.severity]
    body = [_paragraph(_html(flag), f"margin:0;font-weight:600;color:{colour}") for flag in wording.flags]
    body += [
        _paragraph(_html(wording.severity), f"margin:0;font-weight:700;color:{colour}"),
        f'<h1 style="margin:4px 0;font-size:20px;line-height:1.3">{_html(wording.title)}</h1>',
        _paragraph(_html(wording.source), _SMALL),
        _paragraph(f"{_html(wording.rules_word)}:", "margin:12px 0 0"),
        '<ul style="margin:4px 0;padding-left:20px">',
        *(f"<li><b>{_html(rule.title)}</b> ({_html(rule.id)}): {_html(rule.closeness)}</li>" for rule in wording.rules),
        "</ul>",
    ]
    body += [_paragraph(_html(wording.before), _SMALL)] if wording.before else []
    for what, counted in wording.counts:
        body += [
            _paragraph(f"{_html(what)}:", "margin:12px 0 0"),
            '<ul style="margin:4px 0;padding-left:20px">',
            *(f"<li>{_html(line)}</li>" for line in counted),
            "</ul>",
        ]
    body += [f'<blockquote style="{_QUOTE}">{_marked_html(quoted)}</blockquote>' for quoted in wording.quotes]
    body += [_paragraph(_html(gloss), _SMALL) for gloss in wording.glosses]
    body += [_paragraph(_html(f"{wording.facts}; {wording.times}"), _SMALL)]
    if wording.link:
        url = html_escape(wording.link)
        body.append(_paragraph(f'<a href="{url}" rel="noreferrer">{url}</a>', "margin:12px 0;word-break:break-all"))
    body.append(_paragraph(_html(wording.foot), _SMALL))
    return _PAGE.replace("{body}", "\n".join(body))


def _paragraph(inner: str, style: str) -> str:
    return f'<p style="{style}">{inner}</p>'


def _html(text: str) -> str:
    return html_escape(defang(text))


def _marked_html(pieces: Sequence[Piece]) -> str:
    return "".join(
        f'<span style="{_MARK}">{_html(piece.text)}</span>' if piece.marked else _html(piece.text) for piece in pieces
    )


class EmailConfig(ReceiverConfig):
    """{id: desk-mail, type: email, host: smtp.example.org, from: newswatch@example.org, to: [desk@example.org]}"""

    type: Literal["email"]
    host: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.:_-]{1,253}$")]
    port: int = Field(default=0, ge=0, le=65_535)
    security: Security = "starttls"
    user: str = Field(default="", max_length=320, pattern=r"^[^\r\n\x00]*$")
    password: SecretRef | None = None
    ca_file: str = ""
    from_: MailAddress = Field(alias="from")
    to: Annotated[tuple[MailAddress, ...], BeforeValidator(no_single_text)] = Field(min_length=1, max_length=100)
    timeout: Duration = timedelta(seconds=60)

    @model_validator(mode="after")
    def _whole_login(self) -> "EmailConfig":
        if bool(self.user) != bool(self.password):
            raise ValueError("user and password come together: give both or neither")
        if self.user and self.security == "none" and self.host not in LOOPBACK:
            raise ValueError("a password is not sent without starttls or tls")
        return self

    def build(self) -> EmailReceiver:
        return EmailReceiver(self, self.password.reveal() if self.password else "")
