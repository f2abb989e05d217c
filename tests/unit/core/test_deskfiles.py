"""What the files of a desk hold, told by their content."""

import os
import shutil
from pathlib import Path

import pytest

from newswatch_core.deskfiles import DeskFiles, changed

NAMES = ["rules", "keywords.yaml"]


@pytest.fixture
def desk(tmp_path: Path) -> Path:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "one.yaml").write_text("one")
    (tmp_path / "keywords.yaml").write_text("words")
    (tmp_path / "feeds.yaml").write_text("none of ours")
    return tmp_path


@pytest.fixture
def files(desk: Path) -> DeskFiles:
    return DeskFiles(desk, NAMES)


def test_only_what_was_asked_for_counts(files: DeskFiles):
    assert sorted(files.content()) == ["keywords.yaml", "rules/one.yaml"]


def test_a_touched_file_is_no_change(desk: Path, files: DeskFiles):
    before = files.content()
    os.utime(desk / "keywords.yaml", (1, 1))
    (desk / "rules" / "one.yaml").write_text("one")
    assert files.content() == before


def test_another_content_of_the_same_size_at_the_same_time_is_a_change(desk: Path, files: DeskFiles):
    before = files.content()
    times = (desk / "keywords.yaml").stat()
    (desk / "keywords.yaml").write_text("WORDS")
    os.utime(desk / "keywords.yaml", ns=(times.st_atime_ns, times.st_mtime_ns))
    assert changed(before, files.content()) == ["keywords.yaml"]


def test_an_old_file_that_has_not_changed_is_not_read_again(
    desk: Path, files: DeskFiles, monkeypatch: pytest.MonkeyPatch
):
    before = files.content()
    later = max(path.stat().st_ctime_ns for path in desk.rglob("*.yaml")) + 10_000_000_000
    monkeypatch.setattr("newswatch_core.deskfiles.time.time_ns", lambda: later)
    monkeypatch.setattr(Path, "read_bytes", lambda path: pytest.fail(f"{path} was read"))
    assert files.content() == before


def test_a_link_that_is_swapped_shows_what_it_leads_to(tmp_path: Path):
    # As Kubernetes mounts a ConfigMap: rules/one.yaml -> ..data/one.yaml, and ..data is swapped.
    rules = tmp_path / "rules"
    for version in ("..1", "..2", "..3"):
        (rules / version).mkdir(parents=True)
        (rules / version / "one.yaml").write_text("same" if version == "..2" else version)
    (rules / "..data").symlink_to("..2")
    (rules / "one.yaml").symlink_to("..data/one.yaml")
    files = DeskFiles(tmp_path, NAMES)
    first = files.content()
    assert list(first) == ["rules/one.yaml"]

    _swap(rules / "..data", "..3")
    second = files.content()
    (rules / "..3" / "one.yaml").write_text("same")
    _swap(rules / "..data", "..3")

    assert changed(first, second) == ["rules/one.yaml"]
    assert files.content() == first, "the same content by another way"


def _swap(link: Path, target: str) -> None:
    new = link.with_name("..new")
    new.symlink_to(target)
    new.replace(link)


def test_a_folder_that_goes_takes_its_files_along(desk: Path, files: DeskFiles):
    before = files.content()
    shutil.rmtree(desk / "rules")
    assert changed(before, files.content()) == ["rules/one.yaml"]


def test_a_file_that_cannot_be_read_shows(desk: Path, files: DeskFiles):
    before = files.content()
    (desk / "rules" / "one.yaml").unlink()
    (desk / "rules" / "one.yaml").symlink_to("one.yaml")
    after = files.content()
    assert changed(before, after) == ["rules/one.yaml"]
    assert after["rules/one.yaml"].startswith("! ")


def test_hidden_files_and_circles_of_links_do_not_count(desk: Path, files: DeskFiles):
    before = files.content()
    (desk / "rules" / ".one.yaml.swp").write_text("half")
    (desk / "rules" / "one.yaml~").write_text("backup")
    assert files.content() == before
    (desk / "rules" / "again").symlink_to("..", target_is_directory=True)
    assert len(files.content()) < 20
