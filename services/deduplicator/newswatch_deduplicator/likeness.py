"""How alike two articles are, in a few numbers: words are worth what their rarity in the stream says."""

from collections.abc import Iterable, Set
from math import log
from typing import NamedTuple

from newswatch_deduplicator.fingerprint import NUMBER, Fingerprint

HOUR = 3_600_000_000
"""Microseconds."""

_PRIOR_ARTICLES = 300
_PRIOR = tuple(_PRIOR_ARTICLES * share for share in (0.30, 0.08, 0.04, 0.01, 0.01, 0.01, 0.01, 0.01))
"""How many of 300 articles hold a word, guessed from its class, before the stream has told."""


_HALF_TRUST = 100
_RARE_AT_MOST = 6
_NAME_WEIGHT = 0.5
"""Of the weight that a word of no article would have."""

_PATTERN = 0.6
"""Of the words of a title."""


class Weights(NamedTuple):
    """What the terms of a language are worth at this moment: `top` minus the logarithm of how many hold them.

    From the weight `rare` on a word is rare. `trust`, from 0 to 1, says how much of this the stream has told: at first
    every longer word looks rare.
    """

    counts: dict[int, int]
    top: float
    rare: float
    trust: float

    def of(self, term: int) -> float:
        return self.top - log(self.counts.get(term, 0) + _PRIOR[term & 7])


class Frequencies:
    """In how many originals of a language each term stands, learned from the window."""

    def __init__(self) -> None:
        self._articles: dict[str, int] = {}
        self._terms: dict[str, dict[int, int]] = {}

    def count(self, mark: Fingerprint, step: int = 1) -> None:
        """Adds an article, or takes it away again with `step` -1."""
        counts = self._terms.setdefault(mark.language, {})
        for term in mark.terms:
            left = counts.get(term, 0) + step
            if left:
                counts[term] = left
            else:
                del counts[term]
        self._articles[mark.language] = self._articles.get(mark.language, 0) + step

    def weights(self, language: str) -> Weights:
        learned = self._articles.get(language, 0)
        articles = learned + _PRIOR_ARTICLES
        top = log(articles)
        rare = max(0.55 * top, top - log(0.004 * articles + 3.0))
        return Weights(self._terms.setdefault(language, {}), top, rare, learned / (learned + _HALF_TRUST))


class Wording(NamedTuple):
    """How alike two articles are in what they say word by word.

    `phrases`: of the text with fewer, the share that the other has; `title_phrases` likewise; `titles`: the weight
    of the terms that both titles share, of all their weight; `numbers`: of the titles, see `_agreement`.
    """

    phrases: float
    title_phrases: float
    titles: float
    numbers: float
    hours: float
    same_site: bool
    series: bool


class Topic(NamedTuple):
    """How alike two articles are in what they are about.

    `cosine` of the heads; `title_in_text`: the weight of each title found in the other's head, mean of both ways;
    `rare`: how many rare terms they share, up to six, as far as rarity can be trusted; `numbers`: of the heads, see
    `_agreement`; `strangers`: both have names that weigh something, and none in common.
    """

    cosine: float
    title_in_text: float
    rare: float
    numbers: float
    strangers: bool
    hours: float
    same_site: bool
    series: bool


class Subject:
    """An article made ready to be compared with several."""

    def __init__(self, mark: Fingerprint, weights: Weights) -> None:
        self.mark = mark
        self.weights = weights
        counts, top, _, _ = weights
        # Weights.of, without the cost of a call
        self.weight = {term: top - log(counts.get(term, 0) + _PRIOR[term & 7]) for term in mark.terms}
        self.square = sum(value * value for value in self.weight.values())
        self._title = set(mark.terms[: mark.titled])
        self._title_weight = sum(self.weight[term] for term in self._title)
        self._names = self._telling(mark)
        self._numbers = {term for term in mark.terms if term & 7 == NUMBER}
        self._phrases = set(mark.phrases[mark.titled_phrases :])
        self._title_phrases = set(mark.phrases[: mark.titled_phrases])

    def is_series(self, other: Fingerprint) -> bool:
        """Whether two articles of a site have titles of one pattern, each with something of its own in it: the rates
        of two days, the guides to two teams, the live coverage of two matches."""
        if self.mark.site != other.site:
            return False
        title = self._title
        shared = len(title.intersection(other.terms[: other.titled]))
        shorter, longer = sorted((len(title), other.titled))
        return shorter > shared >= _PATTERN * longer

    def wording(self, other: Fingerprint, common: Set[int]) -> Wording:
        """Phrases in `common` are left out, since too many articles hold them."""
        title = set(other.terms[: other.titled])
        shared = sum(self.weight[term] for term in self._title & title)
        whole = self._title_weight + sum(map(self.weights.of, title)) - shared
        return Wording(
            phrases=_contained(self._phrases, other.phrases[other.titled_phrases :], common),
            title_phrases=_contained(self._title_phrases, other.phrases[: other.titled_phrases], common),
            titles=shared / whole if shared else 0.0,
            numbers=_agreement(self._numbers & self._title, {term for term in title if term & 7 == NUMBER}),
            hours=abs(self.mark.at - other.at) / HOUR,
            same_site=self.mark.site == other.site,
            series=self.is_series(other),
        )

    def topic(self, other: Fingerprint) -> Topic:
        own, title, (counts, top, limit, trust) = self.weight, self._title, self.weights
        square = shared = found = their_found = their_title = 0.0
        rare = 0
        numbers = set()
        for index, term in enumerate(other.terms):
            weight = own.get(term)
            if weight is None:
                weight = top - log(counts.get(term, 0) + _PRIOR[term & 7])  # Weights.of, without the cost of a call
            else:
                shared += weight * weight
                rare += weight >= limit
                if term in title:
                    found += weight
                if index < other.titled:
                    their_found += weight
            if index < other.titled:
                their_title += weight
            square += weight * weight
            if term & 7 == NUMBER:
                numbers.add(term)
        ways = (found / self._title_weight if found else 0.0) + (their_found / their_title if their_found else 0.0)
        return Topic(
            cosine=shared / (self.square * square) ** 0.5 if shared else 0.0,
            title_in_text=ways / 2,
            rare=min(rare, _RARE_AT_MOST) * trust,
            numbers=_agreement(self._numbers, numbers),
            strangers=self._are_strangers(other),
            hours=abs(self.mark.at - other.at) / HOUR,
            same_site=self.mark.site == other.site,
            series=self.is_series(other),
        )

    def _are_strangers(self, other: Fingerprint) -> bool:
        if not self._names or not self._names.isdisjoint(other.names):
            return False
        return self._names.isdisjoint(other.terms) and bool(self._telling(other))

    def _telling(self, mark: Fingerprint) -> set[int]:
        """The names that are no common word with a capital at the start of a sentence."""
        limit = _NAME_WEIGHT * self.weights.top
        return {term for term in mark.names if self.weights.of(term) >= limit}


def _contained(one: Set[int], two: Iterable[int], common: Set[int]) -> float:
    other = set(two)
    if common:
        one, other = one - common, other - common
    return len(one & other) / min(len(one), len(other)) if one and other else 0.0


def _agreement(one: Set[int], two: Set[int]) -> float:
    """1 where all numbers of the one with fewer stand in the other, -1 where none does, 0 where one has none."""
    return 2 * len(one & two) / min(len(one), len(two)) - 1 if one and two else 0.0
