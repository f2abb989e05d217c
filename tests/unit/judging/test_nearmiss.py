"""Rules that would have fired but for one clause."""

from collections.abc import Sequence
from pathlib import Path

from newswatch_core.events import Article
from newswatch_judging.desk import MAX_NEAR_MISSES, Judging
from newswatch_judging.nearmiss import NearMiss, refused_of
from tests.support.judging import article, desk_with, write_desk


def misses(desk: Judging, found: Article) -> Sequence[NearMiss]:
    tagged = desk.tagged(found)
    fired = {match.rule for match in desk.judge(found, tagged.mentions)}
    return desk.nearly(found, tagged.mentions, refused_of(tagged), fired)


def missed(folder: Path, query: str, found: Article) -> list[tuple[str, str, str]]:
    return [(miss.kind, miss.clause, miss.why) for miss in misses(desk_with(folder, query), found)]


def test_a_mention_that_a_guard_refused_would_have_made_it_fire(tmp_path: Path):
    found = article("Russia", "AES does encryption, and an embassy opens.")

    assert missed(tmp_path, "@css AND @russia AND #embassy", found) == [
        ("guard", "@css", "'AES' does not count as @css: forbidden near it: encryption")
    ]


def test_a_refused_member_is_a_near_miss_only_where_the_query_asks_for_members(tmp_path: Path):
    found = article("Russia", "A Mali GPU is sold.")

    assert [kind for kind, *_ in missed(tmp_path / "a", "@css+ AND @russia", found)] == ["guard"]
    assert missed(tmp_path / "b", "@css AND @russia", found) == []


def test_a_not_that_failed_is_a_near_miss(tmp_path: Path):
    assert missed(tmp_path, "@russia AND #embassy AND NOT @mali", article("Russia", "An embassy in Mali.")) == [
        ("not", "NOT @mali", "there is 'Mali'")
    ]


def test_an_exclusion_by_source_or_language_is_none(tmp_path: Path):
    assert missed(tmp_path, "@russia AND NOT lang:en", article("Russia")) == []


def test_parts_that_are_too_far_apart_are_a_near_miss(tmp_path: Path):
    query = "sentence(@russia AND #embassy)"

    assert missed(tmp_path / "a", query, article("Russia", "The embassy.")) == [
        ("apart", query, "never all in one sentence")
    ]
    assert missed(tmp_path / "b", "@russia AND atleast/3 #embassy", article("Russia", "The embassy.")) == [
        ("apart", "atleast/3 #embassy", "only 1 of at least 3")
    ]


def test_a_word_that_is_simply_missing_is_none(tmp_path: Path):
    assert missed(tmp_path, "@russia AND @mali AND #embassy", article("Russia", "In Mali.")) == []


def test_two_clauses_that_failed_are_none(tmp_path: Path):
    assert missed(tmp_path, "@css AND NOT @mali", article("Mali", "AES does encryption.")) == []


def test_a_keyword_may_stand_in_a_page_that_could_not_be_read(tmp_path: Path):
    query = "@russia AND @mali AND #embassy"
    summary = article("Russia and Mali", "They met.", text_from="feed")

    assert [miss[:2] for miss in missed(tmp_path / "a", query, summary)] == [("unread", "#embassy")]
    # One clause alone says too little: every headline about Russia would be one.
    assert missed(tmp_path / "b", "@russia AND #embassy", article("Russia", "", text_from="feed")) == []


def test_a_rule_that_fires_is_none(tmp_path: Path):
    assert missed(tmp_path, "@russia AND #embassy", article("Russia", "Its embassy. AES does encryption.")) == []


def test_an_article_has_so_many_at_most(tmp_path: Path):
    rules = "\n".join(
        f"- {{id: rule-{number:03}, title: It, query: 'sentence(@russia AND #embassy)'}}" for number in range(50)
    )

    assert len(misses(Judging.load(write_desk(tmp_path, rules)), article("Russia", "The embassy."))) == MAX_NEAR_MISSES


def test_three_refusals_of_an_entity_travel_with_an_article(tmp_path: Path):
    desk = desk_with(tmp_path, "@css")
    tagged = desk.tagged(article("News", "A Mali GPU. " * 20 + "AES does encryption."))

    assert sorted(each.entity for each in refused_of(tagged)) == ["css", "mali", "mali", "mali"]
