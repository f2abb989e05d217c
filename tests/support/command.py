"""The `newswatch` command as a user starts it."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SEEDS = ROOT / "seeds"
NEWSWATCH = Path(sys.executable).parent / "newswatch"


def newswatch(*arguments: str | Path, given: str | bytes = b"") -> subprocess.CompletedProcess[str]:
    """Runs the command to its end, with `given` on standard input."""
    data = given.encode() if isinstance(given, str) else given
    done = subprocess.run([NEWSWATCH, *arguments], input=data, capture_output=True, timeout=120, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())
