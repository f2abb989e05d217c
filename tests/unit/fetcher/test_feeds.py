from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from newswatch_fetcher import feeds
from newswatch_fetcher.articles import id_of
from newswatch_fetcher.feeds import parse_feed

URL = "https://news.example.org/feed.xml"


def rss(*items: str, encoding: str = "utf-8") -> bytes:
    body = f'<?xml version="1.0" encoding="{encoding}"?><rss version="2.0"><channel><title>News</title>'
    return (body + "".join(items) + "</channel></rss>").encode(encoding)


def item(number: int, title: str = "", **fields: str) -> str:
    named = {"title": title or f"Title {number}", "link": f"https://news.example.org/{number}"} | fields
    return "<item>" + "".join(f"<{name}>{value}</{name}>" for name, value in named.items() if value) + "</item>"


def parse(body: bytes, content_type: str = "application/rss+xml"):
    return parse_feed(body, content_type, URL)


def test_an_rss_entry_is_read():
    (entry,) = parse(
        rss(item(1, guid="g1", pubDate="Mon, 03 Mar 2025 10:00:00 +0300", description="&lt;p&gt;Text&lt;/p&gt;"))
    ).entries
    assert (entry.guid, entry.link, entry.title, entry.text) == ("g1", "https://news.example.org/1", "Title 1", "Text")
    assert entry.published == datetime(2025, 3, 3, 7, tzinfo=UTC)


def test_an_atom_entry_is_read():
    body = b"""<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://news.example.org/world/"><title>News</title>
    <entry><id>tag:1</id><title type="html">A &amp;amp; B</title><link href="one.html"/>
    <updated>2025-03-03T10:00:00Z</updated><summary>short</summary>
    <content type="html">&lt;p&gt;The longer text.&lt;/p&gt;</content></entry></feed>"""
    (entry,) = parse_feed(body, "application/atom+xml", URL).entries
    assert entry.link == "https://news.example.org/world/one.html"
    assert (entry.title, entry.text) == ("A & B", "The longer text.")


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-16", "iso-8859-5"])
def test_a_feed_need_not_be_utf_8(encoding):
    parsed = parse(rss(item(1, "Саммит в Бамако"), encoding=encoding), "text/xml")
    assert [entry.title for entry in parsed.entries] == ["Саммит в Бамако"]
    assert parsed.problem == ""


def test_the_body_is_never_taken_for_a_name_to_open(tmp_path):
    secret = tmp_path / "secret"
    secret.write_bytes(rss(item(1)))
    assert parse(str(secret).encode()).problem == "not a feed"
    assert parse(b"https://news.example.org/feed.xml").problem == "not a feed"


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"", "the body is empty"),
        (b"  \n ", "the body is empty"),
        (b"<!DOCTYPE html><html><body>Log in</body></html>", "an HTML page instead of a feed"),
        (b"\xef\xbb\xbf<html><head></head></html>", "an HTML page instead of a feed"),
        (b'{"version": "https://jsonfeed.org/version/1.1"}', "JSON instead of an RSS or Atom feed"),
        (bytes(range(256)) * 20, "not a feed"),
        (b"\x1f\x8b\x08 packed twice", "not a feed"),
    ],
)
def test_what_is_no_feed_is_a_problem_and_never_no_news(body, problem):
    parsed = parse(body, "text/html")
    assert parsed.problem == problem
    assert not parsed.entries


def test_a_feed_without_entries_is_fine():
    assert parse(rss()).problem == ""


