"""The commands, on the desk in seeds/ and on broken copies of it."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.command import NEWSWATCH, SEEDS, newswatch

HELP = {
    "title": "Russia ready to help Sahel confederation set up joint military force",
    "text": "Russia will help the Confederation of Sahel States to form a joint military force, its foreign minister "
    "said. He added that his country would open an embassy in Niamey.",
    "id": "help",
}
VISIT = {
    "title": "Sahel ministers to visit Moscow for consultations",
    "text": "The foreign ministers of the Confederation of Sahel States will travel to Moscow for consultations with "
    "their Russian colleague on Thursday.",
    "id": "visit",
}
FIRED = ["css-russia-embassy", "css-russia-military-force", "sahel-russia-embassy"]


def pipe(*stages: str, lines: list[dict[str, object]], config: Path | None = SEEDS, options: tuple[str, ...] = ()):
    given = "".join(json.dumps(line) + "\n" for line in lines)
    arguments = [*stages, *(["--config", str(config)] if config else []), *options]
    done = newswatch("pipe", *arguments, given=given)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_whole_chain_says_which_rules_an_article_fires():
    help_, visit = pipe("deduplicator", "tagger", "alerter", lines=[HELP, VISIT])
    assert (help_["id"], sorted(help_["rules"])) == ("help", FIRED)
    assert {match["closeness"] for match in help_["matches"]} <= {"title", "sentence", "paragraph", "article"}
    assert (visit["id"], visit["rules"], visit["matches"]) == ("visit", [], [])


@pytest.mark.parametrize("stages", [("alerter",), ("tagger", "alerter"), ("deduplicator", "alerter")])
def test_any_first_stage_takes_the_plain_line(stages):
    assert [sorted(line["rules"]) for line in pipe(*stages, lines=[HELP, VISIT])] == [FIRED, []]


def test_the_tagger_says_where_each_mention_stands():
    (line,) = pipe("tagger", lines=[HELP])
    assert {"css", "russia"} <= {mention["entity"] for mention in line["mentions"]}
    for mention in line["mentions"]:
        zone = HELP["title"] if mention["zone"] == "title" else HELP["text"]
        assert zone[mention["start"] : mention["end"]].strip()


def test_the_deduplicator_needs_no_desk_and_names_copies_by_the_ids_it_was_given():
    first, copy, other = pipe("deduplicator", lines=[HELP, HELP | {"id": 7}, VISIT], config=None)
    assert (first["copy_of"], copy["copy_of"], copy["id"]) == (None, "help", 7)
    assert copy["story"] == first["story"] != other["story"]


def test_sort_puts_the_articles_in_the_order_of_publication():
    lines = [{"title": f"t{hour}", "id": str(hour), "published": f"2026-04-04T{hour}:00:00Z"} for hour in (12, 10, 11)]
    assert [line["id"] for line in pipe("deduplicator", lines=lines, config=None)] == ["12", "10", "11"]
    sorted_ = pipe("deduplicator", lines=lines, config=None, options=("--sort",))
    assert [line["id"] for line in sorted_] == ["10", "11", "12"]


def test_an_undated_line_does_not_hide_copies_among_the_dated_ones():
    dated = {"published": "2023-07-24T10:00:00Z"}
    lines = [{"title": "An undated line", "id": "0"}, HELP | dated, HELP | dated | {"id": "again"}]
    assert [line["copy_of"] for line in pipe("deduplicator", lines=lines, config=None)] == [None, None, "help"]


def test_an_unreadable_line_is_named_and_the_others_pass():
    done = newswatch(
        "pipe", "deduplicator", given='{"title": "good"}\nnonsense\n\n{"title": ""}\n{"title": "also good"}\n'
    )
    assert done.returncode == 1
    assert len(done.stdout.splitlines()) == 2
    assert "line 2: not JSON" in done.stderr
    assert "line 4: 'title' is missing" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("pipe", "tagger"), "--config"),
        (("pipe", "printer"), "no stage 'printer'"),
        (("pipe", "alerter", "tagger", "--config", str(SEEDS)), "in this order"),
        (("pipe", "tagger", "--config", "nowhere"), "newswatch.yaml: no such file"),
        (("check", "nowhere"), "no such folder"),
        (("run", "nowhere"), "no such folder"),
        (("run", str(SEEDS), "--data", "/dev/null"), "choose a folder"),
        (("run", str(SEEDS), "--data", "/proc/newswatch"), "choose a folder"),
        (("status", "--data", "nowhere"), "no such file"),
        (("extract", "nowhere.html"), "cannot be read"),
    ],
)
def test_wrong_usage_is_explained_with_exit_code_2(arguments, words):
    done = newswatch(*arguments)
    assert done.returncode == 2
    assert words in " ".join(done.stderr.replace("│", " ").split()) + done.stdout
    assert "Traceback" not in done.stderr


def test_the_desk_in_seeds_has_no_problem():
    done = newswatch("check", SEEDS)
    assert (done.returncode, done.stdout) == (0, f"{SEEDS}: no errors, no warnings\n")


BROKEN = {
    "rule syntax": ("rules/sahel.yaml", "  - id: css-russia-embassy", "  - id: css\n    id: css"),
    "unknown entity": ("rules/sahel.yaml", "@css AND @russia AND #emb", "@css AND @rusia AND #emb"),
    "unquoted query": ("rules/sahel.yaml", "'@css AND @russia AND #embassy'", "a AND #embassy"),
    "failing fixture": ("rules/sahel.yaml", "AND #embassy'", "AND #embassy AND nonsense'"),
    "entity syntax": ("entities/countries.yaml", "aliases:", "aliases: ["),
    "entity field": ("entities/people.yaml", "aliases:", "alases:"),
    "entity not UTF-8": ("entities/people.yaml", "version", "\udcffversion"),
    "keyword": ("keywords.yaml", "    en:", "    english:"),
    "feed": ("feeds.yaml", "https://", "gopher://"),
    "receiver": ("receivers.yaml", "type: console", "type: konsole"),
    "route": ("receivers.yaml", "[console]", "[konsole]"),
    "settings": ("newswatch.yaml", "desk:", "desc:"),
}


@pytest.fixture
def broken(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Path, str]:
    file, good, bad = BROKEN[request.param]
    desk = tmp_path / "desk"
    shutil.copytree(SEEDS, desk)
    before = (desk / file).read_text(encoding="utf-8")
    assert good in before
    (desk / file).write_bytes(before.replace(good, bad, 1).encode(errors="surrogateescape"))
    return desk, file


@pytest.mark.parametrize("broken", BROKEN, indirect=True)
def test_a_broken_file_gives_one_clear_message_and_exit_code_2(broken: tuple[Path, str], tmp_path: Path):
    desk, file = broken
    checked = newswatch("check", desk)
    *problems, summary = checked.stdout.splitlines()
    assert checked.returncode == 2
    assert problems
    places = [problem for problem in problems if not problem.startswith("    ")]
    assert all(problem.startswith(file) for problem in places), "nothing but the broken file is blamed"
    assert "error" in summary
    run = newswatch("run", desk, "--data", tmp_path / "data")
    assert run.returncode == 2
    assert f"newswatch: {file}" in run.stderr
    assert not (tmp_path / "data").exists()


def test_problems_come_as_json_and_as_annotations(tmp_path: Path):
    shutil.copytree(SEEDS, tmp_path / "desk")
    (tmp_path / "desk/feeds.yaml").write_text("version: 1\nfeeds:\n  - outlet: RFI\n")
    (problem,) = json.loads(newswatch("check", tmp_path / "desk", "--format", "json").stdout)
    assert (problem["file"], problem["line"], problem["severity"]) == ("feeds.yaml", 3, "error")
    done = newswatch("check", tmp_path / "desk", "--format", "github")
    assert done.stdout.startswith(f"::error file={tmp_path}/desk/feeds.yaml,line=3::")


def test_a_desk_without_rules_is_refused(tmp_path: Path):
    shutil.copytree(SEEDS, tmp_path / "desk", ignore=shutil.ignore_patterns("rules"))
    done = newswatch("check", tmp_path / "desk")
    assert (done.returncode, "no rules: nothing can ever fire" in done.stdout) == (2, True)


def test_an_interrupt_while_the_command_line_is_loaded_is_quiet(tmp_path: Path):
    (tmp_path / "typer.py").write_text("import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n")
    command = [NEWSWATCH, "run", SEEDS, "--data", tmp_path / "data"]
    environ = os.environ | {"PYTHONPATH": str(tmp_path)}
    done = subprocess.run(command, env=environ, capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, b"", b"")
