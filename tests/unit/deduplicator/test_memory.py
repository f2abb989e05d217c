"""The window: what it holds, what it forgets, and that it is the same however it came about."""

import random
from datetime import timedelta

import pytest
from msgspec import structs

from newswatch_deduplicator.fingerprint import Fingerprint, fingerprint, microseconds
from newswatch_deduplicator.likeness import HOUR
from newswatch_deduplicator.memory import Decision, Entry, Limits, Memory
from newswatch_deduplicator.postings import Postings
from tests.support.articles import NOON
from tests.support.press import Piece, Press
from tests.support.wire import Wire, written

TEXT = Press(1).paragraphs(6)


def test_a_copy_is_found_for_seven_days_and_not_longer():
    for hours, original in ((167, "first"), (169, None)):
        wire = Wire()
        wire.take("first", "Council approves harbour fees", TEXT)
        wire.take("late", "Fees", TEXT, hours=hours)
        assert wire.copy_of("late") == original


def test_only_so_many_articles_are_remembered_the_newest():
    wire, press = Wire(Limits(articles=10)), Press(2)
    wire.take("first", "Council approves harbour fees", TEXT)
    for number in range(30):
        wire.take(f"a{number}", press.sentence(), press.paragraphs(2), hours=1 + number / 10)
    wire.take("late", "Fees", TEXT, hours=5)
    assert wire.copy_of("late") is None
    assert len(wire.memory) == 10


def test_an_article_from_long_ago_is_decided_on_and_forgotten():
    wire = Wire()
    wire.take("now", "Council approves harbour fees", TEXT)
    wire.take("backlog", "Fees", TEXT, hours=-300)
    assert wire.copy_of("backlog") == "now"
    wire.take("next", "Maize", "Maize prices rise.")
    assert len(wire.memory) == 2


def test_articles_may_come_in_any_order():
    wire = Wire()
    wire.take("later", "Council approves harbour fees", TEXT, hours=10)
    wire.take("earlier", "Fees", TEXT, hours=2)
    assert wire.copy_of("earlier") == "later"


def test_an_article_from_a_clock_that_was_ahead_hides_no_copy():
    wire = Wire()
    wire.take("first", "Council approves harbour fees", TEXT)
    wire.take("ahead", "Maize", "Maize prices rise.", hours=24 * 400, now=NOON + timedelta(hours=1))
    assert len(wire.memory) == 2
    wire.take("late", "Fees", TEXT, hours=2, now=NOON + timedelta(hours=2))
    assert wire.copy_of("late") == "first"


def test_a_clock_that_is_behind_hides_no_copy_either():
    wire, behind = Wire(), NOON - timedelta(days=4_000)
    wire.take("before", "Maize", "Maize prices rise.")
    wire.take("first", "Council approves harbour fees", TEXT, hours=1, now=behind)
    wire.take("late", "Fees", TEXT, hours=2, now=behind)
    assert wire.copy_of("late") == "first"
    assert len(wire.memory) == 3


def retold(picks: random.Random, piece: Piece) -> Piece:
    """The same words in another order: alike in subject, not in wording."""
    title, text = piece.title.split(" "), piece.text.split("\n\n")[0].split(" ")
    return Piece(" ".join(picks.sample(title, len(title))), " ".join(picks.sample(text, len(text))))


def stream(seed: int, articles: int) -> list[Fingerprint]:
    """Noise, copies, reports of one event in other words, and times out of order."""
    press, picks = Press(seed), random.Random(seed)
    pieces: list[Piece] = []
    marks: list[Fingerprint] = []
    for number in range(articles):
        kind, piece = picks.random(), press.noise()
        if pieces and kind < 0.2:
            piece = press.copy_of(picks.choice(pieces[-40:]))
        elif pieces and kind < 0.6:
            piece = retold(picks, picks.choice(pieces[-40:]))
        pieces.append(piece)
        at = NOON + timedelta(hours=number * 0.8 + picks.uniform(-20, 20))
        marks.append(fingerprint(written(f"a{number}", piece.title, piece.text, at=at)))
    return marks


@pytest.mark.parametrize("limits", [Limits(), Limits(copies=30 * HOUR, stories=12 * HOUR, articles=60)])
def test_a_memory_loaded_anew_decides_like_one_that_never_stopped(limits: Limits):
    marks, lasting = stream(3, 250), Memory(limits)
    # Some clocks are ahead by days.
    marks[40], marks[41] = (
        structs.replace(mark, at=mark.at + days * 24 * HOUR) for mark, days in zip(marks[40:42], (3, 90), strict=True)
    )
    clock = [microseconds(NOON + timedelta(hours=number * 0.8 + 20)) for number in range(250)]
    expected = [lasting.take(mark, now=now)[1] for mark, now in zip(marks, clock, strict=True)]
    assert sum(each.copy_of is not None for each in expected) > 10
    assert (
        sum(each.copy_of is None and each.story != mark.article for each, mark in zip(expected, marks, strict=True))
        > 10
    )
    entries: list[Entry] = []
    decisions: list[Decision] = []
    for mark, now in zip(marks, clock, strict=True):
        newest = max((entry.mark.at for entry in entries), default=0)
        kept = [entry for entry in entries if entry.mark.at >= newest - limits.copies]
        kept = sorted(kept, key=lambda entry: entry.mark.key)[-limits.articles :]
        memory = Memory(limits)
        for decision in decisions:
            for story in decision.merged:
                memory.learn_merge(story, decision.story)
        for entry in sorted(kept, key=lambda entry: entry.number):
            memory.remember(entry)
        entry, decision = memory.take(mark, now=now)
        entries.append(entry)
        decisions.append(decision)
    assert decisions == expected


def test_postings_answer_for_what_is_in_them_only():
    postings = Postings()
    for entry in range(3000):
        postings.add(entry, [7, entry])
        if entry >= 3:
            postings.drop(entry - 3)
    assert list(postings.holders(7, 3) or ()) == [2997, 2998, 2999]
    assert postings.holders(7, 2) is None
    assert postings.holders(5, 2) == ()
    postings.drop(5)
    assert postings.holders(2999, 1) == (2999,)
