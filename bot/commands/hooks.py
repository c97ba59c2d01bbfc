"""`python -m bot hook`: the secrets that webhooks of workflows are signed with."""

import sys
from typing import Annotated

import typer

from bot.commands.asking import asked
from bot.settings import read_settings

app = typer.Typer(help="Make secrets for webhooks of workflows.", no_args_is_help=True)


@app.callback()
def hook() -> None:
    """Make secrets for webhooks of workflows."""


@app.command("rotate")
def rotate(
    workflow: Annotated[str, typer.Argument(help="Whose trigger it is.")],
    trigger: Annotated[str, typer.Argument(help="The id of the webhook trigger.")],
    *,
    overlap: Annotated[float, typer.Option(help="Hours that the old secret still counts.")] = 24,
) -> None:
    """Make a new secret for a webhook, the first one too, and print it once."""
    request = {
        "command": "workflow-rotate",
        "name": workflow,
        "trigger": trigger,
        "overlap": overlap,
    }
    made = asked(read_settings(), request)
    sys.stdout.write(f"{made['url']}\n{made['secret']}\n")
    sys.stderr.write("This is the only time that the secret is shown.\n")
