"""What the commands tell of the past: explain, near-misses, search, rules backtest; on SQLite and on PostgreSQL."""

import csv
import io
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, insert, select
from typer.testing import CliRunner, Result

from newswatch_alerter import archive
from newswatch_alerter.archive import Archive, Search, go_through, sliced
from newswatch_core.app import app
from newswatch_core.events import FetchedArticle, encode, utc_now
from newswatch_core.ports import Context
from newswatch_core.runtime.stages import StageRunner
from newswatch_core.services import installed_services
from newswatch_core.settings import Retention, Settings
from newswatch_core.storage import failures, log
from newswatch_core.storage.database import Database, open_folder, open_url
from newswatch_core.storage.retention import NEAR_MISSES, sweep
from newswatch_core.storage.schema import entries, feeds, near_misses
from newswatch_fetcher.urls import article_id
from newswatch_judging.desk import usable_rules
from newswatch_judging.rules import read_rules
from tests.support.articles import article
from tests.support.postgres import new_database
from tests.unit.alerter.test_service import write_desk

RULES = """\
version: 1
rules:
  - {id: css-embassy, title: CSS and embassy, severity: high, query: '@css AND #embassy', notify: [desk], FIXTURES}
  - {id: russia-embassy, title: Russia and embassy, query: 'sentence(@russia AND #embassy)', notify: [desk], FIXTURES}
""".replace("FIXTURES", "fixtures: {silent: [{title: Rain}]}")
FEEDS = "version: 1\nfeeds:\n  - {id: wire, url: 'https://wire.example.org/rss', outlet: The Wire}\n"
EMBASSY_TEXT = (
    "The Confederation of Sahel States opens an embassy in the harbour town, the ministry said on Monday. Builders "
    "from three countries painted the gate, planted nine acacias and hung a bell that the fishermen had cast. A clerk "
    "will stamp passports there from June on, and the old customs house next door becomes a library for sailors."
)
EMBASSY = ("The Confederation of Sahel States opens an embassy", EMBASSY_TEXT)
APART = ("Russia writes", "A letter came. An embassy burned down elsewhere.")
NOW = utc_now().replace(microsecond=0)
QUICK = CliRunner()


@dataclass
class Desk:
    """A desk, its database, and the options that name the database to a command."""

    folder: Path
    database: Database
    options: Sequence[str]

    def bring(self, *events: FetchedArticle, judged: bool = True) -> None:
        """Puts articles on their topic, and runs the stages on them."""
        with self.database.write() as tx:
            log.append(tx, "articles.fetched", list(events), NOW)
            rows = [
                {"feed": one.article.feed, "key": one.article.id, "content": "c", "article": one.article.id}
                | {"first_seen": NOW, "last_seen": NOW, "backlog": one.backlog}
                for one in events
            ]
            tx.execute(insert(entries), rows)
        context = Context(self.folder, Settings(version="1"), self.database, utc_now)
        if judged:
            runners = [StageRunner(service, context) for service in installed_services() if service.stage]
            while sum(runner.step() for runner in runners):
                pass

    def run(self, *arguments: str) -> Result:
        desk = () if arguments[0] == "near-misses" else ("--desk", str(self.folder))
        return QUICK.invoke(app, [*arguments, *desk, *self.options])

    def told(self, *arguments: str) -> str:
        """What a command printed, on one line."""
        done = self.run(*arguments)
        assert done.exit_code == 0, done.output
        return " ".join(done.output.split())


def news(number: int, what: tuple[str, str] = EMBASSY, *, backlog: bool = False, **fields: Any) -> FetchedArticle:
    seen = NOW - timedelta(hours=30) + timedelta(minutes=number)
    url = fields.pop("url", f"https://outlet{number}.example.org/a/{number}")
    given: dict[str, Any] = {"id": article_id(url), "outlet": f"Outlet {number}", "feed": "wire", "seen": seen}
    return FetchedArticle(
        article=article(number, title=what[0], text=what[1], url=url, **given | fields), backlog=backlog
    )


