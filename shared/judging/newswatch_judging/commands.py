"""`newswatch entities`: help with the files in entities/."""

from pathlib import Path
from typing import Annotated

import typer

entities = typer.Typer(help="Help with the files in entities/.", no_args_is_help=True)


@entities.callback()
def _group() -> None:
    """Makes `add` a command of its own name, even while it is the only one."""


@entities.command()
def add(
    country: Annotated[list[str], typer.Option(help="A country, such as ML; may be given again.")],
    languages: Annotated[str, typer.Option(help="Languages, such as en,fr,ru. [default: the usual ten]")] = "",
    to: Annotated[Path | None, typer.Option(help="The file to write; standard output if none is given.")] = None,
) -> None:
    """Write countries with their names from CLDR, as a file to be reviewed.

    What CLDR does not have is marked TODO: adjectives, demonyms, capitals, blocked names. A file that exists is never
    overwritten. Exit code 0, or 2 if a country or language is not known or the file cannot be written.
    """
    # Loaded here: Babel takes a moment, and every other command would wait for it.
    from newswatch_judging.cldr import DEFAULT_LANGUAGES, NoNamesError, countries_file  # noqa: PLC0415

    wanted = [part.strip() for part in languages.split(",") if part.strip()] or DEFAULT_LANGUAGES
    try:
        text = countries_file(country, wanted)
    except NoNamesError as error:
        raise _refused(str(error)) from None
    if to is None:
        typer.echo(text, nl=False)
        return
    try:
        with to.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise _refused(f"{to} exists already, and is left as it is: choose another name") from None
    except OSError as error:
        raise _refused(f"{to} cannot be written: {error.strerror}") from None
    typer.echo(f"written: {to}; look at what is marked TODO, then run newswatch check", err=True)


def _refused(message: str) -> typer.Exit:
    typer.echo(f"newswatch: {message}", err=True)
    return typer.Exit(2)
