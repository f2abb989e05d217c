"""Watching a desk: when its files are read anew, and what is said where they are wrong."""

import asyncio
import os
import pty
import shutil
import signal
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog.testing
from prometheus_client import REGISTRY

from newswatch_core.config import Problem
from newswatch_core.live import Live, Remade, Same
from newswatch_core.ports import Context, Service
from newswatch_core.runtime import deskwatch
from newswatch_core.runtime.deskwatch import PART, DeskWatch, Pace
from newswatch_core.runtime.health import Health
from newswatch_core.settings import Settings
from newswatch_core.storage.database import open_memory
from tests.support.waiting import Seconds, until

SERVICE = Service("alerter", check=lambda desk: [], fixed_files=("feeds.yaml",))


class Bench:
    """A desk of one file, whose words must not begin with "bad"."""

    def __init__(self, folder: Path) -> None:
        self.file = folder / "rules" / "one.yaml"
        self.file.parent.mkdir()
        self.file.write_text("first")
        (folder / "feeds.yaml").write_text("feeds")
        self.context = Context(folder, Settings(version="1"), open_memory())
        self.health = Health("")
        self.watch = DeskWatch(self.context, [SERVICE], self.health, Pace(0.02, 0.02))
        self.read: list[str] = []
        self.same: list[bool] = []
        self.while_read = lambda: None
        self.live = Live("alerter", folder, ["rules"], make=self.make, remake=self.remake)
        self.context.lives.append(self.live)

    def make(self) -> str:
        return self.file.read_text()

    def remake(self, before: str, same: Same) -> Remade[str]:
        self.same.append(same("rules/one.yaml"))
        words = self.file.read_text() if self.file.exists() else "bad: gone"
        self.read.append(words)
        self.while_read()
        if words == "raise":
            raise RecursionError("too deep")
        if words.startswith("bad"):
            return Remade(before, [Problem("rules/one.yaml", 7, words, "write it otherwise")])
        return Remade(words, (), {"rules": 1})

    def look(self, times: int = 1) -> None:
        for _ in range(times):
            self.watch.look()

    def trouble(self) -> str:
        return self.health.troubles().get(PART, "")


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    bench = Bench(tmp_path)
    yield bench
    bench.watch.stop()
    bench.context.database.close()


def gauge(name: str) -> float | None:
    return REGISTRY.get_sample_value(f"newswatch_{name}", {"stage": "alerter"})


def test_a_change_is_taken_once_it_rests(bench: Bench):
    bench.look(3)
    bench.file.write_text("sec")
    bench.look()
    bench.file.write_text("second")
    bench.look()
    assert (bench.live.current, bench.read) == ("first", []), "half-written at the first look, changed at the second"
    bench.look(5)
    assert (bench.live.current, bench.read) == ("second", ["second"])


def test_files_that_hold_the_same_are_not_read_again(bench: Bench):
    bench.file.write_text("first")
    os.utime(bench.file, (1, 1))
    bench.look(5)
    assert bench.read == []


def test_what_was_read_while_it_changed_is_thrown_away(bench: Bench):
    bench.file.write_text("second")

    def change() -> None:
        bench.while_read = lambda: None
        bench.file.write_text("third")

    bench.while_read = change
    bench.look(2)
    assert (bench.live.current, bench.read) == ("first", ["second"])
    bench.look(2)
    assert (bench.live.current, bench.read) == ("third", ["second", "third"])


def test_what_changes_between_the_start_and_the_first_look_is_taken(tmp_path: Path):
    bench = Bench(tmp_path)
    bench.file.write_text("at once")
    bench.look(2)
    assert bench.live.current == "at once"
    bench.context.database.close()


def test_a_broken_change_leaves_the_last_good_one_and_says_so_until_it_is_mended(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
):
    clock = Seconds()
    monkeypatch.setattr(deskwatch.time, "monotonic", clock)
    bench.look()
    assert (gauge("config_reload_success"), bench.trouble()) == (1, "")
    good_at = gauge("config_reload_success_timestamp_seconds")
    with structlog.testing.capture_logs() as lines:
        bench.file.write_text("bad: no such thing")
        bench.look(10)
    assert bench.live.current == "first"
    (line,) = [one for one in lines if one["log_level"] == "error"]
    assert line == {
        "event": "configuration refused",
        "log_level": "error",
        "at": "rules/one.yaml:7",
        "problem": "bad: no such thing",
        "hint": "write it otherwise",
        "stays": "the last good one",
    }
    assert (gauge("config_reload_success"), gauge("config_refused")) == (0, 1)
    assert gauge("config_reload_success_timestamp_seconds") == good_at
    assert "rules/one.yaml:7: bad: no such thing" in bench.trouble()

    with structlog.testing.capture_logs() as lines:
        clock.now += 601
        bench.look(10)
    assert [(one["event"], one["still"]) for one in lines] == [("configuration refused", 1)], "a reminder"

    bench.file.write_text("good again")
    bench.look(2)
    assert (bench.live.current, gauge("config_reload_success"), bench.trouble()) == ("good again", 1, "")


