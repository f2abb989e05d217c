"""A desk made anew while it is in force: what is taken, and what stays."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from newswatch_core.config import Problem
from newswatch_judging import renewal
from newswatch_judging.desk import Judging
from newswatch_judging.fixtures import Inline
from newswatch_judging.renewal import Renewed, renew, renew_tagging
from tests.support.judging import ENTITIES, KEYWORDS, article, write_desk

RULES = """
- id: css-russia
  title: CSS and Russia
  query: '@css AND @russia'
  fixtures: {fires: [articles/both.yaml], silent: [{title: Rain}]}
- id: embassy
  title: Embassy
  query: '@russia AND #embassy'
  fixtures: {fires: [{title: The embassy of Russia}]}
"""
BOTH = "version: 1\ntitle: Russia and the Confederation of Sahel States\n"


class Bench:
    """A desk's folder, and the judgement in force."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "articles").mkdir()
        (folder / "articles" / "both.yaml").write_text(BOTH)
        write_desk(folder, RULES)
        self.judging = Judging.load(folder)
        self.changed: set[str] = set()
        """The files that are others than when the whole desk was last good."""

    def renew(self, rules: str = RULES, *, entities: str = ENTITIES, keywords: str = KEYWORDS) -> Renewed:
        write_desk(self.folder, rules, entities, keywords)
        return self.again()

    def again(self) -> Renewed:
        renewed = renew(self.folder, self.judging, lambda name: name not in self.changed)
        self.judging = renewed.judging
        return renewed

    def query(self, rule: str) -> str:
        return self.judging.rules[rule].query


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    return Bench(tmp_path)


def messages(renewed: Renewed) -> list[str]:
    return [problem.message for problem in renewed.problems]


def test_a_good_desk_is_taken_whole(bench: Bench):
    rules = RULES.replace("@russia AND #embassy", "@russia AND @russia AND #embassy").replace("css-russia", "other")
    renewed = bench.renew(rules, entities=ENTITIES.replace("name: Mali", "name: Republic of Mali"))
    assert not renewed.problems
    assert (renewed.new, renewed.changed, renewed.gone, renewed.kept) == (["other"], ["embassy"], ["css-russia"], [])
    assert bench.judging.entities["mali"].name == "Republic of Mali"


def test_a_desk_that_says_the_same_is_the_one_in_force(bench: Bench):
    before = bench.judging
    renewed = bench.renew(RULES.replace("- id: css-russia", "# further down\n\n- id: css-russia"))
    assert (renewed.judging is before, renewed.problems) == (True, [])


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (RULES.replace("@russia AND #embassy", "@russia AND"), "ends too soon"),
        (RULES.replace("@russia AND #embassy", "@rusia AND #embassy"), "rusia"),
        (RULES.replace("#embassy", "NOT #embassy"), "must fire but is silent"),
        (RULES + "\n- {id: embassy, title: Again, query: '@mali'}", "exists already"),
    ],
)
def test_a_rule_that_is_wrong_keeps_its_last_good_version_and_the_others_are_taken(
    bench: Bench, broken: str, said: str
):
    renewed = bench.renew(broken.replace("'@css AND @russia'", "'@russia AND @css'"))
    assert bench.query("embassy") == "@russia AND #embassy"
    assert bench.query("css-russia") == "@russia AND @css"
    assert (renewed.changed, renewed.kept) == (["css-russia"], ["embassy"])
    (problem,) = renewed.problems
    assert said in problem.message
    assert (problem.file, problem.line > 0) == ("rules/all.yaml", True)
    assert [match.rule for match in _judged(bench, "The embassy of Russia")] == ["embassy"]


def test_a_new_rule_that_is_wrong_is_not_taken_and_nothing_goes_meanwhile(bench: Bench):
    renewed = bench.renew(RULES.replace("id: embassy", "id: renamed").replace("#embassy'", "#embasy'"))
    assert sorted(bench.judging.rules) == ["css-russia", "embassy"], "a rename with a mistake leaves no gap"
    assert (renewed.new, renewed.gone, renewed.kept) == ([], [], ["embassy"])
    renewed = bench.renew(RULES.replace("id: embassy", "id: renamed"))
    assert (renewed.new, renewed.gone, renewed.problems) == (["renamed"], ["embassy"], [])


def test_the_rules_of_a_file_that_cannot_be_read_stay(bench: Bench):
    (bench.folder / "rules" / "all.yaml").write_text("version: 1\nrules:\n  - {id: css-russia, title: [")
    (bench.folder / "rules" / "more.yaml").write_text(
        "version: 1\nrules:\n  - {id: mali, title: Mali, query: '@mali', fixtures: {fires: [{title: Mali}]}}\n"
    )
    renewed = bench.again()
    assert sorted(bench.judging.rules) == ["css-russia", "embassy", "mali"]
    assert [problem.file for problem in renewed.problems] == ["rules/all.yaml"]


def test_a_fixture_that_breaks_keeps_its_rule_as_it_was(bench: Bench):
    (bench.folder / "articles" / "both.yaml").write_text("version: 1\ntitle: [")
    bench.changed = {"articles/both.yaml"}
    renewed = bench.again()
    assert renewed.kept == ["css-russia"]
    assert "cannot be read" in messages(renewed)[0]
    assert bench.again().kept == ["css-russia"], "the next time as well"


