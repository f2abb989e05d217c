from datetime import timedelta

from sqlalchemy import delete, func, select

from newswatch_core.events import StoryMerged
from newswatch_core.settings import Retention
from newswatch_core.storage import log
from newswatch_core.storage.database import open_memory
from newswatch_core.storage.retention import sweep
from newswatch_core.storage.schema import articles, entries, feeds
from newswatch_core.storage.schema import log as log_table
from tests.support.articles import NOON, fetched

TOPIC = "articles.fetched"


def test_events_come_back_in_order_with_their_text():
    database = open_memory()
    events = [fetched(1), StoryMerged(story="b", into="a", at=NOON), fetched(2), fetched(1, text="A new revision.")]
    with database.write() as tx:
        log.append(tx, TOPIC, events[:2], NOON)
        log.append(tx, TOPIC, events[2:], NOON)
        records = log.read(tx, TOPIC, 0, 10)
    assert [record.event for record in records] == events
    assert [record.offset for record in records] == [0, 1, 2, 3]


def test_a_text_stands_once_whatever_the_topics():
    database = open_memory()
    with database.write() as tx:
        log.append(tx, TOPIC, [fetched(1, text="unmistakable")], NOON)
        log.append(tx, "articles.deduplicated", [fetched(1, text="unmistakable")], NOON)
        assert tx.execute(select(func.count()).select_from(articles)).scalar() == 1
        values = tx.execute(select(log_table.c.value)).scalars().all()
    assert not any(b"unmistakable" in value for value in values)


def test_a_damaged_row_is_told_apart_from_its_neighbours():
    database = open_memory()
    with database.write() as tx:
        log.append(tx, TOPIC, [fetched(1), fetched(2), fetched(3)], NOON)
        tx.execute(log_table.update().where(log_table.c.offset == 1).values(value=b"\x00junk"))
        tx.execute(delete(articles).where(articles.c.id == fetched(3).article.id))
        good, damaged, textless = log.read(tx, TOPIC, 0, 10)
    assert good.event == fetched(1)
    assert "unreadable" in damaged.problem
    assert "no longer kept" in textless.problem


def test_retention_never_takes_what_is_unread_nor_the_last_offset():
    database = open_memory()
    later = NOON + timedelta(days=90)
    with database.write() as tx:
        log.append(tx, TOPIC, [fetched(1), fetched(2), fetched(3)], NOON)
        log.append(tx, "alerts", [fetched(1)], NOON)
        log.set_offset(tx, "deduplicator", TOPIC, 1)
        sweep(tx, later, Retention())
        assert [record.event for record in log.read(tx, TOPIC, 0, 10)] == [fetched(2), fetched(3)]
        log.set_offset(tx, "deduplicator", TOPIC, 3)
        sweep(tx, later, Retention())
        assert log.end_of(tx, TOPIC) == 3
        assert log.end_of(tx, "alerts") == 1


def test_two_feeds_may_carry_one_article():
    database = open_memory()
    events = [fetched(1), fetched(1, feed="ministry", outlet="Ministry", kind="ministry", seen=NOON)]
    with database.write() as tx:
        log.append(tx, TOPIC, events, NOON)
        assert [record.event for record in log.read(tx, TOPIC, 0, 10)] == events


def test_a_quiet_topic_keeps_no_article_of_another():
    database = open_memory()
    later = NOON + timedelta(days=90)
    with database.write() as tx:
        log.append(tx, "alerts", [fetched(1)], NOON)
        log.append(tx, TOPIC, [fetched(2)], NOON)
        log.set_offset(tx, "deduplicator", TOPIC, 1)
        sweep(tx, later, Retention())
        assert tx.execute(select(articles.c.title)).scalars().all() == []


def test_old_articles_go_when_nothing_in_the_log_refers_to_them():
    database = open_memory()
    later = NOON + timedelta(days=90)
    with database.write() as tx:
        log.append(tx, TOPIC, [fetched(1), fetched(2)], NOON)
        log.append(tx, TOPIC, [fetched(3, seen=later)], later)
        log.set_offset(tx, "deduplicator", TOPIC, 2)
        sweep(tx, later, Retention())
        sweep(tx, later, Retention())
        assert tx.execute(select(articles.c.title)).scalars().all() == ["Title 3"]


def test_marks_of_entries_live_while_their_feed_is_down():
    database = open_memory()
    feed = {"url": "u", "configured_url": "u", "added": NOON, "interval_seconds": 60.0, "due": NOON, "failures": 0}
    mark = {"content": "c", "article": "a", "first_seen": NOON, "backlog": False}
    later = NOON + timedelta(days=31)
    with database.write() as tx:
        for name, succeeded in (("down", NOON), ("well", later)):
            tx.execute(feeds.insert().values(id=name, succeeded=succeeded, problem="", gaps=0, **feed))
            tx.execute(entries.insert().values(feed=name, key="k", last_seen=NOON, **mark))
        sweep(tx, later, Retention())
        assert tx.execute(select(entries.c.feed)).scalars().all() == ["down"]