class ExplainingContract:
    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[tuple[Database, Sequence[str]]]:
        raise NotImplementedError

    @pytest.fixture
    def desk(self, place: tuple[Database, Sequence[str]], tmp_path: Path) -> Desk:
        folder = tmp_path / "desk"
        folder.mkdir()
        write_desk(folder, **{"rules/all.yaml": RULES, "feeds.yaml": FEEDS})
        return Desk(folder, *place)

    def test_an_article_tells_its_way_from_the_feed_to_the_message(self, desk: Desk) -> None:
        first = news(1)
        desk.bring(first, news(2))

        told = desk.told("explain", first.article.url)

        assert "through feed wire; its page was read" in told
        assert "the first of its story" in told
        assert "1 of 2 rules fires: css-embassy" in told
        assert "css-embassy: opened, high" in told
        assert "console: waiting since" in told
        assert "> The [Confederation of Sahel States] opens an [embassy]" in told

    def test_a_copy_names_its_original_and_why_there_was_no_message(self, desk: Desk) -> None:
        desk.bring(news(1), news(2))

        told = desk.told("explain", news(2).article.id)

        assert "a copy of" in told
        assert "https://outlet1.example.org/a/1" in told
        assert "no message: its story has an alert of this rule already" in told

    def test_backlog_is_named_as_the_reason(self, desk: Desk) -> None:
        desk.bring(news(1, backlog=True))

        told = desk.told("explain", news(1).article.url)

        assert "it was older than the watch when its feed was first polled" in told
        assert "css-embassy: no message: it was older than the watch" in told

    def test_an_article_that_waits_and_one_that_was_given_up_say_so(self, desk: Desk) -> None:
        waiting, given_up = news(1), news(2, APART)
        desk.bring(given_up)
        desk.bring(waiting, judged=False)
        with desk.database.write() as tx:
            failures.put_dead_letter(
                tx,
                service="tagger",
                topic="articles.deduplicated",
                offset=0,
                key=given_up.article.id,
                value=encode(given_up),
                reason="it is cursed",
                tries=3,
                at=NOW,
            )

        assert "waiting the deduplicator has not read it yet" in desk.told("explain", waiting.article.url)
        assert "dead letter the tagger gave it up" in desk.told("explain", given_up.article.url)
        assert "it is cursed" in desk.told("explain", given_up.article.url)

    def test_one_rule_is_told_clause_by_clause(self, desk: Desk) -> None:
        desk.bring(news(1, APART))

        told = desk.told("explain", news(1).article.url, "--rule", "russia-embassy")

        assert "NEARLY russia-embassy" in told
        assert 'yes @russia: "Russia" in title' in told
        assert "NO sentence(@russia AND #embassy): never all in one sentence" in told

    def test_a_rule_that_changed_since_is_told(self, desk: Desk) -> None:
        desk.bring(news(1))
        rules = desk.folder / "rules/all.yaml"
        rules.write_text(
            RULES.replace("@css AND #embassy", "@css AND nowhere").replace("sentence(@russia AND ", "(@css AND ")
        )

        told = desk.told("explain", news(1).article.url)

        assert "css-embassy: it fired then and would not now" in told
        assert "russia-embassy: none: it fires now, but did not when the article came" in told

    def test_json_holds_what_each_service_knows(self, desk: Desk) -> None:
        desk.bring(news(1), news(2))

        page = json.loads(desk.run("explain", news(2).article.url, "--format", "json").output)

        assert page["article"]["id"] == news(2).article.id
        assert page["fetcher"]["fetched"] is True
        assert page["deduplicator"]["copy_of"] == news(1).article.id
        assert {each["entity"] for each in page["tagger"]["mentions"]} == {"css"}
        assert page["alerter"]["fires"] == ["css-embassy"]
        assert [each["verdict"] for each in page["alerter"]["decided"]] == ["counted"]
        assert page["waiting"] == []

    def test_an_article_is_found_by_where_redirects_led(self, desk: Desk) -> None:
        desk.bring(news(1, final_url="https://moved.example.org/there?a=1"))

        assert news(1).article.id in desk.told("explain", "https://moved.example.org/there?a=1")

    def test_a_url_that_was_never_seen_names_the_feeds_that_cover_its_host(self, desk: Desk) -> None:
        desk.bring(news(1, url="https://wire.example.org/a/1"))
        row = {"id": "wire", "url": "https://wire.example.org/rss", "configured_url": "https://wire.example.org/rss"}
        row |= {"added": NOW, "interval_seconds": 900.0, "due": NOW, "polled": NOW, "succeeded": NOW}
        with desk.database.write() as tx:
            tx.execute(insert(feeds).values(**row, failures=2, problem="the server answered 503", gaps=1))

        done = desk.run("explain", "https://wire.example.org/another")

        told = " ".join(done.output.split())
        assert done.exit_code == 1
        assert "never: no feed has carried https://wire.example.org/another" in told
        assert "wire https://wire.example.org/rss brought 1 article from there" in told
        assert "the server answered 503" in told
        assert "1 poll shared no entry with the one before" in told

    def test_a_url_of_a_host_that_nothing_covers_says_so(self, desk: Desk) -> None:
        done = desk.run("explain", "https://elsewhere.example.net/1")

        assert done.exit_code == 1
        assert "none: no feed of feeds.yaml is at elsewhere.example.net" in " ".join(done.output.split())

    def test_a_text_that_is_no_longer_kept_is_told_apart_from_one_never_seen(self, desk: Desk) -> None:
        url = "https://wire.example.org/old"
        row = {"feed": "wire", "key": "k", "content": "c", "article": article_id(url), "backlog": False}
        with desk.database.write() as tx:
            tx.execute(insert(entries).values(**row, first_seen=NOW, last_seen=NOW))

        assert "its text is no longer kept" in " ".join(desk.run("explain", url).output.split())

    def test_an_unknown_id_and_an_unknown_rule_are_wrong_usage(self, desk: Desk) -> None:
        desk.bring(news(1))

        assert desk.run("explain", "nonsense").exit_code == 2
        done = desk.run("explain", news(1).article.url, "--rule", "css-embasy")
        assert (done.exit_code, "did you mean 'css-embassy'" in done.output) == (2, True)

    # --- near misses

    def test_near_misses_are_kept_when_judging_live_and_once(self, desk: Desk) -> None:
        desk.bring(news(1, APART), news(2, backlog=True), news(3, ("Rain", "It rains.")))

        rows = json.loads(desk.run("near-misses", "--format", "json").output)
        assert [(row["rule"], row["kind"], row["article"]) for row in rows] == [
            ("russia-embassy", "apart", news(1).article.id)
        ]
        assert "russia-embassy Russia writes apart: sentence(@russia AND #embassy)" in desk.told("near-misses")
        assert "no near misses" in desk.told("near-misses", "--rule", "css-embassy")
        with desk.database.write() as tx:
            for service, topic in (("deduplicator", "articles.fetched"), ("alerter", "articles.tagged")):
                log.set_offset(tx, service, topic, 0)
        desk.bring(news(9, ("Rain", "It rains.")))
        with desk.database.read() as tx:
            assert tx.execute(select(func.count()).select_from(near_misses)).scalar() == 1

    def test_near_misses_go_by_age(self, desk: Desk) -> None:
        desk.bring(news(1, APART))

        with desk.database.write() as tx:
            sweep(tx, utc_now() + NEAR_MISSES - timedelta(hours=1), Retention())
            kept = tx.execute(select(func.count()).select_from(near_misses)).scalar()
            sweep(tx, utc_now() + NEAR_MISSES + timedelta(hours=1), Retention())
            assert (kept, tx.execute(select(func.count()).select_from(near_misses)).scalar()) == (1, 0)

    # --- search and backtest

    def test_search_lists_the_newest_first_in_each_form(self, desk: Desk) -> None:
        desk.bring(news(1), news(2, ("=EMBASSY", "An embassy.")), news(3, APART))

        told = desk.told("search", "#embassy AND NOT @russia")
        assert told.index("=EMBASSY") < told.index("The Confederation")
        assert "2 articles of 3 since" in told
        rows = list(csv.DictReader(io.StringIO(desk.run("search", "#embassy", "--format", "csv").stdout)))
        assert [row["title"] for row in rows] == ["Russia writes", "'=EMBASSY", EMBASSY[0]]
        found = json.loads(desk.run("search", "@css AND #embassy", "--format", "json").stdout)
        assert [(row["article"], row["closeness"]) for row in found] == [(news(1).article.id, "title")]

    def test_definitions_of_the_desk_may_be_used(self, desk: Desk, tmp_path: Path) -> None:
        desk.bring(news(1))
        rules = desk.folder / "rules/all.yaml"
        rules.write_text(rules.read_text() + "define: {sahel: '@css OR Timbuktu'}\n")
        file = tmp_path / "tried.yaml"
        file.write_text("version: 1\nrules:\n  - {id: mine, title: Mine, query: '$sahel AND #embassy'}\n")

        assert "1 article of 1 since" in desk.told("search", "$sahel AND #embassy")
        assert "would have fired on 1 article" in desk.told("rules", "backtest", str(file))

    def test_search_says_where_a_query_is_wrong(self, desk: Desk) -> None:
        done = desk.run("search", "@rusia")

        assert (done.exit_code, "@russia" in done.output) == (2, True)

    def test_a_backtest_counts_by_day_and_story_and_names_what_differs(self, desk: Desk, tmp_path: Path) -> None:
        desk.bring(news(1), news(2), news(3, APART), news(4, backlog=True))
        file = tmp_path / "tried.yaml"
        file.write_text(RULES.replace("@css AND #embassy", "@russia AND #embassy"))

        page = json.loads(desk.run("rules", "backtest", str(file), "--format", "json").output)

        changed, same = page["rules"]
        assert (changed["articles"], changed["alerts"], changed["same"]) == (1, 1, False)
        assert changed["in_force"]["articles"] == 2
        assert changed["in_force"]["stories"] == 1
        assert changed["in_force"]["backlog"] == 1
        assert changed["fires_newly"]["number"] == 1
        assert changed["no_longer_fires"]["number"] == 2
        assert sum(changed["in_force"]["days"].values()) == 2
        assert (same["same"], same["articles"]) == (True, 0)
        told = desk.told("rules", "backtest", str(file))
        assert "would have fired on 1 article in 1 story: 1 alert" in told
        assert "(1 more were older than the watch: never alerted)" in told

    def test_a_file_with_a_bad_rule_is_refused(self, desk: Desk, tmp_path: Path) -> None:
        file = tmp_path / "tried.yaml"
        file.write_text(RULES.replace("#embassy", "#embasy"))

        done = desk.run("rules", "backtest", str(file))

        assert "no keyword set #embasy" in str(done.exception.problems)  # type: ignore[union-attr] # a ConfigError

    def test_several_processes_find_what_one_finds(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(archive, "ALONE_BELOW", 1)
        desk.bring(*(news(number, EMBASSY if number % 3 else APART) for number in range(1, 40)))
        where = Archive(Path(desk.options[1])) if desk.options[0] == "--data" else Archive(Path(), desk.options[1])
        rules, queries, _ = usable_rules(desk.folder, read_rules(desk.folder))
        search = Search(desk.folder, tuple(rules.values()), queries, NOW - timedelta(days=3), NOW)

        alone, shared = (go_through(where, search, processes) for processes in (1, 2))

        assert alone == shared
        assert (alone.articles, len(alone.hits)) == (39, 26)


class TestSqlite(ExplainingContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[tuple[Database, Sequence[str]]]:
        data = tmp_path / "data"
        data.mkdir()
        database = open_folder(data)
        yield database, ["--data", str(data)]
        database.close()

    def test_a_sample_needs_no_database(self, desk: Desk, tmp_path: Path) -> None:
        (desk.folder / "articles").mkdir()
        (desk.folder / "articles/one.yaml").write_text("version: 1\ntitle: Russia\ntext: An embassy of Russia opens.\n")
        nowhere = Desk(desk.folder, desk.database, ["--data", str(tmp_path / "nowhere")])

        told = nowhere.told("explain", "one")

        assert "this is a sample article of the desk" in told
        assert "FIRES russia-embassy" in told


class TestPostgresql(ExplainingContract):
    @pytest.fixture
    def place(self, tmp_path: Path) -> Iterator[tuple[Database, Sequence[str]]]:
        with new_database() as url:
            database = open_url(url)
            yield database, ["--postgres", url]
            database.close()


def test_a_time_is_cut_into_slices_without_a_gap():
    slices = sliced(NOW - timedelta(days=1), NOW, 7)

    assert (len(slices), slices[0][0], slices[-1][1]) == (7, NOW - timedelta(days=1), NOW)
    assert all(before[1] == after[0] for before, after in pairwise(slices))
