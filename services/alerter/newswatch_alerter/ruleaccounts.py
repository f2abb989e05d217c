"""Why rules fire on an article or do not, in lines for readers."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from newswatch_alerter.messages import CLOSENESS_TOLD
from newswatch_core.accounts import Section
from newswatch_core.events import Article, Match
from newswatch_judging.desk import Judging
from newswatch_judging.explain import ClauseAccount, Quote, RuleAccount
from newswatch_judging.gazetteer import Tagged
from newswatch_judging.nearmiss import NearMiss, refused_of
from newswatch_judging.reasons import marked, reasons

_MOST_REFUSED = 5


@dataclass(frozen=True)
class Judged:
    """An article judged by all rules; `fired` and `near` by rule."""

    judging: Judging
    article: Article
    tagged: Tagged
    fired: Mapping[str, Match]
    near: Mapping[str, NearMiss]

    @classmethod
    def of(cls, judging: Judging, article: Article) -> "Judged":
        """Tags and judges the article."""
        tagged = judging.tagged(article)
        fired = {match.rule: match for match in judging.judge(article, tagged.mentions)}
        near = judging.nearly(article, tagged.mentions, refused_of(tagged), fired)
        return cls(judging, article, tagged, fired, {miss.rule: miss for miss in near})

    def account(self, rule: str) -> RuleAccount:
        """Why this rule fires or does not."""
        return self.judging.account(rule, self.article, self.tagged)

    def section(self, told: RuleAccount) -> Section:
        """The account of one rule, clause by clause, with the sentences that show it."""
        rule = self.judging.rules[told.rule]
        named = f"{rule.id}: {rule.title}"
        if told.closeness:
            heading = f"FIRES  {named} ({CLOSENESS_TOLD[told.closeness]})"
        else:
            heading = f"{'NEARLY' if rule.id in self.near else 'SILENT'}  {named}"
        lines = ["query: " + " ".join(rule.query.split())]
        lines += (line for clause in told.clauses for line in _clause_lines(clause))
        return Section(heading, [*lines, *self._sentences(told.rule)])

    def _sentences(self, rule: str) -> Iterator[str]:
        match = self.fired.get(rule)
        yield from (f"> {marked(reason)}" for reason in (reasons(self.article, match) if match else ()))


def _clause_lines(clause: ClauseAccount) -> Iterator[str]:
    mark = "yes" if clause.holds else "NO "
    told = [_quote(quote) for quote in _distinct(clause.quotes)]
    text = "; ".join(told) if clause.holds else clause.why
    if clause.found > len(clause.quotes):
        text += f"; {clause.found} places in all"
    yield f"{mark}  {clause.clause}" + (f": {text}" if text else "")
    for each in list({(one.term, one.words, one.why): one for one in clause.refused}.values())[:5]:
        yield f'     "{each.words}" in {each.span.zone} does not count as {each.term}: {each.why}'


def _distinct(quotes: Sequence[Quote]) -> Sequence[Quote]:
    """One quote for the same words in the same zone."""
    return list({(quote.words, quote.span.zone): quote for quote in reversed(quotes)}.values())[::-1]


def _quote(quote: Quote) -> str:
    return f'"{quote.words}" in {quote.span.zone}' + (f", proven {quote.proof}" if quote.proof else "")
