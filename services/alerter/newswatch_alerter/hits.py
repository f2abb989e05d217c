"""What a search or a backtest finds. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from newswatch_core.events import Article, Closeness
from newswatch_judging.desk import Judging
from newswatch_judging.reasons import Reason, reasons


@dataclass(frozen=True)
class Hit:
    """A rule that fires on a revision of an article, with the sentences that show it. `article` has no text."""

    rule: str
    article: Article
    closeness: Closeness
    reasons: tuple[Reason, ...]


def hits_of(judging: Judging, article: Article) -> Sequence[Hit]:
    """The rules that fire on an article. One that cannot fire any is not tagged: the result is the same."""
    if not judging.may_fire(article):
        return ()
    matches = judging.judge(article, judging.tag(article))
    return [Hit(each.rule, replace(article, text=""), each.closeness, reasons(article, each)) for each in matches]
