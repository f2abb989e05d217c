"""How a worker ends when it must not go on: at once, with a code that says why.

A worker that lost its partitions, or no longer knows what was delivered, may write nothing more. Ended at once it
commits no offset, so another life of it reads the same events again: repeats, never losses.
"""

import os
import sys
from enum import IntEnum
from typing import NoReturn

import structlog


class Exit(IntEnum):
    """Exit codes of `newswatch worker`. The table for operators stands in docs/kafka.md."""

    DONE = 0
    FAILED = 1
    WRONG = 2
    UNEXPECTED = 70
    FROZEN = 71
    REPLACED = 72
    STOPPED_LATE = 73
    UNDELIVERED = 75


def end_now(code: Exit, why: str) -> NoReturn:
    """Ends the process from any thread, with a last line in the log. Nothing is flushed, closed or committed."""
    try:
        structlog.get_logger().critical("worker ends", code=int(code), reason=why)
        sys.stderr.flush()
    finally:
        os._exit(code)
