"""One runner a data folder."""

import fcntl
import os
from contextlib import suppress
from pathlib import Path
from types import TracebackType

FILE = "newswatch.lock"


class DataFolderError(Exception):
    """The data folder cannot be used: another newswatch runs on it, or it cannot be written."""


class RunnerLock:
    """Held while newswatch runs on a data folder. The system lets go of it when the process ends, however it ends."""

    def __init__(self, data: Path) -> None:
        self._path = data / FILE
        self._file: int | None = None

    def __enter__(self) -> "RunnerLock":
        try:
            self._file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        except OSError as error:
            message = f"{self._path}: {error.strerror}: choose a --data folder that can be written"
            raise DataFolderError(message) from None
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(self._file, 20).decode(errors="replace").strip() or "unknown"
            os.close(self._file)
            self._file = None
            raise DataFolderError(
                f"newswatch already runs on {self._path.parent} (process {holder}): stop it, or choose another --data"
            ) from None
        with suppress(OSError):  # the lock holds; who holds it is a note for readers
            os.ftruncate(self._file, 0)
            os.write(self._file, str(os.getpid()).encode())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None
