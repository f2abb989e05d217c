"""From hashes to the entries that hold them. An entry is a number that grows with every article taken in."""

from collections.abc import Iterable, Iterator


class Postings:
    """What it answers depends on the entries that are in it, never on those that were."""

    def __init__(self) -> None:
        self._lists: dict[int, list[int] | int] = {}
        self._entries: dict[int, tuple[Iterable[int], ...]] = {}
        self._dropped = 0

    def __contains__(self, entry: int) -> bool:
        return entry in self._entries

    def add(self, entry: int, *hashes: Iterable[int]) -> None:
        self._entries[entry] = hashes
        self._post(entry, hashes)

    def drop(self, entry: int) -> None:
        """Forgets an entry; does nothing if it is not there. The lists are cleaned when half of them is gone."""
        if self._entries.pop(entry, None) is None:
            return
        self._dropped += 1
        if self._dropped > len(self._entries) + 1000:
            self._dropped = 0
            self._lists.clear()
            for kept, hashes in self._entries.items():
                self._post(kept, hashes)

    def holders(self, value: int, cap: int) -> list[int] | None:
        """The entries that hold `value`, newest first; None where they are more than `cap`: it tells nothing."""
        posted = self._lists.get(value)
        if posted is None:
            return []
        if isinstance(posted, int):
            return [posted] if posted in self._entries else []
        if len(posted) <= cap:
            return [entry for entry in reversed(posted) if entry in self._entries]
        found: list[int] = []
        for entry in reversed(posted):
            if entry in self._entries:
                if len(found) == cap:
                    return None
                found.append(entry)
        return found

    def _post(self, entry: int, hashes: Iterable[Iterable[int]]) -> None:
        lists = self._lists
        for value in _each(hashes):
            posted = lists.get(value)
            if posted is None:
                lists[value] = entry  # most hashes are held once: a list for each would cost twice the memory
            elif isinstance(posted, int):
                lists[value] = [posted, entry]
            else:
                posted.append(entry)


def _each(hashes: Iterable[Iterable[int]]) -> Iterator[int]:
    for part in hashes:
        yield from part
