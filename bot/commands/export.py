"""`python -m bot export`: the text of workflows, as their authors wrote it."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from bot.commands.asking import asked
from bot.settings import Settings, read_settings

IN_USE = ("active", "paused")


def export(
    to: Annotated[
        str, typer.Argument(metavar="DIR|NAME", help="A folder for all, or one workflow to print.")
    ],
    *,
    force: Annotated[bool, typer.Option(help="Write over files that say something else.")] = False,
) -> None:
    """Write the revision in use of every workflow into DIR, or print that of NAME.

    What was never activated, or is archived, is left out of DIR.
    """
    settings = read_settings()
    if not is_folder(to):
        sys.stdout.write(text_of(settings, to))
        return
    folder = Path(to)
    folder.mkdir(parents=True, exist_ok=True)
    listed = asked(settings, {"command": "workflow-list"})["workflows"]
    names = [each["name"] for each in listed if each["status"] in IN_USE]
    kept = [
        name for name in names if not written(folder, name, text_of(settings, name), force=force)
    ]
    sys.stdout.write(f"{len(names) - len(kept)} of {len(names)} written to {folder}\n")
    if kept:
        sys.stderr.write(
            f"{', '.join(f'{name}.yaml' for name in kept)} say something else: "
            "look at them, then write over them with --force.\n"
        )
        raise typer.Exit(1)


def is_folder(to: str) -> bool:
    """Say whether somebody means a folder: one that is there, or a path; a bare name is a workflow."""
    return Path(to).is_dir() or "/" in to or to in (".", "..")


def text_of(settings: Settings, name: str) -> str:
    text = str(asked(settings, {"command": "workflow-export", "name": name})["text"])
    return text if text.endswith("\n") else f"{text}\n"


def written(folder: Path, name: str, text: str, *, force: bool) -> bool:
    """Write one file; False where another text stands there and may stay."""
    place = folder / f"{name}.yaml"
    if place.exists() and place.read_text(encoding="utf-8") != text and not force:
        return False
    partial = folder / f".{name}.yaml.part"
    partial.write_text(text, encoding="utf-8")
    partial.replace(place)
    return True
