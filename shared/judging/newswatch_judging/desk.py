"""A desk's judgement: its entities, keywords and rules, ready to tag and judge articles.

article -> words -> mentions, with sentences and zones where an alias stands (tag)
        -> rules that these mentions can make true -> terms -> rules that these can -> evaluated -> matches (judge)
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from pathlib import Path

from newswatch_core.config import ConfigError, Problem
from newswatch_core.events import Article, Match, Mention, RefusedMention, Span, Zone, hash_id
from newswatch_core.feednames import read_feed_names
from newswatch_core.text import Document, read
from newswatch_judging.entities import Entity, read_entities
from newswatch_judging.evaluate import Facts, clause_matches, closeness, evaluate
from newswatch_judging.explain import Known, Refused, RuleAccount, account
from newswatch_judging.fixtures import Expected, Inline, describe, read_fixture
from newswatch_judging.gazetteer import Gazetteer, Tagged
from newswatch_judging.index import Candidate, RuleIndex
from newswatch_judging.keywords import KeywordSet, read_keywords
from newswatch_judging.lints import lint_entities, lint_keywords
from newswatch_judging.names import check_names
from newswatch_judging.nearmiss import NearMiss, Suspicion, near_miss, with_refused
from newswatch_judging.queries import parse_queries, wrong_definitions
from newswatch_judging.query import read_query
from newswatch_judging.rulelints import lint_rules
from newswatch_judging.rules import Rule, RulesRead, read_rules
from newswatch_judging.sieve import Sieve
from newswatch_judging.terms import Key, Terms
from newswatch_judging.tree import Node, terms_of

MATCHING_VERSION = "2"
"""Part of `entities_hash`: raised when the same entity files would give other mentions than before."""

MAX_NEAR_MISSES = 10
"""So many near misses of one article are told."""
MAX_LOOKED_AT = 200
"""So many rules that did not fire are looked at for them."""


class Judging:
    """Tags and judges articles. Immutable after construction but for caches; one thread at a time."""

    def __init__(
        self,
        entities: Mapping[str, Entity],
        keywords: Mapping[str, KeywordSet],
        rules: Mapping[str, Rule],
        queries: Mapping[str, Node],
    ) -> None:
        self.entities = entities
        self.keywords = keywords
        self.rules = rules
        self.entities_hash = hash_id(MATCHING_VERSION, *(entity.model_dump_json() for entity in entities.values()))
        self._queries = queries
        self._groups = {entity.id: (*entity.members, *entity.people) for entity in entities.values()}
        self._last: tuple[Article, Document] | None = None
        self._found: tuple[Document, Mapping[Key, Sequence[tuple[int, int]]]] | None = None

    @classmethod
    def load(cls, desk: Path) -> "Judging":
        """The judgement of the desk in this folder. Raises ConfigError with all problems, failing fixtures too."""
        judging, problems = _load(desk)
        # What is wrong with a definition is wrong with each rule that uses it.
        errors = list(dict.fromkeys(problem for problem in problems if problem.severity == "error"))
        if errors or judging is None:
            raise ConfigError(errors)
        return judging

    @property
    def entities_number(self) -> int:
        """The hash of the entities as a number that a float holds exactly."""
        return int(self.entities_hash[:12], 16)

    @property
    def queries(self) -> Mapping[str, Node]:
        """By rule: its query, read."""
        return self._queries

    def prepare(self) -> None:
        """Builds what is otherwise built when it is first needed: for a thread that has the time."""
        for made in (self._gazetteer, self._index, self._terms):
            assert made is not None  # noqa: S101 - looked at, and so built

    def tag(self, article: Article) -> tuple[Mention, ...]:
        """The mentions of the desk's entities, those of the title first."""
        return self.tagged(article).mentions

    def tagged(self, article: Article) -> Tagged:
        """The mentions, and what was refused and why."""
        return self._gazetteer.tag(self._document(article), _language(article))

    def may_fire(self, article: Article) -> bool:
        """Whether any rule can be true of the article, at a glance: where not, it need not be tagged."""
        return self._sieve.lets_pass(self._document(article), _language(article))

    def judge(self, article: Article, mentions: Sequence[Mention]) -> tuple[Match, ...]:
        """The match of every rule that is true of the article, in the order of the rules."""
        present: set[Key] = {("entity", mention.entity) for mention in mentions}
        alive = self._index.alive(present)
        if not alive:
            return ()
        facts = self._facts(article, mentions)
        present.update(self._terms_in(article))
        found = (self._match(candidate.rule, facts) for candidate in alive if candidate.can_hold(present))
        return tuple(match for match in found if match is not None)

    def nearly(
        self,
        article: Article,
        mentions: Sequence[Mention],
        refused: Sequence[RefusedMention],
        fired: Collection[str],
    ) -> tuple[NearMiss, ...]:
        """The near misses among the rules that did not fire, at most `MAX_NEAR_MISSES`, in the order of the rules.

        To be asked after `judge`, for the same article. Where no rule has all its entities, it costs nothing.
        """
        present: set[Key] = {("entity", each.entity) for each in mentions}
        present.update(("entity", each.entity) for each in refused)
        alive = self._index.alive(present)
        if not alive:
            return ()
        facts = self._facts(article, mentions)
        present.update(self._terms_in(article))
        suspicion = Suspicion(refused, self._facts(article, with_refused(mentions, refused))) if refused else None
        found: list[NearMiss] = []
        looked = (each for each in alive if each.rule not in fired and self._may_be_near(each, present, article))
        for candidate in islice(looked, MAX_LOOKED_AT):
            rule = self.rules[candidate.rule]
            miss = near_miss(rule.id, self._queries[rule.id], rule.source, facts, suspicion)
            if miss:
                found.append(miss)
            if len(found) == MAX_NEAR_MISSES:
                break
        return tuple(found)

    def account(self, rule: str, article: Article, tagged: Tagged) -> RuleAccount:
        """Why a rule fires on the article, or which clause fails and which guard refused what."""
        document, language = self._document(article), _language(article)
        refused: dict[str, list[Refused]] = {}
        for mention, why in tagged.refused:
            words = " ".join(_source(article, mention.zone)[mention.start : mention.end].split())
            one = Refused(f"@{mention.entity}", words, Span(mention.start, mention.end, mention.zone), why)
            refused.setdefault(one.term, []).append(one)
        for owner, first, last, why in self._terms.refused(document, language):
            start, end = document.starts[first], document.end_of(last - 1)
            words = " ".join(document.source(first)[start:end].split())
            one = Refused(f"#{owner}", words, Span(start, end, document.zone_of(first)), why)
            refused.setdefault(one.term, []).append(one)
        known = Known(self._facts(article, tagged.mentions), self.rules[rule].source, tagged.mentions, refused)
        return account(rule, self._queries[rule], known)

    def match(self, rule: str, article: Article, mentions: Sequence[Mention]) -> Match | None:
        """Judges the article by one rule."""
        return self._match(rule, self._facts(article, mentions))

    def _match(self, rule: str, facts: Facts) -> Match | None:
        holds = evaluate(self._queries[rule], facts)
        if not holds:
            return None
        clauses = clause_matches(holds, facts, self.rules[rule].source)
        return Match(rule=rule, closeness=closeness(holds, facts), clauses=clauses)

    def _facts(self, article: Article, mentions: Sequence[Mention]) -> Facts:
        return Facts(article, self._document(article), mentions, self._terms_in(article), self._groups)

    def _may_be_near(self, candidate: Candidate, present: set[Key], article: Article) -> bool:
        """Has the article all that the rule needs, or all but one thing where its text could not be read?"""
        return sum(map(present.isdisjoint, candidate.needs)) <= (article.text_from == "feed")

    def _terms_in(self, article: Article) -> Mapping[Key, Sequence[tuple[int, int]]]:
        document = self._document(article)
        if self._found is None or self._found[0] is not document:
            self._found = (document, self._terms.find(document, _language(article)))
        return self._found[1]

    def _document(self, article: Article) -> Document:
        if self._last is None or self._last[0] is not article:
            self._last = (article, read(article.title, article.text))
        return self._last[1]

    @cached_property
    def _gazetteer(self) -> Gazetteer:
        return Gazetteer(self.entities)

    @cached_property
    def _index(self) -> RuleIndex:
        return RuleIndex({rule: self._queries[rule] for rule in self.rules}, self._groups)

    @cached_property
    def _sieve(self) -> Sieve:
        return Sieve(self._queries, self.entities, self.keywords, self._groups)

    @cached_property
    def _terms(self) -> Terms:
        return Terms(self.keywords, (term for query in self._queries.values() for term in terms_of(query)))


