from datetime import UTC, datetime, timedelta

from newswatch_core.events import revision_of
from newswatch_fetcher.articles import Page, choose_text, id_of, make_article
from newswatch_fetcher.config import Outlet
from newswatch_fetcher.feeds import Entry

SEEN = datetime(2025, 3, 3, 12, tzinfo=UTC)
URL = "https://news.example.org/1"
LONG = "\n\n".join(
    f"Paragraph {number} of the report on the summit of the three states in Bamako." for number in range(5)
)
OUTLET = Outlet("The News", "News Group", "state", "ML", "fr")


def entry(title="Summit in Bamako", text="The summit has begun.", link=URL, guid="g", published=None) -> Entry:
    return Entry(key="k", content="c", guid=guid, link=link, title=title, text=text, published=published)


def make(made: Entry, page: Page | None = None, outlet: Outlet = OUTLET):
    return make_article("news", outlet, made, page or Page(made.link, LONG), SEEN)[0]


def test_the_pages_text_is_kept_where_it_is_an_article():
    assert choose_text(entry(), Page(URL, LONG)) == (LONG, "page", "")


def test_without_a_page_the_feeds_text_is_kept_and_the_reason_said():
    expected = ("The summit has begun.", "feed", "the page answered 403")
    assert choose_text(entry(), Page(URL, problem="the page answered 403")) == expected


def test_a_page_shorter_than_the_feeds_text_is_not_believed():
    assert choose_text(entry(text=LONG + " More."), Page(URL, LONG))[1] == "feed"


def test_a_short_page_is_taken_for_a_notice():
    assert choose_text(entry(), Page(URL, "Please accept our cookies to go on reading."))[1] == "feed"


def test_a_short_page_is_better_than_nothing():
    assert choose_text(entry(text=""), Page(URL, "A short note."))[:2] == ("A short note.", "page")


def test_a_page_that_begins_with_its_title_does_not_say_it_twice():
    assert choose_text(entry(), Page(URL, f"SUMMIT in Bamako!\n\n{LONG}"))[0] == LONG


def test_the_id_comes_from_the_link_and_not_from_where_it_leads():
    straight = make(entry(), Page(URL, LONG))
    redirected = make(entry(), Page("https://elsewhere.example.org/9", LONG))
    assert straight.id == redirected.id
    assert redirected.final_url == "https://elsewhere.example.org/9"


def test_without_a_link_the_id_comes_from_feed_and_guid():
    assert id_of("news", entry(link="")) == id_of("news", entry(link="", title="Changed"))
    assert id_of("news", entry(link="")) != id_of("other", entry(link=""))


def test_an_article_carries_its_outlet_and_its_times():
    article = make(entry(published=SEEN - timedelta(hours=1)))
    assert (article.outlet, article.owner, article.kind, article.country) == ("The News", "News Group", "state", "ML")
    assert (article.published, article.seen, article.at) == (SEEN - timedelta(hours=1), SEEN, SEEN - timedelta(hours=1))
    assert article.revision == revision_of(article.title, article.text)


def test_a_date_that_cannot_be_right_does_not_move_the_article():
    for published in (SEEN + timedelta(days=1), SEEN - timedelta(days=3), None):
        assert make(entry(published=published)).at == SEEN


def test_a_missing_title_is_the_first_words():
    assert make(entry(title="")).title == "Paragraph 0 of the report on the summit of the three states in Bamako."


def test_the_language_is_that_of_the_text():
    russian = "Президент Мали прибыл в Москву на переговоры о сотрудничестве в области обороны и энергетики."
    assert make(entry(title=russian, text=""), Page(URL, problem="x")).language == "ru"


def test_where_the_text_does_not_tell_the_feeds_language_counts():
    assert make(entry(title="AES", text=""), Page(URL, problem="x")).language == "fr"
