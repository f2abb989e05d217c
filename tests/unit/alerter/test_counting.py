"""Rules with `count`: an alert only when several stories, or outlets, have matched within a time."""

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select

from newswatch_alerter import messages
from newswatch_alerter.counting import reached
from newswatch_alerter.receivers.console import lines
from newswatch_alerter.receivers.email import as_html, as_text
from newswatch_alerter.receivers.slack import payload
from newswatch_core.events import AlertChanged, CountedArticle
from newswatch_core.settings import Retention
from newswatch_core.storage.database import Database
from newswatch_core.storage.retention import sweep
from newswatch_core.storage.schema import alert_stories, alerts, counted, decisions, deliveries, stories
from newswatch_judging.rules import Count
from tests.support.articles import NOON
from tests.unit.alerter.test_service import FILES, Desk, both, embassy, merged, russia, write_desk

HOUR = timedelta(hours=1)
RULES = FILES["rules/all.yaml"].replace("severity: high", "severity: high, count: {stories: 3, within: 24h}")


@pytest.fixture
def desk(tmp_path: Path, database: Database) -> Desk:
    return Desk(write_desk(tmp_path, **{"rules/all.yaml": RULES}), database)


def give(desk: Desk, number: int, hours: float = 0, **fields: Any) -> list[AlertChanged]:
    at = NOON + hours * HOUR
    return desk.give(embassy(number, **{"story": f"story {number}", "at": at, "seen": at, **fields}))


# --- when a number is reached


def seen(number: int, hours: float, story: str = "", outlet: str = "") -> CountedArticle:
    name = f"a{number:02}"
    return CountedArticle(id=name, story=story or name, title="", outlet=outlet, url="", at=NOON + hours * HOUR)


def test_the_number_is_that_of_stories_or_of_outlets() -> None:
    waiting = [seen(1, 0, "one", "Wire"), seen(2, 1, "one", "Herald"), seen(3, 2, "two", "wire ")]
    own = seen(4, 3, "one", "Courier")

    assert [one.id for one in reached(count(stories=2), waiting, own)] == ["a01", "a03"]
    assert reached(count(stories=3), waiting, own) == []
    assert [one.id for one in reached(count(outlets=3), waiting, own)] == ["a01", "a02", "a04"]
    assert reached(count(outlets=4), waiting, own) == []


def test_the_time_is_that_between_the_first_and_the_last_both_included() -> None:
    own = seen(3, 24)

    assert len(reached(count(stories=3), [seen(1, 0), seen(2, 5)], own)) == 3
    assert reached(count(stories=3), [seen(1, -0.01), seen(2, 5)], own) == []


def test_articles_may_come_in_another_order_than_they_were_written() -> None:
    assert len(reached(count(stories=3), [seen(1, 20), seen(2, 10)], seen(3, 0))) == 3
    assert reached(count(stories=3), [seen(1, 20), seen(2, -10)], seen(3, 0)) == []


def count(stories: int | None = None, outlets: int | None = None) -> Count:
    return Count(stories=stories, outlets=outlets, within=24 * HOUR)


ARTICLES = st.lists(st.tuples(st.integers(0, 60), st.sampled_from("abcd")), max_size=8)


@given(ARTICLES, st.tuples(st.integers(0, 60), st.sampled_from("abcd")), st.integers(2, 4))
def test_it_agrees_with_looking_at_every_time(
    articles: list[tuple[int, str]], last: tuple[int, str], number: int
) -> None:
    waiting = [seen(place, hour, story) for place, (hour, story) in enumerate(articles)]
    own = seen(99, *last)
    begins = [one.at for one in (*waiting, own) if own.at - 24 * HOUR <= one.at <= own.at]
    most = max(len({one.story for one in (*waiting, own) if begin <= one.at <= begin + 24 * HOUR}) for begin in begins)

    found = reached(count(stories=number), waiting, own)

    assert len(found) == (most if most >= number else 0)
    assert list(found) == sorted(found, key=lambda one: (one.at, one.id))


# --- the stage


