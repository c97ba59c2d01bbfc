"""`python -m bot preview`: what each kind of card looks like, at every rung."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.slack.preview import as_json, as_text, cards


def preview(
    name: Annotated[str | None, typer.Argument(help="One card; without it, all of them.")] = None,
    *,
    blocks: Annotated[bool, typer.Option("--json", help="Block Kit instead of text.")] = False,
    into: Annotated[
        Path | None, typer.Option(help="Write two files for each into a folder.")
    ] = None,
) -> None:
    """Draw every card from sample facts: rich, stable, short, and as words alone."""
    drawn = cards()
    if name is not None and name not in drawn:
        raise typer.BadParameter(f"There is no card {name!r}; there are {', '.join(drawn)}.")
    for each in drawn if name is None else (name,):
        text, json = as_text(each, drawn[each]), as_json(drawn[each])
        if into is None:
            sys.stdout.write(json if blocks else text)
            continue
        into.mkdir(parents=True, exist_ok=True)
        (into / f"{each}.txt").write_text(text, encoding="utf-8")
        (into / f"{each}.json").write_text(json, encoding="utf-8")
