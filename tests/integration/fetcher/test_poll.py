"""The fetcher's polls against the newsstand: real sockets, real workers, a real database file."""

from dataclasses import replace
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from newswatch_core.storage import log
from newswatch_core.topics import written_by
from newswatch_fetcher import poll
from tests.support.fetching import EmitFailedError, report
from tests.support.newsstand import StandArticle
from tests.support.standserver import Trouble

pytestmark = pytest.mark.asyncio(loop_scope="package")

FEED = "http://news.example/feed.xml"


async def test_a_new_entry_becomes_an_article_with_the_text_of_its_page(rig, stand):
    shown = stand.add_article("news", report())
    # What is published must not lie in the future of the fetcher.
    rig.forward(seconds=5)
    await rig.poll()
    (event,) = rig.events
    article = event.article
    assert (article.title, article.text, article.text_from) == (shown.title, shown.text, "page")
    assert (article.feed, article.outlet, article.url, article.language) == ("news", "The News", shown.url, "en")
    assert (article.published, article.at) == (shown.published, shown.published)
    assert not event.backlog


async def test_what_was_brought_in_is_not_brought_in_again(rig, stand):
    stand.add_article("news", report(1))
    await rig.poll()
    stand.add_article("news", report(2))
    rig.titles()
    await rig.poll()
    assert rig.titles() == [report(2).title]
    assert len(stand.page_requests()) == 2


async def test_an_unchanged_feed_is_not_sent_again(rig, stand):
    stand.add_article("news", report())
    first = await rig.poll()
    second = await rig.poll()
    requests = stand.requests_of(FEED)
    assert [request.status for request in requests] == [200, 304]
    assert requests[1].headers["if-none-match"] == first.etag == second.etag
    assert requests[1].headers["if-modified-since"] == first.last_modified


async def test_a_200_without_validators_clears_the_old_ones(rig, stand):
    stand.add_article("news", report())
    await rig.poll()
    body = b'<rss version="2.0"><channel><title>News</title></channel></rss>'
    stand.order(FEED, Trouble("body", headers={"Content-Type": "text/xml"}, body=body))
    state = await rig.poll()
    assert (state.etag, state.last_modified) == (None, None)


async def test_the_validators_are_saved_only_when_all_articles_are_durable(rig, stand):
    for number in range(8):
        stand.add_article("news", report(number))
    rig.emits_left = 1
    with pytest.raises(EmitFailedError):
        await rig.poll()
    state = rig.state()
    assert (state.etag, state.last_modified, state.succeeded) == (None, None, None)
    first = set(rig.titles())
    assert first < {report(number).title for number in range(8)}
    rig.emits_left = None
    await rig.poll()
    assert first | set(rig.titles()) == {report(number).title for number in range(8)}
    assert rig.state().etag


async def test_a_changed_entry_is_a_new_revision_of_the_same_article(rig, stand):
    shown = stand.add_article("news", report(1))
    stand.add_article("news", report(2))
    await rig.poll()
    before = next(event.article for event in rig.events if event.article.url == shown.url)
    rig.events.clear()
    stand.change_article("news", shown.url, title="Correction: report number 1")
    await rig.poll()
    (event,) = rig.events
    assert event.article.id == before.id
    assert event.article.revision != before.revision
    await rig.poll()
    assert len(rig.events) == 1