def judging_of(desk: Path, rules: Sequence[Rule], queries: Mapping[str, Node]) -> Judging:
    """The desk with other rules than its own, and those of its keyword sets that they use. No fixture is run.

    `queries`: the tree of each. Raises ConfigError where entities or keywords cannot be used.
    """
    entities, keywords = read_entities(desk), read_keywords(desk)
    if problems := [*entities.problems, *keywords.problems]:
        raise ConfigError(problems)
    used = {term.value for query in queries.values() for term in terms_of(query) if term.kind == "keywords"}
    sets = {name: each for name, each in keywords.sets.items() if name in used}
    return Judging(entities.entities, sets, {rule.id: rule for rule in rules}, queries)


def read_search(desk: Path, text: str) -> tuple[Rule, Node]:
    """A query that may use the desk's definitions, as a rule. Raises QueryError, and ConfigError as `judging_of`."""
    entities, keywords = read_entities(desk), read_keywords(desk)
    if problems := [*entities.problems, *keywords.problems]:
        raise ConfigError(problems)
    wrong = check_names(read_query(text), text, entities.entities, keywords.sets, read_feed_names(desk))
    if wrong:
        raise wrong[0]
    query = read_rules(desk).definitions.query(text)
    expanded = query.source if query.source != text else ""
    return Rule(id="search", title=text, severity="low", query=text, expanded=expanded), query.tree


