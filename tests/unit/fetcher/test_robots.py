import pytest

from newswatch_fetcher.robots import Robots

TEXT = """\
\ufeff# rules
User-agent: *
Disallow: /private   # keep out
Allow: /private/open
Disallow: /*.pdf$
Disallow: /*?print=
Crawl-delay: 5

User-agent: OtherBot
User-agent: newswatch
Disallow: /archive/
"""


@pytest.mark.parametrize(
    ("target", "allowed"),
    [
        ("/", True),
        ("/private/a", False),
        ("/privates", False),
        ("/private/open/a", True),
        ("/files/a.pdf", False),
        ("/files/a.pdf.html", True),
        ("/a?print=1", False),
        ("/archive/1", True),
    ],
)
def test_the_longest_rule_decides(target, allowed):
    assert Robots.parse(TEXT, "somebody").allows(target) is allowed


def test_a_group_that_names_the_agent_replaces_the_general_one():
    robots = Robots.parse(TEXT, "newswatch")
    assert not robots.allows("/archive/1")
    assert robots.allows("/private/a")


def test_allow_wins_over_an_equally_long_disallow():
    assert Robots.parse("User-agent: *\nDisallow: /a\nAllow: /a", "newswatch").allows("/a")


@pytest.mark.parametrize("text", ["", "Disallow: /", "User-agent: *\nDisallow:", "<html>not found</html>"])
def test_without_a_rule_everything_is_allowed(text):
    assert Robots.parse(text, "newswatch").allows("/a")


def test_a_hostile_pattern_is_no_work():
    robots = Robots.parse("User-agent: *\nDisallow: /" + "*a" * 5_000 + "$", "newswatch")
    assert robots.allows("/" + "a" * 2_000 + "b")


def test_no_rules_and_all_rules():
    assert Robots.all_allowed().allows("/a")
    assert not Robots.none_allowed().allows("/a")


def test_a_huge_file_keeps_a_bounded_number_of_rules():
    robots = Robots.parse("User-agent: *\n" + "Disallow: /a\n" * 60_000, "newswatch")
    assert len(robots) <= 1_000
    assert not robots.allows("/a")
