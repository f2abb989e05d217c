"""Commands that the fetcher adds to `newswatch`."""

import re
from pathlib import Path
from typing import Annotated

import typer

_MAX_FILE = 20_000_000
# As a path it has lost one of its slashes.
_URL = re.compile(r"https?:/", re.IGNORECASE)

Files = Annotated[list[Path], typer.Argument(help="HTML files.", metavar="FILE.html...")]


def extract(files: Files) -> None:
    """Print the article text of HTML files, without navigation, asides and footers; exit code 1 where there is none."""
    # Imported here: no other command should pay for the extractor.
    from newswatch_fetcher.extract import extract_text  # noqa: PLC0415 - see above

    pages = [_read(path) for path in files]
    empty = False
    for path, page in zip(files, pages, strict=True):
        text = extract_text(page)
        if not text:
            typer.echo(f"{path}: no article text found", err=True)
            empty = True
        elif len(files) > 1:
            typer.echo(f"== {path}\n\n{text}\n")
        else:
            typer.echo(text)
    if empty:
        raise typer.Exit(1)


def _read(path: Path) -> bytes:
    if _URL.match(str(path)):
        typer.echo(f"{path}: give a saved file, not a URL", err=True)
        raise typer.Exit(2)
    try:
        if path.stat().st_size > _MAX_FILE:
            raise OSError(0, f"larger than {_MAX_FILE // 1_000_000} MB")
        return path.read_bytes()
    except OSError as error:
        typer.echo(f"{path}: cannot be read: {error.strerror}; name an HTML file", err=True)
        raise typer.Exit(2) from None
