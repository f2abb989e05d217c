"""The query language: what is read, and what is refused with its place and a hint."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswatch_core.feednames import FeedNames
from newswatch_judging.names import check_names
from newswatch_judging.query import QueryError, parse
from newswatch_judging.tree import And, AtLeast, Filter, InZone, Near, Not, Or, Within, terms_of, text_of


def test_terms_are_read_with_their_kinds():
    tree = parse('@css OR @css+ OR #embassy OR word OR "a phrase" OR “another” OR begin* OR case:"AES" OR Al-Jazeera')

    assert [(term.kind, term.value) for term in terms_of(tree)] == [
        ("entity", "css"),
        ("entity+", "css"),
        ("keywords", "embassy"),
        ("word", "word"),
        ("phrase", "a phrase"),
        ("phrase", "another"),
        ("prefix", "begin"),
        ("cased", "AES"),
        ("word", "Al-Jazeera"),
    ]


def test_and_binds_more_than_or_and_near_more_than_not():
    tree = parse("one OR two AND NOT three NEAR/5 four")

    assert isinstance(tree, Or)
    assert isinstance(tree.parts[1], And)
    negated = tree.parts[1].parts[1]
    assert isinstance(negated, Not)
    assert isinstance(negated.part, Near)
    assert (negated.part.distance, negated.part.ordered) == (5, False)


def test_brackets_zones_units_counts_and_filters_are_read():
    tree = parse("title:(@a OR @b) AND sentence(@c BEFORE/3 @d) AND paragraph(e AND f) AND atleast/3 @g AND lang:fr")

    assert isinstance(tree, And)
    assert [type(part) for part in tree.parts] == [InZone, Within, Within, AtLeast, Filter]


def test_a_clause_is_shown_as_written():
    query = "@css AND (@russia\n OR @mali)"
    tree = parse(query)

    assert isinstance(tree, And)
    assert text_of(tree.parts[0], query) == "@css"
    assert text_of(tree.parts[1], query) == "@russia OR @mali"


@pytest.mark.parametrize(
    ("query", "column", "message", "hint"),
    [
        ("", 1, "empty", "write for example"),
        ("@css and @russia", 6, "'and'", "capitals"),
        ("@css @russia", 6, "without an operator", "AND or OR"),
        ("(@css AND @russia", 18, "ends too soon", "bracket is missing"),
        ("@css)", 5, "closing bracket too many", "take it out"),
        ("@css AND", 9, "ends too soon", "must follow"),
        ("AND @css", 1, "something before it", "each side"),
        ('"abc', 1, "no partner", 'closing "'),
        ("ab*", 1, "too short", "3 letters"),
        ("foo:bar", 4, "':'", "title lead body"),
        ("a NEAR/0 b", 3, "out of bounds", "from 1"),
        ("a NEAR/5 (b AND c)", 11, "no place", "NEAR"),
        ("atleast/2 (a AND b)", 12, "cannot be counted", "atleast/n"),
        ("NOT @css", 1, "no required term", "joined with AND"),
        ("@css OR NOT @mali", 1, "no required term", "narrow"),
        ("lang:fr", 1, "no required term", "filters"),
        ("a AND title:(NOT b)", 14, "nothing here", "NOT in front"),
        ("a AND NOT NOT b", 7, "NOT NOT", "both"),
    ],
)
def test_a_wrong_query_is_refused_with_its_place_and_a_hint(query: str, column: int, message: str, hint: str):
    with pytest.raises(QueryError) as caught:
        parse(query)

    assert caught.value.column == column
    assert message in caught.value.message
    assert hint in caught.value.hint
    assert caught.value.caret.splitlines()[-1].endswith("^")


def test_unknown_names_are_refused_with_what_was_probably_meant():
    query = "@css AND @rusia AND #embasy"

    errors = check_names(parse(query), query, {"css", "russia"}, {"embassy"})

    assert [(error.column, error.message, error.hint) for error in errors] == [
        (10, "no entity @rusia", "did you mean @russia?"),
        (21, "no keyword set #embasy", "did you mean #embassy?"),
    ]


@pytest.mark.parametrize(
    ("query", "column", "hint"),
    [
        ("@css And @russia", 6, "AND"),
        ("@css ANDNOT @russia", 6, "AND NOT"),
        ("@css and-not @russia", 6, "AND NOT"),
        ("@css BUT-NOT @russia", 6, "AND NOT"),
        ("@css NOT @russia", 6, "AND NOT"),
        ("@css && @russia", 6, "AND"),
        ("@css || @russia", 6, "OR"),
        ("@css AND !@russia", 10, "NOT"),
        ("@css AND -football", 10, "AND NOT"),
        ("a1 NEAR b1", 4, "NEAR/10"),
        ("a1 NEAR 5 b1", 4, "NEAR/5"),
        ("a1 near/5 b1", 4, "NEAR/5"),
        ("a1 NEAR/ 5 b1", 4, "NEAR/5"),
        ("a1 W/5 b1", 4, "NEAR/5"),
        ("a1 before/3 b1", 4, "BEFORE/3"),
        ("atleast @css", 1, "atleast/3"),
        ("ATLEAST/4 @css", 1, "atleast/4"),
        ("Sentence(a1 AND b1)", 1, "sentence(...)"),
        ("PARAGRAPH (a1 AND b1)", 1, "paragraph(...)"),
        ("Title:a1", 6, "title:"),
        ("titel:a1", 6, "did you mean title:?"),
        ("language:fr AND a1", 9, "did you mean lang:?"),
        ("a1 AND outlet:RFI", 14, "did you mean source:?"),
        ("#embassy+ AND a1", 1, "take the + out"),
        ("'joint force'", 1, "straight double quotes"),
        ("‘joint force’", 1, "straight double quotes"),
        ("«joint force»", 1, "straight double quotes"),
        ("„joint force“", 1, "straight double quotes"),
        ("“joint force", 1, "straight double quotes"),
        ('a1 AND "joint force', 8, 'a closing " is missing'),
        ('"joint force AND "b1"', 21, 'a closing " is missing'),
        ("@ russia", 1, "an id follows directly"),
        ("a1 AND OR b1", 8, "a term on each side"),
    ],
)
def test_what_other_programs_write_is_answered_with_what_to_write_here(query: str, column: int, hint: str):
    with pytest.raises(QueryError) as caught:
        parse(query)

    assert hint in caught.value.hint
    assert caught.value.column == column
    assert caught.value.kind == "syntax"


@pytest.mark.parametrize(
    "query",
    [
        "android",
        "Orly",
        "not-for-profit",
        "near-term",
        "l’Union",
        "beforehand",
        "withinside",
        '"and"',
        '"near"',
        "AT&T",
    ],
)
def test_words_that_look_like_operators_are_words(query: str):
    assert [term.kind for term in terms_of(parse(query))] in (["word"], ["phrase"])


@pytest.mark.parametrize(
    ("filter_", "message", "hint"),
    [
        ("lang:french", "no language 'french'", "fr (French)"),
        ("lang:fra", "no language 'fra'", "fr (French)"),
        ("lang:en-GB", "no language 'en-GB'", "en (English)"),
        ("lang:xx", "no language 'xx'", "two letters"),
        ("source-country:UK", "no country 'UK'", "source-country:GB?"),
        ("source-country:Mali", "no country 'Mali'", "two letters"),
        ("feed:wire-al", "no feed 'wire-al'", "feed:wire-all?"),
    ],
)
def test_filters_that_nothing_can_satisfy_are_refused(filter_: str, message: str, hint: str):
    query = f"mali AND {filter_}"
    feeds = FeedNames(frozenset({"wire-all"}), frozenset())

    (error,) = check_names(parse(query), query, (), (), feeds)

    assert message in error.message
    assert hint in error.hint
    assert (error.column, error.kind) == (10, "name")


def test_an_entity_written_as_a_keyword_set_is_told_apart():
    query = "#russia AND @embassy"

    errors = check_names(parse(query), query, {"russia"}, {"embassy"})

    assert [error.hint for error in errors] == ["did you mean @russia?", "did you mean #embassy?"]


@pytest.mark.parametrize(
    "query",
    [
        "(" * 5_000 + "a" + ")" * 5_000,
        "NOT " * 5_000 + "a",
        "title:" * 5_000 + "a",
        " OR ".join(["word"] * 20_000),
        "x" * 200_000,
        " NEAR/3 ".join(["word"] * 5_000),
        "sentence(" * 1_000 + "a" + ")" * 1_000,
    ],
)
def test_hostile_queries_are_refused(query: str):
    with pytest.raises(QueryError):
        parse(query)


@given(st.text(alphabet='ab @#"()*:/+-ANDORT NEAR/5title', max_size=60))
def test_whatever_is_written_gives_a_tree_or_an_error_with_its_place(query: str):
    start, end = _place(query)

    assert 0 <= start <= end <= len(query)


def _place(query: str) -> tuple[int, int]:
    try:
        tree = parse(query)
    except QueryError as error:
        return error.offset, error.offset
    return tree.start, tree.end
