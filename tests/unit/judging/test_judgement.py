"""The seeds, measured on hard cases of all kinds: tests/data/judgement/."""

from collections import Counter
from functools import cache
from pathlib import Path

import pytest
import yaml

from newswatch_judging.desk import Judging
from tests.support.judging import article, counted

ROOT = Path(__file__).parents[3]
CASES = sorted((ROOT / "tests" / "data" / "judgement").glob("*.yaml"))
RULES = {"css-russia-military-force": "force", "css-russia-embassy": "embassy"}


@cache
def desk() -> Judging:
    return Judging.load(ROOT / "seeds")


def measure(file: Path) -> tuple[Counter[str], list[str]]:
    """How many entities and rules were right, too many or missing; and a line for each case that was wrong."""
    counts: Counter[str] = Counter()
    wrong = []
    for case in yaml.safe_load(file.read_text())["cases"]:
        found = article(case["title"], case["text"], case["language"])
        mentions = desk().tag(found)
        rules = {RULES[match.rule] for match in desk().judge(found, mentions) if match.rule in RULES}
        entities, wanted = counted(mentions), set(case["entities"]) & desk().entities.keys()
        for kind, got, want in (("entity", entities, wanted), ("rule", rules, set(case["rules"]))):
            counts.update({f"{kind} right": len(got & want), f"{kind} extra": len(got - want)})
            counts.update({f"{kind} missing": len(want - got)})
            if got != want:
                wrong.append(f"{case['id']}: {kind} {sorted(got)}, not {sorted(want)}")
    return counts, wrong


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
@pytest.mark.parametrize("kind", ["entity", "rule"])
def test_the_seeds_judge_hard_cases_right(file: Path, kind: str):
    counts, wrong = measure(file)

    right = counts[f"{kind} right"]
    assert right / (right + counts[f"{kind} extra"]) >= 0.95, wrong
    assert right / (right + counts[f"{kind} missing"]) >= 0.95, wrong
