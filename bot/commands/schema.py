"""`python -m bot schema`: the JSON Schema of definitions, for editors."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from baton.errors import BatonError
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.schema import workflow_schema


class NotWritten(BatonError):
    """The schema could not be written where it was to go."""


def schema(
    *,
    out: Annotated[Path | None, typer.Option(help="The file to write; without it, stdout.")] = None,
) -> None:
    """Write the JSON Schema of definitions: editors complete keys, actions and params from it."""
    found = workflow_schema(Registry(built_in(environment={})))
    text = json.dumps(found, indent=2, ensure_ascii=False) + "\n"
    if out is None:
        sys.stdout.write(text)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise NotWritten(f"{out} cannot be written: {error.strerror or error}.") from None
