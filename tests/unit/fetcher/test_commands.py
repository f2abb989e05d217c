import pytest
import typer
from typer.testing import CliRunner

from newswatch_fetcher.commands import extract
from tests.support.newsstand import StandArticle, page_html

TEXT = "The ministers of the three states met in the capital on Monday, and that was all that they said about it. " * 4


@pytest.fixture
def run():
    app = typer.Typer()
    app.command()(extract)
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


@pytest.fixture
def page(tmp_path):
    path = tmp_path / "page.html"
    path.write_text(page_html(StandArticle(title="Talks", text=TEXT.strip(), host="news.example")), encoding="utf-8")
    return path


def test_the_text_is_printed(run, page):
    result = run(page)
    assert result.exit_code == 0
    assert TEXT.strip() in result.stdout
    assert "All rights reserved" not in result.stdout


def test_several_files_are_told_apart(run, page):
    assert run(page, page).stdout.count(f"== {page}") == 2


def test_a_page_without_text_says_so(run, tmp_path):
    empty = tmp_path / "empty.html"
    empty.write_text("<html></html>")
    result = run(empty)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "no article text found" in result.stderr


def test_one_page_without_text_keeps_no_other_from_being_printed(run, tmp_path, page):
    empty = tmp_path / "empty.html"
    empty.write_text("<html></html>")
    result = run(empty, page)
    assert result.exit_code == 1
    assert TEXT.strip() in result.stdout


@pytest.mark.parametrize("url", ["https://news.example/1.html", "HTTP://news.example/"])
def test_a_url_is_not_fetched_but_explained(run, url):
    result = run(url)
    assert result.exit_code == 2
    assert "give a saved file, not a URL" in result.stderr


def test_a_missing_file_is_a_clear_error(run, tmp_path, page):
    result = run(page, tmp_path / "nothing.html")
    assert result.exit_code == 2
    assert result.stdout == ""
    assert "nothing.html: cannot be read: No such file or directory" in result.stderr
