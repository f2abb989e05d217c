"""`newswatch run seeds --sample`, as `make run` starts it."""

import os
import signal
import subprocess
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import update

from newswatch_core.storage.database import open_file
from newswatch_core.storage.schema import feeds
from tests.support.command import NEWSWATCH, SEEDS, newswatch

RULES = ("css-russia-military-force", "css-russia-embassy")


def start(data: Path, output: Path) -> subprocess.Popen[bytes]:
    with output.open("wb") as file:
        command = [NEWSWATCH, "run", SEEDS, "--sample", "--data", data, "--log-style", "text"]
        # A terminal's Ctrl-C reaches the whole group, the worker processes too.
        return subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True)


def wait_for(output: Path, *words: str, seconds: float = 60) -> str:
    deadline = time.monotonic() + seconds
    while not all(word in (text := output.read_text(encoding="utf-8")) for word in words):
        assert time.monotonic() < deadline, text
        time.sleep(0.1)
    return text


def interrupt(process: subprocess.Popen[bytes]) -> float:
    began = time.monotonic()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    return time.monotonic() - began


def make_due(data: Path) -> None:
    """Lets the next run poll the sample feed at once, without validators, so that it reads all entries again."""
    database = open_file(data / "newswatch.db")
    with database.write() as tx:
        tx.execute(update(feeds).values(due=datetime(2020, 1, 1, tzinfo=UTC), etag=None, last_modified=None))
    database.close()


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_the_sample_alerts_come_once_and_a_second_run_repeats_none(data: Path, tmp_path: Path):
    first, second = tmp_path / "first.txt", tmp_path / "second.txt"
    process = start(data, first)
    text = wait_for(first, "[SAMPLE]", *(f"({rule})" for rule in RULES), "«Russia»", "all in ")
    refused = newswatch("run", SEEDS, "--data", data)
    assert refused.returncode == 2
    assert f"already runs on {data}" in refused.stderr
    assert newswatch("status", "--data", data).returncode == 0, "reading commands need no lock"
    wait_for(first, "feed=SAMPLE  status=200  entries=15  new=15")
    time.sleep(1)
    assert interrupt(process) < 5
    text = first.read_text(encoding="utf-8")
    assert "Traceback" not in text

    make_due(data)
    process = start(data, second)
    wait_for(second, "feed=SAMPLE  status=200  entries=15  new=0")
    time.sleep(1)
    assert interrupt(process) < 5
    text = second.read_text(encoding="utf-8")
    assert "[SAMPLE]" not in text
    assert "Traceback" not in text
    assert RULES[0] in newswatch("alerts", "--data", data).stdout
