"""What the alerter remembers: decisions, alerts, the stories they stand for, and what was told about them.

Replicas of the alerter judge articles of one story at the same time. `lock_stories` lets them take turns, for the
receivers' sake; that a story has one alert of a rule is kept by the primary key of alert_stories whatever happens.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime

import msgspec
from sqlalchemy import Connection, and_, case, literal, or_, select, update

from newswatch_alerter import messages
from newswatch_alerter.lifecycle import (
    Decided,
    Decision,
    Known,
    KnownAlert,
    Told,
    alert_id,
    elder,
    is_open,
    same_world,
)
from newswatch_core.events import StoryMerged, TaggedArticle
from newswatch_core.storage.postgres import lock_names
from newswatch_core.storage.schema import alert_stories, alerts, decisions, deliveries
from newswatch_core.storage.upsert import insert_missing, upsert

SERVICE = "alerter"

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Decision)
_match_encoder = msgspec.json.Encoder()

Decisions = dict[str, dict[str, Decision]]
"""By article, then by revision."""


def lock_stories(tx: Connection, stories: Iterable[str]) -> None:
    """Until the end of `tx` no other replica changes the alerts of these stories, nor of those joined with them."""
    names = set(stories)
    if not names or tx.dialect.name == "sqlite":
        return
    here = select(alert_stories.c.alert).where(alert_stories.c.story.in_(names))
    joined = select(alert_stories.c.story).where(alert_stories.c.alert.in_(here))
    names.update(tx.execute(joined).scalars())
    lock_names(tx, (f"story {name}" for name in names))


def load_decisions(tx: Connection, articles: Iterable[str]) -> Decisions:
    """All decisions about the revisions of `articles`."""
    found: Decisions = {article: {} for article in articles}
    query = select(decisions.c.article, decisions.c.revision, decisions.c.value).where(
        decisions.c.service == SERVICE, decisions.c.article.in_(found)
    )
    for row in tx.execute(query):
        found[row.article][row.revision] = _decoder.decode(row.value)
    return found


def known(tx: Connection, event: TaggedArticle, rules: Iterable[str], revisions: Mapping[str, Decision]) -> Known:
    """What decides about `event`, which matches `rules`. `revisions`: the decisions about its article."""
    # An alert outlives the decision that opened it: an article that comes back after months must meet its own.
    own = {alert_id(rule, event.article, 1): rule for rule in rules}
    matched = {own[row.id]: row.id for row in tx.execute(select(alerts.c.id).where(alerts.c.id.in_(own)))}
    for one in (one for decision in revisions.values() for one in decision.decided):
        if one.verdict != "backlog" and same_world(one.feed, event):
            matched[one.rule] = one.alert
    query = (
        select(alert_stories.c.rule, alerts.c.id, alerts.c.episode, alerts.c.changed, alerts.c.opened)
        .join(alerts, alerts.c.id == alert_stories.c.alert)
        .where(alert_stories.c.story == event.story)
    )
    found = tx.execute(query).all()
    latest = {row.rule: KnownAlert(row.id, row.episode, row.changed) for row in found}
    since = (row.opened for row in found if is_open(latest[row.rule], event.article.at))
    return Known(matched, latest, since=min(since, default=None))


def told(tx: Connection, event: TaggedArticle, since: datetime | None) -> Mapping[str, Told]:
    """By receiver: what it was told of the story since its oldest open alert, and of the article at any time.

    `since`: when that alert was opened; None if none is open. The story is all stories that share an alert with it:
    those that it was merged with. To be asked before the alerts of `event` are saved.
    """
    condition = deliveries.c.article == event.article.id
    if since is not None:
        here = select(alert_stories.c.alert).where(alert_stories.c.story == event.story)
        joined = select(alert_stories.c.story).where(alert_stories.c.alert.in_(here))
        condition = or_(condition, and_(deliveries.c.story.in_(joined), deliveries.c.created >= since))
    query = (
        select(deliveries.c.receiver, deliveries.c.id, deliveries.c.article, deliveries.c.message)
        .where(condition)
        .order_by(deliveries.c.created, deliveries.c.change, deliveries.c.id)
    )
    found: dict[str, Told] = {}
    for row in tx.execute(query):
        found[row.receiver] = _add(found.get(row.receiver), row.id, row.article, messages.decode(row.message))
    return found


def _add(before: Told | None, delivery: str, article: str, message: messages.Message) -> Told:
    rules = tuple(rule.id for rule in message.rules)
    if before is not None:
        fresh = tuple(rule for rule in rules if rule not in before.rules)
        return Told(before.delivery, before.article, before.subject, before.rules + fresh)
    if message.thread is not None:
        return Told(message.thread.delivery, article, message.thread.subject, message.thread.rules + rules)
    return Told(delivery, article, messages.subject(message), rules)


def stories_of(event: TaggedArticle | StoryMerged) -> Collection[str]:
    """The stories that are one, as the event says."""
    return {event.story, event.into} if isinstance(event, StoryMerged) else {event.story, *event.includes}


def save_decision(tx: Connection, event: TaggedArticle, decision: Decision, now: datetime) -> None:
    """Keeps `decision`, in the place of an earlier one about the same revision."""
    row = {
        "service": SERVICE,
        "article": event.article.id,
        "revision": event.article.revision,
        "value": _encoder.encode(decision),
        "at": now,
    }
    upsert(tx, decisions, [row])


def open_alerts(
    tx: Connection, event: TaggedArticle, opened: Sequence[Decided], tallies: Mapping[str, str], now: datetime
) -> bool:
    """Opens an article's alerts. False, with nothing written, if another replica opened one of them first.

    `tallies`: what alerts of rules that count stand for in the place of the story.
    """
    if not opened:
        return True
    savepoint = tx.begin_nested()
    _open(tx, event, opened, tallies, now)
    here = {*stories_of(event), *tallies.values()}
    query = select(alert_stories.c.rule, alert_stories.c.alert).where(alert_stories.c.story.in_(here))
    stands: dict[str, set[str]] = {}
    for row in tx.execute(query):
        stands.setdefault(row.rule, set()).add(row.alert)
    if ours := all(stands.get(one.rule) == {one.alert} for one in opened):
        savepoint.commit()
    else:
        savepoint.rollback()
    return ours


def count_in(tx: Connection, event: TaggedArticle, decided: Sequence[Decided], tallies: Mapping[str, str]) -> None:
    """Writes what became of the matches that opened no alert."""
    _grow(tx, [one.alert for one in decided if one.verdict == "counted"], 1, event.article.at)
    for one in decided:
        if one.verdict == "revision" and one.alert and one.rule not in tallies:
            _link(tx, one.rule, event.story, one.alert)


def _open(
    tx: Connection, event: TaggedArticle, opened: Sequence[Decided], tallies: Mapping[str, str], now: datetime
) -> None:
    rows = [
        {
            "id": one.alert,
            "rule": one.rule,
            "article": event.article.id,
            "revision": event.article.revision,
            "episode": one.episode,
            "severity": one.severity,
            "closeness": one.match.closeness,
            "match": _match_encoder.encode(one.match),
            "opened": now,
            "changed": event.article.at,
            "matches": 1,
        }
        for one in opened
    ]
    tx.execute(alerts.insert(), rows)
    # Waits while another replica opens the alert of such a rule and story, and leaves it to that one.
    first = [one for one in opened if one.episode == 1]
    pairs = sorted(
        (one.rule, story, one.alert)
        for one in first
        for story in ([tallies[one.rule]] if one.rule in tallies else stories_of(event))
    )
    insert_missing(tx, alert_stories, [{"rule": rule, "story": story, "alert": alert} for rule, story, alert in pairs])
    for one in opened:
        if one.episode > 1:
            _point(tx, one.rule, tallies.get(one.rule, event.story), one.alert)


def _grow(tx: Connection, grown: Sequence[str], matches: int, at: datetime) -> None:
    """Adds matching articles, the latest of them of time `at`, to alerts."""
    if not grown:
        return
    later = case((alerts.c.changed < at, literal(at, alerts.c.changed.type)), else_=alerts.c.changed)
    values = {"matches": alerts.c.matches + matches, "changed": later}
    tx.execute(update(alerts).where(alerts.c.id.in_(grown)).values(values))


def _link(tx: Connection, rule: str, story: str, alert: str) -> None:
    """A revision came with another story than the one before: the alert stands for both, unless that story has one."""
    if tx.execute(select(alerts.c.id).where(alerts.c.id == alert)).first() is not None:
        insert_missing(tx, alert_stories, [{"rule": rule, "story": story, "alert": alert}])


def _point(tx: Connection, rule: str, story: str, alert: str) -> None:
    """A new episode takes the place of the one before, in all stories that stood for it."""
    here = and_(alert_stories.c.rule == rule, alert_stories.c.story == story)
    before = tx.execute(select(alert_stories.c.alert).where(here)).scalar_one()
    tx.execute(update(alert_stories).where(alert_stories.c.alert == before).values(alert=alert))


def join(tx: Connection, stories: Collection[str]) -> None:
    """Lets the alerts of each of these stories stand for all of them: they are one. Of those of a rule the elder lives.

    A story without alerts joins those that have some; where none has, nothing is known yet that could be joined.
    """
    if len(stories) < 2:
        return
    rows: dict[str, dict[str, tuple[datetime, str]]] = {}
    query = (
        select(alert_stories.c.rule, alert_stories.c.story, alerts.c.opened, alerts.c.id)
        .join(alerts, alerts.c.id == alert_stories.c.alert)
        .where(alert_stories.c.story.in_(stories))
        .order_by(alert_stories.c.rule, alert_stories.c.story)
    )
    for row in tx.execute(query):
        rows.setdefault(row.rule, {})[row.story] = (row.opened, row.id)
    for rule, by_story in rows.items():
        lives = elder(*by_story.values())
        for ends in sorted({alert for _, alert in by_story.values()} - {lives}):
            _end(tx, ends, lives)
        missing = sorted(set(stories).difference(by_story))
        insert_missing(tx, alert_stories, [{"rule": rule, "story": story, "alert": lives} for story in missing])


def _end(tx: Connection, ends: str, lives: str) -> None:
    """One alert takes the place of another."""
    ended = tx.execute(select(alerts.c.changed, alerts.c.matches).where(alerts.c.id == ends)).one()
    tx.execute(update(alert_stories).where(alert_stories.c.alert == ends).values(alert=lives))
    _grow(tx, [lives], ended.matches, ended.changed)
