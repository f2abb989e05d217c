"""Which files of a desk are there, and what is in them: told by content, so that a touched file is no change.

A folder of Kubernetes is a link that is swapped, an editor writes beside and renames: inodes and times change for
nothing. A look costs one `stat` a file; a file is read only where that tells something new.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

Content = Mapping[str, str]
"""By name in the desk, with slashes: the hash of the file, or why it cannot be read."""

_DEEPEST = 4
_RECENT_NS = 3_000_000_000
"""A file that changed so lately may change again without its time showing it: clocks of file systems are coarse."""


class _Stat(NamedTuple):
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class DeskFiles:
    """The files of a desk that have one of `names`, or lie in a folder of that name. Hidden ones do not count."""

    def __init__(self, desk: Path, names: Sequence[str]) -> None:
        self._desk = desk
        self._names = names
        self._known: dict[str, tuple[_Stat, str]] = {}

    def content(self) -> Content:
        """What the files hold now. A file that goes meanwhile is none."""
        found: dict[str, tuple[_Stat, str]] = {}
        now = time.time_ns()
        for name in self._names:
            for path in _files(self._desk / name, _DEEPEST):
                try:
                    stat = _stat(path)
                except FileNotFoundError:
                    continue
                except OSError as error:
                    stat, known = _Stat(0, 0, 0, 0), f"! {error.strerror}"
                else:
                    known = self._digest(path, stat, now)
                found[path.relative_to(self._desk).as_posix()] = stat, known
        self._known = found
        return {name: digest for name, (_, digest) in found.items()}

    def _digest(self, path: Path, stat: _Stat, now_ns: int) -> str:
        before = self._known.get(path.relative_to(self._desk).as_posix())
        if before and before[0] == stat and now_ns - max(stat.modified_ns, stat.changed_ns) > _RECENT_NS:
            return before[1]
        try:
            return blake2b(path.read_bytes(), digest_size=16).hexdigest()
        except OSError as error:
            return f"! {error.strerror}"


def changed(before: Content, after: Content) -> Sequence[str]:
    """The names of what came, went or became another."""
    return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))


def _stat(path: Path) -> _Stat:
    stat = path.stat()
    return _Stat(stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns)


def _files(path: Path, depth: int) -> Iterator[Path]:
    """The path if it is a file, or what lies in it: as deep as `depth` folders, since links may lead in circles."""
    try:
        inside = sorted(path.iterdir()) if depth else ()
    except OSError:
        # A file; or what cannot be looked into: that has to show.
        yield path
        return
    for one in inside:
        if not one.name.startswith(".") and not one.name.endswith("~"):
            yield from _files(one, depth - 1)
