"""A run: versions come and articles flow; at the end every article is asked who judged it, and when."""

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import msgspec
from sqlalchemy import select

from newswatch_alerter.lifecycle import Decided, Decision
from newswatch_core.events import Article
from newswatch_core.storage.schema import decisions
from tests.reload.desk import How
from tests.reload.flow import Flow, Watched
from tests.reload.versions import IN_ONE_FILE, State, Version, drawn, first, word
from tests.support.waiting import until
from tests.support.wholepath import logged

_WAITING_FOR = 90.0


@dataclass
class InForce:
    """A state, and when it can have been in force: from before it was written to after the next was seen to be."""

    state: State
    since: float
    until: float = float("inf")


@dataclass
class Report:
    """What a run came to. `wrong`: what must not be, in words."""

    reloads: int
    broken: int = 0
    articles: int = 0
    by_time: int = 0
    retagged: int = 0
    seconds: float = 0
    alarms: list[float] = field(default_factory=list)
    """Seconds from a broken write to the alarm, where no signal asked for a look."""
    kinds: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def text(self) -> str:
        alarms = f"{max(self.alarms, default=0):.1f} s at most after {len(self.alarms)} broken writes without a signal"
        lines = [
            f"{self.reloads} reloads ({self.broken} broken, {self.by_time} without a signal) in {self.seconds:.0f} s",
            f"{self.articles} articles, {self.retagged} of them tagged again by the alerter; alarm {alarms}",
            ", ".join(f"{kind} {count}" for kind, count in sorted(self.kinds.items())),
        ]
        return "\n".join([*lines, *(f"WRONG: {one}" for one in self.wrong), "good" if not self.wrong else "not good"])


def carry_out(flow: Flow, *, reloads: int, rate: float, seed: int, by_time: float = 0.1) -> Report:
    """`by_time`: the share of changes that newswatch has to find by itself, without SIGHUP."""
    dice = random.Random(seed)
    report = Report(reloads)
    history = [InForce(first().state, 0)]
    began = time.monotonic()
    version = first()
    with _flowing(flow, rate) as put:
        for number in range(1, reloads + 1):
            before, version = version, drawn(dice, number, history[-1].state)
            how = _how(dice, version, before)
            silent = how == "slowly" or dice.random() < by_time
            _change(flow, version, how, report, history, silent=silent)
    report.seconds = time.monotonic() - began
    report.articles = len(put)
    until(lambda: _judged(flow) == len(put), 300, told=lambda: (_judged(flow), len(put)))
    report.retagged = int(flow.alerter.metric("retagged_articles_total"))
    report.wrong += _verdicts(flow, put, history)
    report.wrong += _last_one(flow, version, report)
    return report


def _how(dice: random.Random, version: Version, before: Version) -> How:
    if version.kind not in IN_ONE_FILE or before.is_broken:
        return "swapped"
    hows: Sequence[How] = ("swapped", "in place", "slowly") if dice.random() < 0.2 else ("swapped", "in place")
    return dice.choice(hows)


def _change(flow: Flow, version: Version, how: How, report: Report, history: list[InForce], *, silent: bool) -> None:
    alerter = flow.alerter
    turns = _turns(alerter)
    refused = alerter.metric("config_reloads_total", stage="alerter", outcome="refused")
    since = time.time()
    flow.change(version, how)
    written = time.monotonic()
    if not silent:
        for one in flow.watched:
            one.hang_up()

    def taken() -> bool:
        if version.is_broken:
            return alerter.metric("config_reloads_total", stage="alerter", outcome="refused") > refused
        return _turns(alerter) > turns and alerter.metric("config_reload_success", stage="alerter") == 1

    until(taken, _WAITING_FOR, every=0.02, told=lambda: f"{version.kind} {how}: not taken up")
    if version.is_broken and silent:
        report.alarms.append(time.monotonic() - written)
    report.broken += version.is_broken
    report.by_time += silent
    report.kinds[version.kind] += 1
    history[-1].until = time.time()
    history.append(InForce(version.state, since))


