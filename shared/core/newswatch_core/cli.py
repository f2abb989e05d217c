"""Where `newswatch` begins. The command line itself (app.py) takes half a second to import; Ctrl-C is quiet then."""

import os
import signal
from types import FrameType

INTERRUPTED = 130


def main() -> None:
    """Runs the command line; ends the process with its exit code."""
    signal.signal(signal.SIGINT, _leave)
    from newswatch_core.app import run_command  # noqa: PLC0415 - only once Ctrl-C is quiet

    run_command()


def _leave(_number: int, _frame: FrameType | None) -> None:
    """Nothing is in hand yet: an import must not be left half done, nor shown as a traceback."""
    os._exit(INTERRUPTED)
