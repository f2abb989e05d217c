"""What becomes of an article, told by each service for its own part: `newswatch explain` puts them together.

    asked (a URL, an id, a sample's name) --> the fetcher finds the article --> each service's Account --> text or JSON

Everything is read in one transaction; nothing is written, and nothing is sent.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from newswatch_core.events import Article
from newswatch_core.settings import Settings


class InquiryError(Exception):
    """The question cannot be answered as it was put; the message says what to ask instead."""


@dataclass(frozen=True, kw_only=True)
class Inquiry:
    """What is asked. `article` is set once it was found.

    `stored`: it stands in the archive, so that something may have become of it. `rule`: only this one is of interest.
    `fetch`: read the page now, instead of what the archive holds.
    """

    asked: str
    desk: Path
    settings: Settings
    tx: Connection
    now: datetime
    rule: str = ""
    fetch: bool = False
    article: Article | None = None
    stored: bool = False


@dataclass(frozen=True)
class Step:
    """One thing that happened, or did not. `label` is a word or two."""

    label: str
    text: str


@dataclass(frozen=True)
class Section:
    """Lines under a heading."""

    title: str
    lines: Sequence[str]


@dataclass(frozen=True, kw_only=True)
class Account:
    """What one service tells: steps and sections for readers, the same as `facts` for programs.

    `article` is set by the service that found it; `stored` as in Inquiry.
    """

    steps: Sequence[Step] = ()
    sections: Sequence[Section] = ()
    facts: Mapping[str, Any] = field(default_factory=dict)
    article: Article | None = None
    stored: bool = False


def told_time(moment: datetime | None) -> str:
    """A time as commands print it."""
    return f"{moment:%Y-%m-%d %H:%M} UTC" if moment else "never"


def counted(number: int, noun: str, plural: str = "") -> str:
    """`3 articles`, `1 article`, `no articles`."""
    return f"{number or 'no'} {noun if number == 1 else plural or noun + 's'}"
