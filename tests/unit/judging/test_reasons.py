"""The sentences that show why a rule fired."""

from pathlib import Path

from newswatch_core.events import Article
from newswatch_judging.reasons import Reason, reasons
from tests.support.judging import article, desk_with


def shown(folder: Path, found: Article, query: str = "@russia AND #embassy", limit: int = 2) -> tuple[Reason, ...]:
    desk = desk_with(folder, query)
    (match,) = desk.judge(found, desk.tag(found))
    return reasons(found, match, limit)


def marked(reason: Reason) -> list[str]:
    return [reason.text[start:end] for start, end in reason.marks]


def test_the_sentence_with_most_clauses_comes_first_and_alone_if_it_shows_all(tmp_path: Path):
    text = "Russia sent grain. Later Russia will open an embassy\nin Bamako. An embassy is a house."

    (reason,) = shown(tmp_path, article("News", text))

    assert reason.text == "Later Russia will open an embassy in Bamako."
    assert marked(reason) == ["Russia", "embassy"]
    assert reason.zone == "lead"


def test_two_sentences_are_shown_where_one_does_not_hold_all(tmp_path: Path):
    found = shown(tmp_path, article("Russia acts", "An embassy opens."))

    assert [(reason.zone, reason.text) for reason in found] == [("title", "Russia acts"), ("lead", "An embassy opens.")]


def test_a_long_sentence_is_cut_around_its_marks_between_words(tmp_path: Path):
    text = "word " * 150 + "Russia opens an embassy " + "word " * 150

    (reason,) = shown(tmp_path, article("News", text))

    assert len(reason.text) <= 310
    assert reason.text.startswith("… word")
    assert reason.text.endswith("word …")
    assert marked(reason) == ["Russia", "embassy"]


def test_marks_too_far_apart_for_one_cut_leave_the_first(tmp_path: Path):
    text = "Russia " + "word " * 150 + "opens an embassy"

    (reason,) = shown(tmp_path, article("News", text))

    assert len(reason.text) <= 310
    assert marked(reason) == ["Russia"]
