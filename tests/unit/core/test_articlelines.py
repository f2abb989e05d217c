import json
from datetime import UTC, datetime

import pytest

from newswatch_core.articlelines import BadLineError, article_of, parse_line
from tests.support.articles import NOON


def article(**line):
    return article_of(line, NOON)


def test_a_title_is_enough():
    line = {"title": "Russia to help the Sahel states"}
    made = article_of(line, NOON)
    assert (made.title, made.text, made.language, made.at) == (line["title"], "", "en", NOON)
    assert line["id"] == made.id


def test_a_given_id_is_kept_as_it_is():
    line = {"title": "t", "id": 17}
    assert article_of(line, NOON).id == "17"
    assert line["id"] == 17


def test_the_same_line_gets_the_same_id():
    assert article(title="a", text="b").id == article(title="a", text="b").id != article(title="a", text="c").id


def test_other_names_of_fields_are_understood():
    made = article(title="t", summary="s", lang="fr-FR", source="RFI")
    assert (made.text, made.language, made.outlet) == ("s", "fr", "RFI")


@pytest.mark.parametrize(
    "published",
    [
        "2023-07-24T22:38:33+00:00",
        "2023-07-24T22:38:33Z",
        "Mon, 24 Jul 2023 22:38:33 GMT",
        1690238313,
        "2023-07-24T22:38:33",
    ],
)
def test_published_is_the_clock_in_every_usual_form(published):
    made = article(title="t", published=published)
    assert made.seen == made.at == datetime(2023, 7, 24, 22, 38, 33, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ({}, "'title' is missing"),
        ({"title": "  "}, "'title' is missing"),
        ({"title": 5}, "must be a string"),
        ({"title": "t", "text": ["x"]}, "must be a string"),
        ({"title": "t", "published": "yesterday"}, "is no time"),
        ({"title": "t", "published": 1e30}, "is no time"),
        ({"title": "t", "id": {}}, "'id'"),
    ],
)
def test_a_bad_line_says_what_it_should_be(line, words):
    with pytest.raises(BadLineError, match=words):
        article_of(line, NOON)


@pytest.mark.parametrize("text", [b"", b"nonsense", b"[1]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_json_object_is_refused(text):
    with pytest.raises(BadLineError):
        parse_line(text)


def test_a_lone_surrogate_does_no_harm():
    made = article_of(parse_line(json.dumps({"title": "bad \ud800 title"}).encode()), NOON)
    assert made.title.encode()


def test_what_claims_to_be_from_the_future_is_seen_at_the_clock():
    made = article(title="t", published="2999-01-01T00:00:00Z")
    assert (made.seen, made.at) == (NOON, NOON)
