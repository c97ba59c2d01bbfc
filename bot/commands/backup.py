"""`python -m bot backup`: a copy of the database, whether a server uses it or not."""

import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.backups import remember
from bot.settings import read_settings
from bot.world import make_world
from coordination.database import Copied, back_up


def backup(
    file: Annotated[Path, typer.Argument(help="The file to make; none is ever overwritten.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Copy the database to FILE, also while a server runs, and say up to which event it goes."""
    settings = read_settings()
    world = make_world(root=settings.work, http_allow=(), programs=())
    made = back_up(settings.database, file, now=world.clock.now())
    remember(settings.data, made)
    if as_json:
        sys.stdout.write(json.dumps(told(made), indent=2) + "\n")
        return
    sys.stdout.write(
        f"{file} has {size_of(made.size)}, generation {made.generation}, schema {made.schema}.\n"
        f"{up_to(made)}\n"
        "The instance key is not in it: keep a copy of it elsewhere, or sealed secrets are lost.\n"
    )


def told(made: Copied) -> dict[str, Any]:
    """Write what a copy holds as JSON."""
    return {
        "file": str(made.path),
        "bytes": made.size,
        "schema": made.schema,
        "generation": made.generation,
        "events": made.events,
        "last_event": made.last_event,
        "last_received_at": made.last_at and made.last_at.isoformat(),
        "made_at": made.made_at and made.made_at.isoformat(),
    }


def up_to(made: Copied) -> str:
    """Say up to where a backup goes."""
    if made.last_event is None or made.last_at is None:
        return "There is no event in it."
    return (
        f"It goes up to the event {made.last_event}, received at {made.last_at:%Y-%m-%d %H:%M:%S} UTC:"
        " what was accepted later is not in it."
    )


def size_of(size: int) -> str:
    """Write a number of bytes as people read it."""
    return f"{size / 2**20:,.1f} MiB" if size >= 2**20 else f"{size / 2**10:,.0f} KiB"
