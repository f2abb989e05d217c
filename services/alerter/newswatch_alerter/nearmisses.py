"""Keeping the near misses of what is judged live: bounded by article, by rule and hour, and by age (retention)."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from newswatch_core import metrics
from newswatch_core.events import Match, Mention, RefusedMention, TaggedArticle
from newswatch_core.ports import Tx
from newswatch_core.storage.schema import near_misses
from newswatch_core.storage.upsert import insert_missing
from newswatch_judging.desk import Judging

HOURLY = 60
"""So many near misses of a rule are kept of one hour: a rule that nearly fires all day says the same every time."""


class NearMisses:
    """Looks for near misses article by article, and writes those of a batch."""

    def __init__(self) -> None:
        self._hour: datetime | None = None
        self._of_hour: Counter[str] = Counter()
        self._rows: list[dict[str, Any]] = []
        self._written: list[dict[str, Any]] = []

    def look(
        self,
        judging: Judging,
        event: TaggedArticle,
        found: tuple[Sequence[Mention], Sequence[RefusedMention]],
        matches: Sequence[Match],
        now: datetime,
    ) -> None:
        """Notes the rules that nearly fired on an article that was just judged; none of the backlog.

        `found`: its mentions, and what was refused.
        """
        if event.backlog:
            return
        hour = now.replace(minute=0, second=0, microsecond=0)
        if hour != self._hour:
            self._hour = hour
            self._of_hour.clear()
        article = event.article
        for miss in judging.nearly(article, *found, {match.rule for match in matches}):
            self._of_hour[miss.rule] += 1
            if self._of_hour[miss.rule] <= HOURLY:
                key = {"article": article.id, "revision": article.revision, "rule": miss.rule}
                self._rows.append(key | {"kind": miss.kind, "clause": miss.clause, "why": miss.why, "at": now})

    def save(self, tx: Tx) -> None:
        """Writes what was noted. One that a replayed article brings again stays as it was."""
        insert_missing(tx, near_misses, self._rows)
        self._written, self._rows = self._rows, []

    def count(self) -> None:
        """Counts what the last batch wrote: it is known to be committed only when the next one comes."""
        for row in self._written:
            metrics.NEAR_MISSES.labels(kind=row["kind"]).inc()
        self._written = []
