"""Two replicas of the alerter on one PostgreSQL, in the moments in which they meet."""

import random
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from newswatch_alerter import store
from newswatch_alerter.lifecycle import Planned
from newswatch_alerter.outbox import Outbox, pending_row
from newswatch_alerter.receivers.base import Sent
from newswatch_core.events import StoryMerged, TaggedArticle
from newswatch_core.storage.database import Database, open_url
from newswatch_core.storage.schema import alert_stories, alerts, counted, decisions, deliveries
from tests.support.alerting import message
from tests.support.articles import NOON
from tests.support.postgres import wait_for_a_waiter
from tests.unit.alerter.test_service import FILES, Desk, both, embassy, merged, russia, write_desk


@pytest.fixture
def replicas(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Desk, Desk]]:
    folder = write_desk(tmp_path)
    databases = [open_url(postgres_url), open_url(postgres_url)]
    yield Desk(folder, databases[0]), Desk(folder, databases[1])
    for database in databases:
        database.close()


@pytest.fixture(params=["taking turns", "without turns"])
def _turns(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """That a story has one alert must not hang on the locks, which an older replica may not take."""
    if request.param == "without turns":
        monkeypatch.setattr(store, "lock_names", lambda _tx, _names: None)


def meet(replicas: tuple[Desk, Desk], first: list, second: list) -> None:
    """The second replica handles its batch while the first has handled its own but not committed yet."""
    one, other = replicas
    with ThreadPoolExecutor(1) as thread:
        with one.context.database.write() as tx:
            one.stage.handle(first, tx, NOON)
            meeting = thread.submit(other.give, *second)
            wait_for_a_waiter(one.context.database)
        meeting.result(10)


def deal(replicas: tuple[Desk, Desk], events: list[TaggedArticle | StoryMerged]) -> None:
    """Every other event to each of the replicas, at the same time."""
    ready = threading.Barrier(2)

    def work(replica: Desk, dealt: list[TaggedArticle | StoryMerged]) -> None:
        ready.wait(10)
        for event in dealt:
            replica.give(event)

    with ThreadPoolExecutor(2) as threads:
        for done in [threads.submit(work, *one) for one in zip(replicas, (events[::2], events[1::2]), strict=True)]:
            done.result(30)


@pytest.mark.usefixtures("_turns")
def test_two_articles_of_one_story_open_one_alert(replicas: tuple[Desk, Desk]) -> None:
    meet(replicas, [embassy(1)], [embassy(2)])
    (alert,) = replicas[0].rows(alerts)
    assert (alert.article, alert.matches) == (embassy(1).article.id, 2)
    assert replicas[0].told() == [("console", "opened", ("embassy",))]
    assert len(replicas[0].rows(decisions)) == 2


@pytest.mark.usefixtures("_turns")
def test_what_only_one_of_them_has_found_is_not_lost(replicas: tuple[Desk, Desk]) -> None:
    meet(replicas, [embassy(1)], [both(2), russia(3)])
    found = {alert.rule: (alert.article, alert.matches) for alert in replicas[0].rows(alerts)}
    assert found == {"embassy": (embassy(1).article.id, 2), "russia": (both(2).article.id, 2)}
    assert replicas[0].told() == [
        ("console", "opened", ("embassy",)),
        ("console", "rule-joined", ("russia",)),
        ("extra", "opened", ("russia",)),
    ]


def test_a_receiver_hears_once_of_a_story_whose_rules_fire_in_two_replicas(replicas: tuple[Desk, Desk]) -> None:
    meet(replicas, [russia(1)], [embassy(2)])
    assert replicas[0].told() == [
        ("console", "opened", ("russia",)),
        ("extra", "opened", ("russia",)),
        ("console", "rule-joined", ("embassy",)),
    ]


def test_a_revision_that_both_are_given_is_decided_once(replicas: tuple[Desk, Desk]) -> None:
    one, other = replicas
    meet(replicas, [both(1), embassy(2)], [both(1)])
    assert len(one.rows(decisions)) == 2
    assert len(one.rows(deliveries)) == 2
    (event, _) = other.give(both(1))
    assert [alert.matches for alert in one.rows(alerts) if alert.id == event.id] in ([1], [2])


def test_a_merge_and_a_match_meet(replicas: tuple[Desk, Desk]) -> None:
    one, _ = replicas
    one.give(embassy(1, story="a"))
    meet(replicas, [StoryMerged(story="b", into="a", at=NOON)], [embassy(2, story="b")])
    (alert,) = one.rows(alerts)
    assert alert.matches == 2
    assert {(row.story, row.alert) for row in one.rows(alert_stories)} == {("a", alert.id), ("b", alert.id)}


LATE, FIRST_OF_BOTH = embassy(2, story="b"), embassy(3, story="a", includes=("b",))


@pytest.mark.usefixtures("_turns")
@pytest.mark.parametrize("pair", [(LATE, FIRST_OF_BOTH), (FIRST_OF_BOTH, LATE)], ids=["late first", "late last"])
def test_articles_of_merged_stories_that_meet_before_their_merge_open_one_alert(
    replicas: tuple[Desk, Desk], pair: tuple[TaggedArticle, TaggedArticle]
) -> None:
    meet(replicas, [pair[0]], [pair[1]])
    replicas[0].give(merged("b", "a"), embassy(4, story="a", includes=("b",)))
    (alert,) = replicas[0].rows(alerts)
    assert (alert.article, alert.matches) == (pair[0].article.id, 3)
    assert replicas[0].told() == [("console", "opened", ("embassy",))]


@pytest.mark.usefixtures("_turns")
@pytest.mark.parametrize("merge_first", [True, False])
def test_a_merge_and_the_article_that_caused_it_meet(replicas: tuple[Desk, Desk], merge_first: bool) -> None:
    replicas[0].give(embassy(1, story="b"))
    first, second = [merged("b", "a")], [FIRST_OF_BOTH]
    meet(replicas, *((first, second) if merge_first else (second, first)))
    (alert,) = replicas[0].rows(alerts)
    assert alert.matches == 2
    assert replicas[0].told() == [("console", "opened", ("embassy",))]


def test_merges_and_articles_dealt_to_two_replicas_in_any_order_are_told_once(replicas: tuple[Desk, Desk]) -> None:
    picks = random.Random(7)
    for round_ in range(12):
        a, b, c = (f"{name}{round_}" for name in "abc")
        number = 10 * round_
        events = [
            embassy(number + 1, story=c),
            merged(c, b),
            embassy(number + 2, story=b, includes=(c,)),
            merged(b, a),
            embassy(number + 3, story=a, includes=(b, c)),
            embassy(number + 4, story=a, includes=(b, c)),
            embassy(number + 5, story=c),
        ]
        picks.shuffle(events)
        deal(replicas, events)
        with replicas[0].context.database.read() as tx:
            told = tx.execute(select(deliveries.c.story).where(deliveries.c.story.in_((a, b, c)))).all()
            joined = select(alert_stories.c.alert).where(alert_stories.c.story.in_((a, b, c))).distinct()
            (alert,) = tx.execute(select(alerts).where(alerts.c.id.in_(joined))).all()
        assert (len(told), alert.matches) == (1, 5), f"round {round_}"


def test_batches_in_opposite_order_do_not_wait_for_each_other(replicas: tuple[Desk, Desk]) -> None:
    stories = [f"story {number}" for number in range(10)]
    forth = [embassy(number, story=story) for number, story in enumerate(stories)]
    back = [embassy(number + 100, story=story) for number, story in reversed(list(enumerate(stories)))]
    with ThreadPoolExecutor(2) as threads:
        works = [threads.submit(replica.give, *batch) for replica, batch in zip(replicas, (forth, back), strict=True)]
        changed = [event for work in works for event in work.result(20)]
    found = replicas[0].rows(alerts)
    assert len(found) == len(stories) == len(changed)
    assert {alert.matches for alert in found} == {2}
    assert len(replicas[0].rows(select(deliveries).subquery())) == len(stories)


# --- senders that share the outbox


def put(database: Database, receivers: int, each: int) -> None:
    for number in range(each):
        for receiver in range(receivers):
            planned = Planned(f"{receiver}-{number:02}", f"r{receiver}", f"a{number}", "opened", ("rule",), None)
            created = NOON + number * timedelta(seconds=1)
            with database.write() as tx:
                tx.execute(deliveries.insert().values(pending_row(planned, "story", message(), created)))


def test_many_senders_claim_each_delivery_once_and_in_its_order(postgres: Database) -> None:
    put(postgres, receivers=2, each=15)
    taken: dict[str, list[str]] = {"r0": [], "r1": []}
    ends = threading.Barrier(4)

    def work(holder: str) -> None:
        outbox = Outbox(postgres, lambda: NOON + timedelta(hours=1), holder)
        ends.wait(10)
        for _ in range(400):
            for receiver, seen in taken.items():
                row = outbox.claim(receiver, timedelta(minutes=1))
                if row is not None:
                    seen.append(row.id)
                    outbox.finish(row, Sent(), failures=0, jitter=0.5)
            if sum(map(len, taken.values())) == 30:
                return

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(work, "abcd"))
    assert taken == {name: [f"{name[1:]}-{number:02}" for number in range(15)] for name in taken}


