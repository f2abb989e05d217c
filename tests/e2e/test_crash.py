"""The crash suite in short, with the script itself killed in the middle. `make crash` is the long form."""

import json
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.crash import journal
from tests.support.children import die_with_us
from tests.support.command import ROOT
from tests.support.kafka_broker import missing_tools
from tests.support.missing import missing

KILLS = 10
SEED = 20260404


@pytest.fixture
def folder() -> Iterator[Path]:
    """One that PostgreSQL's user may enter too."""
    if tools := missing_tools():
        missing(f"no Kafka: install {' and '.join(tools)}")
    parent = Path(tempfile.mkdtemp(prefix="newswatch-crash-"))
    parent.chmod(0o755)
    yield parent / "run"
    shutil.rmtree(parent)


def crash(*arguments: str | Path, output: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "tests.crash", *arguments]
    with output.open("ab") as file:
        given: dict[str, Any] = {"preexec_fn": die_with_us}
        return subprocess.Popen(command, cwd=ROOT, stdout=file, stderr=file, **given)


def wait_for_faults(number: int, folder: Path, output: Path, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 180
    while len(journal.read(folder / "journal.jsonl", "struck")) < number:
        assert process.poll() is None, output.read_text()
        assert time.monotonic() < deadline, output.read_text()
        time.sleep(0.2)


def test_struck_ten_times_nothing_is_lost_and_repeats_are_marked(folder: Path, tmp_path: Path):
    output = tmp_path / "out.txt"
    first = crash("--kills", str(KILLS), "--seed", str(SEED), "--folder", folder, output=output)
    try:
        wait_for_faults(KILLS // 2, folder, output, first)
    finally:
        first.send_signal(signal.SIGKILL)
        first.wait()
    again = crash("--resume", folder, output=output)
    assert again.wait(480) == 0, output.read_text()
    report = json.loads((folder / "report.json").read_text())
    assert report["good"]
    assert len(journal.read(folder / "journal.jsonl", "struck")) == KILLS
    assert report["arrived"]["slack"]["messages"] >= report["events"] > 0
    print((folder / "report.txt").read_text())
