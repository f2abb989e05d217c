"""The newsstand itself: what it promises to the tests that use it."""

import gzip
import json

import httpx
import pytest
import yaml

from tests.support.fetching import report
from tests.support.newsstand import Newsstand
from tests.support.standserver import Trouble


def get(stand: Newsstand, url: str, **headers: str) -> httpx.Response:
    parsed = httpx.URL(url)
    target = parsed.copy_with(scheme="http", host="127.0.0.1", port=stand.port)
    with httpx.Client(trust_env=False) as client:
        return client.get(target, headers={"Host": parsed.netloc.decode(), **headers}, timeout=5)


def test_a_feed_answers_304_to_its_validators_until_it_changes(stand):
    stand.add_article("news", report(1))
    url = stand.feed_url("news")
    first = get(stand, url)
    validators = {"If-None-Match": first.headers["etag"], "If-Modified-Since": first.headers["last-modified"]}
    assert get(stand, url, **validators).status_code == 304
    assert get(stand, url, **{"If-Modified-Since": first.headers["last-modified"]}).status_code == 304
    stand.add_article("news", report(2))
    assert get(stand, url, **validators).status_code == 200
    assert get(stand, url, **{"If-Modified-Since": first.headers["last-modified"]}).status_code == 200


def test_troubles_come_in_the_order_they_were_given(stand):
    url = stand.feed_url("news")
    stand.order(url, Trouble("status", status=503), times=2, after=1)
    assert [get(stand, url).status_code for _ in range(4)] == [200, 503, 503, 200]
    assert [request.status for request in stand.requests_of(url)] == [200, 503, 503, 200]


@pytest.mark.parametrize("kind", ["reset", "truncated"])
def test_a_broken_connection_is_broken(stand, kind):
    stand.order(stand.feed_url("news"), Trouble(kind))
    with pytest.raises(httpx.TransportError):
        get(stand, stand.feed_url("news"))


def test_a_desk_is_written_for_all_hosts(stand, tmp_path):
    stand.add_article("news", report())
    stand.add_feed("high", host="high.example", priority="high", country="ML", kind="agency")
    stand.write_desk(tmp_path, contact="https://us.example")
    settings = yaml.safe_load((tmp_path / "newswatch.yaml").read_text())
    assert settings["contact"] == "https://us.example"
    assert settings["egress"]["connect"]["news.example:443"] == f"http://127.0.0.1:{stand.port}"
    feeds = yaml.safe_load((tmp_path / "feeds.yaml").read_text())["feeds"]
    assert feeds[1] == {
        "url": "http://high.example/feed.xml",
        "id": "high",
        "priority": "high",
        "country": "ML",
        "kind": "agency",
    }


def test_recorded_entries_are_served_as_feeds_of_their_hosts(tmp_path):
    entries = [
        {
            "feed": f"https://feeds.outlet{number % 2}.example/top",
            "published": f"2023-07-24T22:3{number}:00+00:00",
            "lang": "en-US",
            "url": f"https://www.outlet{number % 2}.example/story?id={number}",
            "title": f"Title {number}",
            "summary": f"Summary {number}",
        }
        for number in range(5)
    ]
    path = tmp_path / "stream.jsonl.gz"
    with gzip.open(path, "wt", encoding="utf-8") as lines:
        lines.writelines(json.dumps(entry) + "\n" for entry in entries)
    with Newsstand.from_stream(path, 4, window=1) as stand:
        assert [feed["url"] for feed in stand.feeds()["feeds"]] == [entries[0]["feed"], entries[1]["feed"]]
        body = get(stand, entries[1]["feed"]).text
        assert "Title 3" in body
        assert "Title 1" not in body
        assert "Summary 3" in get(stand, entries[3]["url"]).text