def _turns(alerter: Watched) -> float:
    return alerter.metric("config_reloads_total", stage="alerter")


@contextmanager
def _flowing(flow: Flow, rate: float) -> Iterator[Mapping[int, float]]:
    """Articles come, `rate` a second. By number: when each was put."""
    put: dict[int, float] = {}
    stop = threading.Event()
    failed: list[BaseException] = []

    def pour() -> None:
        try:
            while not stop.wait(1 / rate):
                number = len(put) + 1
                arrived = time.time()
                flow.put(number)
                put[number] = arrived
        except BaseException as error:  # noqa: BLE001 - told by the thread that waits
            failed.append(error)

    thread = threading.Thread(target=pour)
    thread.start()
    try:
        yield put
    finally:
        stop.set()
        thread.join()
    if failed:
        raise failed[0]


def _judged(flow: Flow) -> int:
    return int(flow.alerter.metric("articles_total", stage="alerter"))


def _verdicts(flow: Flow, put: Mapping[int, float], history: Sequence[InForce]) -> list[str]:
    """What is wrong with how the articles were judged."""
    events = flow.tagged()
    tagged = Counter(_number(event.article) for event in events)
    articles = {event.article.id: event.article for event in events}
    with flow.database.read() as tx:
        rows = tx.execute(select(decisions).where(decisions.c.service == "alerter")).all()
    decided = Counter(_number(articles[row.article]) for row in rows)
    wrong = [f"article {one} was tagged {tagged[one]} times" for one in put if tagged[one] != 1]
    wrong += [f"article {one} was decided on {decided[one]} times" for one in put if decided[one] != 1]
    for row in rows:
        article = articles[row.article]
        decision = msgspec.json.decode(row.value, type=Decision)
        if why := _misjudged(decision, article.text, row.at.timestamp(), put[_number(article)], history):
            wrong.append(f"article {_number(article)}: {why}")
    return wrong


def _number(article: Article) -> int:
    return int(article.title.split()[1])


def _misjudged(decision: Decision, text: str, at: float, arrived: float, history: Sequence[InForce]) -> str:
    """Why this was not judged as a whole by a version that was in force between the arrival and the judgement."""
    rules = sorted(one.rule for one in decision.decided)
    if rules != ["left", "right"]:
        return f"fired {rules}"
    left, right = sorted(decision.decided, key=lambda one: one.rule)
    found = (*_words(left, text), *_words(right, text))
    fitting = [one for one in history if _asked(one.state) == found]
    if not fitting:
        return f"judged by a mixture, {found}"
    if not any(one.since <= at <= one.until and arrived <= one.until for one in fitting):
        return f"judged at {at:.2f} by what was not in force, {found}"
    return ""


def _asked(state: State) -> tuple[set[str], ...]:
    """What a state finds in an article: the name and the word, for the rules left and right."""
    name = {word("land", state.name)}
    return (name, {word("lef", state.left)}, name, {word("rig", state.right)})


def _words(decided: Decided, text: str) -> tuple[set[str], set[str]]:
    """What the entity and the word of a rule were in the article."""
    entity, asked = decided.match.clauses
    return (
        {text[span.start : span.end] for span in entity.spans},
        {text[span.start : span.end] for span in asked.spans},
    )


def _last_one(flow: Flow, version: Version, report: Report) -> list[str]:
    wrong = []
    good = flow.alerter.metric("config_reload_success", stage="alerter")
    if good != (not version.is_broken):
        wrong.append(f"after the last version ({version.kind}) the metric of success is {good}")
    lines = [line for line in logged(flow.alerter.log) if line.get("event") == "configuration refused"]
    if report.broken and not lines:
        wrong.append("no line of the log says that a version was refused")
    odd = (line for one in flow.watched for line in logged(one.log) if line.get("level") == "error")
    wrong += [f"the log says {line}" for line in odd if line.get("event") not in {"configuration refused", "library"}]
    return wrong
