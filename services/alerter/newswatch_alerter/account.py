"""What the alerter makes of an article: why each rule fires or does not, what was decided, and who was told."""

from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import RowMapping, select

from newswatch_alerter.config import closest
from newswatch_alerter.lifecycle import Decided, Decision
from newswatch_alerter.ruleaccounts import Judged
from newswatch_alerter.store import load_decisions
from newswatch_core.accounts import Account, Inquiry, InquiryError, Section, Step, counted, told_time
from newswatch_core.events import Article
from newswatch_core.ports import Tx
from newswatch_core.storage.schema import alerts, deliveries
from newswatch_judging.desk import Judging

_NOT_THEN = "none: it fires now, but did not when the article came, or the article was not judged yet"
_NOT_NOW = "it fired then and would not now: its rule, or the entities, were changed since"
_VERDICTS = {
    "counted": "no message: its story has an alert of this rule already, so it only counts there",
    "revision": "no message: an earlier text of the same article had matched this rule",
    "backlog": "no message: it was older than the watch, so it is kept but never alerted",
}


def account(inquiry: Inquiry) -> Account:
    """Judges the article as the desk's rules are now, and tells what was decided when it came. Raises ConfigError."""
    article = inquiry.article
    if article is None:
        return Account()
    judging = Judging.load(inquiry.desk)
    if inquiry.rule and inquiry.rule not in judging.rules:
        hint = closest(inquiry.rule, tuple(judging.rules))
        raise InquiryError(f"no rule {inquiry.rule!r}" + (f": {hint}" if hint else ""))
    judged = Judged.of(judging, article)
    decision = load_decisions(inquiry.tx, [article.id])[article.id].get(article.revision) if inquiry.stored else None
    told = [judged.account(rule) for rule in ([inquiry.rule] if inquiry.rule else [*judged.fired, *judged.near])]
    steps = [Step("judged", _counts(judged))]
    facts: dict[str, Any] = {
        "fires": sorted(judged.fired),
        "near_misses": [msgspec.to_builtins(each) for each in judged.near.values()],
        "rules": {each.rule: msgspec.to_builtins(each) for each in told},
    }
    if inquiry.stored:
        more, known = _what_followed(inquiry, article, decision, set(judged.fired))
        steps += more
        facts |= known
    sections = [judged.section(each) for each in told]
    rest = len(judging.rules) - len(told)
    if rest and not inquiry.rule:
        heading = f"{counted(rest, 'other rule')} {'does' if rest == 1 else 'do'} not fire"
        sections.append(Section(heading, ["--rule ID tells of one, clause by clause"]))
    return Account(steps=steps, sections=sections, facts=facts)


def _counts(judged: Judged) -> str:
    fired, near = judged.fired, judged.near
    rules = counted(len(judged.judging.rules), "rule")
    text = f"{len(fired) or 'none'} of {rules} {'fires' if len(fired) == 1 else 'fire'}"
    text += f": {', '.join(fired)}" if fired else ""
    return text + (f"; {len(near)} nearly" if near else "")


def _what_followed(
    inquiry: Inquiry, article: Article, decision: Decision | None, fires: set[str]
) -> tuple[list[Step], dict[str, Any]]:
    """What was decided when the article came, and what became of its messages."""
    tx = inquiry.tx
    decided = decision.decided if decision else ()
    ones = [one for one in decided if inquiry.rule in {"", one.rule}]
    steps = [Step("alert", f"{one.rule}: {_verdict(tx, one)}") for one in ones]
    then = {one.rule for one in decided}
    changed = dict.fromkeys(fires - then, _NOT_THEN) | dict.fromkeys(then - fires, _NOT_NOW)
    told = sorted(name for name in changed if inquiry.rule in {"", name})
    steps += [Step("alert", f"{name}: {changed[name]}") for name in told]
    rows = _deliveries(tx, article, ones)
    steps += [Step("message", _delivery(row)) for row in rows]
    if any(one.verdict == "opened" for one in ones) and not rows:
        steps.append(Step("message", "none: the rule notifies nobody, or the delivery is no longer kept"))
    facts = {
        "decided": [{name: getattr(one, name) for name in ("rule", "verdict", "severity", "alert")} for one in ones],
        "deliveries": [dict(row) for row in rows],
    }
    return steps, facts


def _verdict(tx: Tx, one: Decided) -> str:
    if one.verdict == "opened":
        return f"opened, {one.severity}" + (f" (episode {one.episode})" if one.episode > 1 else "")
    text = _VERDICTS[one.verdict]
    if one.verdict != "counted":
        return text
    row = tx.execute(select(alerts.c.opened, alerts.c.matches).where(alerts.c.id == one.alert)).first()
    return text + (f" (opened {told_time(row.opened)}; {row.matches} articles so far)" if row else "")


def _deliveries(tx: Tx, article: Article, ones: Sequence[Decided]) -> Sequence[RowMapping]:
    """The deliveries about the article; where its alerts had been opened by others, those about these."""
    ids = {one.alert for one in ones if one.alert}
    first = select(alerts.c.article).where(alerts.c.id.in_(ids))
    names = ("id", "receiver", "article", "change", "state", "tries", "repeat", "created", "sent", "problem")
    query = select(*(deliveries.c[name] for name in names))
    where = deliveries.c.article.in_(first) | (deliveries.c.article == article.id)
    return list(tx.execute(query.where(where).order_by(deliveries.c.created, deliveries.c.id)).mappings())


def _delivery(row: RowMapping) -> str:
    how = {
        "sent": f"sent {told_time(row['sent'])}",
        "pending": f"waiting since {told_time(row['created'])}",
        "sending": f"being sent since {told_time(row['created'])}",
        "uncertain": "it may have arrived; it is sent again, marked as a possible repeat",
        "dead": f"given up after {row['tries']} tries",
    }[row["state"]]
    repeat = ", marked as a possible repeat" if row["repeat"] and row["state"] == "sent" else ""
    problem = f": {row['problem']}" if row["problem"] else ""
    return f"{row['receiver']}: {how}{repeat}{problem} (delivery {row['id']})"
