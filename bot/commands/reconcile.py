"""`python -m bot reconcile`: bring the cards in Slack in line with what is stored."""

import sys
from typing import Annotated

import typer

from bot.commands.asking import asked
from bot.settings import read_settings


def reconcile(
    thread: Annotated[str | None, typer.Argument(help="A thread's id, or a run as R-3.")] = None,
    *,
    all_threads: Annotated[bool, typer.Option("--all", help="The cards of all threads.")] = False,
) -> None:
    """Draw cards again, whatever Slack shows; what somebody deleted is posted anew."""
    if (thread is None) is not all_threads:
        raise typer.BadParameter("Name a thread or a run, or say --all.")
    done = asked(read_settings(), {"command": "reconcile", "thread": thread})
    count = done["cards"]
    sys.stdout.write(f"{count} card{'s'[: count != 1]} will be drawn again.\n")