@pytest.mark.parametrize(
    ("trouble", "problem"),
    [
        (Trouble("html"), "HTML page"),
        (Trouble("empty"), "empty"),
        (Trouble("garbage"), "not a"),
        (Trouble("truncated"), "breaks off"),
        (Trouble("huge"), "larger than 10 MB"),
        (Trouble("huge", zipped=True), "larger than 10 MB"),
        (Trouble("reset"), ""),
        (Trouble("hang"), "in time"),
        (Trouble("drip"), "in time"),
        (Trouble("status", status=500), "answers 500"),
        (Trouble("status", status=404), "answers 404"),
        (Trouble("status", status=304), "304"),
        (Trouble("redirect", location="http://news.example/feed.xml"), "redirects"),
        (Trouble("redirect", location="file:///etc/passwd"), "http"),
        (Trouble("body", headers={"Content-Encoding": "br"}, body=b"x"), "only gzip or deflate"),
        (Trouble("body", headers={"Content-Type": "text/xml"}, body=b"<rss " + b"a='1' " * 60_000), ""),
    ],
    ids=lambda value: value.kind if isinstance(value, Trouble) else "",
)
async def test_a_broken_feed_is_reported_and_harms_nothing(rig, stand, monkeypatch, trouble, problem):
    monkeypatch.setattr(poll, "_SECONDS", 2.0)
    stand.add_feed("other", host="other.example")
    stand.add_article("other", report(2))
    stand.add_article("news", report(1))
    before = await rig.poll()
    rig.titles()
    rig.forward(hours=25)
    stand.order(FEED, trouble, times=6)
    with capture_logs() as logs:
        state = await rig.poll()
        rig.notices.flush()
    assert [line["feed"] for line in logs if line["log_level"] == "warning"] == ["news"]
    assert problem in state.problem
    assert state.problem
    assert state.failures == 1
    assert (state.etag, state.last_modified) == (before.etag, before.last_modified)
    await rig.poll("other")
    assert rig.titles() == [report(2).title]
    stand.clear_orders(FEED)
    stand.add_article("news", report(3))
    with capture_logs() as logs:
        state = await rig.poll()
    assert (state.problem, state.failures) == ("", 0)
    assert rig.titles() == [report(3).title]
    assert "feed recovered" in [line["event"] for line in logs]


async def test_a_cut_off_feed_gives_its_whole_entries_and_keeps_no_validators(rig, stand):
    for number in range(10):
        stand.add_article("news", report(number))
    stand.order(FEED, Trouble("cut", part=0.6))
    state = await rig.poll()
    assert state.problem == "the feed is cut off"
    assert state.etag is None
    brought = rig.titles()
    assert 3 < len(brought) < 8
    await rig.poll()
    assert len(rig.titles()) == 10 - len(brought)


async def test_the_same_problem_is_told_once(rig, stand):
    stand.order(FEED, Trouble("html"), times=None)
    with capture_logs() as logs:
        await rig.poll()
        await rig.poll()
    assert [line["log_level"] for line in logs if line["event"] == "feed problem"] == ["warning", "debug"]


async def test_a_failing_feed_slows_down(rig, stand):
    stand.order(FEED, Trouble("status", status=500), times=None)
    pauses = [(await rig.poll()).due - rig.now for _ in range(4)]
    assert pauses == [timedelta(minutes=minutes) for minutes in (1, 2, 4, 8)]


async def test_retry_after_is_obeyed(rig, stand):
    stand.order(FEED, Trouble("status", status=429, headers={"Retry-After": "7200"}))
    assert (await rig.poll()).due == rig.now + timedelta(hours=2)


async def test_a_feed_that_is_gone_is_asked_again_but_rarely(rig, stand):
    stand.order(FEED, Trouble("status", status=410))
    state = await rig.poll()
    assert "gone" in state.problem
    assert state.due == rig.now + timedelta(hours=6)


@pytest.mark.parametrize("encoding", ["windows-1251", "koi8-r", "utf-16"])
async def test_a_feed_need_not_be_utf_8(rig, stand, encoding):
    stand.add_feed("ru", host="ru.example", encoding=encoding)
    stand.add_article("ru", StandArticle(title="Саммит в Бамако", text="Министры трёх стран встретились. " * 20))
    await rig.poll("ru")
    assert [(event.article.title, event.article.language) for event in rig.events] == [("Саммит в Бамако", "ru")]


