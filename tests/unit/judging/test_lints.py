"""What `newswatch check` warns of: what is not wrong, but will bite."""

from pathlib import Path

import pytest

from newswatch_core.config import Problem
from newswatch_judging.desk import Judging, check_judging
from tests.support.judging import ENTITIES, KEYWORDS, article, write_desk

QUIET = ENTITIES.replace("Alliance Sahel, ", "")
"""The entities of other tests, without a name that blocks nothing."""
USED = "- {id: it, title: It, query: 'QUERY'}"


def warnings(desk: Path) -> list[Problem]:
    found = check_judging(desk)
    assert [str(problem) for problem in found if problem.severity == "error"] == []
    return list(found)


def with_entity(folder: Path, entity: str) -> list[Problem]:
    entities = f"version: 1\nentities:\n  - {{id: one, name: One, {entity}}}\n"
    rule = USED.replace("QUERY", "@one AND (#embassy OR #military-force)")
    return warnings(write_desk(folder, rule, entities=entities))


@pytest.mark.parametrize(
    ("entity", "message", "hint"),
    [
        ("aliases: {any: [ABC]}", "the short acronym 'ABC' has no guard", "never-alone: true"),
        ("aliases: {ru: [АБВГ]}", "the short acronym 'АБВГ' has no guard", "never-alone: false"),
        ("aliases: {any: [A.B.C.]}", "acronym 'A.B.C.'", "requires:"),
        ("aliases: {en: [Council]}", "'Council' is too common a word", "longer name"),
        ("aliases: {fr: [Même]}", "'Même' is too common a word", "longer name"),
        ("aliases: {ru: [правительство]}", "'правительство' is too common", "guard"),
        ("aliases: {de: [Regierung]}", "'Regierung' is too common", "guard"),
        (
            "aliases: {en: [{text: Longname, also-means: [Other]}]}",
            "also-means does nothing for 'Longname'",
            "requires",
        ),
        ("blocked: [Longname], aliases: {en: [Longname]}", "'Longname' is blocked by its own entity", "take one"),
        ("blocked: [Other River], aliases: {en: [Longname]}", "'Other River' holds no alias of 'one'", "in it"),
    ],
)
def test_what_will_bite_in_an_entity_is_a_warning_with_its_place(
    tmp_path: Path, entity: str, message: str, hint: str
) -> None:
    (problem,) = with_entity(tmp_path, entity)

    assert message in problem.message
    assert hint in problem.hint
    assert (problem.file, problem.line) == ("entities/all.yaml", 3)


@pytest.mark.parametrize(
    "entity",
    [
        "aliases: {any: [{text: ABC, case: exact, never-alone: true}]}",
        "aliases: {any: [{text: ABC, never-alone: false}]}",
        "aliases: {any: [{text: ABC, languages: [fr]}, ABCDE]}",
        "aliases: {en: [{text: Council, requires: {words: [Sahel]}}, Council of Elders]}",
        "aliases: {en: [Longname, {text: LN, case: exact, never-alone: true, also-means: [Other]}]}",
        "blocked: [Longname River, LONGNAMES FC], aliases: {en: [Longname]}",
        "blocked: [Langname Fluss], aliases: {ru: [Другое], de: [Langname]}",
    ],
)
def test_what_is_guarded_is_no_warning(tmp_path: Path, entity: str) -> None:
    assert with_entity(tmp_path, entity) == []


def test_a_guard_that_also_means_can_undo_has_an_effect(tmp_path: Path) -> None:
    """What the lint says is so: without a guard the alias counts whatever else the article names."""
    counts = []
    for guard in ("", "never-alone: true, "):
        entities = f"""
            version: 1
            entities:
              - id: one
                name: One
                context: [Sahel]
                aliases: {{any: [{{text: LONGN, case: exact, {guard}also-means: [Style Sheets]}}]}}
        """
        desk = Judging.load(write_desk(tmp_path, "", entities=entities))
        counts.append(len(desk.tag(article("LONGN", "Style Sheets in the Sahel. LONGN."))))
    assert counts[0] > 0
    assert counts[1] == 0


