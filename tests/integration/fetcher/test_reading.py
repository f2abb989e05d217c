"""Reading one page now, for `newswatch explain --fetch`: through the fetcher's own way out, and nothing is kept."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from newswatch_core.accounts import Account, Inquiry, InquiryError
from newswatch_core.events import utc_now
from newswatch_core.settings import load_settings
from newswatch_core.storage.articles import put_articles
from newswatch_core.storage.database import Database, open_memory
from newswatch_core.storage.schema import articles, entries
from newswatch_fetcher.account import account
from newswatch_fetcher.extract import extract_title
from newswatch_fetcher.urls import article_id
from tests.support.articles import article
from tests.support.fetching import report
from tests.support.newsstand import Newsstand


@pytest.fixture
def database() -> Iterator[Database]:
    database = open_memory()
    yield database
    database.close()


def ask(stand: Newsstand, folder: Path, database: Database, url: str) -> Account:
    stand.write_desk(folder)
    with database.read() as tx:
        return account(
            Inquiry(asked=url, desk=folder, settings=load_settings(folder), tx=tx, now=utc_now(), fetch=True)
        )


def test_a_page_is_read_now_as_if_its_feed_had_brought_it_and_nothing_is_kept(
    stand: Newsstand, tmp_path: Path, database: Database
):
    told = ask(stand, tmp_path, database, stand.add_article("news", report(1)).url)

    assert told.article is not None
    assert told.article.title == report(1).title
    assert told.article.text.startswith("Paragraph 0 of report 1")
    assert (told.article.feed, told.article.text_from, told.stored) == ("news", "page", False)
    with database.read() as tx:
        assert [tx.execute(select(func.count()).select_from(table)).scalar() for table in (articles, entries)] == [0, 0]


def test_what_is_kept_of_the_article_gives_its_title_and_outlet(stand: Newsstand, tmp_path: Path, database: Database):
    url = stand.add_article("news", report(1)).url
    kept = article(url=url, id=article_id(url), title="As the feed had it", outlet="Kept Outlet", text="An older text.")
    with database.write() as tx:
        put_articles(tx, [kept])

    told = ask(stand, tmp_path, database, url)

    assert told.article is not None
    assert (told.article.id, told.article.title, told.article.outlet) == (kept.id, kept.title, kept.outlet)
    assert "another text than the one seen" in told.steps[-1].text


def test_robots_and_addresses_are_minded_as_ever(stand: Newsstand, tmp_path: Path, database: Database):
    made = stand.add_article("news", report(1))
    stand.robots(made.url.split("/")[2], "User-agent: *\nDisallow: /\n")

    told = ask(stand, tmp_path, database, made.url)

    assert (told.article, told.facts["problem"]) == (None, "robots.txt does not allow it")
    told = ask(stand, tmp_path, database, f"http://127.0.0.1:{stand.port}/private")
    assert told.article is None
    assert not [request for request in stand.requests if "private" in request.url]


def test_an_id_without_a_page_cannot_be_fetched(stand: Newsstand, tmp_path: Path, database: Database):
    with pytest.raises(InquiryError, match="needs a URL"):
        ask(stand, tmp_path, database, "nonsense")


@pytest.mark.parametrize(
    ("page", "title"),
    [
        ("<meta property='og:title' content=\"A &amp; B\"><h1>Other</h1>", "A & B"),
        ('<meta content="A" property="og:title"><title>Other</title>', "A"),
        ("<title>Site</title><h1 class=x>The <b>news</b></h1>", "The news"),
        ("<title>Only a title</title>", "Only a title"),
        ("<h1></h1><p>Nothing</p>", ""),
    ],
)
def test_a_page_has_the_headline_that_it_tells_other_sites(page: str, title: str):
    assert extract_title(page.encode()) == title
