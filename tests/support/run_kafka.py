"""`make run-kafka`: a Kafka and a PostgreSQL for a first try, and `newswatch run` on them, until Ctrl-C.

What they hold is gone afterwards.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.command import NEWSWATCH
from tests.support.kafka_broker import Broker, NoBrokerError
from tests.support.postgres import new_database


def main(arguments: list[str]) -> int:
    with tempfile.TemporaryDirectory(prefix="newswatch-kafka-") as folder:
        try:
            broker = Broker(Path(folder))
        except NoBrokerError as error:
            print(f"newswatch: {error}", file=sys.stderr)
            return 1
        try:
            broker.start()
            with new_database() as postgres:
                print(f"newswatch: kafka on {broker.address}, {postgres}", file=sys.stderr)
                command = [NEWSWATCH, "run", *arguments, "--kafka", broker.address, "--postgres", postgres]
                with subprocess.Popen(command, env=os.environ | {"TMPDIR": folder}) as process:
                    try:
                        return process.wait()
                    except KeyboardInterrupt:
                        # Ctrl-C reached newswatch too.
                        return process.wait()
        finally:
            broker.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