async def test_a_feed_that_moved_for_good_is_polled_where_it_is(rig, stand):
    stand.add_article("news", report())
    stand.add_feed("moved", host="old.example")
    stand.order(stand.feed_url("moved"), Trouble("redirect", location=FEED), times=None)
    assert (await rig.poll("moved")).url == FEED
    await rig.poll("moved")
    assert len(stand.requests_of(stand.feed_url("moved"))) == 1


async def test_a_feed_that_is_elsewhere_for_now_keeps_its_url(rig, stand):
    stand.add_feed("moved", host="old.example")
    stand.add_article("news", report())
    stand.order(stand.feed_url("moved"), Trouble("redirect", status=302, location=FEED))
    assert (await rig.poll("moved")).url == stand.feed_url("moved")
    assert rig.titles() == [report().title]


async def test_a_move_to_something_that_is_no_feed_is_not_kept(rig, stand):
    page = stand.add_article("news", report())
    stand.order(FEED, Trouble("redirect", location=page.url))
    state = await rig.poll()
    assert state.url == FEED
    assert "HTML" in state.problem


async def test_a_new_place_that_fails_is_given_up(rig, stand):
    stand.add_article("news", report())
    stand.add_feed("moved", host="old.example")
    stand.order(stand.feed_url("moved"), Trouble("redirect", location=FEED))
    await rig.poll("moved")
    stand.order(FEED, Trouble("status", status=404), times=3)
    states = [await rig.poll("moved") for _ in range(3)]
    assert [state.url for state in states] == [FEED, FEED, stand.feed_url("moved")]


async def test_once_a_day_the_feed_is_read_whole(rig, stand):
    stand.add_article("news", report())
    await rig.poll()
    rig.forward(hours=23)
    await rig.poll()
    rig.forward(hours=2)
    await rig.poll()
    assert ["if-none-match" in request.headers for request in stand.requests_of(FEED)] == [False, True, False]


async def test_old_and_undated_entries_of_the_first_poll_are_backlog(rig, stand):
    for number, published in enumerate((None, rig.now - timedelta(hours=30), rig.now - timedelta(hours=3))):
        stand.add_article("news", replace(report(number), published=published))
    await rig.poll()
    backlog = {event.article.title: event.backlog for event in rig.events}
    assert backlog == {report(0).title: True, report(1).title: True, report(2).title: False}
    rig.events.clear()
    stand.add_article("news", replace(report(4), published=None))
    await rig.poll()
    assert [event.backlog for event in rig.events] == [False]


async def test_the_rest_of_a_first_poll_that_died_is_backlog_too(rig, stand):
    for number in range(6):
        stand.add_article("news", replace(report(number), published=None))
    rig.emits_left = 1
    with pytest.raises(EmitFailedError):
        await rig.poll()
    rig.emits_left = None
    rig.forward(hours=30)
    await rig.poll()
    assert len(rig.events) >= 6
    assert all(event.backlog for event in rig.events)


async def test_what_a_cut_off_first_poll_left_out_is_backlog_too(rig, stand):
    for number in range(10):
        stand.add_article("news", replace(report(number), published=rig.now - timedelta(days=3)))
    for part in (0.4, 0.6):
        stand.order(FEED, Trouble("cut", part=part))
        state = await rig.poll()
        assert (state.first, state.problem) == (True, "the feed is cut off")
        rig.forward(minutes=2)
    state = await rig.poll()
    assert not state.first
    assert len(rig.events) == 10
    assert all(event.backlog for event in rig.events)
    assert state.gaps == 0


async def test_a_feed_that_is_never_whole_has_news_after_a_day(rig, stand):
    rig.forward(hours=-48)
    for number in range(10):
        stand.add_article("news", replace(report(number), published=None))
    stand.order(FEED, Trouble("cut", part=0.8), times=None)
    await rig.poll()
    for hours in (23, 2):
        rig.forward(hours=hours)
        state = await rig.poll()
        assert state.first is (hours == 23)
    rig.events.clear()
    stand.add_article("news", replace(report(20), published=None))
    await rig.poll()
    assert {event.article.title: event.backlog for event in rig.events}[report(20).title] is False


