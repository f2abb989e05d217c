import pytest

from newswatch_core.config import ConfigError
from newswatch_core.feednames import default_id
from newswatch_fetcher.config import Outlet, check_feeds, load_feeds


@pytest.fixture
def desk(tmp_path):
    def write(text: str):
        (tmp_path / "feeds.yaml").write_text(text, encoding="utf-8")
        return tmp_path

    return write


def test_only_the_url_is_required(desk):
    (feed,) = load_feeds(desk("version: 1\nfeeds:\n  - url: https://www.news.example/fr/afrique/rss?a=1\n"))
    assert feed.id == "news-example-fr-afrique-rss-a-1"
    assert feed.outlet == Outlet("news.example", "news.example", "press", "", "")
    assert not feed.high


def test_everything_can_be_said(desk):
    text = """
version: 1
feeds:
  - url: https://news.example/rss
    id: news
    outlet: The News
    owner: News Group
    kind: state
    country: FR
    language: fr
    priority: high
    unverified: true
"""
    (feed,) = load_feeds(desk(text))
    assert feed.outlet == Outlet("The News", "News Group", "state", "FR", "fr")
    assert (feed.id, feed.high) == ("news", True)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("url: news.example/rss", "https://"),
        ("url: ftp://news.example/rss", "https://"),
        ("url: https://user:pass@news.example/rss", "no user name"),
        ("url: https://news.example:0/rss", "port 0"),
        ("url: https://news.example/a, kind: paper", "kind"),
        ("url: https://news.example/a, country: France", "country: two capital letters such as FR, not 'France'"),
        ("url: https://news.example/a, language: FR", "language: two small letters such as fr, not 'FR'"),
        ("url: https://news.example/a, id: a b", "id: small letters, digits and hyphens, such as rfi-afrique"),
        ("url: https://news.example/a, langauge: fr", "did you mean 'language'?"),
        ("url: https://news.example/a, id: SAMPLE", "choose another"),
        ("id: news", "'url' is missing"),
    ],
)
def test_a_wrong_feed_is_one_clear_problem_with_its_line(desk, line, said):
    (problem,) = check_feeds(desk(f"version: 1\nfeeds:\n  - url: https://a.example/\n  - {{{line}}}\n"))
    assert (problem.file, problem.line) == ("feeds.yaml", 4)
    assert said in str(problem)


def test_a_bare_url_is_told_how_to_be_a_feed(desk):
    (problem,) = check_feeds(desk("version: 1\nfeeds:\n  - url: https://a.example/\n  - https://b.example/rss\n"))
    assert str(problem).startswith("feeds.yaml:4: feeds: each feed is a mapping: write `- url: https://b.example/rss`")
    (problem,) = check_feeds(desk("version: 1\nfeeds: [news]\n"))
    assert "each feed is a mapping: write `- url: https://...`" in problem.message


def test_two_feeds_cannot_have_one_id_or_url(desk):
    folder = desk("version: 1\nfeeds:\n  - {url: https://a.example/, id: a}\n  - {url: https://a.example/, id: a}\n")
    assert len(check_feeds(folder)) == 2
    with pytest.raises(ConfigError, match="stands twice"):
        load_feeds(folder)


def test_no_feeds_is_a_warning(desk):
    (problem,) = check_feeds(desk("version: 1\nfeeds: []\n"))
    assert problem.severity == "warning"
    assert load_feeds(desk("version: 1\nfeeds: []\n")) == ()


def test_a_missing_file_is_a_problem_and_not_an_error(tmp_path):
    assert "no such file" in str(check_feeds(tmp_path)[0])


def test_an_id_is_never_empty_nor_endless():
    assert default_id("https://xn--p1ai/" + "a" * 500)
    assert len(default_id("https://news.example/" + "a" * 500)) == 200
