"""What goes through an archive is the same with the sieve as without it."""

import random
from functools import cache
from pathlib import Path

import pytest

from newswatch_core.events import Article
from newswatch_judging.desk import Judging, judging_of, usable_rules
from newswatch_judging.fixtures import read_fixture
from newswatch_judging.query import parse
from newswatch_judging.rules import Rule, read_rules
from tests.support.command import SEEDS
from tests.support.judging import article, write_desk

_usable, QUERIES, _ = usable_rules(SEEDS, read_rules(SEEDS))
ALL_RULES = tuple(_usable.values())


@cache
def samples() -> list[Article]:
    return [read_fixture(f"articles/{path.name}", SEEDS) for path in sorted((SEEDS / "articles").glob("*.yaml"))]


@cache
def mixed(number: int) -> list[Article]:
    """Articles made of sentences of the samples, so that each names something of several."""
    dice, given = random.Random(7), samples()
    sentences = [(one.language, part) for one in given for part in one.text.replace("\n", " ").split(". ") if part]
    made = []
    for _ in range(number):
        drawn = [dice.choice(sentences) for _ in range(6)]
        made.append(article(drawn[0][1], ". ".join(part for _, part in drawn[1:]), drawn[0][0]))
    return made


def judging_by(folder: Path, **queries: str) -> Judging:
    """A small desk with these rules."""
    rules = [Rule(id=name, title=name, severity="low", query=query) for name, query in queries.items()]
    return judging_of(write_desk(folder), rules, {name: parse(query) for name, query in queries.items()})


@pytest.mark.parametrize("each", ALL_RULES, ids=lambda each: each.id)
def test_no_article_that_a_rule_of_the_desk_fires_on_is_held_back(each: Rule):
    judging = judging_of(SEEDS, [each], {each.id: QUERIES[each.id]})
    passed = fired = 0
    for one in [*samples(), *mixed(60)]:
        matches = judging.judge(one, judging.tag(one))
        fired += bool(matches)
        passed += judging.may_fire(one)
        assert judging.may_fire(one) or not matches, one.title
    assert fired <= passed < len(samples()) + 60


def test_with_fewer_rules_and_keyword_sets_an_article_is_judged_as_by_the_whole_desk():
    whole, some = Judging.load(SEEDS), ALL_RULES[::4]
    few = judging_of(SEEDS, some, {each.id: QUERIES[each.id] for each in some})
    names = {each.id for each in some}
    for one in [*samples(), *mixed(60)]:
        expected = [match for match in whole.judge(one, whole.tag(one)) if match.rule in names]
        assert list(few.judge(one, few.tag(one))) == expected


@pytest.mark.parametrize(
    ("query", "text", "passes"),
    [
        ("@russia AND #embassy", "Russia opens an embassy.", True),
        ("@russia AND #embassy", "Russia opens a mission.", False),
        ("@russia OR #embassy", "An embassy opens.", True),
        ("@russia OR #embassy", "A house opens.", False),
        ("@russia AND NOT #embassy", "Russia opens an embassy.", True),
        ("@css+", "Malian ministers met.", True),
        ('"joint army" AND @mali', "Mali has a joint army.", True),
        ('"joint army" AND @mali', "Mali has an army.", False),
        ("embas* AND @mali", "Mali closes embassies.", True),
        # Guards are not looked at: this one is tagged, and refused then.
        ("@css", "AES does encryption.", True),
    ],
)
def test_the_sieve_looks_at_words_only(tmp_path: Path, query: str, text: str, passes: bool):
    assert judging_by(tmp_path, it=query).may_fire(article("News", text)) is passes


def test_one_of_several_rules_is_enough(tmp_path: Path):
    judging = judging_by(tmp_path, a="@russia AND #embassy", b="@mali", c="#embassy")

    assert judging.may_fire(article("News", "Mali."))
    assert judging.may_fire(article("News", "An embassy."))
    assert not judging.may_fire(article("News", "Russia."))
