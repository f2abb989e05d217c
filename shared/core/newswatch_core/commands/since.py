"""`--since`: from when on a command looks at the past."""

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer
from pydantic import TypeAdapter

from newswatch_core.config import Duration

SinceOption = Annotated[
    str, typer.Option(help="A time (2026-04-04T12:00, UTC if no zone is given) or an age (2h, 3d).", metavar="TIME")
]

_AGE = re.compile(r"\d+\s*[smhd]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_length = TypeAdapter[timedelta](Duration).validate_python


def moment_of(text: str, now: datetime) -> datetime:
    """The time that --since names, not later than `now`. Raises BadParameter."""
    try:
        moment = now - _length(text) if _AGE.fullmatch(text) else datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"--since {text!r} is no time: give one like 2026-04-04T12:00, or an age such as 2h or 3d"
        ) from None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    if moment > now:
        raise typer.BadParameter(f"--since {text!r} lies in the future: there is nothing to look at")
    return max(moment, _EPOCH)
