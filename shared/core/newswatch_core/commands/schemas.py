"""`newswatch schemas`: the JSON Schema of every event, for those who read or write the topics."""

import json
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from newswatch_core.events import event_types

_FOLDER = Path("shared/schemas")


def schema_texts() -> dict[str, str]:
    """File name -> JSON Schema of one type of event."""
    texts = {}
    for kind in event_types():
        name = kind.__struct_config__.tag
        schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **msgspec.json.schema(kind)}
        texts[f"{name}.json"] = json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
    return texts


def schemas(
    folder: Annotated[Path, typer.Argument(help="Where the schema files stand.", metavar="FOLDER")] = _FOLDER,
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit 1 if a file is not up to date.")] = False,
) -> None:
    """Write the JSON Schema of every event to FOLDER."""
    stale = []
    for name, text in schema_texts().items():
        path = folder / name
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                folder.mkdir(parents=True, exist_ok=True)
                path.write_text(text, encoding="utf-8")
    if check and stale:
        typer.echo(f"not up to date: {', '.join(stale)}: run `newswatch schemas {folder}`", err=True)
        raise typer.Exit(1)
    typer.echo(f"{folder}: {len(stale)} written" if stale else f"{folder}: up to date")
