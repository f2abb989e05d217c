"""Slack, through an incoming webhook.

A webhook answers `ok` and nothing more: it gives no id, so an uncertain message cannot be looked up, only marked.
What each answer means is `verdict`; the limits of Slack are kept before sending, since it refuses what exceeds them.
"""

import asyncio
import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any, Literal
from urllib.parse import urlsplit

import httpx

from newswatch_alerter.messages import Piece, Wording, word
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

SECTION_LIMIT = 2_900
"""Slack takes 3,000 characters in a section, counted after escaping."""
TEXT_LIMIT = 700
DEFAULT_PAUSE = timedelta(seconds=30)
"""After "too many requests" without a Retry-After."""
_BROKEN_STATUSES = frozenset({401, 403, 404, 407, 410})
_BROKEN_WORDS = frozenset(
    {
        "action_prohibited",
        "channel_is_archived",
        "channel_not_found",
        "invalid_token",
        "no_active_hooks",
        "no_service",
        "no_service_id",
        "no_team",
        "posting_to_general_channel_denied",
        "team_disabled",
        "token_revoked",
        "user_not_found",
    }
)
"""Answers about the webhook, the room or the workspace; any message would get them."""
DEADLINE = 20.0
_ANSWER_LIMIT = 2_000


class SlackReceiver:
    """Posts Block Kit messages to one webhook, and never says its address."""

    deadline = DEADLINE + 5

    def __init__(self, webhook: str) -> None:
        self._webhook = usable_webhook(webhook)
        # A kept-alive connection that Slack closed meanwhile would make a sure failure an uncertain one.
        limits = httpx.Limits(max_keepalive_connections=0)
        timeout = httpx.Timeout(10.0, connect=5.0)
        self._client = httpx.AsyncClient(trust_env=False, follow_redirects=False, limits=limits, timeout=timeout)

    async def send(self, sending: Sending) -> Outcome:
        wording = word(sending.message, now=sending.now, delivery=sending.delivery, repeat=sending.repeat)
        body = json.dumps(payload(wording)).encode("ascii")
        written = False

        async def trace(step: str, _details: Mapping[str, Any]) -> None:
            nonlocal written
            written = written or step.endswith("send_request_headers.started")

        try:
            async with asyncio.timeout(DEADLINE):
                return await self._post(body, sending.now, trace)
        except (httpx.HTTPError, httpx.InvalidURL, OSError, TimeoutError) as error:
            # Only the kind of error: its text may hold the address, which is the secret.
            problem = f"Slack did not answer: {type(error).__name__}"
            return Uncertain(problem) if written else NotSent(problem)

    async def _post(self, body: bytes, now: datetime, trace: Any) -> Outcome:
        headers = {"Content-Type": "application/json; charset=utf-8"}
        request = self._client.build_request("POST", self._webhook, content=body, headers=headers)
        request.extensions["trace"] = trace
        response = await self._client.send(request, stream=True)
        try:
            answer = b""
            async for chunk in response.aiter_raw(1_024):
                answer += chunk
                if len(answer) > _ANSWER_LIMIT:
                    break
        finally:
            await response.aclose()
        return verdict(response.status_code, answer, response.headers.get("Retry-After", ""), now)


def usable_webhook(url: str) -> str:
    """`url`, if it can be a webhook. Raises ValueError, without saying the URL."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        raise ValueError("the webhook is no URL") from None
    if parts.scheme == "https" and host and url.isascii() and url.isprintable() and " " not in url:
        return url
    if parts.scheme == "http" and host in LOOPBACK:
        return url
    raise ValueError("the webhook must be an https:// URL")


def verdict(status: int, answer: bytes, retry_after: str, now: datetime) -> Outcome:
    """What Slack's answer means for the message."""
    word = _error_word(answer)
    problem = f"Slack answered {status} {word}".rstrip()
    asked = pause(retry_after, now)
    if 200 <= status < 300:
        return Sent() if status == 200 and answer.strip() == b"ok" else Uncertain(f"{problem}, but not the word ok")
    if status == 429:
        return NotSent(problem, wait=asked or DEFAULT_PAUSE)
    if status in _BROKEN_STATUSES or word in _BROKEN_WORDS:
        wait = max(asked or BROKEN_PAUSE, BROKEN_PAUSE)
        return NotSent(f"{problem}: see the webhook's settings in Slack", wait=wait, broken=True)
    if status == 503 or 300 <= status < 400:
        # With 503 the server says that it took nothing; redirects are not followed.
        return NotSent(problem, wait=asked)
    if status >= 500 or status == 408:
        return Uncertain(problem, wait=asked)
    return Dead(f"{problem}: it does not take this message")


