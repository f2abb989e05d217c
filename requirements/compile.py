"""Writes the hashed pins: one file for each service's image, one for developers.

The versions of every file are those of dev.txt, so that what is tested is what is deployed. Run by
`make pins`; it needs `uv` on the path of the virtual environment.
"""

import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = {
    "newswatch-core": "shared/core",
    "newswatch-judging": "shared/judging",
    "newswatch-fetcher": "services/fetcher",
    "newswatch-deduplicator": "services/deduplicator",
    "newswatch-tagger": "services/tagger",
    "newswatch-alerter": "services/alerter",
}


def third_party(name: str) -> set[str]:
    """The requirements of one of our packages and of ours that it uses, without ours."""
    project = tomllib.loads((ROOT / PACKAGES[name] / "pyproject.toml").read_text())["project"]
    found: set[str] = set()
    for requirement in project["dependencies"]:
        found |= third_party(requirement) if requirement in PACKAGES else {requirement}
    return found


def compile_pins(target: str, requirements: set[str], *options: str) -> None:
    command = [sys.executable, "-m", "uv", "pip", "compile", "--quiet", "--universal"]
    command += ["--python-version", "3.11", "--generate-hashes", "--no-annotate"]
    command += ["--custom-compile-command", "make pins", *options, "-o", target, "-"]
    lines = "\n".join(sorted(requirements))
    subprocess.run(command, input=lines, text=True, check=True, cwd=ROOT)


def main() -> None:
    developers = set((ROOT / "requirements/dev.in").read_text().splitlines())
    everything = set().union(*(third_party(name) for name in PACKAGES))
    compile_pins("requirements/dev.txt", everything | developers, *sys.argv[1:])
    for name, folder in PACKAGES.items():
        if folder.startswith("services/"):
            target = f"requirements/{name.removeprefix('newswatch-')}.txt"
            compile_pins(target, third_party(name), "--constraint", "requirements/dev.txt")


if __name__ == "__main__":
    main()
