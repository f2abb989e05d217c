"""The alerter's rules and routes, made anew while it runs."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from newswatch_alerter.service import SERVICE
from newswatch_core import metrics
from newswatch_core.events import AlertChanged, TaggedArticle
from newswatch_core.ports import Context, Stage
from newswatch_core.settings import Settings
from newswatch_core.storage.database import Database, open_memory
from newswatch_judging.desk import load_tagging
from newswatch_tagger.service import tag
from tests.support.articles import NOON, fetched
from tests.unit.alerter.test_service import CSS, FILES, write_desk

RULES = FILES["rules/all.yaml"]
RECEIVERS = FILES["receivers.yaml"]


class Desk:
    """A stage that stays the same, and the desk it judges by."""

    def __init__(self, folder: Path, database: Database) -> None:
        self.folder = write_desk(folder)
        self.files: dict[str, str] = {}
        self.database = database
        context = Context(folder, Settings(version="1"), database, lambda: NOON)
        assert SERVICE.stage is not None
        with database.write() as tx:
            self.stage: Stage = SERVICE.stage(context)(tx)
        (self.live,) = context.lives
        self.said: list[str] = []
        self.noted: list[str] = []
        self.given = 0

    def change(self, **files: str) -> None:
        self.files |= files
        write_desk(self.folder, **self.files)
        content = self.live.content()
        remade = self.live.remake(content)
        assert remade is not None
        self.live.put(remade, content)
        self.said = [problem.message for problem in remade.problems]
        self.noted = [problem.message for problem in remade.notes]

    def tagged(self, title: str) -> TaggedArticle:
        """Tagged by the entities that the folder holds now."""
        self.given += 1
        return tag(fetched(self.given, title=title, text=""), load_tagging(self.folder))

    def give(self, *events: TaggedArticle) -> list[str]:
        """The rules that fired."""
        with self.database.write() as tx:
            outcomes = self.stage.handle(events, tx, NOON)
        found = [one for outcome in outcomes for one in outcome]  # type: ignore[union-attr] # no Poison here
        return [one.match.rule for one in found if isinstance(one, AlertChanged)]

    def receivers(self, rule: str) -> tuple[str, ...]:
        found: tuple[str, ...] = self.live.current.watched[rule].receivers
        return found


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    database = open_memory()
    yield Desk(tmp_path, database)
    database.close()


def test_the_stage_judges_the_next_batch_by_the_new_rules(desk: Desk):
    assert desk.give(desk.tagged(f"{CSS} Rain")) == []
    desk.change(
        **{
            "rules/all.yaml": RULES.replace("@css AND #embassy", "@css AND rain").replace(
                "{title: Rain}", "{title: Sun}"
            )
        }
    )
    assert desk.said == []
    assert desk.give(desk.tagged(f"{CSS} Rain")) == ["embassy"]


def test_an_alerter_on_other_entities_tags_again(desk: Desk):
    old = desk.tagged("Rusland and the Confederation of Sahel States")
    current = FILES["entities/all.yaml"].replace("[Russia]", "[Rusland]")
    desk.change(**{"entities/all.yaml": current})
    before = metrics.RETAGGED._value.get()
    assert desk.give(old) == ["russia"], "tagged on the entities of before, which did not know the name"
    assert metrics.RETAGGED._value.get() == before + 1
    assert desk.give(desk.tagged("Rain")) == []
    assert metrics.RETAGGED._value.get() == before + 1, "those of the same entities are believed"

    new = desk.tagged("Russia and the Confederation of Sahel States")
    assert [mention.entity for mention in new.mentions] == ["css"]
    desk.change(**{"entities/all.yaml": FILES["entities/all.yaml"]})
    assert desk.give(new) == ["russia"], "a tagger that is behind"


def test_an_article_that_was_decided_on_is_not_judged_by_later_rules(desk: Desk):
    event = desk.tagged(f"{CSS} Russia")
    assert desk.give(event) == ["russia"]
    desk.change(**{"rules/all.yaml": RULES.replace("id: russia", "id: later")})
    assert desk.give(event) == ["russia"], "a replay gets what was decided"


def test_a_rule_for_a_receiver_that_nobody_knows_keeps_its_last_good_version(desk: Desk):
    desk.change(
        **{
            "rules/all.yaml": RULES.replace("notify: [desk],", "notify: [dekc],").replace(
                "severity: critical", "severity: low"
            )
        }
    )
    assert "notifies 'dekc'" in desk.said[0]
    assert desk.receivers("embassy") == ("console",)
    assert desk.live.current.watched["russia"].severity == "low"


def test_routes_are_taken_at_once(desk: Desk):
    desk.change(**{"receivers.yaml": RECEIVERS.replace("[console]", "[console, extra]")})
    assert (desk.said, desk.noted) == ([], [])
    assert desk.receivers("embassy") == ("console", "extra")


def test_a_route_that_a_last_good_rule_needs_stays_with_all_of_them(desk: Desk):
    desk.change(
        **{
            "receivers.yaml": RECEIVERS.replace("id: desk", "id: new"),
            "rules/all.yaml": RULES.replace("@css AND #embassy", "@css AND").replace("[desk, extra]", "[new, extra]"),
        }
    )
    assert any("the routes stay as they were" in message for message in desk.said)
    assert (desk.receivers("embassy"), desk.receivers("russia")) == (("console",), ("console", "extra"))
    desk.change(**{"rules/all.yaml": RULES.replace("desk", "new")})
    assert desk.said == []
    assert desk.live.current.watched["embassy"].receivers == ("console",)


def test_other_receivers_wait_for_the_next_start_and_it_says_so(desk: Desk):
    more = RECEIVERS.replace("routes:", "  - {id: more, type: console}\nroutes:")
    desk.change(**{"receivers.yaml": more})
    assert desk.said == []
    assert "at the next start" in desk.noted[0]
    desk.change(**{"rules/all.yaml": RULES.replace("[desk, extra]", "[more]")})
    assert "notifies 'more'" in desk.said[0]
    assert desk.receivers("russia") == ("console", "extra")


def test_broken_receivers_leave_the_routes_as_they_were(desk: Desk):
    desk.change(**{"receivers.yaml": "version: 1\nreceivers: ["})
    assert "not YAML" in desk.said[0]
    assert desk.receivers("embassy") == ("console",)