def test_a_delivery_that_another_is_claiming_is_left_to_it(postgres: Database) -> None:
    put(postgres, receivers=1, each=2)
    clock = lambda: NOON + timedelta(hours=1)  # noqa: E731
    with postgres.write() as tx:
        tx.execute(select(deliveries.c.id).where(deliveries.c.id == "0-00").with_for_update())
        assert Outbox(postgres, clock, "late").claim("r0", timedelta(minutes=1)) is None
    row = Outbox(postgres, clock, "late").claim("r0", timedelta(minutes=1))
    assert row is not None
    assert row.id == "0-00"


def test_an_expired_lease_is_recovered_by_one_of_two(postgres: Database) -> None:
    put(postgres, receivers=1, each=1)
    times = [NOON + timedelta(hours=1)]
    assert Outbox(postgres, lambda: times[-1], "frozen").claim("r0", timedelta(minutes=1)) is not None
    times.append(times[-1] + timedelta(minutes=2))
    with ThreadPoolExecutor(4) as threads:
        outboxes = [Outbox(postgres, lambda: times[-1], holder) for holder in "abcd"]
        assert sum(threads.map(lambda outbox: outbox.recover(sole=False), outboxes)) == 1


# --- rules that count


@pytest.fixture
def counting(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Desk, Desk]]:
    folder = write_desk(tmp_path, **{"rules/all.yaml": COUNTING})
    databases = [open_url(postgres_url), open_url(postgres_url)]
    yield Desk(folder, databases[0]), Desk(folder, databases[1])
    for database in databases:
        database.close()