def usable_rules(desk: Path, read: RulesRead) -> tuple[Mapping[str, Rule], Mapping[str, Node], Sequence[Problem]]:
    """The rules whose queries can be used with the desk's entities and keywords, their trees, and all problems."""
    entities, keywords = read_entities(desk), read_keywords(desk)
    broken = [*entities.problems, *keywords.problems]
    feeds = read_feed_names(desk)
    queries, wrong = parse_queries(read, entities.entities, keywords.sets, names=not broken, feeds=feeds)
    problems = [problem for each in wrong.values() for problem in each]
    return {rule: read.rules[rule] for rule in queries}, queries, [*broken, *read.problems, *problems]


@dataclass(frozen=True)
class Failure:
    """A fixture of a rule that came out otherwise than expected."""

    message: str
    hint: str


def check_judging(desk: Path) -> Sequence[Problem]:
    """Problems and warnings of entities, keywords, rules and fixtures, in the order of the files."""
    return sorted(set(_load(desk, lints=True)[1]))


def check_entities(desk: Path) -> Sequence[Problem]:
    """The part of `check_judging` that tagging needs: entities and keywords."""
    entities, keywords = read_entities(desk), read_keywords(desk)
    lints = (*lint_entities(entities), *lint_keywords(keywords))
    return sorted({*entities.problems, *keywords.problems, *lints})


def load_tagging(desk: Path) -> Judging:
    """A desk that only tags: rules are not read, so a broken one does no harm. Raises ConfigError."""
    entities = read_entities(desk)
    if entities.problems:
        raise ConfigError(entities.problems)
    return Judging(entities.entities, {}, {}, {})


def _load(desk: Path, *, lints: bool = False) -> tuple[Judging | None, list[Problem]]:
    entities, keywords, rules = read_entities(desk), read_keywords(desk), read_rules(desk)
    problems = [*entities.problems, *keywords.problems, *rules.problems]
    if lints:
        problems += [*lint_entities(entities), *lint_keywords(keywords)]
        problems += lint_rules(rules, entities, keywords, read_feed_names(desk))
    broken = bool(entities.problems or keywords.problems)
    feeds = read_feed_names(desk)
    queries, wrong = parse_queries(rules, entities.entities, keywords.sets, names=not broken, feeds=feeds)
    problems += [problem for each in wrong.values() for problem in each]
    if broken:
        return None, problems
    problems += wrong_definitions(rules, entities.entities, keywords.sets, feeds)
    good = {rule: rules.rules[rule] for rule in queries}
    judging = Judging(entities.entities, keywords.sets, good, queries)
    problems += [problem for rule in good.values() for problem in run_fixtures(rule, judging, rules, desk)]
    return judging, problems


def run_fixtures(rule: Rule, judging: Judging, rules: RulesRead, desk: Path) -> Iterable[Problem]:
    """A problem for each fixture that cannot be read or comes out otherwise than the rule expects."""
    expectations: Sequence[tuple[Expected, Sequence[str | Inline]]] = (
        ("fires", rule.fixtures.fires),
        ("silent", rule.fixtures.silent),
    )
    for expected, fixtures in expectations:
        for index, fixture in enumerate(fixtures):
            path = ("fixtures", expected, index)
            try:
                article = read_fixture(fixture, desk)
            except ConfigError as error:
                for problem in error.problems:
                    message = f"rule {rule.id!r}: its fixture {describe(fixture)} cannot be read: {problem.message}"
                    yield rules.problem(rule.id, message, *path, hint=problem.hint)
                continue
            failure = _run(rule, article, expected, judging)
            if failure:
                message = f"rule {rule.id!r} {failure.message} on {describe(fixture)}"
                yield rules.problem(rule.id, message, *path, hint=failure.hint)


def _run(rule: Rule, article: Article, expected: Expected, judging: Judging) -> Failure | None:
    tagged = judging.tagged(article)
    match = judging.match(rule.id, article, tagged.mentions)
    if expected == "silent" and match is not None:
        shown = "; ".join(f"{clause.clause}: {_quoted(article, clause.spans)}" for clause in match.clauses)
        return Failure("must be silent but fires", f"found in one {match.closeness}: {shown}")
    if expected == "fires" and match is None:
        failed = [clause for clause in judging.account(rule.id, article, tagged).clauses if not clause.holds]
        why = "; ".join(f"{clause.clause}: {clause.why}" for clause in failed)
        refused = [f"@{mention.entity} {mention.alias!r} was refused: {reason}" for mention, reason in tagged.refused]
        return Failure("must fire but is silent", "; ".join([why, *sorted(set(refused))[:3]]))
    return None


def _language(article: Article) -> str:
    """The two-letter code, also where a feed says en-GB."""
    return article.language.lower().replace("_", "-").partition("-")[0]


def _quoted(article: Article, spans: Sequence[Span]) -> str:
    return ", ".join(repr(_source(article, span.zone)[span.start : span.end]) for span in spans[:2])


def _source(article: Article, zone: Zone) -> str:
    return article.title if zone == "title" else article.text
