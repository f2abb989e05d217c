import pytest

from newswatch_fetcher.extract import decode, extract_text
from tests.support.newsstand import StandArticle, page_html

TEXT = "\n\n".join(
    f"Paragraph {number} says that the ministers of the three states met in the capital on Monday, and that they "
    f"talked about {thing} for two hours."
    for number, thing in enumerate(["grain", "roads", "water", "schools"])
)


def page(text: str = TEXT, title: str = "Ministers meet") -> str:
    return page_html(StandArticle(title=title, text=text, host="news.example.org"))


def test_the_article_is_found_and_what_stands_around_it_is_not():
    text = extract_text(page().encode())
    assert text.removeprefix("Ministers meet\n\n") == TEXT
    for boilerplate in ("World", "Most read", "All rights reserved", "recipes"):
        assert boilerplate not in text


def test_a_page_without_an_article_gives_no_text():
    assert extract_text(b"<html><body><form><input name='password'></form></body></html>") == ""
    assert extract_text(b"") == ""


@pytest.mark.parametrize(
    ("encoding", "content_type", "meta"),
    [
        ("utf-8", "", ""),
        ("utf-8-sig", "text/html; charset=iso-8859-1", ""),
        ("windows-1251", "text/html; charset=windows-1251", ""),
        ("windows-1251", "text/html", "<meta charset=windows-1251>"),
        ("koi8-r", "", '<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">'),
        ("utf-16", "", ""),
        ("utf-8", "text/html; charset=windows-1251", ""),
    ],
)
def test_a_page_is_read_in_its_own_encoding(encoding, content_type, meta):
    assert "Саммит" in decode(f"{meta}<p>Саммит в Бамако</p>".encode(encoding), content_type)


def test_an_encoding_that_does_not_exist_is_not_believed():
    assert decode("<p>café</p>".encode("cp1252"), "text/html; charset=nonsense") == "<p>café</p>"


def test_one_broken_byte_does_not_spoil_a_page():
    assert decode("é".encode() * 300 + b"\xff").count("é") == 300
