"""The stage and the filter: decisions kept, replays, restarts and rollbacks on a real database."""

import random
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec import msgpack
from sqlalchemy import func, select

from newswatch_core.events import DeduplicatedArticle, Event, FetchedArticle, StoryMerged
from newswatch_core.ports import Context, Outcome, Poison
from newswatch_core.settings import Settings
from newswatch_core.storage.database import Database, open_memory
from newswatch_core.storage.schema import decisions, fingerprints, stories
from newswatch_deduplicator.service import SERVICE
from tests.support.articles import NOON, fetched
from tests.support.press import Press
from tests.support.wire import written

QUAKE = (
    ("Earthquake shakes Agadez region in Niger", "Walls fell in Iférouane and Timia; the quake was felt in Arlit."),
    ("Fourteen killed near Agadez", "Houses in Iférouane and Timia fell on sleeping families, the mayor said."),
)
NOW = NOON + timedelta(days=30)


class Desk:
    """The stage over a database, batch by batch."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.context = Context(Path(), Settings(version="1"), self.database)
        self.restart()

    def restart(self) -> None:
        assert SERVICE.stage is not None
        with self.database.read() as tx:
            self.stage = SERVICE.stage(self.context)(tx)

    def handle(self, *batch: Event) -> Sequence[Outcome]:
        with self.database.write() as tx:
            return self.stage.handle(batch, tx, NOW)

    def fail(self, *batch: Event) -> None:
        """Handles a batch that does not commit, as the runtime does."""
        with suppress(ZeroDivisionError), self.database.write() as tx:
            self.stage.handle(batch, tx, NOW)
            raise ZeroDivisionError
        self.restart()

    def rows(self) -> list[object]:
        """All that is stored, but for the numbers of entries: only their order is of use."""
        with self.database.read() as tx:
            tables = ((fingerprints, fingerprints.c.article), (decisions, decisions.c.article), (stories, stories.c.id))
            rows = [row._asdict() for table, column in tables for row in tx.execute(select(table).order_by(column))]
        return [row | {"data": msgpack.decode(row["data"])[1:]} if "data" in row else row for row in rows]

    def count(self) -> int:
        with self.database.read() as tx:
            return tx.execute(select(func.count()).select_from(fingerprints)).scalar_one()


@pytest.fixture
def desk(database: Database) -> Desk:
    return Desk(database)


def of(name: str, title: str, text: str, *, hours: float = 0, backlog: bool = False) -> FetchedArticle:
    return FetchedArticle(article=written(name, title, text, at=NOON + timedelta(hours=hours)), backlog=backlog)


def only(outcomes: Sequence[Outcome]) -> DeduplicatedArticle:
    (outcome,) = outcomes
    assert isinstance(outcome, Sequence)
    (event,) = outcome
    assert isinstance(event, DeduplicatedArticle)
    return event


def test_an_article_goes_on_with_its_copy_and_story(desk: Desk):
    text = Press(1).paragraphs(6)
    first, second = of("a", "Council approves fees", text), of("b", "Ships pay more", text, hours=1, backlog=True)
    assert only(desk.handle(first)) == DeduplicatedArticle(article=first.article, copy_of=None, story=first.article.id)
    assert only(desk.handle(second)) == DeduplicatedArticle(
        article=second.article, backlog=True, copy_of=first.article.id, story=first.article.id
    )


def test_a_replay_gets_the_stored_decision_and_changes_nothing(desk: Desk):
    press = Press(2)
    batch = [of(f"a{n}", press.sentence(), press.paragraphs(2), hours=n) for n in range(20)]
    expected = desk.handle(*batch)
    before = desk.rows()
    assert desk.handle(*batch) == expected
    desk.restart()
    assert desk.handle(*batch[::-1]) == expected[::-1]
    assert desk.rows() == before


def test_the_same_revision_twice_in_a_batch_is_decided_once(desk: Desk):
    event = of("a", "Council approves fees", "More soon.")
    one, two = desk.handle(event, event)
    assert one == two
    assert desk.count() == 1


@pytest.mark.parametrize("restarted", [False, True])
def test_an_article_from_a_clock_that_was_ahead_hides_no_copy_also_after_a_restart(desk: Desk, restarted: bool):
    text, years = Press(3).paragraphs(6), 24 * 800
    desk.handle(of("a", "Council approves fees", text, hours=24 * 30))
    desk.handle(of("ahead", "Maize", "Maize prices rise.", hours=years))
    if restarted:
        desk.restart()
    copy = only(desk.handle(of("b", "Ships pay more", text, hours=24 * 30)))
    assert copy.copy_of == of("a", "", "").article.id


@pytest.mark.parametrize("restarted", [False, True])
def test_a_new_revision_keeps_copy_and_story(desk: Desk, restarted: bool):
    text = Press(3).paragraphs(6)
    desk.handle(of("a", "Council approves fees", text))
    desk.handle(of("b", "Ships pay more", text, hours=1))
    if restarted:
        desk.restart()
    revised = only(desk.handle(of("b", "Ships pay more, captains angry", Press(4).paragraphs(6), hours=2)))
    root = of("a", "", "").article.id
    assert (revised.copy_of, revised.story) == (root, root)


def test_a_revision_long_after_the_window_keeps_its_story(desk: Desk):
    event = of("a", "Council approves fees", "More soon.")
    desk.handle(event)
    desk.handle(of("b", "Maize prices rise", "Traders say so.", hours=1000))
    later = only(desk.handle(of("a", "Council takes fees back", "It was a mistake.", hours=1001)))
    assert (later.copy_of, later.story) == (None, event.article.id)


def test_what_is_no_fetched_article_is_poison(desk: Desk):
    bad, good = desk.handle(StoryMerged(story="a", into="b", at=NOON), fetched(1))
    assert isinstance(bad, Poison)
    assert isinstance(good, tuple)


def quake_reports() -> list[FetchedArticle]:
    press = Press(99)
    noise = [of(f"n{n}", press.sentence(), press.paragraphs(1), hours=-20 + n / 20) for n in range(200)]
    (first, second), hours = QUAKE, 0
    text = "Houses fell on sleeping families in the Agadez region, said mayor Rhissa Feltou."
    third = ("Earthquake in Niger's Agadez region: fourteen killed in Iférouane and Timia", "Shaking in Arlit. " + text)
    reports = [first, (second[0], second[1].replace("families", "families in the Agadez region")), third]
    return noise + [of(f"q{n}", *report, hours=hours + n) for n, report in enumerate(reports)]


def test_a_merge_is_told_before_its_article_and_remembered(desk: Desk):
    *before, last = quake_reports()
    desk.handle(*before)
    desk.restart()
    older, younger = (event.article.id for event in before[-2:])
    (outcome,) = desk.handle(last)
    assert outcome == (
        StoryMerged(story=younger, into=older, at=last.article.at),
        DeduplicatedArticle(article=last.article, copy_of=None, story=older, includes=(younger,)),
    )
    assert desk.handle(last) == [outcome]
    desk.restart()
    revised = of("q1", QUAKE[1][0] + " on Friday", QUAKE[1][1], hours=4)
    later = only(desk.handle(revised))
    assert (later.story, later.includes) == (older, (younger,))
    with desk.database.read() as tx:
        rows = {row.id: row for row in tx.execute(select(stories).where(stories.c.id.in_([older, younger])))}
    assert (rows[younger].into, rows[older].into, rows[older].articles) == (older, None, 3)
    assert rows[older].opened == before[-2].article.at
    assert rows[older].changed == revised.article.at


def stream(articles: int) -> list[FetchedArticle]:
    """Noise, copies, reports in other words, revisions and repeats; times out of order over twelve days."""
    press, picks = Press(7), random.Random(7)
    events: list[FetchedArticle] = []
    for number in range(articles):
        hours = number * 288 / articles + picks.uniform(-24, 24)
        piece, kind = press.noise(), picks.random()
        earlier = picks.choice(events[-60:]).article if events else None
        if earlier is None or kind < 0.4:
            events.append(of(f"a{number}", piece.title, piece.text, hours=hours))
        elif kind < 0.6:
            events.append(of(f"a{number}", piece.title, earlier.text + "\n\n" + piece.text[:200], hours=hours))
        elif kind < 0.85:
            words = [picks.sample(part, len(part)) for part in (earlier.title.split(), earlier.text.split()[:60])]
            events.append(of(f"a{number}", *(" ".join(part) for part in words), hours=hours))
        elif kind < 0.95:
            name = earlier.url.rsplit("/", 1)[1]
            events.append(of(name, earlier.title + " (updated)", earlier.text + "\n\n" + piece.text, hours=hours))
        else:
            events.append(FetchedArticle(article=earlier))
    return events


def test_restarts_and_rollbacks_change_no_decision():
    events = stream(300) + quake_reports()[-20:]
    whole = Desk(open_memory())
    expected = [outcome for start in range(0, len(events), 50) for outcome in whole.handle(*events[start : start + 50])]
    told = [event for outcome in expected if isinstance(outcome, tuple) for event in outcome]
    copies = [event for event in told if isinstance(event, DeduplicatedArticle) and event.copy_of]
    stories = {event.story for event in told if event not in copies}
    assert len(copies) > 30
    assert len(told) - len(copies) - len(stories) > 30
    for seed in range(3):
        picks, broken = random.Random(seed), Desk(open_memory())
        found: list[Outcome] = []
        while len(found) < len(events):
            batch = events[len(found) : len(found) + picks.randint(1, 40)]
            if picks.random() < 0.4:
                broken.fail(*batch[: picks.randint(1, len(batch))])
            if picks.random() < 0.4:
                broken.restart()
            found += broken.handle(*batch)
        assert found == expected
        assert broken.rows() == whole.rows()
        broken.database.close()
    whole.database.close()


# pipe


def test_the_filter_adds_copy_and_story_to_the_line(desk: Desk):
    assert SERVICE.filter is not None
    with desk.database.write() as tx:
        pipe = SERVICE.filter(desk.context, tx)
        text = Press(1).paragraphs(6)
        first, second = of("a", "Council approves fees", text), of("b", "Ships pay more", text, hours=1)
        root = first.article.id
        ((_, line),) = pipe.process(first, {"id": root, "title": "Council approves fees", "mark": 1})
        assert line == {"id": root, "title": "Council approves fees", "mark": 1, "copy_of": None, "story": root}
        ((event, line),) = pipe.process(second, {"title": "Ships pay more"})
        assert line == {"title": "Ships pay more", "copy_of": root, "story": root}
        assert isinstance(event, DeduplicatedArticle)
        assert pipe.process(second, {})[0][0] == event


def test_the_filter_gives_a_merge_a_line_of_its_own(desk: Desk):
    assert SERVICE.filter is not None
    with desk.database.write() as tx:
        pipe = SERVICE.filter(desk.context, tx)
        events = quake_reports()
        lines = [line for event in events for _, line in pipe.process(event, {})]
    older, younger = (event.article.id for event in events[-3:-1])
    assert {"story": younger, "into": older} in lines
    assert len(lines) == len(events) + 1


def test_the_filter_refuses_what_is_no_fetched_article(desk: Desk):
    assert SERVICE.filter is not None
    with desk.database.write() as tx, pytest.raises(TypeError, match="put it first"):
        SERVICE.filter(desk.context, tx).process(StoryMerged(story="a", into="b", at=NOON), {})


def test_there_is_nothing_to_configure():
    assert list(SERVICE.check(Path("nowhere"))) == []
