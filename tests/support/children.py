"""Child processes that do not outlive this one, however it ends."""

import ctypes
import signal
import sys


def die_with_us() -> None:
    """For `preexec_fn`: the new process is killed when the thread that started it ends. On Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
