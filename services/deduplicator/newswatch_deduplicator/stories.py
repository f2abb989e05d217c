"""Stories: which originals tell of the same event.

An article joins a story when it is much like one of its articles *and* like the first ones: a story keeps the subject
it started with, and cannot wander from one event to the next. It takes articles until 72 hours after its first. Two
open stories become one when an article belongs to both and their first articles are alike as well.
"""

from array import array
from bisect import insort
from collections.abc import Iterator
from itertools import islice
from math import exp, log1p
from typing import NamedTuple

from newswatch_deduplicator.fingerprint import Fingerprint
from newswatch_deduplicator.likeness import Subject, Topic, Weights
from newswatch_deduplicator.postings import Postings

JOIN = 0.6
"""How likely one event has to be with the nearest article of a story,"""
JOIN_CORE = 0.45
"""and with its first ones, in the mean."""
MERGE = 0.75
"""For two stories to become one: of an article with the nearest of both,"""
MERGE_CORE = 0.6
"""with the first ones of both, in the mean,"""
MERGE_STORIES = 0.5
"""and of the first ones with each other."""

HOURS = 72.0
_CORE = 5
_CANDIDATES = 10
_LEAST_SHARED = 0.1
"""Of the article's weight, for another to be compared with it."""
_HOLDERS = 400
"""A term that more articles hold brings no candidates."""
_POSTINGS = 600
"""Looked at for one article."""


class Place(NamedTuple):
    """The story that an article belongs to, None for a new one; and stories that turn out to be that one."""

    story: str | None
    merged: tuple[str, ...] = ()


class Stories:
    """The originals of the last 72 hours, by story. Entries are numbered in the order in which they were seen."""

    def __init__(self) -> None:
        self._marks: dict[int, Fingerprint] = {}
        self._story: dict[int, str] = {}
        self._members: dict[str, array[int]] = {}
        self._terms: dict[str, Postings] = {}

    def add(self, entry: int, mark: Fingerprint, story: str) -> None:
        self._marks[entry] = mark
        self._story[entry] = story
        insort(self._members.setdefault(story, array("Q")), entry)
        self._terms.setdefault(mark.language, Postings()).add(entry, mark.terms)

    def drop(self, entry: int) -> None:
        mark = self._marks.pop(entry, None)
        if mark is None:
            return
        story = self._story.pop(entry)
        self._members[story].remove(entry)
        if not self._members[story]:
            del self._members[story]
        self._terms[mark.language].drop(entry)

    def merge(self, story: str, into: str) -> None:
        for entry in self._members.pop(story, ()):
            self._story[entry] = into
            insort(self._members.setdefault(into, array("Q")), entry)

    def place(self, subject: Subject) -> Place:
        """Where the subject belongs. Changes nothing."""
        near = {entry: event_score(subject.topic(self._marks[entry])) for entry in self._candidates(subject)}
        fits = []
        for story in dict.fromkeys(self._story[entry] for entry, score in near.items() if score >= JOIN):
            best = max(score for entry, score in near.items() if self._story[entry] == story)
            core = self._core_score(subject, story, near)
            if core >= JOIN_CORE:
                fits.append((best + core, -self._members[story][0], story, best >= MERGE and core >= MERGE_CORE))
        if not fits:
            return Place(None)
        fits.sort(reverse=True)
        _, _, story, sure = fits[0]
        one = [story]
        if sure:
            one += [each for _, _, each, sure in fits[1:] if sure and self._are_one(story, each, subject.weights)]
        one.sort(key=lambda each: self._members[each][0])
        return Place(one[0], tuple(one[1:]))

    def _candidates(self, subject: Subject) -> Iterator[int]:
        """The entries of open stories that share the most weight of rare terms."""
        postings = self._terms.get(subject.mark.language)
        if postings is None:
            return
        counts = subject.weights.counts
        shared: dict[int, float] = {}
        left = _POSTINGS
        for count, term in sorted([(counts.get(term, 0), term) for term in subject.weight]):
            if count > _HOLDERS or left < 0:
                break
            holders = postings.holders(term, _HOLDERS) or ()
            worth = subject.weight[term] ** 2
            for entry in holders:
                shared[entry] = shared.get(entry, 0.0) + worth
            left -= len(holders)
        least = _LEAST_SHARED * subject.square
        ranked = sorted((-worth, entry) for entry, worth in shared.items() if worth >= least)
        yield from islice((entry for _, entry in ranked if self._is_open(self._story[entry])), _CANDIDATES)

    def _is_open(self, story: str) -> bool:
        """While its first article is in the window."""
        return self._marks[self._members[story][0]].article == story

    def _core_score(self, subject: Subject, story: str, known: dict[int, float]) -> float:
        core = self._members[story][:_CORE]
        scores = [known.get(entry) or event_score(subject.topic(self._marks[entry])) for entry in core]
        return sum(scores) / len(scores)

    def _are_one(self, story: str, other: str, weights: Weights) -> bool:
        core = [Subject(self._marks[entry], weights) for entry in self._members[story][:_CORE]]
        return sum(self._core_score(each, other, {}) for each in core) / len(core) >= MERGE_STORIES


def event_score(alike: Topic) -> float:
    """From 0 to 1: how likely it is that two articles tell of the same event.

    Fitted by logistic regression to labelled pairs of feed entries, then rounded and made more careful.
    """
    if alike.series or alike.hours > HOURS:
        return 0.0
    words = 3.0 * alike.title_in_text + 1.5 * alike.cosine + 0.25 * alike.rare + 0.7 * alike.numbers
    apart = 2.0 * log1p(alike.hours) / log1p(HOURS)
    same_site = alike.same_site * (1.2 + 1.8 * min(alike.hours, 48.0) / 48.0)
    return 1.0 / (1.0 + exp(1.5 - words + apart + same_site + 1.5 * alike.strangers))
