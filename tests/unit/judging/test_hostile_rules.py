"""Rules that are wrong in every way one can think of: refused with a message that says where and what to do."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from newswatch_core import config
from newswatch_core.config import ConfigError, Problem, read_yaml
from newswatch_judging.desk import Judging, check_judging
from newswatch_judging.query import QueryError, parse
from newswatch_judging.shape import MAX_PRICE, price
from tests.support.judging import ENTITIES, KEYWORDS, article, write_desk

RULE: dict[str, Any] = {
    "id": "it",
    "title": "It",
    "severity": "high",
    "raise": [{"to": "critical", "when": {"closeness": "title"}}],
    "query": "@russia AND #embassy",
    "count": {"stories": "2", "within": "1h"},
    "notify": ["desk"],
    "fixtures": {"fires": [{"title": "Russia opens embassy"}], "silent": [{"title": "Rain"}]},
}


def errors(desk: Path) -> list[Problem]:
    return [problem for problem in check_judging(desk) if problem.severity == "error"]


def one_error(desk: Path) -> Problem:
    """The one problem of the desk; it is one that loading refuses, too."""
    (problem,) = errors(desk)
    with pytest.raises(ConfigError):
        Judging.load(desk)
    return problem


def desk_with_query(folder: Path, query: str) -> Path:
    write_desk(folder)
    rules = yaml.safe_dump({"version": "1", "rules": [{"id": "it", "title": "It", "query": query}]})
    (folder / "rules" / "all.yaml").write_text(rules, encoding="utf-8")
    return folder


# --- queries that cost too much


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (" OR ".join(f"word{number}" for number in range(20_000)), "longer than 100,000 characters"),
        (" OR ".join(f"w{number}" for number in range(10_000)), "10,000 terms, more than 2,000"),
        ("(" * 10_000 + "abc" + ")" * 10_000, "deeper than 50 levels"),
        ("sentence(" * 5_000 + "abc" + ")" * 5_000, "deeper than 50 levels"),
        ("title:" * 10_000 + "abc", "deeper than 50 levels"),
        ("NOT " * 10_000 + "abc", "deeper than 50 levels"),
        (" NEAR/3 ".join(["abc"] * 1_000), "deeper than 50 levels"),
        (" NEAR/100 ".join(["the"] * 8), "the query costs"),
        ("sentence(paragraph(sentence(paragraph(one AND two AND six))))", "the query costs"),
        ("sentence(" + " OR ".join(f"w{number}" for number in range(1_999)) + " NEAR/9 abc)", "the query costs"),
        ("abc AND ((((", "a closing bracket is missing"),
        ("NOT abc", "no required term"),
        ("abc OR NOT abc", "no required term"),
        ("lang:en OR lang:fr", "no required term"),
        ("abc OR lang:en", "no required term"),
        ("a*", "too short"),
        ("***", "is not expected here"),
        ("* OR abc", "is not expected here"),
        ('""', "no word to look for"),
        ("atleast/99999999999999999999 abc", "out of bounds"),
        ("abc NEAR/99999999999999999999 abc", "out of bounds"),
        ('case:""', "no word to look for"),
        ('lang:""', "nothing follows lang:"),
    ],
)
def test_a_query_that_costs_too_much_or_asks_for_nothing_is_refused(query: str, message: str) -> None:
    with pytest.raises(QueryError) as caught:
        parse(query)

    assert message in f"{caught.value.message} ({caught.value.hint})"
    assert caught.value.hint
    assert len(str(caught.value)) < 1_000


def test_what_costs_much_but_not_too_much_is_told_by_its_price() -> None:
    assert price(parse("@css AND @russia AND #embassy")) == 3
    assert price(parse("sentence(a1 NEAR/5 b1)")) == 80
    assert price(parse("atleast/3 (a1 OR b1)")) == 4
    assert price(parse(" OR ".join(f"w{number}" for number in range(2_000)))) == 2_000 < MAX_PRICE


def error_of(query: str) -> QueryError | None:
    try:
        parse(query)
    except QueryError as error:
        return error
    return None


@pytest.mark.parametrize("text", ["\0", "a\0b", "a\ud800b", "\u202ea AND b", "\ufeffabc", "a\u2028AND\u2028b", "\x85"])
def test_invisible_and_broken_characters_in_a_query_do_no_harm(text: str) -> None:
    for query in (text, f'"{text}"', f"@css AND {text}", f"@{text}"):
        error = error_of(query)
        assert not error or not any(character in error.caret for character in "\0\ud800\u202e")


# --- files that are no plain YAML

QUERY = "rules:\n  - id: it\n    title: It\n    query: "


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("rules: &a [*a]", "anchors and aliases", "quote the text"),
        ("define: &a {x: '@mali'}\nrules: []", "anchors and aliases", "quote the text"),
        ("a: &a [x,x]\nb: &b [*a,*a]\nc: &c [*b,*b]\nrules: *c", "anchors and aliases", "write it out"),
        ("rules: !!python/object/apply:os.system [ls]", "tags", "quote the text"),
        ("rules:\n  - {id: it, title: It, query: !!binary aGVsbG8=}", "tags", "quote the text"),
        (QUERY + "mali\n    <<: {id: it}", "unknown field '<<'", ""),
        ("rules: " + "[" * 5_000, "nested deeper than 30 levels", ""),
        ("rules: " + "{a: " * 5_000, "nested deeper than 30 levels", ""),
        ("rules:\n  - {id: it, title: It, query: @mali}", "not YAML", "must be quoted"),
        ("rules:\n  - {id: it, title: It, query: #embassy}\n    }", "is empty", "single quotes"),
        (QUERY + "#embassy", "YAML drops", "single quotes"),
        (QUERY + "mali AND #embassy", "YAML drops", "single quotes"),
        (QUERY + "mali AND\n      niger OR #embassy", "YAML drops", "single quotes"),
        (QUERY + "mali\n      #embassy\n    severity: low", "YAML drops", "quotes"),
        ("# \u2028\n" + QUERY + "mali #embassy", "YAML drops", "single quotes"),
        ("define: {a: mali AND #embassy}\nrules: []", "YAML drops", "single quotes"),
        ("define:\n  a: mali AND #embassy\nrules: []", "YAML drops", "single quotes"),
        ("define: a = mali AND #embassy\nrules: []", "YAML drops", "single quotes"),
        ("rules:\n  - id: it\n    query: \"joint force\" AND mali", "not YAML", "whole query in single quotes"),
        (QUERY + "\"a\\ud800b\"", "not YAML", "quotes"),
        ("rules: []\n# \0", "control characters", "invisible"),
        ("rules: []\n---\nrules: []", "second YAML document", "one file"),
        ("rules: []\nrules: []", "'rules' stands twice", "first in line 2"),
    ],
)  # fmt: skip
def test_what_is_no_plain_yaml_is_refused(tmp_path: Path, text: str, message: str, hint: str) -> None:
    desk = write_desk(tmp_path)
    (desk / "rules" / "all.yaml").write_text(f"version: 1\n{text}\n", encoding="utf-8")

    found = errors(desk)

    assert message in str(found[0])
    assert hint in found[0].hint
    assert found[0].file == "rules/all.yaml"


def test_a_comment_of_its_own_below_a_query_is_one(tmp_path: Path) -> None:
    desk = write_desk(tmp_path)
    text = "version: 1\nrules:\n  # one\n  - id: it\n    title: It\n    query: mali OR niger\n  #two\n    # three\n"
    (desk / "rules" / "all.yaml").write_text(text)

    assert Judging.load(desk).rules["it"].query == "mali OR niger"


def test_a_file_of_too_many_values_is_refused_before_all_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(config, "MAX_VALUES", 1_000)
    file = tmp_path / "big.yaml"
    file.write_text("rules:\n" + "- a\n" * 5_000)

    with pytest.raises(ConfigError, match=r"big.yaml:999: more than 1,000 values in one file \(split it"):
        read_yaml(file, root=tmp_path)


# --- wrong types in every field

WRONG: list[Any] = [
    "",
    "\x07",
    "x" * 300,
    [],
    {},
    [[]],
    [{}],
    {"a": "b"},
    ["a", ["b"]],
    {"a": {"b": ["c"]}},
    None,
    "-1",
]


def spoiled(value: Any) -> list[Any]:
    """`value` with one part of it at a time replaced by each wrong one, at any depth."""
    found = list(WRONG)
    if isinstance(value, dict):
        found += [{**value, key: wrong} for key, part in value.items() for wrong in spoiled(part)]
        found += [{key: part for key, part in value.items() if key != gone} for gone in value]
        found.append({**value, "unknown": "x"})
    elif isinstance(value, list):
        found += [
            [*value[:place], wrong, *value[place + 1 :]] for place, part in enumerate(value) for wrong in spoiled(part)
        ]
    return found


def test_no_wrong_type_in_a_rule_is_more_than_a_problem_with_its_place(tmp_path: Path) -> None:
    desk = write_desk(tmp_path)
    file = desk / "rules" / "all.yaml"
    for rule in spoiled(RULE):
        file.write_text(yaml.safe_dump({"version": "1", "define": {"a": "@mali"}, "rules": [rule]}, allow_unicode=True))
        for problem in errors(desk):
            assert problem.file == "rules/all.yaml", (rule, problem)
            assert problem.message.strip(), rule
            assert problem.line > 0 or "YAML" in problem.message, (rule, problem)


@pytest.mark.parametrize(("file", "text"), [("entities/all.yaml", ENTITIES), ("keywords.yaml", KEYWORDS)])
def test_no_wrong_type_in_entities_and_keywords_is_more_than_a_problem(tmp_path: Path, file: str, text: str) -> None:
    desk = write_desk(tmp_path)
    whole = yaml.load(text, Loader=yaml.BaseLoader)
    key = next(name for name in whole if name != "version")
    for first in spoiled(whole[key][0]):
        (desk / file).write_text(yaml.safe_dump({"version": "1", key: [first]}, allow_unicode=True))
        for problem in errors(desk):
            assert problem.message.strip(), first


@pytest.mark.parametrize(
    ("count", "words"),
    [
        ("{within: 1h}", "count either stories or outlets"),
        ("{stories: 3, outlets: 3, within: 1h}", "count either stories or outlets"),
        ("{stories: 3}", "'within' is missing"),
        ("{stories: 1, within: 1h}", "greater than or equal to 2"),
        ("{stories: 101, within: 1h}", "less than or equal to 100"),
        ("{stories: 3, within: 10s}", "from 1m to 30d"),
        ("{stories: 3, within: 31d}", "from 1m to 30d"),
        ("{stories: three, within: 1h}", "valid integer"),
        ("{stories: 3, within: soon}", "30s, 15m, 6h or 30d"),
        ("3", "a mapping"),
        ("{articles: 3, within: 1h}", "unknown field 'articles'"),
    ],
)
def test_a_count_that_makes_no_sense_is_refused(tmp_path: Path, count: str, words: str) -> None:
    desk = write_desk(tmp_path, f"- {{id: it, title: It, query: '@mali', count: {count}}}")

    assert words in " ".join(map(str, errors(desk)))


# --- what may be large


def test_twenty_thousand_words_in_a_keyword_set_are_one_term(tmp_path: Path) -> None:
    words = ", ".join(f"keyword{number}" for number in range(20_000))
    keywords = f"version: 1\nkeywords: [{{id: many, name: many, any: [{words}]}}]\n"
    desk = Judging.load(write_desk(tmp_path, "- {id: it, title: It, query: '#many'}", keywords=keywords))

    assert desk.match("it", article("Then keyword19999 fell"), ())
    assert not desk.match("it", article("Then keyword20000 fell"), ())


@given(st.text(alphabet="ab @#$\"()*:/+-&|!'“”«»\n\0ANDORT NEAR/5 near and not atleast sentence title", max_size=60))
@settings(max_examples=300, deadline=None)
def test_whatever_is_written_is_a_tree_or_an_error_with_its_place_and_a_hint(query: str) -> None:
    error = error_of(query)

    assert error is None or (0 <= error.offset <= len(query) and error.hint and error.kind in KINDS)


KINDS = {"syntax", "name", "meaning", "cost"}
