"""Articles as the deduplicator meets them, and what it says of them."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from newswatch_core.events import Article, hash_id
from newswatch_deduplicator.fingerprint import fingerprint, microseconds
from newswatch_deduplicator.memory import Decision, Limits, Memory
from tests.support.articles import NOON, article


class Wire:
    """A memory, and articles given to it by name; one outlet each unless said otherwise."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.memory = Memory(limits)
        self._decided: dict[str, Decision] = {}
        self.merged: list[tuple[str, str]] = []

    def take(
        self,
        name: str,
        title: str,
        text: str = "",
        *,
        hours: float = 0,
        site: str = "",
        now: datetime | None = None,
        **fields: Any,
    ) -> None:
        """Decides on a revision of the article `name`, published `hours` after noon; `now` as late if not given."""
        piece = written(name, title, text, at=NOON + timedelta(hours=hours), site=site, **fields)
        _, decision = self.memory.take(fingerprint(piece), self._decided.get(name), now=microseconds(now or piece.at))
        self._decided[name] = decision
        self.merged += [(self._name(story), self._name(decision.story)) for story in decision.merged]

    def copy_of(self, name: str) -> str | None:
        """The name of the article that `name` is a copy of."""
        root = self._decided[name].copy_of
        return None if root is None else self._name(root)

    def story(self, name: str) -> str:
        """The name of the first article of the story that `name` is in now."""
        return self._name(self.memory.current(self._decided[name].story))

    def stories(self) -> Sequence[Sequence[str]]:
        """The names by story, in the order in which they came."""
        found: dict[str, list[str]] = {}
        for name in self._decided:
            found.setdefault(self.story(name), []).append(name)
        return list(found.values())

    def _name(self, article_id: str) -> str:
        return next(name for name in self._decided if hash_id(name) == article_id)


def written(name: str, title: str, text: str, *, at: datetime, site: str = "", **fields: Any) -> Article:
    """The article whose id is the hash of `name`."""
    url = f"https://{site or name}.example.org/{name}"
    return article(title=title, text=text, url=url, id=hash_id(name), seen=at, **fields)
