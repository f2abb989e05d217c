"""When a query is true of an article, and which places made it so."""

from pathlib import Path

import pytest

from newswatch_core.events import Match
from newswatch_judging.desk import Judging
from tests.support.judging import article, desk_with, write_desk

TITLE = "Russia and Mali sign"
TEXT = (
    "MOSCOW (TASS) - The AES chose a new embassy. Russia will build a joint force with Niger.\n\n"
    "Mali's army grows. The embassy, far away, is old.\n\n"
    "A third paragraph tells that the embassies of Nigeria are closed.\n\n"
    "Read also: a consulate"
)


def judged(folder: Path, query: str, title: str = TITLE, text: str = TEXT, **more: str) -> Match | None:
    desk = desk_with(folder, query)
    found = article(title, text, **more)
    matches = desk.judge(found, desk.tag(found))
    return matches[0] if matches else None


@pytest.mark.parametrize(
    "query",
    [
        "@russia AND #embassy",
        "@css+",
        "embassy AND NOT consulate",
        '"joint force"',
        "embass*",
        'case:"AES"',
        "title:@russia",
        "title:(@russia AND @mali) AND lead:#embassy",
        "related:consulate",
        "dateline:moscow",
        "body:@nigeria",
        "sentence(@russia AND @niger)",
        "paragraph(@mali AND #embassy)",
        "@russia NEAR/8 #military-force",
        "@russia BEFORE/8 #military-force",
        "will BEFORE/1 build",
        "(@russia OR @mali) NEAR/3 sign",
        "atleast/3 #embassy",
        "lang:en AND @mali",
        "source:outlet AND @mali",
        'source:"outlet.example.org" AND @mali',
        "feed:outlet AND @mali",
        "source-country:ml AND @mali",
        "@russia AND NOT title:embassy",
        "embassies",
    ],
)
def test_these_are_true(tmp_path: Path, query: str):
    assert judged(tmp_path, query, country="ML") is not None


@pytest.mark.parametrize(
    "query",
    [
        "@russia AND consulate",
        "@russia AND NOT #embassy",
        '"embassy new"',
        'case:"aes"',
        "title:#embassy",
        "lead:@nigeria",
        "moscow",
        "sentence(@nigeria AND @mali)",
        "sentence(title:@russia AND @niger)",
        "paragraph(@nigeria AND @mali)",
        "#military-force BEFORE/8 @russia",
        "sign NEAR/3 aes",
        "atleast/4 #embassy",
        "lang:fr AND @mali",
        "source:other AND @mali",
        "sentence(@mali AND NOT army) AND title:army",
    ],
)
def test_these_are_not(tmp_path: Path, query: str):
    assert judged(tmp_path, query) is None


def test_not_inside_a_sentence_is_asked_of_each_sentence(tmp_path: Path):
    text = "Russia sent grain. Russia sent an embassy."

    assert judged(tmp_path, "sentence(@russia AND NOT #embassy)", "", text) is not None
    assert judged(tmp_path, "sentence(@russia AND NOT sent)", "", text) is None


@pytest.mark.parametrize(
    ("title", "text", "closeness"),
    [
        ("Russia opens embassy", "No more.", "title"),
        ("News", "Russia opens an embassy.", "sentence"),
        ("News", "Russia acts. An embassy opens.", "paragraph"),
        ("News", "Russia acts.\n\nAn embassy opens.", "article"),
        ("Russia", "An embassy opens.", "article"),
    ],
)
def test_closeness_is_the_smallest_unit_with_all_clauses(tmp_path: Path, title: str, text: str, closeness: str):
    match = judged(tmp_path, "@russia AND #embassy", title, text)

    assert match is not None
    assert match.closeness == closeness


def test_each_clause_comes_with_its_places(tmp_path: Path):
    match = judged(tmp_path, "@russia AND (embassy OR sign) AND NOT consulate", "Russia signs", "An embassy of Russia.")

    assert match is not None
    found = {clause.clause: [(span.zone, span.start, span.end) for span in clause.spans] for clause in match.clauses}
    assert found == {
        "@russia": [("title", 0, 6), ("lead", 14, 20)],
        "embassy OR sign": [("title", 7, 12), ("lead", 3, 10)],
    }


def test_a_sentence_clause_is_shown_by_the_clauses_inside_it(tmp_path: Path):
    match = judged(tmp_path, "sentence(@russia AND #embassy)", "", "Russia sent grain. Russia sent an embassy.")

    assert match is not None
    assert [(clause.clause, len(clause.spans)) for clause in match.clauses] == [("@russia", 1), ("#embassy", 1)]
    assert match.closeness == "sentence"


def test_a_keyword_inside_a_blocked_name_does_not_count(tmp_path: Path):
    assert judged(tmp_path, "#embassy", "", "They met at Embassy Suites.") is None
    assert judged(tmp_path, "#embassy", "", "They met at Embassy Suites, near the embassy.") is not None


def test_the_guard_of_a_keyword_reads_its_words_in_their_language(tmp_path: Path):
    keywords = """
        version: 1
        keywords:
          - id: embassy
            name: embassy
            de:
              - text: Botschaft
                requires: {words: {de: [russisch]}, within: 1}
                forbids: {words: {de: [klar], any: [an]}, within: 3}
    """
    rules = "- {id: it, title: It, query: '#embassy'}"
    desk = Judging.load(write_desk(tmp_path, rules, keywords=keywords))

    found = [
        bool(desk.judge(article("", text, "de"), ()))
        for text in ("In der russischen Botschaft", "Klare russische Botschaft", "Die Botschaft des Tages")
    ]

    assert found == [True, False, False]


def test_what_stands_outside_the_story_satisfies_only_a_query_that_names_its_zone(tmp_path: Path):
    text = "They met.\n\nRead also: Russia opens embassy"

    assert judged(tmp_path, "@russia", "", text) is None
    assert judged(tmp_path, "related:@russia", "", text) is not None
