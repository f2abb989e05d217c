"""Installs each service alone, from its own pins, and imports every module of it.

So that no service leans on what another one happens to bring along. Run by `make isolation`.
"""

import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / ".isolation"
IMPORT_ALL = """
import importlib, pkgutil, sys
for name in sys.argv[1:]:
    package = importlib.import_module(name)
    for module in pkgutil.walk_packages(package.__path__, name + "."):
        if not module.name.endswith(("migrations.env", "__main__")):  # run, never imported
            importlib.import_module(module.name)
"""


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, cwd=ROOT)


def own_packages(service: str) -> list[str]:
    """The folders of our packages that the service consists of."""
    needs_judging = "newswatch-judging" in (ROOT / "services" / service / "pyproject.toml").read_text()
    return ["shared/core", *(["shared/judging"] if needs_judging else []), f"services/{service}"]


def isolate(service: str) -> None:
    home = WORK / service
    venv.create(home, clear=True, with_pip=True)
    python = home / "bin/python"
    pip = [python, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "--quiet", "install", "--no-deps"]
    run(*pip, "--require-hashes", "-r", f"requirements/{service}.txt")
    wheels = [next((WORK / "wheels").glob(f"newswatch_{Path(folder).name}-*.whl")) for folder in own_packages(service)]
    run(*pip, "--no-index", *wheels)
    packages = [f"newswatch_{Path(folder).name}" for folder in own_packages(service)]
    run(python, "-I", "-c", IMPORT_ALL, *packages)
    run(home / "bin/newswatch", "--version")
    print(f"isolation: {service} stands alone")


def main() -> None:
    services = sys.argv[1:]
    folders = sorted({folder for service in services for folder in own_packages(service)})
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--no-cache-dir", "--quiet", "wheel"]
    run(*pip, "--no-deps", "--no-build-isolation", "-w", WORK / "wheels", *(f"./{folder}" for folder in folders))
    for service in services:
        isolate(service)


if __name__ == "__main__":
    main()
