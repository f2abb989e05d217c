"""Countries with their names from CLDR, written as a file to be reviewed."""

import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from newswatch_core.codes import COUNTRIES
from newswatch_judging.cldr import NoNamesError, countries_file
from newswatch_judging.entities import EntitiesRead, read_entities

RUNNER = CliRunner()


def command() -> typer.Typer:
    (point,) = [point for point in entry_points(group="newswatch.commands") if point.name == "entities"]
    found: typer.Typer = point.load()
    return found


def entities_of(folder: Path, text: str) -> EntitiesRead:
    (folder / "entities").mkdir()
    (folder / "entities" / "added.yaml").write_text(text, encoding="utf-8")
    return read_entities(folder)


def test_a_country_comes_with_its_names_and_with_places_for_what_cldr_has_not(tmp_path: Path) -> None:
    text = countries_file(["ML"], ["en", "ru", "ar", "zh"])

    (entity,) = entities_of(tmp_path, text).entities.values()
    assert (entity.id, entity.name, entity.type) == ("mali", "Mali", "country")
    assert entity.aliases == {"en": ("Mali",), "ru": ("Мали",), "ar": ("مالي",), "zh": ("马里", "馬利")}
    assert text.count("# TODO") == 3 + 4
    assert "no name has a guard" in text
    assert "- Mali      # short: others may share it" in text


def test_every_country_can_be_read_as_it_is_written(tmp_path: Path) -> None:
    read = entities_of(tmp_path, countries_file(sorted(COUNTRIES), ["en", "fr", "ru", "pt"]))

    assert read.problems == []
    assert len(read.entities) == len(COUNTRIES)
    written = [alias.text for entity in read.entities.values() for _, _, alias in entity.each_alias()]
    assert [alias for alias in written if re.search(r"[()&]| - ", alias)] == []


def test_a_name_that_only_cldr_writes_so_is_left_to_the_reader(tmp_path: Path) -> None:
    text = countries_file(["MM", "CI"], ["en", "ru"])

    read = entities_of(tmp_path, text)
    assert read.entities["myanmar-burma"].aliases == {"en": (), "ru": ("Мьянма (Бирма)",)} or read.entities[
        "myanmar-burma"
    ].aliases == {"en": (), "ru": ()}
    assert "# TODO 'Myanmar (Burma)' is CLDR's own way" in text
    assert read.entities["cote-d-ivoire"].aliases["en"] == ("Côte d’Ivoire",)


@pytest.mark.parametrize(
    ("countries", "languages", "words"),
    [
        (["XX"], ["en"], "no country 'XX': two letters such as ML"),
        (["UK"], ["en"], "did you mean GB?"),
        (["Mali"], ["en"], "did you mean ML?"),
        (["ML"], ["french"], "did you mean fr (French)?"),
        (["ML"], ["na"], "CLDR has no names in 'na' (Nauru)"),
    ],
)
def test_what_cldr_does_not_know_is_refused_with_a_hint(countries: list[str], languages: list[str], words: str) -> None:
    with pytest.raises(NoNamesError) as caught:
        countries_file(countries, languages)
    assert words in str(caught.value)


def test_the_command_writes_to_standard_output_or_to_a_new_file_and_never_over_one(tmp_path: Path) -> None:
    file = tmp_path / "niger.yaml"
    wanted = ["add", "--country", "ne", "--languages", "en, fr"]

    shown = RUNNER.invoke(command(), wanted)
    first = RUNNER.invoke(command(), [*wanted, "--to", str(file)])
    file.write_text("mine\n")
    second = RUNNER.invoke(command(), [*wanted, "--to", str(file)])
    third = RUNNER.invoke(command(), [*wanted, "--to", str(tmp_path / "none" / "niger.yaml")])

    assert shown.exit_code == first.exit_code == 0
    assert "- id: niger\n" in shown.output
    assert "written: " in first.output
    assert second.exit_code == third.exit_code == 2
    assert "exists already" in second.output
    assert "cannot be written: No such file" in third.output
    assert file.read_text() == "mine\n"


def test_a_country_that_is_not_known_is_exit_code_2() -> None:
    done = RUNNER.invoke(command(), ["add", "--country", "XX"])

    assert done.exit_code == 2
    assert "no country 'XX'" in done.output