def test_the_last_good_files_put_back_end_the_alarm(bench: Bench):
    bench.file.write_text("bad")
    bench.look(2)
    bench.file.write_text("first")
    bench.look(2)
    assert (bench.live.current, gauge("config_reload_success"), bench.trouble()) == ("first", 1, "")
    assert bench.same == [False, True], "as against the last desk that was wholly good"


def test_a_folder_that_goes_is_no_empty_desk(bench: Bench):
    shutil.rmtree(bench.file.parent)
    bench.look(2)
    assert bench.live.current == "first"
    assert "gone" in bench.trouble()


def test_an_unexpected_error_is_a_refusal_and_tried_again_in_a_minute(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    clock = Seconds()
    monkeypatch.setattr(deskwatch.time, "monotonic", clock)
    bench.file.write_text("raise")
    bench.look(5)
    assert (bench.live.current, bench.read) == ("first", ["raise"])
    assert "RecursionError" in bench.trouble()
    clock.now += 61
    bench.look(5)
    assert bench.read == ["raise", "raise"]


def test_files_that_never_rest_are_told(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    clock = Seconds()
    monkeypatch.setattr(deskwatch.time, "monotonic", clock)
    for number in range(40):
        bench.file.write_text(f"number {number}")
        bench.look()
        clock.now += 1
    assert bench.read == []
    assert "keep changing" in bench.trouble()


def test_a_hangup_asks_for_a_look_at_once(bench: Bench):
    bench.watch = DeskWatch(bench.context, [SERVICE], bench.health, Pace(3_600, 3_600))
    bench.watch.start()
    bench.file.write_text("now")
    bench.watch.look_now()
    until(lambda: bench.live.current == "now")


def test_what_cannot_be_taken_while_it_runs_says_so_once(bench: Bench, tmp_path: Path):
    bench.look()
    with structlog.testing.capture_logs() as lines:
        (tmp_path / "feeds.yaml").write_text("other feeds")
        bench.look(5)
        (tmp_path / "feeds.yaml").write_text("feeds")
        bench.look(5)
    assert [(one["file"], one["log_level"]) for one in lines] == [("feeds.yaml", "warning")]
    assert "next start" in lines[0]["problem"]


def test_the_thread_outlives_what_it_meets(bench: Bench, monkeypatch: pytest.MonkeyPatch):
    raised = threading.Event()

    def fail(*, asked: bool = False) -> bool:
        raised.set()
        monkeypatch.undo()
        raise OSError("the disk is gone")

    monkeypatch.setattr(bench.watch, "look", fail)
    bench.watch.start()
    assert raised.wait(60)
    bench.file.write_text("afterwards")
    until(lambda: bench.live.current == "afterwards")


def test_many_mistakes_take_a_few_lines(bench: Bench):
    problems = [Problem("rules/one.yaml", number, "wrong") for number in range(1, 101)]
    bench.live._remake = lambda before, same: Remade(before, problems)
    bench.file.write_text("bad")
    with structlog.testing.capture_logs() as lines:
        bench.look(5)
    errors = [one for one in lines if one["log_level"] == "error"]
    assert len(errors) == 6
    assert errors[-1]["problem"] == "and 95 more"
    assert "and 99 more" in bench.trouble()


@pytest.mark.parametrize(
    ("at_start", "now", "asked"), [(False, False, "look"), (True, True, "look"), (True, False, "stop")]
)
async def test_a_hangup_stops_only_what_has_lost_its_terminal(
    at_start: bool, now: bool, asked: str, monkeypatch: pytest.MonkeyPatch
):
    done = asyncio.Event()
    found: list[str] = []

    def note(what: str) -> None:
        found.append(what)
        done.set()

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(deskwatch, "has_terminal", lambda: at_start)
    deskwatch.listen_for_hangup(loop, lambda: note("look"), lambda: note("stop"))
    monkeypatch.setattr(deskwatch, "has_terminal", lambda: now)
    try:
        os.kill(os.getpid(), signal.SIGHUP)
        await asyncio.wait_for(done.wait(), 60)
    finally:
        loop.remove_signal_handler(signal.SIGHUP)
    assert found == [asked]


def test_a_terminal_that_is_closed_is_none(monkeypatch: pytest.MonkeyPatch):
    ours, theirs = pty.openpty()
    with open(theirs, closefd=True) as stdin:  # noqa: PTH123 - a descriptor, not a path
        monkeypatch.setattr(sys, "stdin", stdin)
        assert deskwatch.has_terminal()
        os.close(ours)
        assert not deskwatch.has_terminal()