def test_the_article_that_completes_the_number_opens_one_alert_that_names_what_was_counted(desk: Desk) -> None:
    assert give(desk, 1) == give(desk, 2, 5) == []

    (changed,) = give(desk, 3, 10)

    assert (changed.match.rule, changed.change, changed.article.id) == ("embassy", "opened", embassy(3).article.id)
    assert [(one.story, one.at) for one in changed.counted] == [
        (f"story {number}", NOON + hours * HOUR) for number, hours in ((1, 0), (2, 5), (3, 10))
    ]
    assert desk.told() == [("console", "opened", ("embassy",))]
    (row,) = desk.rows(alerts)
    assert row.matches == 3
    assert {one.alert for one in desk.rows(counted)} == {changed.id}


def test_many_articles_of_one_story_are_one(desk: Desk) -> None:
    for number in range(1, 8):
        assert give(desk, number, story="one") == []
    assert desk.rows(alerts) == desk.rows(deliveries) == []


def test_what_lies_further_apart_than_the_time_does_not_count_together(desk: Desk) -> None:
    assert give(desk, 1) == give(desk, 2, 23) == give(desk, 3, 25) == []
    assert len(give(desk, 4, 26)) == 1


def test_further_matches_grow_the_alert_and_tell_nobody(desk: Desk) -> None:
    for number in range(1, 4):
        give(desk, number)
    assert give(desk, 4, 5) == give(desk, 5, 40) == []
    (row,) = desk.rows(alerts)
    assert (row.matches, row.changed) == (5, NOON + 40 * HOUR)
    assert len(desk.told()) == 1


def test_after_the_alert_is_closed_the_number_must_be_reached_anew(desk: Desk) -> None:
    for number in range(1, 5):
        give(desk, number)
    assert give(desk, 5, 100) == give(desk, 6, 101) == []

    (changed,) = give(desk, 7, 102)

    assert [one.story for one in changed.counted] == ["story 5", "story 6", "story 7"]
    assert sorted(row.episode for row in desk.rows(alerts)) == [1, 2]
    assert len(desk.told()) == 2


def test_replays_count_once_and_give_the_same_events(desk: Desk) -> None:
    assert give(desk, 1) == give(desk, 1) == give(desk, 2) == give(desk, 1) == []
    first = give(desk, 3)
    tables = (alerts, alert_stories, deliveries, decisions, counted)
    before = [desk.rows(table) for table in tables]
    desk.restart()

    assert give(desk, 3) == first != []
    assert give(desk, 1) == give(desk, 2) == []
    assert [desk.rows(table) for table in tables] == before


def test_a_revision_and_another_feed_of_an_article_do_not_count_again(desk: Desk) -> None:
    give(desk, 1)
    assert give(desk, 1, title="Corrected", story="other") == give(desk, 1, feed="second") == []
    assert give(desk, 2) == []
    assert len(give(desk, 3)) == 1


def test_backlog_does_not_count(desk: Desk) -> None:
    give(desk, 1)
    assert give(desk, 2, backlog=True) == give(desk, 3) == []
    assert len(give(desk, 4)) == 1


def test_all_of_it_in_one_batch_comes_out_the_same(desk: Desk) -> None:
    (changed,) = desk.give(*(embassy(number, story=f"story {number}") for number in range(1, 6)))
    assert len(changed.counted) == 3
    assert [row.matches for row in desk.rows(alerts)] == [5]


def test_samples_count_by_themselves(desk: Desk) -> None:
    give(desk, 1, feed="SAMPLE")
    give(desk, 2)
    assert give(desk, 3, feed="SAMPLE") == give(desk, 4) == []
    assert len(give(desk, 5)) == 1


def merge(desk: Desk, story: str, into: str) -> None:
    """As the deduplicator writes it down."""
    values = {"id": story, "language": "en", "opened": NOON, "changed": NOON, "articles": 1, "into": into}
    with desk.context.database.write() as tx:
        tx.execute(stories.insert().values(values))


def test_stories_that_were_merged_are_one(desk: Desk) -> None:
    give(desk, 1, story="c")
    give(desk, 2, story="b")
    merge(desk, "c", "b")
    merge(desk, "b", "a")
    desk.give(merged("c", "b"), merged("b", "a"))
    assert give(desk, 3, story="a") == give(desk, 4, story="d") == []
    # An article that was overtaken by the merge of its story.
    assert give(desk, 5, story="c") == []
    (changed,) = give(desk, 6, story="e")
    assert sorted(one.story for one in changed.counted) == ["a", "d", "e"]


