"""What every change has to keep true of the whole."""

import ast
import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest

from newswatch_core.commands.schemas import schema_texts
from newswatch_core.services import ORDER, installed_services
from newswatch_core.topics import TOPICS

ROOT = Path(__file__).resolve().parents[1]
SERVICES = {f"newswatch_{name}" for name in ORDER}
MAY_IMPORT = {
    "shared/core": {"newswatch_core"},
    "shared/judging": {"newswatch_core", "newswatch_judging"},
    **{f"services/{name}": {"newswatch_core", "newswatch_judging", f"newswatch_{name}"} for name in ORDER},
}


def imports_of(path: Path) -> set[str]:
    """The top-level packages that a module imports, wherever in it the import stands."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            found.add(node.module.split(".")[0])
    return found


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_imports_point_one_way(folder: str):
    modules = list((ROOT / folder).rglob("*.py"))
    assert modules
    for module in modules:
        ours = {name for name in imports_of(module) if name.startswith("newswatch_")}
        assert ours <= MAY_IMPORT[folder], f"{module.relative_to(ROOT)} imports {ours - MAY_IMPORT[folder]}"


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_package_declares_those_of_ours_that_it_imports(folder: str):
    declared = set(tomllib.loads((ROOT / folder / "pyproject.toml").read_text())["project"]["dependencies"])
    own = f"newswatch_{Path(folder).name}"
    used = {name for module in (ROOT / folder).rglob("*.py") for name in imports_of(module)}
    for name in used & set().union(*MAY_IMPORT.values()) - {own}:
        assert name.replace("_", "-") in declared


def test_the_services_are_found_in_the_order_of_the_pipeline():
    assert [service.name for service in installed_services()] == list(ORDER)


def test_each_topic_is_read_by_the_next_service():
    chain = [(topic.writer, topic.reader) for topic in TOPICS]
    assert chain == [*pairwise(ORDER), (ORDER[-1], None)]


def test_the_schemas_are_up_to_date():
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "shared/schemas").glob("*.json")}
    assert written == schema_texts(), "run: newswatch schemas shared/schemas"


def test_no_module_outgrows_its_room():
    for path in [*ROOT.glob("shared/**/*.py"), *ROOT.glob("services/**/*.py")]:
        lines = len(path.read_text(encoding="utf-8").splitlines())
        assert lines <= 500, f"{path.relative_to(ROOT)} has {lines} lines: split it"


def test_importing_core_builds_nothing_and_stays_light():
    # A command such as `newswatch --version` must not pay for the tools of the services.
    code = "import sys, newswatch_core.app; print(*sorted(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert {"trafilatura", "feedparser", "lark", "httpx", "faust", "aiokafka", "kafka"}.isdisjoint(loaded)


def test_only_one_module_knows_faust():
    modules = [*ROOT.glob("shared/**/*.py"), *ROOT.glob("services/**/*.py")]
    assert [path.name for path in modules if "faust" in imports_of(path)] == ["kafka.py"]


def test_the_pins_carry_hashes_and_no_addresses():
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text
        for requirement in re.split(r"\n(?=\S)", text):
            if "==" in requirement:
                assert "--hash=sha256:" in requirement, f"{path.name}: {requirement.splitlines()[0]}"
