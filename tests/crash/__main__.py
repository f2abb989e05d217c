"""`python -m tests.crash`: begins a run, or goes on with one that was interrupted. Exit code 1 if it went badly."""

import argparse
import logging
import random
import sys
from datetime import datetime
from pathlib import Path

from tests.crash.ground import NoGroundError
from tests.crash.suite import Run, Suite, begin, load
from tests.support.kafka_broker import NoBrokerError

_OUTAGES = 20


def main(arguments: list[str]) -> int:
    given = _parser().parse_args(arguments)
    if given.resume:
        folder = given.resume
        run = load(folder)
    else:
        seed = random.randrange(10**6) if given.seed is None else given.seed
        folder = given.folder or Path(".crash") / f"{datetime.now().astimezone():%m%d-%H%M%S}-{seed}"
        run = Run(seed, given.kills or (_OUTAGES if given.outages else 300), given.outages, given.longest)
        begin(run, folder)
    print(f"seed {run.seed}, {run.kills} faults, in {folder}; interrupted? go on with --resume {folder}", flush=True)
    # The broker goes away all the time: aiokafka says so at length.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        report = Suite(run, folder.resolve()).carry_out()
    except (NoGroundError, NoBrokerError) as error:
        print(f"crash: {error}", file=sys.stderr)
        return 1
    report.save(folder)
    print(report.text())
    return 0 if report.good else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="tests.crash", description=__doc__)
    parser.add_argument("--kills", type=int, help="how many faults; 300, or 20 with --outages")
    parser.add_argument("--seed", type=int, help="what is drawn, and so repeated, from it; any if not given")
    parser.add_argument("--folder", type=Path, help="a new folder for all that the run keeps; in .crash if not given")
    parser.add_argument("--resume", type=Path, metavar="FOLDER", help="go on with the run in this folder")
    parser.add_argument("--outages", action="store_true", help="only the broker is killed, and once stays away")
    parser.add_argument("--longest", type=float, default=120.0, metavar="SECONDS", help="how long it then stays away")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