def _error_word(answer: bytes) -> str:
    """Slack's error code, such as invalid_payload; nothing else of an answer is shown."""
    found = re.fullmatch(rb"[a-z][a-z_]{2,40}", answer.strip())
    return found[0].decode() if found else ""


def pause(retry_after: str, now: datetime) -> timedelta | None:
    """The wait that a Retry-After asks for, in seconds or as a date; None if it says nothing usable."""
    value = retry_after.strip()
    if re.fullmatch(r"\d{1,9}", value):
        return timedelta(seconds=int(value))
    try:
        at = parsedate_to_datetime(value)
    except (ValueError, TypeError, IndexError):
        return None
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return max(at - now, timedelta(0))


_FORMATTING = str.maketrans({"*": "∗", "_": "ˍ", "~": "∼", "`": "ˋ"})


def escape(text: str) -> str:
    """`text` as Slack shows it literally: no mention, no link, no formatting."""
    text = defang(text).translate(_FORMATTING)
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def payload(wording: Wording) -> dict[str, Any]:
    """The message for a webhook: blocks for the reader, `text` for the phone's notification."""
    rules = [f"{_bold(rule.title)} ({escape(rule.id)}): {escape(rule.closeness)}" for rule in wording.rules]
    introduced = f"{escape(wording.rules_word)}: " if len(rules) == 1 else f"{escape(wording.rules_word)}:\n• "
    sections = [
        _lines([f"{_flags(wording)}{_bold(f'[{wording.severity}]')} {_bold(wording.title)}", escape(wording.source)]),
        _lines([introduced + _fitting(rules), *([escape(wording.before)] if wording.before else [])]),
    ]
    for what, counted in wording.counts:
        sections.append(f"{escape(what)}:\n• " + _fitting([escape(line) for line in counted]))
    if wording.quotes:
        sections.append(_lines(f"> {_marked(quoted)}" for quoted in wording.quotes))
    if wording.glosses:
        sections.append(_lines(escape(gloss) for gloss in wording.glosses))
    facts = [escape(f"{wording.facts}; {wording.times}"), *([_link(wording.link)] if wording.link else [])]
    blocks = [_section(section) for section in [*sections, _lines(facts)]]
    blocks.append({"type": "context", "elements": [_text(escape(wording.foot))]})
    return {
        "text": _cut(escape(wording.first_line), TEXT_LIMIT),
        "blocks": blocks,
        "unfurl_links": False,
        "unfurl_media": False,
        "link_names": False,
        "parse": "none",
    }


def _flags(wording: Wording) -> str:
    return "".join(f"[{escape(flag)}] " for flag in wording.flags)


def _bold(text: str) -> str:
    return f"*{escape(text.strip())}*" if text.strip() else ""


def _marked(pieces: Sequence[Piece]) -> str:
    """A quotation with its marked words bold; Slack sees bold only next to a space, so spaces stay outside."""
    shown = []
    for piece in pieces:
        inner = piece.text.strip()
        if piece.marked and inner:
            before, after = piece.text.split(inner, 1)
            shown.append(f"{before}*{escape(inner)}*{after}")
        else:
            shown.append(escape(piece.text))
    return "".join(shown).strip()


def _link(url: str) -> str:
    return f"<{url.replace('&', '&amp;')}>"


def _fitting(lines: Sequence[str]) -> str:
    """As many lines as fit a section beside its other text, and how many were left out."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if sum(map(len, kept)) + len(line) > SECTION_LIMIT - 800:
            return "\n• ".join([*kept, f"and {len(lines) - number} more"])
        kept.append(line)
    return "\n• ".join(kept)


def _lines(lines: Any) -> str:
    return "\n".join(lines)


def _section(text: str) -> dict[str, Any]:
    return {"type": "section", "text": _text(text)}


def _text(text: str) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": _cut(text, SECTION_LIMIT), "verbatim": True}


def _cut(text: str, limit: int) -> str:
    """At most `limit` characters, never through an escape or a link."""
    if len(text) <= limit:
        return text
    return re.sub(r"(&[a-z]*|<[^>]*)$", "", text[: limit - 1]) + "…"


class SlackConfig(ReceiverConfig):
    """{id: desk-slack, type: slack, webhook: {env: NEWSWATCH_SLACK_WEBHOOK}}"""

    type: Literal["slack"]
    webhook: SecretRef
    pace: Duration = timedelta(seconds=1)

    def build(self) -> SlackReceiver:
        return SlackReceiver(self.webhook.reveal())
