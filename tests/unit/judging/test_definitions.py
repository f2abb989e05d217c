"""Definitions: queries under names of their own."""

from pathlib import Path

import pytest

from newswatch_core.config import Problem
from newswatch_judging.desk import Judging, check_judging
from tests.support.judging import article, write_desk

RULE = "- {id: it, title: It, query: 'QUERY'}"


def desk_of(folder: Path, define: str, query: str = "$sahel AND #embassy") -> Path:
    desk = write_desk(folder, RULE.replace("QUERY", query))
    rules = desk / "rules" / "all.yaml"
    rules.write_text(rules.read_text().replace("version: 1\n", f"version: 1\n{define}\n", 1))
    return desk


def errors(desk: Path) -> list[Problem]:
    return [problem for problem in check_judging(desk) if problem.severity == "error"]


@pytest.mark.parametrize(
    "define",
    [
        "define:\n  sahel: '@mali OR @niger'",
        "define: {sahel: '$west OR @niger', west: '@mali'}",
        "define: sahel = @mali OR @niger",
        "define:\n  - sahel = @mali OR $east\n  - east = @niger",
        "define:\n  sahel: >\n    @mali OR\n    @niger",
    ],
)
def test_a_query_is_judged_as_if_its_definitions_were_written_out(tmp_path: Path, define: str) -> None:
    desk = Judging.load(desk_of(tmp_path, define))

    fires = [bool(desk.judge(found, desk.tag(found))) for found in map(article, ("Niger embassy", "Russia embassy"))]

    assert fires == [True, False]


@pytest.mark.parametrize(
    ("define", "query", "clauses"),
    [
        ("{sahel: '@mali OR @niger'}", "$sahel AND #embassy", ["$sahel", "#embassy"]),
        ("{sahel: '@niger'}", "$sahel AND #embassy", ["$sahel", "#embassy"]),
        ("{sahel: '@niger AND (embassy OR consulate)'}", "title:$sahel", ["@niger", "embassy OR consulate"]),
        ("{sahel: '$a AND #embassy', a: '@mali OR @niger'}", "$sahel", ["$a", "#embassy"]),
        ("{sahel: '@mali OR @niger'}", "($sahel OR @russia) NEAR/3 #embassy", ["$sahel OR @russia", "#embassy"]),
    ],
)
def test_reasons_show_a_definition_by_its_name_and_what_it_joins_as_written(
    tmp_path: Path, define: str, query: str, clauses: list[str]
) -> None:
    desk = Judging.load(desk_of(tmp_path, f"define: {define}", query))
    found = article("Niger: new embassy")

    (match,) = desk.judge(found, desk.tag(found))

    assert sorted(clause.clause for clause in match.clauses) == sorted(clauses)
    assert match.closeness == "title"


def test_two_uses_of_a_definition_keep_their_own_places(tmp_path: Path) -> None:
    desk = Judging.load(desk_of(tmp_path, "define: {sahel: '@niger AND #embassy'}", "title:$sahel AND lead:$sahel"))
    found = article("Embassy in Niger", "Niger. An embassy.")

    (match,) = desk.judge(found, desk.tag(found))

    places = [(clause.clause, [span.zone for span in clause.spans]) for clause in match.clauses]
    assert places == [("@niger", ["title"]), ("#embassy", ["title"]), ("@niger", ["lead"]), ("#embassy", ["lead"])]
    assert match.closeness == "article"


def test_a_definition_that_only_narrows_is_one(tmp_path: Path) -> None:
    desk = Judging.load(desk_of(tmp_path, "define: {ours: 'lang:fr OR lang:en'}", "@mali AND $ours"))

    fires = [bool(desk.judge(found, desk.tag(found))) for found in (article("Mali"), article("Mali", "", "ru"))]

    assert fires == [True, False]