def test_an_alias_of_two_entities_is_a_warning_at_the_second(tmp_path: Path) -> None:
    entities = """
        version: 1
        entities:
          - {id: one, name: One, aliases: {en: [Longname]}}
          - {id: two, name: Two, aliases: {fr: [longname]}}
    """
    rule = USED.replace("QUERY", "@one AND @two AND (#embassy OR #military-force)")

    (problem,) = warnings(write_desk(tmp_path, rule, entities=entities))

    assert (problem.line, problem.message) == (5, "the alias 'longname' belongs to 'one' as well")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("en: [embassy]", "en: [embassy, government]", "'government' is too common a word for #embassy"),
        ("blocked: [Embassy Suites]", "blocked: [Hotel Suites]", "'Hotel Suites' holds no word of #embassy"),
    ],
)
def test_what_will_bite_in_a_keyword_set_is_a_warning(tmp_path: Path, old: str, new: str, message: str) -> None:
    rule = USED.replace("QUERY", "(@css+ OR @russia OR @nigeria) AND (#embassy OR #military-force)")

    (problem,) = warnings(write_desk(tmp_path, rule, QUIET, KEYWORDS.replace(old, new)))

    assert message in problem.message
    assert problem.file == "keywords.yaml"
    assert problem.line > 3


def with_query(folder: Path, query: str, define: str = "", feeds: str = "") -> list[Problem]:
    desk = write_desk(folder, USED.replace("QUERY", query) + "\n- {id: all, title: All, query: 'ALL'}", QUIET)
    rules = desk / "rules" / "all.yaml"
    everything = "(@css+ OR @russia OR @nigeria) AND (#embassy OR #military-force)"
    text = rules.read_text().replace("rules:", f"define: {{{define}}}\nrules:", 1).replace("ALL", everything)
    rules.write_text(text)
    if feeds:
        (desk / "feeds.yaml").write_text(f"version: 1\nfeeds:\n{feeds}")
    return warnings(desk)


FEEDS = "  - {url: 'https://www.wire.example/rss', id: wire-all, outlet: Northern Wire, owner: Wire Group}\n"


@pytest.mark.parametrize(
    ("query", "define", "message", "hint"),
    [
        ("the AND @mali", "", "'the' is too common to say anything", "nearly every article"),
        ('@mali OR "of the"', "", "'of the' is too common", "phrase"),
        ("@mali AND sahel", "sahel: '@niger', other: $sahel", "'sahel' is looked for as a word", "write $sahel"),
        ("@mali", "sahel: '@niger'", "no rule uses the definition $sahel", "take it out"),
        ('@mali AND source:"Northen Wire"', "", "nobody in feeds.yaml is called 'Northen Wire'", "Northern Wire"),
        ("@mali AND source:nobody.press", "", "nobody in feeds.yaml", "no feed names it"),
    ],
)
def test_what_says_less_than_it_seems_is_a_warning_at_its_place(
    tmp_path: Path, query: str, define: str, message: str, hint: str
) -> None:
    found = with_query(tmp_path, query, define, FEEDS)

    assert message in " ".join(problem.message for problem in found)
    (problem,) = [problem for problem in found if message in problem.message]
    assert hint in problem.hint
    assert problem.file == "rules/all.yaml"


@pytest.mark.parametrize(
    "query",
    ["@mali AND NOT the", "@mali AND source:wire.example", '@mali AND source:"wire group"', "@mali AND feed:wire-all"],
)
def test_what_says_what_it_seems_to_say_is_no_warning(tmp_path: Path, query: str) -> None:
    assert with_query(tmp_path, query, feeds=FEEDS) == []


def test_what_no_rule_uses_is_a_warning(tmp_path: Path) -> None:
    found = warnings(write_desk(tmp_path, USED.replace("QUERY", "@css AND #embassy"), QUIET))

    assert [problem.message for problem in found] == [
        "no rule uses the entity @russia",
        "no rule uses the entity @nigeria",
        "no rule uses the keyword set #military-force",
    ]
    assert all(problem.line for problem in found)


def test_while_something_is_broken_nothing_counts_as_unused(tmp_path: Path) -> None:
    desk = write_desk(tmp_path, USED.replace("QUERY", "@css AND AND #embassy"), QUIET)

    assert [problem.severity for problem in check_judging(desk)] == ["error"]
