"""The window of articles that new ones are compared with, and the decision about each.

    mark --> known article? --> copy of one in the window? --> story of it --+--> decision
                                        | no                                 |
                                        +--> story it fits, or a new one ----+

The window is a function of what was taken in: the newest articles by `at`, up to an age and a number. So it can be
loaded from the database at any time, and decides as if it had never been away.
"""

from dataclasses import dataclass
from heapq import heappop, heappush

from msgspec import Struct
from msgspec.structs import replace

from newswatch_deduplicator.copies import Copies
from newswatch_deduplicator.fingerprint import Fingerprint
from newswatch_deduplicator.likeness import HOUR, Frequencies, Subject
from newswatch_deduplicator.stories import HOURS, Stories

Key = tuple[int, str, str]


@dataclass(frozen=True)
class Limits:
    """How much is remembered: copies are found for `copies` microseconds and among the newest `articles`."""

    copies: int = 7 * 24 * HOUR
    stories: int = int(HOURS * HOUR)
    articles: int = 200_000


@dataclass(frozen=True, slots=True)
class Decision:
    """What is told of a revision. `merged` are stories that turned out to be `story`, at this article.

    `includes`: these, and all that had become part of it before.
    """

    copy_of: str | None
    story: str
    merged: tuple[str, ...] = ()
    includes: tuple[str, ...] = ()


class Entry(Struct, frozen=True, gc=False):
    """A revision in the window. `number` orders entries as they were seen.

    `first`: the article's first revision; only that counts for stories. `adds`: copies are looked for in it; the copy
    of an entry that is itself looked in would be found twice over, and what many hold tells nothing.
    """

    number: int
    mark: Fingerprint
    copy_of: str | None
    story: str
    first: bool
    adds: bool


class Memory:
    """Decides on articles one by one, and remembers them."""

    def __init__(self, limits: Limits | None = None) -> None:
        self._limits = limits or Limits()
        self._entries: dict[int, Entry] = {}
        self._by_age: list[tuple[Key, int]] = []
        self._originals_by_age: list[tuple[Key, int]] = []
        self._newest = 0
        self._next = 0
        self._revisions: dict[str, tuple[int, ...]] = {}
        self._copies = Copies()
        self._stories = Stories()
        self._frequencies = Frequencies()
        self._into: dict[str, str] = {}
        self._parts: dict[str, list[str]] = {}

    def __len__(self) -> int:
        return len(self._entries)

    def take(self, mark: Fingerprint, known: Decision | None = None, *, now: int) -> tuple[Entry, Decision]:
        """Decides on a revision not seen before. `known`: what was decided on an earlier one of its article.

        `now`, microseconds: what comes from later counts as of now, or a clock that was ahead would end the window of
        all the rest. That is kept in the entry, so that whoever loads it sees the same. This clock may be behind, too:
        then as of the newest.
        """
        mark = replace(mark, at=min(mark.at, max(now, self._newest)))
        self._newest = max(self._newest, mark.at)
        self._forget_old()
        if known is None:
            entry, decision = self._decide(mark)
        else:
            decision = self._in_story(known.copy_of, self.current(known.story))
            original = decision.copy_of is None
            entry = Entry(self._next, mark, decision.copy_of, decision.story, first=False, adds=original)
        self.remember(entry)
        self._forget_surplus()
        return entry, decision

    def remember(self, entry: Entry) -> None:
        """Puts an entry in its place. When loading: in the order of their numbers, merges made known before."""
        number, mark = entry.number, entry.mark
        self._entries[number] = entry
        self._next = max(self._next, number + 1)
        self._newest = max(self._newest, mark.at)
        heappush(self._by_age, (mark.key, number))
        if entry.adds:
            self._set_revisions(mark.article, (*self._revisions.get(mark.article, ()), number))
        if entry.first and entry.copy_of is None:
            self._frequencies.count(mark)
            if mark.at >= self._newest - self._limits.stories:
                self._stories.add(number, mark, self.current(entry.story))
                heappush(self._originals_by_age, (mark.key, number))

    def learn_merge(self, story: str, into: str) -> None:
        self._into[story] = into
        self._parts.setdefault(into, []).append(story)

    def current(self, story: str) -> str:
        """The story that `story` is part of now."""
        while story in self._into:
            story = self._into[story]
        return story

    def _decide(self, mark: Fingerprint) -> tuple[Entry, Decision]:
        weights = self._frequencies.weights(mark.language)
        subject = Subject(mark, weights)
        copy = self._copies.find(subject)
        if copy is not None:
            original = self._entries[copy.entry]
            root = original.copy_of or original.mark.article
            decision = self._in_story(root, self.current(original.story))
            return Entry(self._next, mark, root, decision.story, first=True, adds=copy.adds), decision
        place = self._stories.place(subject)
        story = place.story or mark.article
        for merged in place.merged:
            self._stories.merge(merged, story)
            self.learn_merge(merged, story)
        return Entry(self._next, mark, None, story, first=True, adds=True), self._in_story(None, story, place.merged)

    def _in_story(self, copy_of: str | None, story: str, merged: tuple[str, ...] = ()) -> Decision:
        includes, unseen = list[str](), [story]
        while unseen:
            parts = self._parts.get(unseen.pop(), ())
            includes += parts
            unseen += parts
        return Decision(copy_of, story, merged, tuple(sorted(includes)))

    def _forget_old(self) -> None:
        oldest = self._newest - self._limits.copies
        while self._by_age and self._by_age[0][0][0] < oldest:
            self._forget(heappop(self._by_age)[1])
        oldest = self._newest - self._limits.stories
        while self._originals_by_age and self._originals_by_age[0][0][0] < oldest:
            self._stories.drop(heappop(self._originals_by_age)[1])

    def _forget_surplus(self) -> None:
        while len(self._entries) > self._limits.articles:
            self._forget(heappop(self._by_age)[1])

    def _forget(self, number: int) -> None:
        entry = self._entries.pop(number)
        if entry.adds:
            article = entry.mark.article
            self._set_revisions(article, tuple(each for each in self._revisions[article] if each != number))
        if entry.first and entry.copy_of is None:
            self._frequencies.count(entry.mark, -1)
            self._stories.drop(number)

    def _set_revisions(self, article: str, numbers: tuple[int, ...]) -> None:
        """Copies are looked for in the latest of an article's revisions that are in the window."""
        before = self._revisions.pop(article, ())
        if numbers:
            self._revisions[article] = numbers
        if before[-1:] != numbers[-1:]:
            for number in before[-1:]:
                self._copies.drop(number)
            for number in numbers[-1:]:
                self._copies.add(number, self._entries[number].mark)