@pytest.mark.parametrize(
    ("define", "query", "message", "hint"),
    [
        ("{sahel: '@mali'}", "$sahell", "no definition $sahell", "did you mean $sahel?"),
        ("{}", "$sahel", "no definition $sahel", '"$sahel"'),
        ("{sahel: '@mali OR $est', east: '@niger'}", "$sahel", "'sahel': no definition $est", "$east?"),
        ("{sahel: '@mali OR $sahel'}", "$sahel", "back to itself: $sahel -> $sahel", "take one"),
        ("{a: '@mali OR $b', b: $c, c: '$a OR x'}", "@mali", "back to itself: $a -> $b -> $c -> $a", "take one"),
        ("{sahel: '@mali and @niger'}", "$sahel", "definition 'sahel': 'and' is no operator", "AND"),
        ("{sahel: '@mali OR @nigger'}", "@mali", "definition 'sahel': no entity @nigger", "@niger?"),
        ("{sahel: '@mali OR #embasy'}", "$sahel", "definition 'sahel': no keyword set #embasy", "#embassy?"),
        ("{Sahel: '@mali'}", "@mali", "'Sahel' is no name", "small letters"),
        ("{sahel: [a]}", "@mali", "sahel is no query", "write a line for each"),
        ("{sahel: ''}", "@mali", "sahel is no query", "write a line for each"),
        ("nothing", "@mali", "no definition", "write a line for each"),
        ("[[a]]", "@mali", "no definition", "write a line for each"),
        ("[a = @mali, a = @niger]", "@mali", "'a' exists already", "all.yaml:2"),
        ("{sahel: NOT @mali}", "$sahel", "no required term", "AND"),
        ("{sahel: 'a AND b'}", "$sahel NEAR/3 c", "has no place", "NEAR"),
        ("{sahel: 'title:(a OR b)'}", "atleast/2 $sahel", "cannot be counted", "atleast"),
    ],
)
def test_a_definition_that_cannot_be_used_is_one_problem_at_its_place(
    tmp_path: Path, define: str, query: str, message: str, hint: str
) -> None:
    found = errors(desk_of(tmp_path, f"define: {define}", query))

    assert [message in problem.message for problem in found] == [True]
    assert hint in found[0].hint
    assert found[0].line == (2 if "defin" in found[0].message and not found[0].message.startswith("rule") else 4)


def test_the_place_of_a_mistake_in_a_definition_is_shown(tmp_path: Path) -> None:
    (problem,) = errors(desk_of(tmp_path, "define:\n  sahel: '@mali OR @nigr'"))

    assert (problem.line, problem.column) == (3, 20)
    assert problem.view == "@mali OR @nigr\n         ^"


def test_definitions_hold_for_all_files_and_none_stands_twice(tmp_path: Path) -> None:
    desk = desk_of(tmp_path, "define: {sahel: '@mali OR @niger'}")
    (desk / "rules" / "more.yaml").write_text("version: 1\nrules: [{id: more, title: More, query: $sahel}]\n")
    assert Judging.load(desk).rules.keys() == {"it", "more"}

    (desk / "rules" / "some.yaml").write_text("version: 1\ndefine: {sahel: '@mali'}\n")

    (problem,) = errors(desk)
    assert (problem.file, problem.message) == ("rules/some.yaml", "the definition 'sahel' exists already")
    assert "first in rules/all.yaml:2" in problem.hint


def test_a_word_with_a_dollar_inside_is_a_word(tmp_path: Path) -> None:
    desk = Judging.load(desk_of(tmp_path, "define: {}", 'US$100 OR "$sahel"'))
    found = article("It cost US$100")

    assert desk.judge(found, desk.tag(found))


def test_definitions_that_multiply_are_refused_in_no_time(tmp_path: Path) -> None:
    bomb = ["a0: 'one OR two'"] + [f"a{n}: '$a{n - 1} OR $a{n - 1}'" for n in range(1, 60)]
    long = ["a0: one"] + [f"a{n}: $a{n - 1}" for n in range(1, 10_000)]

    (first,) = errors(desk_of(tmp_path / "bomb", "define:\n  " + "\n  ".join(bomb), "$a59"))
    (second,) = errors(desk_of(tmp_path / "long", "define:\n  " + "\n  ".join(long), "$a9999"))

    assert "longer than 100,000 characters" in first.message or "deeper than 50" in first.message
    assert "deeper than 50" in second.message
