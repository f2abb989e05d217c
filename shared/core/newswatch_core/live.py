"""What a service makes of the desk's files, made anew when they change while it runs.

    files --make--> current                                    at the start; a mistake ends it
    files change and rest --remake(current)--> current         on a thread beside; a mistake leaves the last good one

A stage takes `current` once for each batch: everything in a batch is judged alike, and nobody waits for a remake.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from newswatch_core.config import Problem
from newswatch_core.deskfiles import Content, DeskFiles

T = TypeVar("T")

Same = Callable[[str], bool]
"""Whether the file of this name is as it was when the whole desk was last taken."""


@dataclass(frozen=True)
class Remade(Generic[T]):
    """What is in force from now on. `problems`: what was refused, and so stays as it was.

    `told`: fields of a log line. `notes`: what else to say, such as what waits for the next start.
    """

    value: T
    problems: Sequence[Problem] = ()
    told: Mapping[str, object] = field(default_factory=dict)
    notes: Sequence[Problem] = ()


class Live(Generic[T]):
    """Something made of files. `current` is replaced whole, by the thread that watches the desk."""

    def __init__(
        self,
        name: str,
        desk: Path,
        files: Sequence[str],
        *,
        make: Callable[[], T],
        remake: Callable[[T, Same], Remade[T]],
        in_force: Callable[[T], None] = lambda _: None,
    ) -> None:
        """`files`: names of files and folders in the desk. `in_force` is told of what is in force from now on.

        Raises what `make` raises (ConfigError).
        """
        self.name = name
        self._files = DeskFiles(desk, files)
        self._remake = remake
        self._in_force = in_force
        # Looked at before: what changes while it is read is read again.
        self.seen = self._whole = self._files.content()
        """`seen`: the files that were last made something of, be it good or not."""
        self.current = make()
        in_force(self.current)

    def content(self) -> Content:
        return self._files.content()

    def remake(self, content: Content) -> Remade[T] | None:
        """What the files now make; None if they changed meanwhile. Nothing is in force yet."""
        same = {name for name, digest in content.items() if self._whole.get(name) == digest}
        remade = self._remake(self.current, same.__contains__)
        return remade if self._files.content() == content else None

    def put(self, remade: Remade[T], content: Content) -> None:
        """Puts it in force: the next batch is judged by it."""
        self.current = remade.value
        self.seen = content
        if not remade.problems:
            self._whole = content
        self._in_force(remade.value)
