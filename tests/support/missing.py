"""What a test needs and cannot have: it is skipped by name, except where nothing may be left out."""

import os
from typing import NoReturn

import pytest

ALL = "NEWSWATCH_TEST_ALL"
"""Set by .ci/run: there a skipped test would be taken for a good one."""


def missing(what: str) -> NoReturn:
    """Ends the test that needs `what`: skipped, or failed where all tests have to run."""
    if os.environ.get(ALL):
        pytest.fail(f"{what} ({ALL} is set: no test may be skipped for want of a server)")
    pytest.skip(what)
