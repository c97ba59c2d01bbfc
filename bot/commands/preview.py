"""`python -m bot preview`: what each kind of card looks like, at every rung."""

import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.slack.preview import RUNGS, cards, plain_text


def preview(
    name: Annotated[str | None, typer.Argument(help="One card; without it, all of them.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Block Kit instead of text.")] = False,
    into: Annotated[Path | None, typer.Option(help="Write a file for each into a folder.")] = None,
) -> None:
    """Draw every card from sample facts: rich, stable, short, and as words alone."""
    drawn = cards()
    if name is not None and name not in drawn:
        raise typer.BadParameter(f"There is no card {name!r}; there are {', '.join(drawn)}.")
    for each in drawn if name is None else (name,):
        for rung, word in enumerate(RUNGS):
            shown = drawn[each](rung)
            text = plain_text(shown)
            blocks = json.dumps({"text": shown.text, "blocks": list(shown.blocks)}, indent=1)
            if into is not None:
                into.mkdir(parents=True, exist_ok=True)
                (into / f"{each}.{rung}.txt").write_text(text, encoding="utf-8")
                (into / f"{each}.{rung}.json").write_text(blocks + "\n", encoding="utf-8")
            else:
                said = blocks if as_json else text
                sys.stdout.write(f"=== {each}, {word}\n{said}\n")
