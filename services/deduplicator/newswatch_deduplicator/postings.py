"""From hashes to the entries that hold them. An entry is a number that grows with every article taken in."""

from array import array
from bisect import insort
from collections.abc import Iterable, Sequence

_LONG = 1_000
"""Entries of a list from which on none is taken out by itself: all behind it would have to move up."""


class Postings:
    """What it answers depends on the entries that are in it, never on those that were."""

    def __init__(self) -> None:
        self._lists: dict[int, array[int] | int] = {}
        """Sorted. Most hashes are held once: an array for each would cost twice the memory. (Lists would be worse: a
        window of 200,000 articles has millions, and the garbage collector stands still for seconds to look at them.)"""
        self._entries: dict[int, Iterable[int]] = {}
        self._gone: dict[int, int] = {}
        """Of long lists: how many in it are not there any more."""

    def __contains__(self, entry: int) -> bool:
        return entry in self._entries

    def add(self, entry: int, hashes: Iterable[int]) -> None:
        """`hashes`: each once."""
        self._entries[entry] = hashes
        lists = self._lists
        for value in hashes:
            posted = lists.get(value)
            if posted is None:
                lists[value] = entry
            elif isinstance(posted, int):
                lists[value] = array("Q", sorted((posted, entry)))
            elif posted[-1] < entry:
                posted.append(entry)
            else:
                self._put_back(entry, value, posted)

    def drop(self, entry: int) -> None:
        """Forgets an entry; does nothing if it is not there."""
        lists = self._lists
        for value in self._entries.pop(entry, ()):
            posted = lists[value]
            if isinstance(posted, int):
                del lists[value]
            elif len(posted) >= _LONG:
                self._drop_late(value, posted)
            else:
                posted.remove(entry)
                if len(posted) == 1:
                    lists[value] = posted[0]

    def holders(self, value: int, cap: int) -> Sequence[int] | None:
        """The entries that hold `value`, oldest first; None where they are more than `cap`: it tells nothing."""
        posted = self._lists.get(value)
        if posted is None:
            return ()
        if isinstance(posted, int):
            return (posted,)
        if len(posted) <= cap:
            return posted if len(posted) < _LONG else self._live(posted)
        if len(posted) - self._gone.get(value, 0) > cap:
            return None
        return self._live(posted)

    def count(self, hashes: Iterable[int], cap: int) -> tuple[dict[int, int], set[int]]:
        """How many of `hashes` each entry holds, and those that more than `cap` hold: they are not counted."""
        hits: dict[int, int] = {}
        common = set()
        find = self._lists.get
        for value in hashes:
            posted = find(value)
            if posted is None:
                continue
            if isinstance(posted, int):
                hits[posted] = hits.get(posted, 0) + 1
            elif (holders := self.holders(value, cap)) is None:
                common.add(value)
            else:
                for entry in holders:
                    hits[entry] = hits.get(entry, 0) + 1
        return hits, common

    def _put_back(self, entry: int, value: int, posted: "array[int]") -> None:
        """An entry that was dropped, and may still stand in a long list."""
        if len(posted) >= _LONG and entry in posted:
            self._gone[value] -= 1
        else:
            insort(posted, entry)

    def _drop_late(self, value: int, posted: "array[int]") -> None:
        gone = self._gone.get(value, 0) + 1
        if 2 * gone > len(posted):
            posted[:] = array("Q", self._live(posted))
            gone = 0
        self._gone[value] = gone

    def _live(self, posted: Sequence[int]) -> list[int]:
        return [entry for entry in posted if entry in self._entries]
