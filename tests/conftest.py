"""What all tests share."""

import logging

import pytest
import structlog

pytest_plugins = ["tests.support.kafka_fixtures", "tests.support.postgres"]


@pytest.fixture(autouse=True)
def _fresh_logging():
    """Commands set the logs up for their process; the next test starts without."""
    handlers = logging.root.handlers[:]
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = handlers
