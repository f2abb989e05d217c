"""The seeds, measured on hard cases of all kinds: tests/data/judgement/."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from newswatch_core.text import fold, words
from newswatch_judging.desk import Judging
from tests.support.judging import article, counted

ROOT = Path(__file__).parents[3]
CASES = sorted((ROOT / "tests" / "data" / "judgement").glob("*.*"))
RULES = {"css-russia-military-force": "force", "css-russia-embassy": "embassy"}


@cache
def desk() -> Judging:
    return Judging.load(ROOT / "seeds")


def cases(file: Path) -> Iterable[Mapping[str, Any]]:
    """The cases of a file. A case without a language is one that no language was found for."""
    if file.suffix == ".jsonl":
        return [json.loads(line) for line in file.read_text().splitlines()]
    return yaml.safe_load(file.read_text())["cases"]


def measure(file: Path) -> tuple[Counter[str], list[str]]:
    """How many entities and rules were right, too many or missing; and a line for each case that was wrong."""
    counts: Counter[str] = Counter()
    wrong = []
    for case in cases(file):
        found = article(case["title"], case["text"], case.get("language", ""))
        mentions = desk().tag(found)
        rules = {RULES[match.rule] for match in desk().judge(found, mentions) if match.rule in RULES}
        entities, wanted = counted(mentions), set(case["entities"]) & desk().entities.keys()
        wanted_rules = {RULES.get(rule, rule) for rule in case["rules"]}
        for kind, got, want in (("entity", entities, wanted), ("rule", rules, wanted_rules)):
            counts.update({f"{kind} right": len(got & want), f"{kind} extra": len(got - want)})
            counts.update({f"{kind} missing": len(want - got)})
            if got != want:
                wrong.append(f"{case['id']}: {kind} {sorted(got)}, not {sorted(want)}")
    return counts, wrong


def test_no_alias_of_the_seeds_swallows_one_of_another_entity():
    aliases = {
        (entity.id, tuple(map(fold, words(alias.text))))
        for entity in desk().entities.values()
        for _, _, alias in entity.each_alias()
    }
    owners: dict[tuple[str, ...], set[str]] = {}
    for entity, form in aliases:
        owners.setdefault(form, set()).add(entity)
    swallowed = {
        (owner, " ".join(form), entity)
        for owner, form in aliases
        for first, last in combinations(range(len(form) + 1), 2)
        for entity in owners.get(form[first:last], set()) - {owner}
        # A full name is meant to swallow another person's bare surname.
        if {desk().entities[owner].type, desk().entities[entity].type} != {"person"}
    }

    # In Chinese the name of Nigeria begins with the short one of Niger, and Jean-Marie ends with Mali. A federated state
    # of Nigeria bears the name of Niger.
    assert swallowed == {
        ("nigeria", "尼 日 利 亚", "niger"),
        ("nigeria", "etat du niger", "niger"),
        ("nigeria", "尼 日 利 亞", "niger"),
        ("karamoko-jean-marie-traore", "卡 拉 莫 科 让 马 里 特 拉 奥 雷", "mali"),
    }


@pytest.mark.parametrize("file", CASES, ids=lambda file: file.stem)
@pytest.mark.parametrize("kind", ["entity", "rule"])
def test_the_seeds_judge_hard_cases_right(file: Path, kind: str):
    counts, wrong = measure(file)

    right = counts[f"{kind} right"]
    assert right / (right + counts[f"{kind} extra"]) >= 0.95, wrong
    assert right / (right + counts[f"{kind} missing"]) >= 0.95, wrong
