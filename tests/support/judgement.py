"""How well the seeds judge the hard cases in tests/data/judgement: a line for each file (`make judge`)."""

import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from newswatch_judging.desk import Judging
from tests.support.judging import article, counted

ROOT = Path(__file__).parents[2]
FILES = sorted(path for path in (ROOT / "tests" / "data" / "judgement").iterdir() if path.suffix in {".yaml", ".jsonl"})
RULES = {"css-russia-military-force": "force", "css-russia-embassy": "embassy"}

Kind = Literal["entity", "rule"]


@dataclass(frozen=True, slots=True)
class Measured:
    """What was right, too much and missing over the cases of a file."""

    right: int
    extra: int
    missing: int

    @property
    def precision(self) -> float:
        return self.right / (self.right + self.extra)

    @property
    def recall(self) -> float:
        return self.right / (self.right + self.missing)

    @property
    def f1(self) -> float:
        return 2 * self.right / (2 * self.right + self.extra + self.missing)


@cache
def desk() -> Judging:
    return Judging.load(ROOT / "seeds")


def measure(file: Path) -> tuple[Mapping[Kind, Measured], list[str]]:
    """Entities and rules of all cases of a file, and a line for each case that was judged wrong."""
    counts: Counter[tuple[Kind, str]] = Counter()
    wrong = []
    for case in _cases(file):
        found = article(case["title"], case["text"], case.get("language", ""))
        mentions = desk().tag(found)
        rules = {RULES[match.rule] for match in desk().judge(found, mentions) if match.rule in RULES}
        wanted = set(case["entities"]) & desk().entities.keys()
        wanted_rules = {RULES.get(rule, rule) for rule in case["rules"]}
        pairs: Iterable[tuple[Kind, set[str], set[str]]] = (
            ("entity", counted(mentions), wanted),
            ("rule", rules, wanted_rules),
        )
        for kind, got, want in pairs:
            counts[kind, "right"] += len(got & want)
            counts[kind, "extra"] += len(got - want)
            counts[kind, "missing"] += len(want - got)
            if got != want:
                extra, missing = sorted(got - want), sorted(want - got)
                wrong.append(f"{case['id']}: {kind}: too many {extra}, missing {missing}")
    kinds: tuple[Kind, ...] = ("entity", "rule")
    return {kind: Measured(*(counts[kind, each] for each in ("right", "extra", "missing"))) for kind in kinds}, wrong


def _cases(file: Path) -> Iterable[Mapping[str, Any]]:
    """The cases of a file. A case without a language is one that no language was found for."""
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text().splitlines()]
    cases: Iterable[Mapping[str, Any]] = yaml.safe_load(file.read_text())["cases"]
    return cases


def line(file: Path, measured: Mapping[Kind, Measured]) -> str:
    """One line of the table."""
    told = (f"{kind} P {m.precision:.3f} R {m.recall:.3f} F1 {m.f1:.3f}" for kind, m in measured.items())
    return f"{file.stem:<14} {'   '.join(told)}"


def main() -> None:
    """Prints the table; with --wrong each case that is judged wrong as well."""
    for file in FILES:
        measured, wrong = measure(file)
        print(line(file, measured))
        if "--wrong" in sys.argv:
            sys.stdout.writelines(f"    {each}\n" for each in wrong)


if __name__ == "__main__":
    main()