async def test_a_later_revision_is_backlog_as_its_first_was(rig, stand):
    old = stand.add_article("news", replace(report(1), published=rig.now - timedelta(days=3)))
    new = stand.add_article("news", report(2))
    await rig.poll()
    rig.events.clear()
    for shown in (old, new):
        stand.change_article("news", shown.url, title=f"Correction: {shown.title}")
    await rig.poll()
    stand.change_article("news", old.url, title=f"Second correction: {old.title}")
    await rig.poll()
    assert [event.backlog for event in rig.events if event.article.url == old.url] == [True, True]
    assert [event.backlog for event in rig.events if event.article.url == new.url] == [False]


async def test_a_link_in_two_feeds_is_one_article_with_an_event_for_each(rig, stand):
    stand.add_feed("other", host="other.example", outlet="The Other", owner="Other Group", country="ML")
    shown = stand.add_article("news", report())
    stand.add_article("other", replace(shown, guid="another"))
    await rig.poll("news")
    await rig.poll("other")
    topic = written_by("fetcher").name
    with rig.database.write() as tx:
        log.append(tx, topic, rig.events, rig.now)
        first, second = (record.event.article for record in log.read(tx, topic, 0, 10))
    assert (first.id, first.revision, first.text) == (second.id, second.revision, second.text)
    assert (first.feed, first.outlet, first.owner) == ("news", "The News", "The News")
    assert (second.feed, second.outlet, second.owner, second.country) == ("other", "The Other", "Other Group", "ML")


async def test_a_feed_without_an_outlet_is_called_by_its_title(rig, stand):
    stand.add_feed("plain", host="www.plain.example")
    channel = b"<title>Plain &amp;amp; News:  the latest</title><item><title>Talks</title><guid>1</guid></item>"
    body = b'<rss version="2.0"><channel>' + channel + b"</channel></rss>"
    stand.order(stand.feed_url("plain"), Trouble("body", headers={"Content-Type": "text/xml"}, body=body))
    await rig.poll("plain")
    (event,) = rig.events
    assert (event.article.outlet, event.article.owner) == ("Plain & News: the latest", "plain.example")


async def test_after_an_outage_a_feed_is_polled_within_its_ceiling(rig, stand):
    stand.order(FEED, Trouble("reset"), times=None)
    for _ in range(6):
        state = await rig.poll()
    assert state.due == rig.now + timedelta(minutes=15)


async def test_an_etag_that_is_not_ascii_goes_back_as_it_came(rig, stand):
    stand.add_article("news", report())
    body = b'<rss version="2.0"><channel><title>News</title></channel></rss>'
    headers = {"Content-Type": "text/xml", "ETag": '"\u00e9t\u00e9"'}
    stand.order(FEED, Trouble("body", headers=headers, body=body))
    assert (await rig.poll()).problem == ""
    assert (await rig.poll()).problem == ""
    assert "if-none-match" in stand.requests_of(FEED)[1].headers


async def test_entries_that_came_and_went_unseen_are_a_gap(rig, stand):
    stand.add_feed("busy", host="busy.example", window=3)
    for number in range(3):
        stand.add_article("busy", report(number))
    first = await rig.poll("busy")
    for number in range(3, 9):
        stand.add_article("busy", report(number))
    second = await rig.poll("busy")
    assert (first.gaps, second.gaps) == (0, 1)
    assert second.interval == first.interval / 2


@pytest.mark.parametrize(
    "trouble",
    [
        Trouble("status", status=403),
        Trouble("empty"),
        Trouble("garbage", headers={"Content-Type": "image/png"}),
        Trouble("reset"),
    ],
    ids=lambda trouble: trouble.kind,
)
async def test_a_page_that_cannot_be_read_leaves_the_feeds_text(rig, stand, trouble):
    shown = stand.add_article("news", report())
    stand.order(shown.url, trouble)
    with capture_logs() as logs:
        await rig.poll()
    (event,) = rig.events
    assert (event.article.text, event.article.text_from) == (shown.text.split("\n\n")[0], "feed")
    assert [line["reason"] for line in logs if line["event"] == "feed text"] != [""]


