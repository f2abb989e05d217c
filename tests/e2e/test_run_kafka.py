"""`newswatch run --kafka` on the seeds: the same alerts as in one process."""

import os
import signal
import subprocess
import time
from pathlib import Path

from tests.support.command import NEWSWATCH, SEEDS, newswatch

RULES = ("css-russia-military-force", "css-russia-embassy")


def test_the_sample_alerts_come_through_kafka_and_postgresql(kafka: str, postgres_url: str, tmp_path: Path):
    desk = tmp_path / "desk"
    subprocess.run(["cp", "-r", SEEDS, desk], check=True)
    with (desk / "newswatch.yaml").open("a") as file:
        file.write(f'kafka:\n  prefix: "run{os.getpid()}."\n')
    output = tmp_path / "out.txt"
    command = [NEWSWATCH, "run", desk, "--sample", "--kafka", kafka, "--postgres", postgres_url, "--log-style", "text"]
    with output.open("wb") as file:
        given = os.environ | {"TMPDIR": str(tmp_path)}
        process = subprocess.Popen(command, stdout=file, stderr=subprocess.STDOUT, start_new_session=True, env=given)
    try:
        deadline = time.monotonic() + 90
        words = ["[SAMPLE]", *(f"({rule})" for rule in RULES)]
        while not all(word in (text := output.read_text(encoding="utf-8")) for word in words):
            assert time.monotonic() < deadline, text[-4000:]
            assert process.poll() is None, text[-4000:]
            time.sleep(0.2)
        assert RULES[0] in newswatch("alerts", "--postgres", postgres_url).stdout
        process.send_signal(signal.SIGTERM)
        assert process.wait(40) == 0
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    text = output.read_text(encoding="utf-8")
    assert "Traceback" not in text
    assert "worker ended" not in text
