"""`python -m bot restore`: a backup takes the place of the database, and nothing in it goes on unasked."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

from bot.app import make_folders
from bot.commands.backup import told, up_to
from bot.settings import Settings, read_settings
from bot.world import make_world
from coordination.database import Replaced, replace
from coordination.restoring import Restored
from coordination.restoring import restore as hold_all

SHOWN = 20  # runs that are named


def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` made.")],
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Put FILE in the place of the database; every run that was open waits until it is resumed."""
    settings = read_settings()
    make_folders(settings)
    done = asyncio.run(restored(settings, file))
    if as_json:
        sys.stdout.write(json.dumps(as_document(settings, done), indent=2) + "\n")
    else:
        sys.stdout.write(report(settings, done))


async def restored(settings: Settings, file: Path) -> Replaced[Restored]:
    """Restore *file*. Raises: BatonError."""
    world = make_world(root=settings.work, http_allow=(), programs=())
    now, ids = world.clock.now(), world.ids
    return await replace(
        settings.database,
        file,
        lambda tx, least: hold_all(tx, at_least=least, now=now, ids=ids),
        now=now,
    )


def report(settings: Settings, done: Replaced[Restored]) -> str:
    """Say what was restored, what is held, and what to look after."""
    found = done.value
    made = done.copied.made_at
    when = f"made at {made:%Y-%m-%d %H:%M:%S} UTC" if made else "which says not when it was made"
    count = len(found.runs)
    held = f"{count} run{'s'[: count != 1]} held{named(found.runs)}."
    rows = [
        f"{settings.database} is {done.copied.path}, {when}; generation {found.generation}.",
        up_to(done.copied),
        f"{held} Each waits until somebody presses Resume, and asks before steps that are not"
        " repeatable."
        if count
        else held,
        f"{found.notices} messages to Slack may have been sent already: they are looked for first.",
        f"Of {found.tokens} valid tokens, those that were revoked since are valid again.",
        f"What was there is kept as {done.kept}." if done.kept else "There was no database before.",
        key_line(settings),
        "Start the server: python -m bot serve",
    ]
    return "".join(f"{row}\n" for row in rows)


def named(numbers: tuple[int, ...]) -> str:
    """Name the runs, as far as anybody reads on."""
    if not numbers:
        return ""
    more = f" and {len(numbers) - SHOWN} more" if len(numbers) > SHOWN else ""
    return f": {', '.join(f'R-{number}' for number in numbers[:SHOWN])}{more}"


def key_line(settings: Settings) -> str:
    """Name the key, which is never in a backup."""
    if settings.key is not None:
        return "The instance key is BATON_KEY; it has to be the one the backup was made under."
    place = settings.data / "instance.key"
    there = "has to be the one" if place.exists() else "is missing: put back the one"
    return f"The instance key {place} {there} that the backup was made under; it is in no backup."


def as_document(settings: Settings, done: Replaced[Restored]) -> dict[str, Any]:
    """Write the report as JSON."""
    found = done.value
    return {
        "database": str(settings.database),
        "backup": told(done.copied),
        "generation": found.generation,
        "runs_held": [f"R-{number}" for number in found.runs],
        "processes_open": found.reports,
        "notices_in_doubt": found.notices,
        "tokens_valid": found.tokens,
        "kept": done.kept and str(done.kept),
        "instance_key": key_line(settings),
    }
