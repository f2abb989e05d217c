from datetime import timedelta
from pathlib import Path

import pytest

from newswatch_core.config import MAX_FILE, ConfigError, Duration, Model, Problem, Versioned, load


class Feed(Model):
    url: str
    priority: int = 0
    every: Duration = timedelta(minutes=5)


class Feeds(Versioned):
    feeds: list[Feed]


def problems_of(path: Path, text: str | bytes) -> list[Problem]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as caught:
        load(path, Feeds, root=path.parent)
    return list(caught.value.problems)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "feeds.yaml"


def test_strings_become_what_the_model_says(file: Path):
    file.write_text("version: 1\nfeeds:\n  - url: https://a.example\n    priority: 2\n    every: 90s\n")
    loaded = load(file, Feeds)
    assert loaded.model.feeds == [Feed(url="https://a.example", priority=2, every=timedelta(seconds=90))]


def test_a_country_code_that_yaml_takes_for_false_stays_text(file: Path):
    file.write_text("version: 1\nfeeds:\n  - url: NO\n")
    assert load(file, Feeds).model.feeds[0].url == "NO"


def test_every_problem_is_told_with_its_line(file: Path):
    found = problems_of(file, "version: 1\nfeeds:\n  - ulr: x\n  - url: y\n    priority: high\n")
    assert [(problem.file, problem.line) for problem in found] == [
        ("feeds.yaml", 3),
        ("feeds.yaml", 3),
        ("feeds.yaml", 5),
    ]
    assert "did you mean 'url'?" in str(found[1])


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 0, "empty"),
        ("# only a comment\n", 0, "empty"),
        ("version: 1\nfeeds:\n\t- url: x\n", 3, "not with tabs"),
        ("version: 1\nfeeds: &a\n  - url: x\n", 2, "anchors"),
        ("version: 1\nfeeds: *a\n", 2, "anchors"),
        ("version: 1\nfeeds: !!python/object:os.system x\n", 2, "tags"),
        ("version: 1\nversion: 1\n", 2, "twice"),
        ("version: 2\nfeeds: []\n", 1, "'1'"),
        ("version: 1\nfeeds: []\n---\nversion: 1\n", 3, "second YAML document"),
        ("version: 1\nfeeds:\n  - url: x\n    every: soon\n", 4, "30s, 15m, 6h or 30d"),
        ("version: 1\nfeeds: {}\n", 2, "must be a list"),
        ("- url: x\n", 1, "must be a mapping"),
        (b"version: 1\nfeeds:\n  - url: caf\xe9\n", 0, "not UTF-8"),
        ("version: 1\nquery: @css AND @russia\n", 2, "must be quoted"),
        ("version: 1\nquery: a AND #embassy\n", 2, "YAML drops '#embassy'"),
        ("version: 1\nquery: «à» AND   #посольство\n", 2, "YAML drops '#посольство'"),
        ("version: 1\nfeeds: a: b\n", 2, "must be quoted"),
        ("version: 1\nfeeds: " + "[" * 2000 + "\n", 2, "nested deeper"),
    ],
)
def test_what_is_not_plain_yaml_is_refused_with_the_place_and_what_to_do(file: Path, text, line, words):
    found = problems_of(file, text)
    assert words in str(found[0])
    assert found[0].line == line


def test_a_missing_and_a_huge_file_are_named(tmp_path: Path):
    with pytest.raises(ConfigError, match=r"feeds.yaml: no such file"):
        load(tmp_path / "feeds.yaml", Feeds, root=tmp_path)
    assert "larger than" in str(problems_of(tmp_path / "big.yaml", b"#" * (MAX_FILE + 1))[0])
