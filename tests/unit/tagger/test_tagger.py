"""The tagger's stage and its filter."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine

from newswatch_core.events import AlertChanged, DeduplicatedArticle, FetchedArticle, Match, StoryMerged, TaggedArticle
from newswatch_core.ports import Poison
from newswatch_judging.desk import load_tagging
from newswatch_tagger.service import SERVICE, Tagger, TaggerFilter
from tests.support.articles import NOON
from tests.support.judging import article, write_desk


@pytest.fixture
def tagger(tmp_path: Path) -> Tagger:
    judging = load_tagging(write_desk(tmp_path))
    return Tagger(lambda: judging)


@pytest.fixture
def tx():
    with create_engine("sqlite://").connect() as connection:
        yield connection


def test_an_article_gains_its_mentions_and_keeps_the_rest(tagger: Tagger, tx):
    found = article("Russia and Mali", "They met.")
    event = DeduplicatedArticle(article=found, backlog=True, copy_of="first", story="story", includes=("other",))

    ((tagged,),) = tagger.handle([event], tx, NOON)

    assert isinstance(tagged, TaggedArticle)
    assert (tagged.article, tagged.backlog, tagged.copy_of, tagged.story) == (found, True, "first", "story")
    assert tagged.includes == ("other",)
    assert [mention.entity for mention in tagged.mentions] == ["russia", "mali"]
    assert len(tagged.entities) == 20


def test_a_merge_is_passed_on_and_an_alert_is_poison(tagger: Tagger, tx):
    merge = StoryMerged(story="one", into="two", at=NOON)
    match = Match(rule="it", closeness="title", clauses=())
    alert = AlertChanged(
        id="a", change="opened", story="s", severity="low", match=match, article=article(), at=NOON + timedelta(1)
    )

    merged, poison = tagger.handle([merge, alert], tx, NOON)

    assert merged == (merge,)
    assert isinstance(poison, Poison)
    assert tagger.tick(NOON, tx) == ()


def test_the_filter_takes_a_plain_article_and_adds_its_mentions_to_the_line(tmp_path: Path):
    judging = load_tagging(write_desk(tmp_path))
    found = article("Russia meets", "MALI (AFP) - Nothing.")

    ((event, line),) = TaggerFilter(judging).process(FetchedArticle(article=found), {"id": "1", "extra": 1})

    assert isinstance(event, TaggedArticle)
    assert event.story == found.id
    assert (line["id"], line["extra"]) == ("1", 1)
    assert [(mention["entity"], mention["alias"], mention["zone"]) for mention in line["mentions"]] == [
        ("russia", "Russia", "title"),
        ("mali", "Mali", "dateline"),
    ]
    assert found.title[line["mentions"][0]["start"] : line["mentions"][0]["end"]] == "Russia"


def test_the_filter_passes_a_merge_on(tmp_path: Path):
    merge = StoryMerged(story="one", into="two", at=NOON)

    assert TaggerFilter(load_tagging(write_desk(tmp_path))).process(merge, {"story": "one"}) == (
        (merge, {"story": "one"}),
    )


def test_its_check_tells_what_is_wrong_with_the_entities(tmp_path: Path):
    write_desk(tmp_path, entities="version: 1\nentities: [{id: a}]\n")

    assert any("'name' is missing" in problem.message for problem in SERVICE.check(tmp_path))
