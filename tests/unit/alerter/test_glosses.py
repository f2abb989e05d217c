"""What the words that made a rule fire are said to stand for."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from newswatch_alerter.glosses import meanings
from newswatch_alerter.messages import compose
from newswatch_alerter.orders import term_names
from newswatch_judging.desk import Judging
from tests.support.alerting import rule
from tests.support.judging import article, write_desk

TEXT = "Нигер закрыл посольство. Конфедерация государств Сахеля и Ассими Гойта молчат. Россия тоже."


def glossed(folder: Path, query: str, define: str = "") -> Mapping[str, str]:
    desk = write_desk(folder, f"- {{id: it, title: It, query: '{query}'}}")
    rules = desk / "rules" / "all.yaml"
    rules.write_text(rules.read_text().replace("rules:", f"define: {{{define}}}\nrules:", 1))
    judging = Judging.load(desk)
    found = article("", TEXT, "ru")
    mentions = judging.tag(found)
    (match,) = judging.judge(found, mentions)
    message = compose(found, [(rule("it"), match)], names=term_names(judging), mentions=mentions)
    return {gloss.words: gloss.name for gloss in message.glosses}


def test_a_member_is_told_as_a_member_of_its_group(tmp_path: Path) -> None:
    found = glossed(tmp_path, "@css+ AND #embassy")
    assert found == {"Нигер": "Niger, a member of Confederation of Sahel States", "посольство": "embassy"}


def test_the_group_itself_is_told_as_itself(tmp_path: Path) -> None:
    found = glossed(tmp_path, "@css AND @russia")
    assert found == {"Конфедерация государств Сахеля": "Confederation of Sahel States", "Россия": "Russia"}


@pytest.mark.parametrize(
    ("query", "define", "words", "name"),
    [
        ("@mali OR @niger", "", "Нигер", "Niger"),
        ("$sahel", "sahel: '@mali OR @niger'", "Нигер", "Niger"),
        ("@mali OR #embassy", "", "посольство", "embassy"),
        ("@goita AND @russia", "", "Ассими Гойта", "Assimi Goïta"),
        ("(@niger OR @css+) AND @russia", "", "Нигер", "Niger"),
    ],
)
def test_of_several_things_that_would_do_the_one_that_stands_there_is_told(
    tmp_path: Path, query: str, define: str, words: str, name: str
) -> None:
    assert glossed(tmp_path, query, define)[words] == name


@pytest.mark.parametrize("query", ["тоже OR #military-force", "#embassy OR #military-force"])
def test_where_it_is_open_what_the_words_stand_for_nothing_is_said(tmp_path: Path, query: str) -> None:
    assert glossed(tmp_path, query) == {}


def test_nothing_is_said_of_no_match() -> None:
    assert list(meanings([], {}, [])) == []