def test_stories_that_an_event_says_are_one_are_one(desk: Desk) -> None:
    give(desk, 1, story="b")
    give(desk, 2, story="d")
    assert give(desk, 3, story="a", includes=("b",)) == []


def test_a_rule_that_counts_and_one_that_does_not_stand_in_one_message(desk: Desk) -> None:
    give(desk, 1)
    give(desk, 2)
    changed = desk.give(both(3, story="story 3"))
    assert {(one.match.rule, one.change, len(one.counted)) for one in changed} == {
        ("russia", "opened", 0),
        ("embassy", "opened", 3),
    }
    assert desk.told() == [("console", "opened", ("russia", "embassy")), ("extra", "opened", ("russia",))]


def test_a_count_reached_in_a_story_that_was_told_comes_as_its_follow_up(desk: Desk) -> None:
    give(desk, 1)
    give(desk, 2)
    desk.give(russia(3, story="story 3"))
    (changed,) = desk.give(both(4, story="story 3"))
    assert (changed.match.rule, changed.change) == ("embassy", "rule-joined")
    assert desk.told()[-1] == ("console", "rule-joined", ("embassy",))


def test_an_open_alert_of_a_count_makes_no_new_story_a_follow_up(desk: Desk) -> None:
    for number in range(1, 4):
        give(desk, number)
    (changed,) = desk.give(russia(9, story="another"))
    assert (changed.match.rule, changed.change) == ("russia", "opened")


def test_a_merge_of_stories_leaves_counted_alerts_alone(desk: Desk) -> None:
    for number in range(1, 4):
        give(desk, number)
    before = desk.rows(alert_stories)
    desk.give(merged("story 1", "story 2"), merged("story 3", "story 2"))
    assert desk.rows(alert_stories) == before


def test_counted_articles_are_forgotten_when_no_rule_can_ask_for_them(desk: Desk) -> None:
    give(desk, 1)
    with desk.context.database.write() as tx:
        sweep(tx, NOON + timedelta(days=31), Retention())
        assert tx.execute(select(func.count()).select_from(counted)).scalar() == 1
        sweep(tx, NOON + timedelta(days=33), Retention())
        assert tx.execute(select(func.count()).select_from(counted)).scalar() == 0


# --- what is told


def test_every_receiver_is_told_what_was_counted(desk: Desk) -> None:
    for number in range(1, 4):
        give(desk, number, number, title=f"Embassy <{number}>", outlet=f"Outlet {number}")
    (row,) = desk.rows(deliveries)

    wording = messages.word(messages.decode(row.message), now=NOON + 4 * HOUR, delivery=row.id)

    expected: Sequence[str] = [f"Embassy <{number}> - Outlet {number}, {4 - number} h ago" for number in range(1, 4)]
    assert wording.counts == (("3 stories within 24 h (embassy)", tuple(expected)),)
    console = "\n".join(lines(wording, colours=False))
    assert "  3 stories within 24 h (embassy):\n   - Embassy <1> - Outlet 1, 3 h ago\n" in console
    assert "3 stories within 24 h (embassy):\n- Embassy <1>" in as_text(wording)
    assert "<li>Embassy &lt;1&gt; - Outlet 1, 3 h ago</li>" in as_html(wording)
    blocks = [block["text"]["text"] for block in payload(wording)["blocks"] if "text" in block]
    assert any("3 stories within 24 h (embassy):\n• Embassy &lt;1&gt; - Outlet 1, 3 h ago" in text for text in blocks)


@pytest.mark.parametrize(
    ("length", "words"),
    [(30 * 60, "30 min"), (3_600, "1 h"), (86_400, "24 h"), (7 * 86_400, "7 days"), (5_400, "90 min")],
)
def test_a_length_of_time_is_told_in_its_largest_whole_unit(length: int, words: str) -> None:
    assert messages.time_span(timedelta(seconds=length)) == words
