"""The alerter's stage on a small desk, with a real database and real rules."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any

import msgspec
import pytest
import structlog.testing
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from newswatch_alerter import messages, orders
from newswatch_alerter.config import Receivers, sample_configs
from newswatch_alerter.service import SERVICE
from newswatch_core.config import ConfigError
from newswatch_core.events import AlertChanged, Event, StoryMerged, TaggedArticle
from newswatch_core.ports import Context, Poison, Stage
from newswatch_core.settings import Settings
from newswatch_core.storage.database import Database, open_memory
from newswatch_core.storage.schema import alert_stories, alerts, decisions, deliveries
from tests.support.alerting import tagged
from tests.support.articles import NOON, fetched

FILES = {
    "newswatch.yaml": "version: 1\ndesk: Test desk\n",
    "entities/all.yaml": """\
version: 1
entities:
  - {id: css, name: Confederation of Sahel States, type: organisation, aliases: {en: [Confederation of Sahel States]}}
  - {id: russia, name: Russia, type: country, aliases: {en: [Russia]}}
""",
    "keywords.yaml": "version: 1\nkeywords:\n  - {id: embassy, name: embassy, en: [embassy]}\n",
    "rules/all.yaml": """\
version: 1
rules:
  - {id: embassy, title: CSS and embassy, severity: high, query: '@css AND #embassy', notify: [desk], FIXTURES}
  - {id: russia, title: CSS and Russia, severity: critical, query: '@css AND @russia', notify: [desk, extra], FIXTURES}
""".replace("FIXTURES", "fixtures: {silent: [{title: Rain}]}"),
    "receivers.yaml": """\
version: 1
receivers:
  - {id: console, type: console}
  - {id: extra, type: console}
routes:
  - {id: desk, receivers: [console]}
