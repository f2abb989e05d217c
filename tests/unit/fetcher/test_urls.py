import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswatch_fetcher.urls import article_id, canonical_url, same_place


@pytest.mark.parametrize(
    ("link", "canonical"),
    [
        ("HTTPS://News.Example.ORG/World", "https://news.example.org/World"),
        ("https://news.example.org:443/a", "https://news.example.org/a"),
        ("http://news.example.org:80/a", "http://news.example.org/a"),
        ("http://news.example.org:8080/a", "http://news.example.org:8080/a"),
        ("https://news.example.org", "https://news.example.org/"),
        ("https://news.example.org./a", "https://news.example.org/a"),
        ("https://news.example.org/a#comments", "https://news.example.org/a"),
        ("https://news.example.org/a?", "https://news.example.org/a"),
        ("https://news.example.org/a?utm_source=rss&id=7&utm_medium=feed", "https://news.example.org/a?id=7"),
        ("https://news.example.org/a?b=2&a=1&fbclid=xyz&gclid=1", "https://news.example.org/a?b=2&a=1"),
        ("https://news.example.org/a?page=2&&", "https://news.example.org/a?page=2"),
        ("https://news.example.org/%7euser/%c3%a9", "https://news.example.org/~user/%C3%A9"),
        ("https://news.example.org/é б", "https://news.example.org/%C3%A9%20%D0%B1"),
        ("https://news.example.org/50%", "https://news.example.org/50%25"),
        ("https://news.example.org/a/../b/./c", "https://news.example.org/b/c"),
        ("https://news.example.org/../../b", "https://news.example.org/b"),
        ("https://news.example.org/a;jsessionid=77AB?x=1", "https://news.example.org/a?x=1"),
        ("https://user:secret@news.example.org/a", "https://news.example.org/a"),
        ("https://новости.рф/a", "https://xn--b1amnebsh.xn--p1ai/a"),
        ("  https://news.example.org/\n a ", "https://news.example.org/%20a"),
        ("https://[2001:DB8::1]/a", "https://[2001:db8::1]/a"),
    ],
)
def test_one_spelling_for_one_article(link, canonical):
    assert canonical_url(link) == canonical


@pytest.mark.parametrize(
    "link",
    [
        "",
        "javascript:alert(1)",
        "data:text/html,hello",
        "file:///etc/passwd",
        "ftp://news.example.org/a",
        "https://",
        "//news.example.org/a",
        "/world",
        "https://news.example.org:99999/",
        "https://[::1/",
        "https://news.example.org/" + "a" * 3000,
    ],
)
def test_what_cannot_be_fetched_is_no_link(link):
    assert canonical_url(link) == ""


def test_a_relative_link_is_read_from_its_feed():
    assert canonical_url("/a?b=1", "https://news.example.org/feeds/world.xml") == "https://news.example.org/a?b=1"
    assert canonical_url("//cdn.example.org/a", "https://news.example.org/") == "https://cdn.example.org/a"


def test_http_and_https_are_one_article():
    assert article_id("http://news.example.org/a") == article_id("https://news.example.org/a")
    assert article_id("http://news.example.org/a") != article_id("http://news.example.org/b")


@given(st.text(max_size=80), st.text(alphabet="abc=&%?#;/. é2f", max_size=40))
def test_a_canonical_url_is_its_own_canonical_form(path, query):
    url = canonical_url(f"https://news.example.org/{path}?{query}")
    assert canonical_url(url) == url


@given(st.text(max_size=100))
def test_any_text_may_stand_where_a_link_should(text):
    url = canonical_url(text, "https://news.example.org/feed")
    assert url == "" or url.startswith(("http://", "https://"))
    assert url.isascii()


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://News.example.org/a", "news.example.org:443"),
        ("http://news.example.org/a", "news.example.org:80"),
        ("http://[::1]:8080/a", "[::1]:8080"),
    ],
)
def test_a_request_goes_to_a_host_and_port(url, place):
    assert same_place(url) == place


def test_a_url_of_another_scheme_goes_nowhere():
    with pytest.raises(ValueError, match="http"):
        same_place("file:///etc/passwd")


@pytest.mark.parametrize("url", ["http://[::1]@[a:><!channel>]/", "http://[a:|click]/", "http://[::1", "http://[:::]/"])
def test_a_bracketed_host_that_is_no_address_makes_no_url(url: str):
    assert canonical_url(url) == ""
