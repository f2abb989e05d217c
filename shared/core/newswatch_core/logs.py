"""Log lines: for people on a terminal, as JSON elsewhere; never with a secret in them.

Each line is one event: a short noun phrase and fields. `setup` is called once, by the command line.
"""

import logging
import re
import sys
from collections.abc import MutableMapping
from contextlib import suppress
from typing import Any, TextIO
from urllib.parse import urlsplit, urlunsplit

import structlog

from newswatch_core.secrets import blot_out

Fields = MutableMapping[str, Any]

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+")
_LONGEST = 300
_COLOURS = {"debug": "\x1b[2m", "warning": "\x1b[33m", "error": "\x1b[31m", "critical": "\x1b[31m"}


def setup(*, level: str = "info", style: str = "auto", stream: TextIO | None = None) -> None:
    """Sends log lines to `stream` (standard error). `style`: text, json, or auto (text on a terminal)."""
    target = stream or sys.stderr
    terminal = target.isatty()
    as_text = style == "text" or (style == "auto" and terminal)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if as_text else "iso", utc=not as_text, key="time"),
            structlog.processors.format_exc_info,
            clean,
            TextRenderer(colours=terminal) if as_text else structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(getattr(logging, level.upper())),
        logger_factory=lambda *_: _Lines(target),
        cache_logger_on_first_use=False,
    )
    # Libraries log full URLs at level info, secrets included: only their warnings are let through.
    logging.basicConfig(level=logging.WARNING, handlers=[_Forward()], force=True)


class _Lines:
    """Writes lines, or not: a watch does not end because nobody reads its log any more."""

    def __init__(self, target: TextIO) -> None:
        self._target = target

    def msg(self, line: str) -> None:
        with suppress(OSError, ValueError):
            # In one piece: `print` writes the line's end apart, and another thread's line may come between.
            self._target.write(line + "\n")
            self._target.flush()

    log = debug = info = warning = error = critical = exception = fatal = msg


class _Forward(logging.Handler):
    """Gives the log records of libraries the same form, and the same cleaning, as our own."""

    def emit(self, record: logging.LogRecord) -> None:
        structlog.get_logger().log(record.levelno, "library", name=record.name, message=record.getMessage())


class TextRenderer:
    """One line for a reader: time, event, then the fields; the level shows as a colour or a word."""

    def __init__(self, *, colours: bool) -> None:
        self._colours = colours

    def __call__(self, _logger: object, _method: str, fields: Fields) -> str:
        level = fields.pop("level", "info")
        time, event = fields.pop("time", ""), fields.pop("event", "")
        trace = fields.pop("exception", "")
        rest = "  ".join(f"{key}={_show(value)}" for key, value in fields.items())
        mark = "" if level in {"info", "debug"} else f"{level.upper()} "
        line = f"{time}  {mark}{event:<18}  {rest}".rstrip()
        if trace:
            line += "\n" + str(trace)
        colour = _COLOURS.get(level, "") if self._colours else ""
        return f"{colour}{line}\x1b[0m" if colour else line


def _show(value: object) -> str:
    if isinstance(value, list | tuple | set):
        return ",".join(_show(part) for part in value) or "-"
    text = str(value)
    return f'"{text}"' if " " in text else text or "-"


def clean(_logger: object, _method: str, fields: Fields) -> Fields:
    """Blots out secrets, and what could forge a line or turn a terminal, in every field."""
    for key, value in list(fields.items()):
        if key != "exception":
            fields[key] = _clean(value)
        else:
            fields[key] = blot_out(str(value))
    return fields


def _clean(value: Any) -> Any:
    if isinstance(value, list | tuple | set):
        return [_clean(part) for part in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    text = blot_out(_CONTROL.sub(" ", str(value)))
    text = text.encode("utf-8", "replace").decode()
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def redact_url(url: str) -> str:
    """`url` without user, password, query and fragment: fit for a log line."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        port = f":{parts.port}" if parts.port else ""
    except ValueError:
        return "(unreadable URL)"
    return urlunsplit((parts.scheme, host + port, parts.path, "…" if parts.query else "", ""))
