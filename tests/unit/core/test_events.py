import re
from datetime import timedelta

import pytest

from newswatch_core.events import (
    AlertChanged,
    ClauseMatch,
    DeduplicatedArticle,
    Event,
    Match,
    Mention,
    Span,
    StoryMerged,
    TaggedArticle,
    UnreadableEventError,
    decode,
    encode,
    event_time,
    hash_id,
    key_of,
    revision_of,
)
from tests.support.articles import NOON, article, fetched

EVERY_TYPE: list[Event] = [
    fetched(),
    DeduplicatedArticle(article=article(), copy_of=None, story="s"),
    StoryMerged(story="b", into="a", at=NOON),
    TaggedArticle(
        article=article(),
        copy_of="x",
        story="s",
        mentions=(Mention(entity="css", alias="AES", start=0, end=3, zone="title", sentence=0, proof="Bamako"),),
        entities="hash",
    ),
    AlertChanged(
        id="a",
        change="opened",
        story="s",
        severity="high",
        match=Match(rule="r", closeness="title", clauses=(ClauseMatch("@css", (Span(0, 3, "title"),)),)),
        article=article(),
        at=NOON,
    ),
]


@pytest.mark.parametrize("event", EVERY_TYPE, ids=lambda event: type(event).__name__)
def test_an_event_is_read_as_it_was_written(event: Event):
    assert decode(encode(event)) == event


def test_unknown_fields_of_a_newer_writer_are_ignored():
    data = encode(fetched()).replace(b'{"type"', b'{"later":1,"type"', 1)
    assert decode(data) == fetched()


NEWER = encode(fetched()).replace(b'"version":1', b'"version":99')


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b'{"type":"fetched-article"}', NEWER])
def test_what_is_no_event_of_a_known_version_is_refused(data: bytes):
    with pytest.raises(UnreadableEventError):
        decode(data)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (NEWER, "event version 99 is newer than 1"),
        (b'{"type":"fetched-article","version":99,"page":{}}', "event version 99 is newer than 1"),
        (b'{"type":"page-seen","version":99}', "event version 99 is newer than 1"),
        (b'{"type":"page-seen","version":1}', "event type 'page-seen' is not known here, only fetched-article, "),
        (b'{"type":"fetched-article","version":1}', "missing required field `article`"),
        (encode(fetched())[:40], "truncated"),
    ],
)
def test_the_reason_says_whether_another_version_wrote_it(data: bytes, reason: str):
    with pytest.raises(UnreadableEventError, match=re.escape(reason)):
        decode(data)


def test_events_of_one_article_share_a_key():
    assert key_of(EVERY_TYPE[0]) == key_of(EVERY_TYPE[1]) == article().id


def test_the_revision_ignores_white_space_and_unicode_form():
    assert revision_of("Café ", "a\n\nb") == revision_of("Cafe\u0301", "a b")


def test_the_revision_tells_title_from_text():
    assert revision_of("a b", "c") != revision_of("a", "b c")


def test_parts_of_an_id_cannot_run_into_each_other():
    assert hash_id("ab", "c") != hash_id("a", "bc")


@pytest.mark.parametrize(
    ("published", "at"),
    [
        (None, NOON),
        (NOON - timedelta(hours=48), NOON - timedelta(hours=48)),
        (NOON - timedelta(hours=49), NOON),
        (NOON + timedelta(seconds=1), NOON),
    ],
)
def test_published_counts_only_where_it_can_be_believed(published, at):
    assert event_time(published, NOON) == at
