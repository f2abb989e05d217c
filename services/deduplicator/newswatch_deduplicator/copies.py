"""Copies: articles whose text is, for the most part, that of an article seen before.

    two full texts     the shorter shares enough of its sampled shingles with the other (a reprint is cut, re-headed,
                       mixed with own text: shared parts count, not overall likeness)
    a short one        phrases and title alike, while another number in the title, or another day at the same site,
                       speaks for a template: rates, live blogs, columns

What many articles hold (a footer, a fixed phrase) says nothing and is left out.
"""

from collections.abc import Collection, Iterator
from math import exp, inf
from typing import NamedTuple

from newswatch_deduplicator.fingerprint import Fingerprint
from newswatch_deduplicator.likeness import HOUR, Subject, Wording
from newswatch_deduplicator.postings import Postings

SHARE = 0.3
"""Of the shorter text's shingles, from here on a copy."""
SHARE_SAME_SITE = 0.6
SHARE_OTHER_DAY = 0.8
SHARE_SERIES = 0.9
"""At one site, where articles share boilerplate and yesterday's page is today's template."""
HITS = 4

_COMMON_SHINGLE = 8
_COMMON_PHRASE = 20
_SHARED_PHRASES = 3
_SAME_TEXT = 0.85
_SAME_TITLE = 0.95
_LIKE_TITLE = 0.4
_SOME_TITLE = 0.15
_EXACT_TERMS = 8
"""Terms from which equal articles are copies whatever lies between them: "News in brief" has fewer."""
_CANDIDATES = 8
_DAY = 14.0
"""Hours from which two articles of a site are of different days."""
_EVERGREEN = 48.0
"""Hours after which a title ("Which one should you buy?") may come up anywhere."""


class Copy(NamedTuple):
    """`entry` is the article it repeats, `adds` whether a good part of it is new: then it can be copied as well."""

    entry: int
    adds: bool


class Copies:
    """The articles of the window, as far as they can be copied."""

    def __init__(self) -> None:
        self._marks: dict[int, Fingerprint] = {}
        self._shingles = Postings()
        self._phrases = Postings()
        self._exact = Postings()

    def add(self, entry: int, mark: Fingerprint) -> None:
        self._marks[entry] = mark
        self._phrases.add(entry, mark.phrases)
        if mark.is_full:
            self._shingles.add(entry, mark.shingles)
        if _is_long(mark):
            self._exact.add(entry, (mark.exact,))

    def drop(self, entry: int) -> None:
        if self._marks.pop(entry, None) is not None:
            self._phrases.drop(entry)
            self._shingles.drop(entry)
            self._exact.drop(entry)

    def find(self, subject: Subject) -> Copy | None:
        """The article that the subject copies most plainly; of equals the first seen."""
        mark = subject.mark
        same = self._exact.holders(mark.exact, len(self._marks)) if _is_long(mark) else None
        if same:
            return Copy(same[0], adds=False)
        best = max((*self._of_full(subject), *self._of_short(subject)), default=None)
        return Copy(-best[1], adds=best[2] < 0.5) if best else None

    def _of_full(self, subject: Subject) -> Iterator[tuple[float, int, float]]:
        """How surely, minus the entry, and which share of the mark is in it."""
        mark = subject.mark
        if not mark.is_full:
            return
        hits, common = self._shingles.count(mark.shingles, _COMMON_SHINGLE)
        telling = len(mark.shingles) - len(common)
        for entry in _most(hits, HITS):
            other = self._marks[entry]
            shorter = min(telling, len(other.shingles) - _shared(common, other.shingles))
            share = hits[entry] / shorter
            if share >= _needed(subject, other):
                yield 1.0 + share, -entry, hits[entry] / telling

    def _of_short(self, subject: Subject) -> Iterator[tuple[float, int, float]]:
        mark = subject.mark
        hits, common = self._phrases.count(mark.phrases, _COMMON_PHRASE)
        for entry in _most(hits, _SHARED_PHRASES):
            other = self._marks[entry]
            if mark.is_full and other.is_full:
                continue
            score = copy_score(subject.wording(other, common))
            if score >= 0.5:
                yield score, -entry, hits[entry] / (len(mark.phrases) - len(common))


def copy_score(alike: Wording) -> float:
    """From 0 to 1, a copy from 0.5 on: how sure it is that one of two articles, not both full, copies the other.

    Fitted by logistic regression to labelled pairs of feed entries, then rounded.
    """
    other_day = alike.same_site and alike.hours > _DAY
    same_text = alike.phrases >= _SAME_TEXT and not other_day
    if alike.series and not (same_text and alike.numbers >= 0):
        return 0.0
    if alike.same_site and alike.titles < _SOME_TITLE:
        return 0.0
    wording = 5.0 * max(alike.phrases, alike.title_phrases * _title_tells(alike)) + 1.9 * alike.titles
    distance = alike.same_site * min(alike.hours, 72.0) / 72.0
    return 1.0 / (1.0 + exp(4.0 - wording + 3.2 * distance - 1.4 * min(alike.numbers, 0.0)))


def _title_tells(alike: Wording) -> bool:
    """Whether equal titles are evidence: at one site only of the same hours, and if they are quite equal."""
    if alike.same_site:
        return alike.titles > _SAME_TITLE and alike.hours <= _DAY
    return alike.titles > _LIKE_TITLE and alike.hours < _EVERGREEN


def _is_long(mark: Fingerprint) -> bool:
    return len(mark.terms) >= _EXACT_TERMS


def _needed(subject: Subject, other: Fingerprint) -> float:
    """The share of the shorter text's shingles that makes a copy."""
    mark = subject.mark
    if mark.site != other.site:
        return SHARE
    other_day = abs(mark.at - other.at) > _DAY * HOUR
    if subject.is_series(other):
        return inf if other_day else SHARE_SERIES
    return SHARE_OTHER_DAY if other_day else SHARE_SAME_SITE


def _most(hits: dict[int, int], least: int) -> list[int]:
    enough = [(-count, entry) for entry, count in hits.items() if count >= least]
    enough.sort()
    return [entry for _, entry in enough[:_CANDIDATES]]


def _shared(common: set[int], hashes: Collection[int]) -> int:
    return len(common.intersection(hashes)) if common else 0
