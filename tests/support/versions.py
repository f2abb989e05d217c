"""Other versions of newswatch than this one, as far as tests can have them."""

import os
from pathlib import Path
from typing import Any

from tests.support.command import NEWSWATCH

NAMED = "NEWSWATCH_TEST_EARLIER"


def earlier_command() -> Path:
    """That of the version before this one: of the checkout named, after `make setup` there; else our own."""
    named = os.environ.get(NAMED)
    return Path(named) / ".venv" / "bin" / "newswatch" if named else NEWSWATCH


def with_later_fields(written: Any) -> Any:
    """The event as a later minor version may write it: a further field in every object of it."""
    if isinstance(written, dict):
        return {key: with_later_fields(value) for key, value in written.items()} | {"a-field-of-later": {"x": [1]}}
    return [with_later_fields(value) for value in written] if isinstance(written, list) else written
