"""docs/query-language.md: every example comes out as the page says, and no part of the language is missing."""

import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from msgspec.structs import replace

from newswatch_core.config import ConfigError
from newswatch_core.events import Article, Match
from newswatch_judging.desk import Judging, check_judging
from newswatch_judging.rules import Rule, read_rules
from newswatch_judging.tree import Node, Not, each_node
from tests.support.command import ROOT, SEEDS
from tests.support.judging import article

PAGE = (ROOT / "docs" / "query-language.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True)
class Example:
    """One block of the page with a query in it."""

    name: str
    data: dict[str, Any]


def examples() -> Iterator[Example]:
    for number, block in enumerate(BLOCK.findall(PAGE)):
        data = yaml.safe_load(block)
        if isinstance(data, dict):
            yield Example(f"e{number:02}", data)


EXAMPLES = list(examples())
JUDGED = [example for example in EXAMPLES if "error" not in example.data]
REFUSED = [example for example in EXAMPLES if "error" in example.data]


def by_query(example: Example) -> str:
    return " ".join(example.data["query"].split())


def with_rules(folder: Path, rules: str) -> Path:
    """The seed desk with no rules but these."""
    folder.mkdir(parents=True, exist_ok=True)
    shutil.copytree(SEEDS / "entities", folder / "entities", dirs_exist_ok=True)
    for file in ("keywords.yaml", "feeds.yaml"):
        shutil.copy(SEEDS / file, folder)
    (folder / "rules").mkdir(exist_ok=True)
    (folder / "rules" / "page.yaml").write_text(rules, encoding="utf-8")
    return folder


def as_rules(chosen: list[Example]) -> str:
    definitions = {name: text for example in chosen for name, text in example.data.get("define", {}).items()}
    rules = [{"id": example.name, "title": "Example", "query": example.data["query"]} for example in chosen]
    return yaml.safe_dump({"version": "1", "define": definitions, "rules": rules}, allow_unicode=True)


@pytest.fixture(scope="module")
def judging(tmp_path_factory: pytest.TempPathFactory) -> Judging:
    return Judging.load(with_rules(tmp_path_factory.mktemp("page"), as_rules(JUDGED)))


def judged(judging: Judging, rule: str, given: Any) -> Match | None:
    found = as_article(given)
    return judging.match(rule, found, judging.tag(found))


def as_article(given: Any) -> Article:
    fields = {"title": "News", "text": given} if isinstance(given, str) else {"title": "News", **given}
    feed, url = fields.pop("feed", ""), fields.pop("url", "")
    found = article(**fields)
    return replace(found, feed=feed or found.feed, url=url or found.url)


@pytest.mark.parametrize("example", JUDGED, ids=by_query)
def test_an_example_fires_and_is_silent_as_it_says(judging: Judging, example: Example) -> None:
    fires = [judged(judging, example.name, one) for one in example.data["fires"]]
    silent = [judged(judging, example.name, one) for one in example.data["silent"]]

    assert None not in fires
    assert fires != []
    assert silent == [None] * len(silent) != []
    if wanted := example.data.get("closeness"):
        assert {match.closeness for match in fires if match} == {wanted}


@pytest.mark.parametrize("example", REFUSED, ids=by_query)
def test_a_mistake_is_told_as_it_says(tmp_path: Path, example: Example) -> None:
    desk = with_rules(tmp_path / "desk", as_rules([example]))

    found = [problem for problem in check_judging(desk) if problem.severity == "error"]

    assert len(found) == 1
    assert example.data["error"] in str(found[0])
    assert found[0].view.splitlines()[-1].endswith("^")


def test_the_rule_that_counts_can_be_read(tmp_path: Path) -> None:
    (block,) = [block for block in BLOCK.findall(PAGE) if "count:" in block]

    rule = read_rules(with_rules(tmp_path, f"version: 1\nrules:\n{block}")).rules["embassies-closing"]

    assert rule.count is not None
    assert (rule.count.stories, rule.count.within.total_seconds()) == (3, 86_400)


def test_the_mistake_that_is_shown_as_a_whole_is_told_so(tmp_path: Path) -> None:
    (shown,) = re.findall(r"^```\n(rules/mine.yaml.*?)```", PAGE, re.DOTALL | re.MULTILINE)
    desk = with_rules(tmp_path, "version: 1\nrules: []\n")
    query = shown.splitlines()[1].strip()
    rule = f"version: 1\nrules:\n  - id: mali-embassy\n    title: Embassies\n    query: '{query}'\n"
    (desk / "rules" / "mine.yaml").write_text(rule)

    with pytest.raises(ConfigError) as caught:
        Judging.load(desk)

    assert str(caught.value) == shown.rstrip("\n")


def test_every_part_of_the_language_has_its_example(judging: Judging) -> None:
    found = {
        mark for rule in judging.rules.values() for node in each_node(tree_of(judging, rule)) for mark in marks(node)
    }

    assert found >= {
        *("Term entity", "Term entity+", "Term keywords", "Term word", "Term phrase", "Term prefix", "Term cased"),
        *("And", "Or", "Not", "Near", "Near ordered", "Within sentence", "Within paragraph", "AtLeast"),
        *(f"InZone {zone}" for zone in ("title", "lead", "body", "dateline", "credit", "related")),
        *(f"Filter {field}" for field in ("lang", "source", "feed", "source-country")),
    }
    assert any(rule.expanded for rule in judging.rules.values())


def tree_of(judging: Judging, rule: Rule) -> Node:
    return judging._queries[rule.id]


def marks(node: Node) -> Iterator[str]:
    name = type(node).__name__
    yield name
    for attribute in ("kind", "unit", "zone", "field"):
        if hasattr(node, attribute) and not isinstance(node, Not):
            yield f"{name} {getattr(node, attribute)}"
    if getattr(node, "ordered", False):
        yield "Near ordered"