def test_a_cut_off_feed_gives_its_whole_entries_and_a_problem():
    body = rss(*(item(number, description="words " * 20) for number in range(10)))
    parsed = parse(body[: len(body) * 55 // 100])
    assert parsed.problem == "the feed is cut off"
    assert [entry.title for entry in parsed.entries] == [f"Title {number}" for number in range(5)]


def test_an_ill_formed_feed_that_ends_as_it_should_is_read():
    parsed = parse(rss(item(1), "<item><title>Bread & butter</title><link>https://news.example.org/2</link></item>"))
    assert [entry.title for entry in parsed.entries] == ["Title 1", "Bread & butter"]
    assert parsed.problem == ""


def test_an_entity_bomb_expands_to_nothing_much():
    bomb = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]>'
    parsed = parse(b'<?xml version="1.0"?>' + bomb + rss(item(1, "&b;"))[38:])
    assert all(len(entry.title) < 200 for entry in parsed.entries)


def test_entries_come_newest_first_and_undated_ones_before():
    dates = {1: "Mon, 03 Mar 2025 10:00:00 GMT", 2: "Tue, 04 Mar 2025 10:00:00 GMT", 3: ""}
    parsed = parse(rss(*(item(number, pubDate=date) for number, date in dates.items())))
    assert [entry.title for entry in parsed.entries] == ["Title 3", "Title 2", "Title 1"]


def test_the_key_is_the_guid_and_else_the_link():
    first, again = (
        parse(rss(item(1, guid="g", link=link))).entries[0] for link in ("https://a.org/1", "https://a.org/2")
    )
    assert first.key == again.key
    one, other = (parse(rss(item(1, link=link))).entries[0] for link in ("https://a.org/1", "https://a.org/2"))
    assert one.key != other.key


def test_a_feed_that_changes_to_https_has_nothing_new_to_say():
    one, other = (parse(rss(item(1, link=f"{scheme}://a.org/1"))).entries[0] for scheme in ("http", "https"))
    assert (one.key, one.content) == (other.key, other.content)


def test_a_guid_that_all_entries_share_tells_nothing():
    parsed = parse(rss(*(item(number, guid="same") for number in range(5))))
    assert len({entry.key for entry in parsed.entries}) == 5


def test_an_entry_that_stands_twice_counts_once():
    assert len(parse(rss(item(1, guid="a"), item(1, guid="a"))).entries) == 1


def test_the_content_changes_with_what_the_feed_says_and_not_with_its_date():
    def content(**fields: str) -> str:
        return parse(rss(item(1, guid="g", **fields))).entries[0].content

    same = content(description="a", pubDate="Mon, 03 Mar 2025 10:00:00 GMT")
    assert same == content(description="a", pubDate="Tue, 04 Mar 2025 10:00:00 GMT")
    assert same != content(description="b")


@pytest.mark.parametrize("date", ["Mon, 33 Foo 9999", "0001-01-01T00:00:00Z", "99999-01-01", "soon"])
def test_a_date_that_makes_no_sense_is_none_or_a_date(date):
    (entry,) = parse(rss(item(1, pubDate=date))).entries
    assert entry.published is None or entry.published.tzinfo is UTC


def test_a_link_that_is_none_leaves_the_entry():
    (entry,) = parse(rss(item(1, link="javascript:alert(1)", guid="g"))).entries
    assert (entry.link, entry.guid) == ("", "g")


def test_half_a_character_is_no_character():
    body = rss("<item><title>a &#xD800; b</title><guid>&#xDFFF;</guid><description>c &#xD800;</description></item> & ")
    for entry in parse(body).entries:
        assert "".join((entry.guid, entry.title, entry.text)).encode()


def test_an_entry_without_title_and_text_is_none():
    assert parse(rss("<item><link>https://news.example.org/1</link></item>")).entries == ()


def test_the_source_of_an_entry_is_not_its_outlet_nor_its_link():
    (entry,) = parse(
        rss(item(1).replace("</item>", '<source url="https://other.example/feed">Other</source></item>'))
    ).entries
    assert entry.link == "https://news.example.org/1"


def test_beyond_the_limit_the_oldest_entries_are_left_out_and_counted(monkeypatch):
    monkeypatch.setattr(feeds, "MAX_ENTRIES", 3)
    parsed = parse(rss(*(item(n, pubDate=f"Mon, 03 Mar 2025 10:00:0{n} GMT") for n in range(5))))
    assert [entry.title for entry in parsed.entries] == ["Title 4", "Title 3", "Title 2"]
    assert parsed.dropped == 2


@given(st.binary(max_size=300))
def test_any_bytes_give_entries_or_a_problem(body):
    parsed = parse(body)
    assert parsed.entries or parsed.problem or b"<" in body


@given(st.integers(0, 600), st.integers(0, 255))
def test_a_damaged_byte_raises_nothing(position, byte):
    body = bytearray(rss(*(item(number, guid=str(number), description="&lt;p&gt;a&lt;/p&gt;") for number in range(3))))
    body[position % len(body)] = byte
    parse(bytes(body))


@pytest.mark.parametrize("links", [("live#1", "live#2"), ("", "")])
def test_entries_that_share_a_link_are_articles_of_their_own(links: tuple[str, str]):
    items = "".join(
        f"<item><guid isPermaLink='false'>g{number}</guid><title>News {number}</title>"
        f"<link>http://a.example/{link}</link><description>Text {number}</description></item>"
        for number, link in enumerate(links)
    )
    body = f"<rss version='2.0'><channel><title>x</title>{items}</channel></rss>".encode()
    entries = parse_feed(body, "", "http://a.example/feed").entries
    assert len({id_of("a", entry) for entry in entries}) == 2