""",
}
CSS = "The Confederation of Sahel States met."


def write_desk(folder: Path, **changed: str) -> Path:
    for name, text in (FILES | changed).items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


class Desk:
    """A stage, and what it has written so far."""

    def __init__(self, folder: Path, database: Database, *, sample: bool = False) -> None:
        self.context = Context(folder, Settings(version="1", desk="Test desk"), database, lambda: NOON, sample)
        self.minutes = 0
        self.restart()

    def restart(self) -> None:
        assert SERVICE.stage is not None
        with self.context.database.write() as tx:
            self.stage: Stage = SERVICE.stage(self.context)(tx)

    def give(self, *events: Event) -> list[AlertChanged]:
        self.minutes += 1
        with self.context.database.write() as tx:
            outcomes = self.stage.handle(events, tx, NOON + timedelta(minutes=self.minutes))
        changed: list[AlertChanged] = []
        for outcome in outcomes:
            assert isinstance(outcome, Sequence)
            for event in outcome:
                assert isinstance(event, AlertChanged)
                changed.append(event)
        return changed

    def rows(self, table: Any) -> list[Any]:
        with self.context.database.read() as tx:
            return list(tx.execute(select(table)))

    def told(self) -> list[tuple[str, str, tuple[str, ...]]]:
        """Receiver, change (its first word) and rules of every delivery, in order."""
        with self.context.database.read() as tx:
            rows = tx.execute(select(deliveries).order_by(deliveries.c.created, deliveries.c.receiver)).all()
        return [
            (row.receiver, row.change.split(":")[0], tuple(one.id for one in messages.decode(row.message).rules))
            for row in rows
        ]


@pytest.fixture
def desk(tmp_path: Path, database: Database) -> Desk:
    return Desk(write_desk(tmp_path), database)


def embassy(number: int = 1, **fields: Any) -> TaggedArticle:
    return tagged(number, text=f"{CSS} An embassy opens.", **{"story": "story", **fields})


def russia(number: int = 1, **fields: Any) -> TaggedArticle:
    return tagged(number, text=f"{CSS} Russia was there.", **{"story": "story", **fields})


def both(number: int = 1, **fields: Any) -> TaggedArticle:
    return tagged(number, text=f"{CSS} Russia opens an embassy.", **{"story": "story", **fields})


def test_an_article_that_fires_two_rules_gives_each_receiver_one_message(desk: Desk) -> None:
    changed = desk.give(both())
    assert [(one.match.rule, one.change, one.severity) for one in changed] == [
        ("russia", "opened", "critical"),
        ("embassy", "opened", "high"),
    ]
    assert desk.told() == [("console", "opened", ("russia", "embassy")), ("extra", "opened", ("russia",))]


def test_a_later_article_of_the_story_changes_nothing_but_the_count(desk: Desk) -> None:
    desk.give(embassy(1))
    assert desk.give(embassy(2), embassy(3)) == []
    assert [row.matches for row in desk.rows(alerts)] == [3]
    assert desk.told() == [("console", "opened", ("embassy",))]


def test_a_rule_that_fires_later_gives_one_follow_up_in_the_thread(desk: Desk) -> None:
    desk.give(embassy(1))
    (changed,) = desk.give(both(2))
    assert (changed.match.rule, changed.change) == ("russia", "rule-joined")
    assert desk.told() == [
        ("console", "opened", ("embassy",)),
        ("console", "rule-joined", ("russia",)),
        ("extra", "opened", ("russia",)),
    ]
    first, second, _ = sorted(desk.rows(deliveries), key=lambda row: (row.created, row.receiver))
    thread = messages.decode(second.message).thread
    assert thread is not None
    assert (thread.delivery, thread.rules) == (first.id, ("embassy",))
    assert second.article == first.article


def test_all_of_this_in_one_batch_comes_out_the_same(desk: Desk) -> None:
    desk.give(embassy(1), both(2), embassy(3))
    assert len(desk.told()) == 3


def test_a_replay_gives_the_stored_events_and_writes_nothing(desk: Desk) -> None:
    first = desk.give(both())
    before = [desk.rows(table) for table in (alerts, alert_stories, deliveries, decisions)]
    desk.restart()
    assert desk.give(both()) == first
    assert [desk.rows(table) for table in (alerts, alert_stories, deliveries, decisions)] == before


def test_a_replay_within_a_batch_is_seen_too(desk: Desk) -> None:
    assert len(desk.give(embassy(1), embassy(1))) == 2
    assert len(desk.told()) == 1


def test_a_new_revision_is_silent_where_the_rule_had_its_alert(desk: Desk) -> None:
    desk.give(embassy(1))
    changed = desk.give(both(1, title="Corrected", story="other-story"))
    assert [one.match.rule for one in changed] == ["russia"]
    assert desk.told()[1:] == [("console", "rule-joined", ("russia",)), ("extra", "opened", ("russia",))]
    assert desk.give(embassy(2, story="other-story")) == []


def test_an_article_that_comes_back_when_its_decision_is_forgotten_is_silent(desk: Desk) -> None:
    desk.give(embassy(1))
    with desk.context.database.write() as tx:
        tx.execute(decisions.delete())
    assert desk.give(embassy(1, title="Months later", story="other-story")) == []
    assert len(desk.told()) == 1


def test_an_alert_remembers_the_time_of_its_latest_article(desk: Desk) -> None:
    desk.give(embassy(1, at=NOON), embassy(2, at=NOON + timedelta(hours=5)), embassy(3, at=NOON - timedelta(hours=5)))
    (row,) = desk.rows(alerts)
    assert (row.matches, row.changed) == (3, NOON + timedelta(hours=5))


def test_what_was_backlog_in_one_feed_is_news_in_another(desk: Desk) -> None:
    desk.give(both(1, backlog=True, feed="old"))
    changed = desk.give(both(1, feed="new"))
    assert [one.change for one in changed] == ["opened", "opened"]
    assert len(desk.told()) == 2
    assert desk.give(both(1, feed="new")) == changed
    assert desk.give(both(1, backlog=True, feed="old")) == []
    assert len(desk.told()) == 2


def test_what_was_backlog_is_news_when_it_comes_again_or_in_a_new_revision(desk: Desk) -> None:
    desk.give(embassy(1, backlog=True), embassy(2, backlog=True, story="other"))
    assert len(desk.give(embassy(1))) == 1
    assert len(desk.give(embassy(2, title="Corrected", story="other"))) == 1


def test_backlog_is_decided_but_never_told(desk: Desk) -> None:
    assert desk.give(both(1, backlog=True)) == []
    assert desk.told() == []
    assert len(desk.rows(decisions)) == 1


def test_different_stories_are_told_apart(desk: Desk) -> None:
    assert len(desk.give(embassy(1, story="one"), embassy(2, story="two"))) == 2
    assert len(desk.told()) == 2


def test_a_stage_is_loaded_without_going_through_the_rules_again(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SERVICE.stage is not None
    load = SERVICE.stage(desk.context)
    monkeypatch.setattr(orders, "watch", lambda *_: pytest.fail("a rule was made ready again"))
    with desk.context.database.write() as tx:
        desk.stage = load(tx)
    assert len(desk.give(both())) == 2


def merged(story: str, into: str) -> StoryMerged:
    return StoryMerged(story=story, into=into, at=NOON)


def test_where_a_merge_makes_two_alerts_of_a_rule_meet_the_older_lives(desk: Desk) -> None:
    (old,) = desk.give(embassy(1, story="one"))
    desk.give(embassy(2, story="two"))
    desk.give(merged("one", "two"), embassy(3, story="two"), embassy(4, story="one"))
    assert {row.alert for row in desk.rows(alert_stories)} == {old.id}
    assert {row.id: row.matches for row in desk.rows(alerts)}[old.id] == 4
    assert len(desk.told()) == 2


def test_after_a_merge_a_receiver_told_of_one_of_the_stories_counts_as_told(desk: Desk) -> None:
    desk.give(embassy(1, story="one"))
    desk.give(merged("one", "two"))
    desk.give(russia(2, story="two"))
    assert desk.told()[1:] == [("console", "rule-joined", ("russia",)), ("extra", "opened", ("russia",))]


def test_a_merge_that_comes_twice_changes_nothing_more(desk: Desk) -> None:
    desk.give(embassy(1, story="one"), embassy(2, story="two"), merged("one", "two"))
    before = [desk.rows(table) for table in (alerts, alert_stories)]
    desk.give(merged("one", "two"), merged("two", "two"))
    assert [desk.rows(table) for table in (alerts, alert_stories)] == before


def test_a_chain_of_merges_leads_to_the_oldest_alert(desk: Desk) -> None:
    (old,) = desk.give(embassy(1, story="one"))
    desk.give(embassy(2, story="two"))
    desk.give(embassy(3, story="three"))
    desk.give(merged("three", "two"), merged("two", "one"))
    assert {row.alert for row in desk.rows(alert_stories)} == {old.id}


MERGED = [
    embassy(1, story="b"),
    embassy(2, story="b"),
    merged("b", "a"),
    embassy(3, story="a", includes=("b",)),
    both(4, story="a", includes=("b",)),
]
CHAIN = [
    embassy(1, story="c"),
    merged("c", "b"),
    embassy(2, story="b", includes=("c",)),
    merged("b", "a"),
    embassy(3, story="a", includes=("b", "c")),
]


@pytest.mark.parametrize("events", [MERGED, CHAIN], ids=["merged", "chain"])
def test_a_merge_and_its_articles_may_overtake_each_other(tmp_path: Path, events: list[Event]) -> None:
    """On Kafka they travel in partitions of their own. Each order: nothing is lost, and nothing told twice."""
    folder = write_desk(tmp_path)
    for order in permutations(events):
        with closing(open_memory()) as database:
            desk = Desk(folder, database)
            for event in order:
                desk.give(event)
            rules = [(receiver, rule) for receiver, _, rules in desk.told() for rule in rules]
            expected = [("console", "embassy")]
            if events is MERGED:
                expected += [("console", "russia"), ("extra", "russia")]
            assert sorted(rules) == expected
            found = {alert.rule: alert.matches for alert in desk.rows(alerts)}
            articles = sum(isinstance(event, TaggedArticle) for event in events)
            assert found.pop("embassy") == articles
            assert found == ({"russia": 1} if events is MERGED else {})


def test_an_overtaken_merge_of_samples_is_told_once_as_well(desk: Desk) -> None:
    desk.give(embassy(1, feed="SAMPLE", story="b"))
    assert desk.give(embassy(2, feed="SAMPLE", story="a", includes=("b",))) == []


def test_a_story_that_comes_back_after_48_hours_opens_a_new_episode(desk: Desk) -> None:
    desk.give(embassy(1))
    late = NOON + timedelta(days=3)
    (changed,) = desk.give(embassy(2, at=late, seen=late))
    assert changed.change == "opened"
    assert desk.told() == [("console", "opened", ("embassy",))] * 2
    assert sorted(row.episode for row in desk.rows(alerts)) == [1, 2]


def test_a_new_episode_holds_for_all_stories_that_were_merged(desk: Desk) -> None:
    desk.give(embassy(1, story="one"), merged("one", "two"))
    late = NOON + timedelta(days=3)
    desk.give(embassy(2, story="two", at=late, seen=late), embassy(3, story="one", at=late, seen=late))
    assert sorted(row.matches for row in desk.rows(alerts)) == [1, 2]
    assert len(desk.told()) == 2


PICKY = FILES["rules/all.yaml"].replace("@css AND #embassy", "@css AND #embassy AND feed:two")


def test_a_rule_that_only_the_second_feed_of_an_article_satisfies_fires(tmp_path: Path, database: Database) -> None:
    desk = Desk(write_desk(tmp_path, **{"rules/all.yaml": PICKY}), database)
    first = desk.give(both(1, feed="one"))
    second = desk.give(both(1, feed="two"))
    assert [[one.match.rule for one in changed] for changed in (first, second)] == [["russia"], ["embassy"]]
    assert second[0].change == "rule-joined"
    told = [
        ("console", "opened", ("russia",)),
        ("extra", "opened", ("russia",)),
        ("console", "rule-joined", ("embassy",)),
    ]
    assert desk.told() == told
    before = [desk.rows(table) for table in (alerts, alert_stories, deliveries, decisions)]
    desk.restart()
    assert desk.give(both(1, feed="two")) == second
    assert desk.give(both(1, feed="one")) == first
    assert desk.give(both(1, feed="three")) == []
    assert [desk.rows(table) for table in (alerts, alert_stories, deliveries)] == before[:3]


def test_an_article_in_two_feeds_is_told_once_and_counts_once(desk: Desk) -> None:
    desk.give(both(1, feed="one"), both(1, feed="two"))
    assert len(desk.told()) == 2
    assert [row.matches for row in desk.rows(alerts)] == [1, 1]


def test_a_decision_of_an_earlier_version_still_counts(desk: Desk) -> None:
    first = desk.give(embassy(1))
    (row,) = desk.rows(decisions)
    old = msgspec.json.decode(row.value)
    del old["feeds"]
    for one in old["decided"]:
        del one["feed"]
    with desk.context.database.write() as tx:
        tx.execute(decisions.update().values(value=msgspec.json.encode(old)))
    assert desk.give(embassy(1)) == first
    assert len(desk.told()) == 1


RAISED = FILES["rules/all.yaml"].replace("severity: high", "severity: high, raise: [{to: critical, when: WHEN}]")


def test_a_match_in_the_title_raises_the_alert_and_its_message(tmp_path: Path, database: Database) -> None:
    rules = RAISED.replace("WHEN", "{closeness: title}")
    desk = Desk(write_desk(tmp_path, **{"rules/all.yaml": rules}), database)
    title = "Embassy of the Confederation of Sahel States"
    (high,) = desk.give(embassy(1, story="one"))
    (critical,) = desk.give(embassy(2, story="two", title=title))
    assert (high.severity, critical.severity) == ("high", "critical")
    assert {row.severity for row in desk.rows(alerts)} == {"high", "critical"}
    told = {row.story: messages.decode(row.message).severity for row in desk.rows(deliveries)}
    assert told == {"one": "high", "two": "critical"}


def test_a_raise_that_counts_outlets_is_told_as_one_that_never_applies(tmp_path: Path, database: Database) -> None:
    rules = RAISED.replace("WHEN", "{independent_outlets: 2, closeness: article}")
    desk = Desk(write_desk(tmp_path, **{"rules/all.yaml": rules}), database)
    assert desk.give(embassy(1))[0].severity == "high"
    (problem,) = SERVICE.check(tmp_path)
    assert str(problem).startswith(
        "rules/all.yaml:3: warning: rule 'embassy': independent_outlets is not counted yet: this raise never applies"
    )


def test_samples_go_to_the_console_only_and_say_so(desk: Desk) -> None:
    desk.give(both(feed="SAMPLE"))
    assert desk.told() == [("console", "opened", ("russia", "embassy"))]
    assert messages.decode(desk.rows(deliveries)[0].message).sample


def test_what_is_real_goes_to_its_receivers_also_in_a_sample_run(tmp_path: Path, database: Database) -> None:
    desk = Desk(write_desk(tmp_path), database, sample=True)
    desk.give(both())
    assert desk.told() == [("console", "opened", ("russia", "embassy")), ("extra", "opened", ("russia",))]
    assert not messages.decode(desk.rows(deliveries)[0].message).sample


@pytest.mark.parametrize("real", [1, 2])
def test_an_alert_about_samples_keeps_no_real_one_back(desk: Desk, real: int) -> None:
    """Neither where the real article is of the same story, nor where it is the sample itself."""
    desk.give(russia(1, feed="SAMPLE"))
    changed = desk.give(russia(real))
    assert [one.match.rule for one in changed] == ["russia"]
    assert [told for told in desk.told() if told[0] == "extra"] == [("extra", "opened", ("russia",))]
    assert desk.give(russia(1, feed="SAMPLE"))[0].article.feed == "SAMPLE"
    assert desk.give(russia(real)) == changed


def test_samples_follow_the_merges_of_their_stories(desk: Desk) -> None:
    desk.give(embassy(1, feed="SAMPLE", story="one"), merged("one", "two"))
    assert desk.give(embassy(2, feed="SAMPLE", story="two")) == []


def test_where_the_desk_has_no_console_samples_get_one_of_their_own(tmp_path: Path, database: Database) -> None:
    receivers = FILES["receivers.yaml"].replace("id: console", "id: screen").replace("[console]", "[screen]")
    desk = Desk(write_desk(tmp_path, **{"receivers.yaml": receivers}), database)
    desk.give(both(feed="SAMPLE"))
    assert desk.told() == [("SAMPLE", "opened", ("russia", "embassy"))]
    assert set(sample_configs(Receivers.load(tmp_path))) == {"SAMPLE"}


def test_an_alert_is_logged_when_it_is_known_to_be_committed(desk: Desk) -> None:
    with structlog.testing.capture_logs() as logs:
        desk.restart()
        desk.give(embassy(1))
        assert logs == []
        with desk.context.database.write() as tx:
            desk.stage.tick(NOON, tx)
            desk.stage.tick(NOON, tx)
    assert [(log["event"], log["rules"]) for log in logs] == [("alert", ["embassy"])]


KINDS = {"embassy": embassy, "russia": russia, "both": both}
steps = st.lists(
    st.tuples(st.integers(1, 6), st.sampled_from(["one", "two", "three"]), st.sampled_from([*KINDS, "merge"])),
    max_size=12,
)


@given(steps)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_comes_in_whatever_batches_each_receiver_hears_of_a_rule_once_per_story(
    tmp_path: Path, given_steps: list[tuple[int, str, str]]
) -> None:
    events: list[Event] = []
    for number, story, kind in given_steps:
        if kind == "merge":
            events.append(merged(story, "one"))
        else:
            events.append(KINDS[kind](number, story=story, title=f"Title {kind}"))
    outcomes = []
    folder = write_desk(tmp_path)
    for batches in ([events], [[event] for event in events], [[event] for event in events for _ in range(2)]):
        with closing(open_memory()) as database:
            desk = Desk(folder, database)
            for batch in batches:
                desk.give(*batch)
            outcomes.append(({row.id for row in desk.rows(deliveries)}, {row.id for row in desk.rows(alerts)}))
            told = Counter(
                (row.receiver, rule.id, row.story)
                for row in desk.rows(deliveries)
                for rule in messages.decode(row.message).rules
            )
            assert max(told.values(), default=1) == 1
    assert outcomes[0] == outcomes[1] == outcomes[2]


def test_an_article_without_a_match_leaves_nothing(desk: Desk) -> None:
    assert desk.give(tagged(1)) == []
    assert desk.rows(decisions) == []


def test_an_event_of_another_kind_is_poison(desk: Desk) -> None:
    with desk.context.database.write() as tx:
        (outcome,) = desk.stage.handle([fetched(1)], tx, NOON)
    assert isinstance(outcome, Poison)


def test_the_filter_tells_rules_and_words_of_any_article(desk: Desk) -> None:
    assert SERVICE.filter is not None
    with desk.context.database.write() as tx:
        narrow = SERVICE.filter(desk.context, tx)
    event = fetched(1, title="Russia and the Confederation of Sahel States", text="")
    ((_, line),) = narrow.process(event, {"title": "x"})
    assert line == {
        "id": event.article.id,
        "rules": ["russia"],
        "matches": [
            {
                "rule": "russia",
                "closeness": "title",
                "clauses": [
                    {
                        "clause": "@css",
                        "spans": [{"start": 15, "end": 44, "zone": "title"}],
                        "words": ["Confederation of Sahel States"],
                    },
                    {"clause": "@russia", "spans": [{"start": 0, "end": 6, "zone": "title"}], "words": ["Russia"]},
                ],
            }
        ],
    }
    ((_, silent),) = narrow.process(fetched(2), {})
    assert (silent["rules"], silent["matches"]) == ([], [])
    assert narrow.process(merged("one", "two"), {}) == ()


def test_a_good_desk_has_no_problems(tmp_path: Path) -> None:
    assert SERVICE.check(write_desk(tmp_path)) == []


def test_a_rule_that_notifies_somebody_unknown_is_told_with_its_line(tmp_path: Path, database: Database) -> None:
    rules = FILES["rules/all.yaml"].replace("notify: [desk, extra]", "notify: [desk, extar]")
    folder = write_desk(tmp_path, **{"rules/all.yaml": rules})
    (problem,) = SERVICE.check(folder)
    assert str(problem) == (
        "rules/all.yaml:4: rule 'russia' notifies 'extar', which is neither a receiver nor a route"
        " (did you mean 'extra'?)"
    )
    with pytest.raises(ConfigError, match="extar"):
        Desk(folder, database)


def test_a_rule_that_tells_nobody_is_a_warning(tmp_path: Path) -> None:
    rules = FILES["rules/all.yaml"].replace(", notify: [desk]", "")
    (problem,) = SERVICE.check(write_desk(tmp_path, **{"rules/all.yaml": rules}))
    assert (problem.severity, problem.line) == ("warning", 3)


def test_a_single_receiver_written_without_brackets_is_told_how(tmp_path: Path) -> None:
    rules = FILES["rules/all.yaml"].replace("notify: [desk],", "notify: desk,")
    (problem,) = SERVICE.check(write_desk(tmp_path, **{"rules/all.yaml": rules}))
    assert "notify: it is a list: write [desk]" in str(problem)


def test_a_rule_without_fixtures_is_a_warning(tmp_path: Path) -> None:
    rules = FILES["rules/all.yaml"].replace(", fixtures: {silent: [{title: Rain}]}", "", 1)
    (problem,) = SERVICE.check(write_desk(tmp_path, **{"rules/all.yaml": rules}))
    assert str(problem).startswith(
        "rules/all.yaml:3: warning: rule 'embassy' has no fixtures: nothing proves that it fires"
    )


def test_a_file_among_the_rules_that_is_not_read_is_a_warning(tmp_path: Path) -> None:
    others = {"rules/mine.txt": "x", "rules/README.md": "x", "rules/.hidden": "x"}
    (problem,) = SERVICE.check(write_desk(tmp_path, **others))
    assert str(problem) == "rules/mine.txt: warning: is not read as rules (name it mine.yaml)"


def test_broken_rules_and_broken_receivers_are_told_together(tmp_path: Path) -> None:
    rules = FILES["rules/all.yaml"].replace("@css AND #embassy", "@css AND")
    broken = {"rules/all.yaml": rules, "receivers.yaml": "version: 1\nreceivers: []\n"}
    files = {problem.file for problem in SERVICE.check(write_desk(tmp_path, **broken))}
    assert files == {"rules/all.yaml", "receivers.yaml"}


def test_a_thousand_articles_of_one_story_make_one_alert(desk: Desk) -> None:
    desk.give(*(embassy(number) for number in range(1_000)))
    with desk.context.database.read() as tx:
        assert tx.execute(select(func.count()).select_from(deliveries)).scalar_one() == 1
    assert [row.matches for row in desk.rows(alerts)] == [1_000]