@pytest.mark.parametrize("gone", ["entities", "keywords.yaml", "rules", "articles"])
def test_what_is_gone_as_a_whole_stays_in_force(bench: Bench, gone: str):
    before = bench.judging
    path = bench.folder / gone
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    bench.changed = {"articles/both.yaml"} if gone == "articles" else set()
    renewed = bench.again()
    assert renewed.problems
    assert (bench.judging.entities, bench.judging.keywords) == (before.entities, before.keywords)
    assert sorted(bench.judging.rules) == ["css-russia", "embassy"]


def test_broken_entities_stay_whole_and_good_rules_are_taken_on_the_old_ones(bench: Bench):
    before = bench.judging.entities_hash
    renewed = bench.renew(
        RULES.replace("'@css AND @russia'", "'@russia AND @css'"), entities=ENTITIES.replace("id: mali", "id: MALI")
    )
    assert (bench.judging.entities_hash, renewed.changed) == (before, ["css-russia"])
    assert {problem.file for problem in renewed.problems} == {"entities/all.yaml"}


def test_entities_that_leave_a_rule_without_a_passing_version_are_refused(bench: Bench):
    before = bench.judging.entities_hash
    lost = ENTITIES.replace("en: [Russia, Russian,", "en: [Rusland,")
    renewed = bench.renew(RULES.replace("title: Embassy", "title: The embassy"), entities=lost)
    assert bench.judging.entities_hash == before
    assert bench.judging.rules["embassy"].title == "The embassy", "good with the entities that stay"
    assert any("entities and keywords stay as they were" in message for message in messages(renewed))
    assert any("must fire but is silent" in message for message in messages(renewed))


def test_an_entity_that_a_rule_in_force_names_cannot_go_before_it(bench: Bench):
    without = KEYWORDS.replace("id: embassy", "id: mission")
    renewed = bench.renew(keywords=without)
    assert "embassy" in bench.judging.keywords
    assert any("names what is gone" in message for message in messages(renewed))
    rules = RULES.replace("#embassy", "#mission")
    renewed = bench.renew(rules, keywords=without)
    assert (list(renewed.problems), renewed.changed) == ([], ["embassy"])


def test_what_a_service_refuses_is_as_any_other_mistake(bench: Bench):
    write_desk(bench.folder, RULES.replace("title: Embassy", "title: The embassy"))
    problem = Problem("rules/all.yaml", 9, "notifies nobody")
    renewed = renew(bench.folder, bench.judging, lambda _: True, lambda read: {"embassy": [problem]})
    assert (renewed.problems, renewed.kept) == ([problem], ["embassy"])
    assert renewed.judging.rules["embassy"].title == "Embassy"


@pytest.fixture
def proved(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """The rules whose fixtures are run."""
    run: list[str] = []
    real = renewal.run_fixtures
    monkeypatch.setattr(renewal, "run_fixtures", lambda rule, *rest: run.append(rule.id) or real(rule, *rest))
    return run


def test_only_what_may_come_out_otherwise_is_proved_again(bench: Bench, proved: list[str]):
    bench.renew(RULES.replace("@russia AND #embassy", "#embassy AND @russia"))
    assert proved == ["embassy"]
    proved.clear()
    bench.changed = {"articles/both.yaml"}
    bench.again()
    assert proved == ["css-russia"]
    proved.clear()
    bench.renew(keywords=KEYWORDS.replace("name: embassy", "name: an embassy"))
    assert proved == ["css-russia", "embassy"]


def test_nothing_is_left_to_build_for_the_thread_that_judges(bench: Bench):
    renewed = bench.renew(RULES.replace("title: Embassy", "title: The embassy"))
    assert {"_gazetteer", "_index", "_terms"} <= vars(renewed.judging).keys()


def test_a_tagger_takes_entities_whatever_the_rules_are(bench: Bench):
    write_desk(bench.folder, "- {id: Broken}", entities=ENTITIES.replace("name: Mali", "name: Republic of Mali"))
    renewed = renew_tagging(bench.folder, bench.judging)
    assert (renewed.judging.entities["mali"].name, list(renewed.problems)) == ("Republic of Mali", [])
    write_desk(bench.folder, entities=ENTITIES.replace("id: mali", "id: MALI"))
    assert renew_tagging(bench.folder, renewed.judging).judging is renewed.judging
    shutil.rmtree(bench.folder / "entities")
    assert renew_tagging(bench.folder, renewed.judging).judging is renewed.judging


def _judged(bench: Bench, title: str) -> list[object]:
    one = article(title)
    return list(bench.judging.judge(one, bench.judging.tag(one)))


def test_an_inline_fixture_belongs_to_its_rule(bench: Bench, proved: list[str]):
    assert isinstance(bench.judging.rules["embassy"].fixtures.fires[0], Inline)
    renewed = bench.renew(RULES.replace("The embassy of Russia", "Rain"))
    assert (proved, renewed.kept) == (["embassy"], ["embassy"])


def test_a_rule_changes_with_the_definition_that_it_uses(bench: Bench):
    def write(definition: str) -> None:
        (bench.folder / "rules" / "more.yaml").write_text(
            f"version: 1\ndefine: {{there: '{definition}'}}\n"
            "rules: [{id: there, title: There, query: '$there', fixtures: {fires: [{title: Mali and Niger}]}}]\n"
        )

    write("@mali")
    assert bench.again().new == ["there"]
    write("@niger")
    assert bench.again().changed == ["there"]
    assert [match.rule for match in _judged(bench, "Niger")] == ["there"]
    write("@nigre")
    renewed = bench.again()
    assert (renewed.kept, [problem.file for problem in renewed.problems][:1]) == (["there"], ["rules/more.yaml"])
    assert [match.rule for match in _judged(bench, "Niger")] == ["there"]