COUNTING = FILES["rules/all.yaml"].replace("severity: high", "severity: high, count: {stories: 3, within: 24h}")


def test_articles_that_meet_in_two_replicas_complete_a_count_together(counting: tuple[Desk, Desk]) -> None:
    counting[0].give(embassy(1, story="one"))
    meet(counting, [embassy(2, story="two")], [embassy(3, story="three")])
    (alert,) = counting[0].rows(alerts)
    assert (alert.article, alert.matches) == (embassy(3).article.id, 3)
    assert counting[0].told() == [("console", "opened", ("embassy",))]
    assert {row.alert for row in counting[0].rows(counted)} == {alert.id}


def test_the_same_article_in_two_replicas_counts_once(counting: tuple[Desk, Desk]) -> None:
    counting[0].give(embassy(1, story="one"))
    meet(counting, [embassy(2, story="two")], [embassy(2, story="two")])
    assert counting[0].rows(alerts) == []
    assert len(counting[0].rows(counted)) == 2


def test_counts_dealt_to_two_replicas_in_any_order_open_one_alert_each_time(counting: tuple[Desk, Desk]) -> None:
    picks = random.Random(11)
    for round_ in range(8):
        # Far enough apart for the alert of the round before to be closed.
        at = NOON + round_ * timedelta(days=5)
        events = [
            embassy(10 * round_ + number, story=f"story {round_} {number // 2}", at=at, seen=at) for number in range(8)
        ]
        picks.shuffle(events)
        deal(counting, events)
        found = counting[0].rows(alerts)
        assert len(found) == round_ + 1, f"round {round_}"
        assert {alert.matches for alert in found} == {8}
    assert len(counting[0].told()) == 8
