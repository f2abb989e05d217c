"""When alerts open, and whom they are told to."""

from datetime import timedelta

from newswatch_alerter.lifecycle import (
    CLOSES_AFTER,
    Decision,
    Known,
    KnownAlert,
    Told,
    Watched,
    alert_id,
    decide,
    elder,
    joined,
    plan,
)
from newswatch_core.events import TaggedArticle, hash_id
from tests.support.alerting import match, tagged
from tests.support.articles import NOON

RULES = {
    "embassy": Watched("embassy", "high", ("console", "mail")),
    "force": Watched("force", "critical", ("mail", "slack")),
}


def decided(event: TaggedArticle, *rules: str, known: Known | None = None) -> Decision:
    return decide(event, [match(event.article, {}, rule_id=rule) for rule in rules], RULES, known or Known())


def verdicts(decision: Decision) -> dict[str, str]:
    return {one.rule: one.verdict for one in decision.decided}


def test_the_first_matching_article_opens_an_alert_copy_or_not() -> None:
    event = tagged(1)
    (one,) = decided(event, "embassy").decided
    assert (one.verdict, one.alert) == ("opened", hash_id("embassy", event.article.id, "1"))


def test_a_later_article_of_the_story_only_counts() -> None:
    known = Known(alerts={"embassy": KnownAlert("a", 1, NOON)})
    decision = decided(tagged(2), "embassy", known=known)
    assert verdicts(decision) == {"embassy": "counted"}
    assert decision.events(tagged(2).article) == []
    assert plan("x", decision, RULES, {}) == []


def test_a_new_revision_of_an_article_that_matched_the_rule_is_silent() -> None:
    decision = decided(tagged(1), "embassy", known=Known(matched={"embassy": "a"}))
    assert [(one.verdict, one.alert) for one in decision.decided] == [("revision", "a")]


def test_a_new_revision_that_matches_another_rule_for_the_first_time_opens_its_alert() -> None:
    decision = decided(tagged(1), "embassy", "force", known=Known(matched={"embassy": "a"}))
    assert verdicts(decision) == {"embassy": "revision", "force": "opened"}


def test_backlog_is_never_alerted_and_the_decision_says_why() -> None:
    decision = decided(tagged(1, backlog=True), "embassy")
    assert verdicts(decision) == {"embassy": "backlog"}
    assert plan("x", decision, RULES, {}) == []


def test_an_alert_closes_after_48_hours_without_news_and_the_next_match_opens_an_episode() -> None:
    event = tagged(1)
    old = KnownAlert("a", 1, event.article.at - CLOSES_AFTER - timedelta(seconds=1))
    (one,) = decided(event, "embassy", known=Known(alerts={"embassy": old})).decided
    assert (one.verdict, one.episode, one.alert) == ("opened", 2, hash_id("embassy", event.article.id, "2"))


def test_the_severity_of_an_alert_is_that_of_its_closeness() -> None:
    rules = {"embassy": Watched("embassy", "low", ("console",), {"title": "critical", "sentence": "high"})}
    event = tagged(1)
    severities = []
    for closeness in ("title", "sentence", "paragraph", "article"):
        decision = decide(event, [match(event.article, {}, rule_id="embassy", closeness=closeness)], rules, Known())
        severities += [one.severity for one in decision.decided]
    assert severities == ["critical", "high", "low", "low"]


def test_alerts_about_samples_are_never_those_of_real_articles() -> None:
    assert alert_id("embassy", tagged(1).article, 1) != alert_id("embassy", tagged(1, feed="SAMPLE").article, 1)


def test_a_late_article_of_earlier_time_belongs_to_the_open_alert() -> None:
    event = tagged(1)
    later = KnownAlert("a", 1, event.article.at + timedelta(days=9))
    assert verdicts(decided(event, "embassy", known=Known(alerts={"embassy": later}))) == {"embassy": "counted"}


def test_events_of_a_decision_are_the_same_at_every_replay() -> None:
    event = tagged(1)
    decision = decided(event, "force", "embassy")
    assert decision.events(event.article) == decision.events(event.article)
    assert [one.change for one in decision.events(event.article)] == ["opened", "opened"]


def test_a_rule_that_fires_later_joins_the_story() -> None:
    known = Known(alerts={"force": KnownAlert("a", 1, NOON)})
    (event,) = decided(tagged(2), "embassy", known=known).events(tagged(2).article)
    assert event.change == "rule-joined"


def test_rules_with_a_common_receiver_give_it_one_delivery_naming_both() -> None:
    planned = plan("article", decided(tagged(1), "embassy", "force"), RULES, {})
    assert {one.receiver: one.rules for one in planned} == {
        "console": ("embassy",),
        "mail": ("embassy", "force"),
        "slack": ("force",),
    }
    assert {one.change for one in planned} == {"opened"}


def test_delivery_ids_are_the_hash_of_article_receiver_and_change() -> None:
    planned = plan("article", decided(tagged(1), "force"), RULES, {})
    assert [one.id for one in planned] == [
        hash_id("article", "mail", "opened"),
        hash_id("article", "slack", "opened"),
    ]


def test_a_receiver_told_of_the_story_gets_a_follow_up_under_the_first_article() -> None:
    told = Told("delivery", "first", "[HIGH] First - RFI", ("embassy",))
    decision = decided(tagged(2), "force", known=Known(alerts={"embassy": KnownAlert("a", 1, NOON)}))
    by_receiver = {one.receiver: one for one in plan("second", decision, RULES, {"mail": told})}
    assert (by_receiver["mail"].article, by_receiver["mail"].thread) == ("first", told)
    assert by_receiver["mail"].change.startswith("rule-joined:force")
    assert (by_receiver["slack"].article, by_receiver["slack"].change) == ("second", "opened")


def test_the_name_of_a_change_fits_its_column_and_differs_between_episodes() -> None:
    names = {joined(["rule-" * 40, "other"], [alert]) for alert in ("a", "b")}
    assert len(names) == 2
    assert all(len(name) <= 60 for name in names)


def test_where_two_alerts_meet_the_older_lives() -> None:
    assert elder((NOON, "b"), (NOON + timedelta(seconds=1), "a")) == "b"
    assert elder((NOON, "b"), (NOON, "a")) == "a"
