"""`python -m bot purge`: forget now what the server forgets every hour, or say what that would be."""

import json
import sys
from typing import Annotated

import typer

from bot.commands.asking import asked
from bot.settings import read_settings

WORDS = {
    "runs": "ended runs",
    "events": "events",
    "threads": "idle threads",
    "raw_bodies": "raw bodies",
    "notices": "notices to Slack",
    "audit": "rows of the audit (their content)",
}


def purge(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only count what would go.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON document.")] = False,
) -> None:
    """Delete what has been over for longer than it is kept; what goes on is never touched."""
    done = asked(read_settings(), {"command": "purge", "dry": dry_run})
    if as_json:
        sys.stdout.write(json.dumps(dict(done), indent=2) + "\n")
        return
    verb = "Would delete" if dry_run else "Deleted"
    for kind, words in WORDS.items():
        sys.stdout.write(f"{verb} {done['rows'][kind]:,} {words}.\n")
    if done["more"]:
        sys.stdout.write("There is more: the time of one command was up. Say it again.\n")
