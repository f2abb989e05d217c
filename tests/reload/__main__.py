"""`python -m tests.reload`: reloads under load, on one runtime or on both. Exit code 1 if anything went wrong."""

import argparse
import random
import sys
import tempfile
from pathlib import Path

from tests.reload.flow import embedded, on_kafka
from tests.reload.run import Report, carry_out
from tests.support.kafka_broker import Broker
from tests.support.postgres import new_database

ALARM_WITHIN = 10.0
"""Seconds, on a machine that does nothing else."""


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="tests.reload", description=__doc__)
    parser.add_argument("--reloads", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=20, help="articles a second")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    parser.add_argument("--runtime", choices=["embedded", "kafka"], action="append")
    given = parser.parse_args(arguments)
    good = True
    for runtime in given.runtime or ["embedded", "kafka"]:
        print(f"{runtime}: seed {given.seed}", flush=True)
        with tempfile.TemporaryDirectory(prefix="newswatch-reload-") as folder:
            report = _run(runtime, Path(folder), given)
        if max(report.alarms, default=0) > ALARM_WITHIN:
            report.wrong.append(f"an alarm took {max(report.alarms):.1f} s")
        print(report.text(), flush=True)
        good = good and not report.wrong
    return 0 if good else 1


def _run(runtime: str, folder: Path, given: argparse.Namespace) -> Report:
    if runtime == "embedded":
        with embedded(folder) as flow:
            return carry_out(flow, reloads=given.reloads, rate=given.rate, seed=given.seed)
    broker = Broker(folder / "kafka")
    broker.start()
    try:
        with new_database() as url, on_kafka(folder, broker.address, url) as flow:
            return carry_out(flow, reloads=given.reloads, rate=given.rate, seed=given.seed)
    finally:
        broker.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