async def test_a_page_that_robots_txt_forbids_is_not_asked_for(rig, stand):
    stand.robots("news.example", "User-agent: *\nDisallow: /news/")
    stand.add_article("news", report())
    await rig.poll()
    assert rig.events[0].article.text_from == "feed"
    assert not stand.page_requests()
    assert len(stand.requests_of("http://news.example/robots.txt")) == 1


async def test_a_redirected_page_keeps_the_id_of_its_link(rig, stand):
    there = stand.add_article("news", replace(report(), path="/there.html"))
    stand.remove_article("news", there.url)
    here = stand.add_article("news", replace(report(), path="/here.html"))
    stand.order(here.url, Trouble("redirect", location=there.url))
    await rig.poll()
    article = rig.events[0].article
    assert (article.url, article.final_url, article.text_from) == (here.url, there.url, "page")


async def test_a_host_that_does_not_answer_is_not_asked_for_every_page(rig, stand):
    for number in range(20):
        shown = stand.add_article("news", replace(report(number), host="dead.example"))
        stand.order(shown.url, Trouble("reset"), times=None)
    await rig.poll()
    assert len(rig.titles()) == 20
    assert len(stand.page_requests()) <= 10


async def test_a_page_that_a_worker_cannot_stand_leaves_the_feeds_text(rig, stand, monkeypatch):
    monkeypatch.setattr(rig._workers, "_seconds", 1.0)
    shown = stand.add_article("news", report())
    bomb = b"<html><body><div " + b" ".join(b"a%d='1'" % number for number in range(100_000)) + b">text</div>"
    stand.order(shown.url, Trouble("body", headers={"Content-Type": "text/html"}, body=bomb))
    await rig.poll()
    assert rig.events[0].article.text_from == "feed"
    monkeypatch.undo()
    stand.add_article("news", report(2))
    await rig.poll()
    assert rig.events[-1].article.text_from == "page"


async def test_an_entry_that_no_article_can_be_made_of_is_tried_again(rig, stand, monkeypatch):
    make = poll.make_article

    def picky(feed, outlet, entry, page, seen):
        if "2" in entry.title:
            raise ValueError("odd")
        return make(feed, outlet, entry, page, seen)

    monkeypatch.setattr(poll, "make_article", picky)
    for number in (1, 2, 3):
        stand.add_article("news", report(number))
    state = await rig.poll()
    assert sorted(rig.titles()) == [report(1).title, report(3).title]
    assert (state.problem, state.etag) == ("1 of its entries cannot be read", None)
    monkeypatch.undo()
    await rig.poll()
    assert rig.titles() == [report(2).title]


async def test_beyond_a_number_of_pages_the_feeds_text_must_do(rig, stand, monkeypatch):
    monkeypatch.setattr(poll, "_PAGES_A_POLL", 2)
    for number in range(4):
        published = rig.now - timedelta(minutes=number)
        stand.add_article("news", replace(report(number), published=published))
    await rig.poll()
    read = {event.article.title: event.article.text_from for event in rig.events}
    assert read == {report(number).title: "page" if number < 2 else "feed" for number in range(4)}


async def test_https_links_are_served_without_certificates(rig, stand):
    shown = stand.add_article("news", replace(report(), scheme="https"))
    await rig.poll()
    assert rig.events[0].article.url == shown.url
    assert rig.events[0].article.text_from == "page"


async def test_a_feed_whose_url_was_changed_begins_anew(rig, stand, tmp_path):
    stand.add_article("news", report())
    await rig.poll()
    feeds = tmp_path / "feeds.yaml"
    feeds.write_text(feeds.read_text().replace("news.example/feed.xml", "news.example/new.xml"))
    state = rig.state()
    assert (state.url, state.etag, state.first) == ("http://news.example/new.xml", None, True)
