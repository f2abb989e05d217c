"""What README.md tells a new user to do works as it stands there."""

import json
import re
import shutil
from pathlib import Path

import pytest

from tests.support.command import ROOT, SEEDS, newswatch

README = (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    """A copy of the seeds with the README's first rule in it."""
    shutil.copytree(SEEDS, tmp_path / "mydesk")
    (block,) = re.findall(r" +```yaml\n(   version: 1\n   rules:.*?) +```", README, re.DOTALL)
    rule = "\n".join(line.removeprefix("   ") for line in block.splitlines())
    (tmp_path / "mydesk/rules/mine.yaml").write_text(rule + "\n")
    return tmp_path / "mydesk"


def test_the_first_rule_passes_its_fixtures_and_fires_on_the_example(desk: Path):
    assert newswatch("check", desk).returncode == 0
    (line,) = re.findall(r"echo '(\{.*\})' \| .venv/bin/newswatch pipe tagger alerter", README)
    answer = json.loads(newswatch("pipe", "tagger", "alerter", "--config", desk, given=line).stdout)
    assert (answer["rules"], answer["id"]) == (["mali-embassy"], re.findall(r'prints `\{"id": "(\w+)"', README)[0])


def test_the_receivers_of_the_readme_are_valid(desk: Path):
    (block,) = re.findall(r"```yaml\n(version: 1\nreceivers:.*?)```", README, re.DOTALL)
    (desk / "receivers.yaml").write_text(block)
    done = newswatch("check", desk)
    assert done.returncode == 0, done.stdout


def test_the_other_examples_of_the_readme_are_valid(desk: Path):
    (feeds,) = re.findall(r"```yaml\n(version: 1\nfeeds:.*?)```", README, re.DOTALL)
    (settings,) = re.findall(r"```yaml\n(version: 1\ncontact:.*?)```", README, re.DOTALL)
    (entities,) = re.findall(r"```yaml\n(# entities/mine.yaml.*?)```", README, re.DOTALL)
    (keywords,) = re.findall(r"```yaml\n(# a further set.*?)```", README, re.DOTALL)
    (desk / "feeds.yaml").write_text(feeds)
    (desk / "newswatch.yaml").write_text(settings)
    (desk / "entities/mine.yaml").write_text(entities)
    (desk / "keywords.yaml").write_text((desk / "keywords.yaml").read_text() + "\n" + keywords)
    done = newswatch("check", desk)
    *warnings, _summary = done.stdout.splitlines()
    # The examples stand there before a rule uses them.
    unused = ["no rule uses the entity @oslo-group", "no rule uses the keyword set #strike"]
    assert done.returncode == 0
    assert [[words in warning for warning in warnings] for words in unused] == [[True, False], [False, True]], (
        done.stdout
    )


def test_the_explanation_that_is_shown_is_what_the_command_prints():
    (command, shown) = re.findall(r"\$ newswatch (explain .*)\n((?:.*\n)+?)```", README)[0]
    done = newswatch(*command.replace("--desk seeds", f"--desk {SEEDS}").split())
    assert (done.returncode, done.stdout) == (0, shown)


def test_every_command_is_told_and_exists():
    named = set(re.findall(r"`newswatch ([a-z-]+)", README)) | {"alerts", "dead-letters"}
    listed = set(re.findall(r"^  ([a-z-]+) ", newswatch("--help").stdout.split("Commands:")[1], re.MULTILINE))
    assert listed == named


def test_every_operator_of_the_table_is_understood(desk: Path):
    table = README.split("A query is made of these parts;")[1].split("A rule with")[0]
    parts = re.findall(r"`([^`]+)`", "".join(line.rpartition("|")[0].rpartition("|")[0] for line in table.splitlines()))
    assert len(parts) > 15
    queries = [f"@css AND ({part})" for part in parts if part not in {"AND", "OR", "NOT", "( )"}]
    common = {"title": "t", "severity": "low", "notify": ["console"]}
    rules = [{"id": f"r{number}", "query": query, **common} for number, query in enumerate(queries)]
    (desk / "rules/mine.yaml").write_text(json.dumps({"version": 1, "rules": rules}))
    done = newswatch("check", desk)
    assert done.returncode == 0, done.stdout
