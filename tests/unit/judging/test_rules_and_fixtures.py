"""What `newswatch check` says about entities, keywords, rules and fixtures."""

from pathlib import Path

import pytest

from newswatch_core.config import ConfigError, Problem
from newswatch_judging.desk import Judging, check_entities, check_judging, load_tagging
from tests.support.judging import article, write_desk

RULE = """
- id: embassy
  title: Russia's embassies
  severity: high
  raise: [{to: critical, when: {closeness: title}}]
  query: '@russia AND #embassy'
  notify: [console]
  fixtures:
    fires:
      - {title: Russia opens embassy, text: It does., language: en}
      - articles/one.yaml
    silent:
      - {title: Russia sends grain, text: It does., language: en}
"""
ARTICLE = """
version: 1
outlet: Wire
url: https://wire.example.org/1
language: en
title: News
text: |
  Russia opens an embassy.
"""


def problems(desk: Path) -> list[Problem]:
    return [problem for problem in check_judging(desk) if problem.severity == "error"]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "one.yaml").write_text(ARTICLE)
    return write_desk(tmp_path, RULE)


def test_a_good_desk_has_no_problem_and_its_rules_are_read(desk: Path):
    judging = Judging.load(desk)

    rule = judging.rules["embassy"]
    assert problems(desk) == []
    assert (rule.title, rule.severity, rule.notify) == ("Russia's embassies", "high", ("console",))
    assert rule.raise_[0].to == "critical"
    assert (rule.file, rule.line) == ("rules/all.yaml", 3)


def test_a_fixture_that_must_fire_but_does_not_names_the_clause_that_failed(desk: Path):
    write_desk(desk, RULE.replace("Russia opens embassy", "Russia opens consulate"))

    (problem,) = problems(desk)

    assert problem.line == 11
    assert "'embassy' must fire but is silent on the inline fixture 'Russia opens consulate'" in problem.message
    assert "#embassy: not found" in problem.hint
    with pytest.raises(ConfigError):
        Judging.load(desk)


def test_a_fixture_that_must_be_silent_but_fires_shows_where(desk: Path):
    write_desk(desk, RULE.replace("Russia sends grain", "Russia shuts embassy"))

    (problem,) = problems(desk)

    assert "must be silent but fires" in problem.message
    assert "one title: @russia: 'Russia'; #embassy: 'embassy'" in problem.hint


def test_a_refused_alias_is_told_with_the_failing_fixture(desk: Path):
    write_desk(
        desk, RULE.replace("Russia opens embassy, text: It does.", "AES opens embassy").replace("@russia", "@css")
    )

    assert any("@css 'AES' was refused: alone" in problem.hint for problem in problems(desk))


@pytest.mark.parametrize("path", ["articles/none.yaml", "../outside.yaml"])
def test_a_fixture_that_cannot_be_read_is_a_problem(desk: Path, path: str):
    write_desk(desk, RULE.replace("articles/one.yaml", path))

    (problem,) = problems(desk)

    assert path in problem.message


@pytest.mark.parametrize(
    ("old", "new", "message", "hint"),
    [
        ("@russia AND", "@rusia AND", "no entity @rusia", "did you mean @russia?"),
        ("#embassy'", "#embasy'", "no keyword set #embasy", "did you mean #embassy?"),
        ("@russia AND", "@russia and", "'and' is no operator", "in capitals"),
        ("severity: high", "severity: urgent", "severity", ""),
        ("title: Russia's embassies", "titel: Russia's embassies", "unknown field 'titel'", "did you mean 'title'?"),
    ],
)
def test_a_broken_rule_is_one_problem_with_its_place(desk: Path, old: str, new: str, message: str, hint: str):
    write_desk(desk, RULE.replace(old, new))

    found = [problem for problem in problems(desk) if message in problem.message]

    assert found
    assert found[0].file == "rules/all.yaml"
    assert found[0].line > 0
    assert hint in found[0].hint


def test_a_rule_twice_is_a_problem(desk: Path):
    write_desk(desk, RULE + RULE)

    assert "exists already" in problems(desk)[0].message


@pytest.mark.parametrize(
    ("entities", "message"),
    [
        ("{id: a, name: A, members: [b], aliases: {any: [Aaaa]}}", "no entity 'b'"),
        ("{id: a, name: A, aliases: {any: ['…']}}", "holds no word"),
        ("{id: A, name: A, aliases: {any: [Aaaa]}}", "id"),
        ("{id: a, name: A, aliases: {any: [{text: x, neveralone: true}]}}", "neveralone"),
        ("{id: a, name: A}", "'aliases' is missing"),
        ("{id: a, name: A, aliases: {eng: [Aaaa]}}", "no language 'eng'"),
        ("{id: a, name: A, aliases: {any: [{text: Aaaa, languages: [xx]}]}}", "counts in 'xx', which is no language"),
    ],
)
def test_a_broken_entity_is_a_problem(tmp_path: Path, entities: str, message: str):
    write_desk(tmp_path, entities=f"version: 1\nentities:\n  - {entities}\n")

    assert any(message in problem.message for problem in problems(tmp_path))
    assert any(message in problem.message for problem in check_entities(tmp_path))


@pytest.mark.parametrize(
    ("keywords", "message"),
    [
        ("{id: a, name: A}", "no words"),
        ("{id: a, name: A, en: ['…']}", "holds no word"),
        ("{id: a, name: A, xx: [word]}", "unknown field 'xx'"),
        ("{id: a, name: A, en: [{text: word, never-alone: true}]}", "for aliases of entities"),
        ("{id: a, name: A, en: [word]}\n  - {id: a, name: A, en: [word]}", "exists already"),
    ],
)
def test_a_broken_keyword_set_is_a_problem(tmp_path: Path, keywords: str, message: str):
    write_desk(tmp_path, keywords=f"version: 1\nkeywords:\n  - {keywords}\n")

    assert any(message in problem.message for problem in problems(tmp_path))


def test_risky_aliases_are_warned_of_but_load(tmp_path: Path):
    write_desk(
        tmp_path,
        entities="""
        version: 1
        entities:
          - {id: one, name: One, aliases: {any: [ABC, Union, Longname]}}
          - {id: two, name: Two, aliases: {any: [longname, {text: XYZ, case: exact, never-alone: true}]}}
        """,
    )

    found = check_judging(tmp_path)

    assert [(problem.severity, problem.line) for problem in found] == [("warning", 4), ("warning", 4), ("warning", 5)]
    assert ["acronym" in found[0].message, "too common" in found[1].message] in ([True, True], [False, False])
    assert "belongs to 'one'" in found[2].message
    assert Judging.load(tmp_path).entities.keys() == {"one", "two"}


def test_the_tagger_needs_no_rules(desk: Path):
    write_desk(desk, RULE.replace("@russia AND", "@nobody AND"))

    assert load_tagging(desk).tag(article("Russia", "")) != ()
    with pytest.raises(ConfigError):
        Judging.load(desk)


def test_the_hash_of_the_entities_changes_with_them_and_not_with_the_rules(tmp_path: Path):
    first = Judging.load(write_desk(tmp_path)).entities_hash
    assert Judging.load(write_desk(tmp_path, RULE.replace("- articles/one.yaml", ""))).entities_hash == first
    assert load_tagging(tmp_path).entities_hash == first

    file = tmp_path / "entities" / "all.yaml"
    file.write_text(file.read_text().replace("[Mali]", "[Mali, Malí]"))

    assert Judging.load(tmp_path).entities_hash != first
