"""The sample feed, through the whole fetcher."""

from datetime import UTC, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from newswatch_core.config import ConfigError
from newswatch_core.events import hash_id
from newswatch_fetcher.sample import load_sample
from tests.integration.fetcher.test_service import running, starts, until

pytestmark = pytest.mark.asyncio(loop_scope="package")

ARTICLE = """version: 1
outlet: The Sahel Courier
url: https://courier.example.org/2025/talks?page=1&utm_source=x
language: {language}
country: ML
kind: local
title: {title}
text: |
  The ministers of the three states met in the capital on Monday, and talked
  about a road that would join their markets & ports.

  "We need this road <now>", the minister of transport said after the meeting, which lasted four hours and
  brought together forty officials of the region.
"""


@pytest.fixture
def desk(tmp_path):
    (tmp_path / "articles").mkdir()
    (tmp_path / "articles" / "talks.yaml").write_text(ARTICLE.format(language="en", title="Talks on a road"))
    other = ARTICLE.replace("courier.example.org/2025/talks", "wire.example.org/7").replace("The Sahel Courier", "Wire")
    (tmp_path / "articles" / "wire.yaml").write_text(other.format(language="en", title="Road talks begin"))
    (tmp_path / "feeds.yaml").write_text("version: 1\nfeeds: []\n")
    (tmp_path / "newswatch.yaml").write_text("version: 1\n")
    return tmp_path


async def test_the_desks_articles_come_in_dated_today_with_their_own_outlets(desk):
    before = datetime.now(UTC)
    async with running(desk, sample=True) as events:
        await until(lambda: len(events) == 2)
    articles = {event.article.outlet: event.article for event in events}
    talks = articles["The Sahel Courier"]
    assert talks.url == "https://courier.example.org/2025/talks?page=1"
    assert talks.id == hash_id("//courier.example.org/2025/talks?page=1")
    assert (talks.feed, talks.kind, talks.country, talks.text_from) == ("SAMPLE", "local", "ML", "page")
    assert talks.text.split("\n\n")[0].endswith("join their markets & ports.")
    assert talks.text.split("\n\n")[1].startswith('"We need this road <now>"')
    assert all(before - timedelta(hours=1) < article.published <= article.seen for article in articles.values())
    assert not any(event.backlog for event in events)


async def test_a_restart_repeats_nothing(desk):
    with capture_logs() as logs:
        async with running(desk, sample=True):
            await until(lambda: any(line["event"] == "poll" for line in logs))
    with capture_logs() as logs:
        async with running(desk, sample=True) as again:
            await until(lambda: starts(logs))
    assert (starts(logs), again) == ([(1, 1, 0)], [])


async def test_without_the_flag_there_is_no_sample(desk):
    with capture_logs() as logs:
        async with running(desk) as events:
            await until(lambda: starts(logs))
    assert (starts(logs), events) == ([(0, 0, 0)], [])


async def test_they_come_in_order_those_in_the_desks_language_first(desk):
    for name, language in (("a-3", "fr"), ("b-1", "en"), ("c-2", "en"), ("d-4", "fr")):
        text = ARTICLE.replace("courier.example.org/2025/talks", f"{name}.example.org/1")
        (desk / "articles" / f"{name}.yaml").write_text(text.format(language=language, title=f"Number {name}"))
    async with running(desk, sample=True) as events:
        await until(lambda: len(events) == 6)
    titles = ["Number b-1", "Number c-2", "Talks on a road", "Road talks begin", "Number a-3", "Number d-4"]
    assert [event.article.title for event in events] == titles
    assert [event.article.published for event in events] == sorted(event.article.published for event in events)


async def test_an_article_that_is_only_a_fixture_is_not_served(desk):
    wire = desk / "articles" / "wire.yaml"
    wire.write_text(wire.read_text() + "sample: false\n")
    assert [article.outlet for article in load_sample(desk)] == ["The Sahel Courier"]


async def test_a_broken_sample_article_is_one_clear_problem(desk):
    (desk / "articles" / "wire.yaml").write_text("version: 1\ntitle: No way there\nurl: nowhere\n")
    with pytest.raises(ConfigError, match=r"articles/wire\.yaml:3: url 'nowhere' cannot be fetched"):
        load_sample(desk)


async def test_a_desk_without_articles_has_no_sample(desk):
    for path in (desk / "articles").iterdir():
        path.unlink()
    with pytest.raises(ConfigError, match="no sample articles"):
        load_sample(desk)
