"""The promise, tried: newswatch is killed again and again, and every alert still arrives, a repeat only with its mark.

A newsstand of 20 feeds and 500 articles, a real SMTP server and a server that answers like Slack live in this
process; newswatch runs in its own, as a user would start it.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.mailserver import MailServer
from tests.support.newsstand import Newsstand, StandArticle
from tests.support.press import Piece, Press
from tests.support.slackserver import Answer, SlackServer
from tests.support.wholepath import embedded_rests, judge, write_desk

KILLS = 20
FEEDS = 20
ARTICLES = 500
EVENTS = 40
"""With half a second a message to Slack, there is work in hand at every kill."""
SEED = 20260404


@pytest.fixture
def events(press: Press) -> list[Piece]:
    return [press.event() for _ in range(EVENTS)]


@pytest.fixture
def press() -> Press:
    return Press(SEED)


@pytest.fixture
def stand(press: Press, events: list[Piece]) -> Iterator[Newsstand]:
    """500 articles: 40 events, each with one copy in another feed, and noise."""
    pieces = [*events, *(press.copy_of(event) for event in events)]
    pieces += [press.noise() for _ in range(ARTICLES - len(pieces))]
    random.Random(SEED).shuffle(pieces)
    with Newsstand() as stand:
        for number in range(FEEDS):
            stand.add_feed(f"feed-{number:02}", host=f"outlet{number:02}.example", outlet=f"Outlet {number}")
        for number, piece in enumerate(pieces):
            stand.add_article(f"feed-{number % FEEDS:02}", StandArticle(title=piece.title, text=piece.text))
        yield stand


class Newswatch:
    """A newswatch process on a desk and a data folder, to be killed and started again."""

    def __init__(self, desk: Path, data: Path, **environ: str) -> None:
        self._command = [Path(sys.executable).parent / "newswatch", "run", desk, "--data", data, "--log-style", "json"]
        self._environ = os.environ | environ
        self._log = data.with_suffix(".log").open("ab")
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(self._command, env=self._environ, stdout=self._log, stderr=self._log)

    def kill(self) -> None:
        assert self.process.poll() is None, "newswatch ended by itself: see the log"
        self.process.kill()
        self.process.wait()
        self.process = self._start()

    def stop(self) -> float:
        """Asks it to stop. Returns the seconds that took."""
        began = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(30)
        self._log.close()
        return time.monotonic() - began


def test_killed_twenty_times_nothing_is_lost_and_repeats_are_marked(
    stand: Newsstand, events: list[Piece], tmp_path: Path
):
    dice = random.Random(SEED)
    with MailServer() as mail, SlackServer() as slack:
        slack.always(Answer(seconds=0.5))
        write_desk(stand, mail, events, tmp_path / "desk")
        newswatch = Newswatch(tmp_path / "desk", tmp_path / "data", NEWSWATCH_TEST_WEBHOOK=slack.url)

        def verdicts() -> list[tuple[set[str], list[str]]]:
            return [judge([one.words for one in taken], events) for taken in (slack.accepted, mail.received)]

        try:
            for _ in range(KILLS):
                time.sleep(dice.uniform(0.3, 3.5))
                assert not embedded_rests(tmp_path / "data/newswatch.db", ARTICLES), (
                    "there was nothing left that a kill could hit"
                )
                newswatch.kill()
            deadline = time.monotonic() + 120
            while not embedded_rests(tmp_path / "data/newswatch.db", ARTICLES):
                assert time.monotonic() < deadline, f"still missing: {verdicts()}"
                time.sleep(0.5)
            time.sleep(3)
        finally:
            took = newswatch.stop()
        assert verdicts() == [(set(), []), (set(), [])]
    assert took < 5
