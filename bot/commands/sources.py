"""`python -m bot source`: who may report, and how they prove who they are."""

import json
import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer

from bot.commands.asking import asked
from bot.settings import read_settings

app = typer.Typer(help="Make, list and retire sources of reports.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Of the source, as `ci`.")]
Secret = Annotated[
    str | None,
    typer.Option(help="whsec_… of the sending side, or env:NAME for BATON_SECRET_NAME."),
]


@app.command("add")
def add(  # noqa: PLR0913  # each is an option that a person may give
    name: Name,
    *,
    kind: Annotated[str, typer.Option(help="What it is, as `ci`.")] = "api",
    namespace: Annotated[str | None, typer.Option(help="Where its process ids are unique.")] = None,
    channel: Annotated[str | None, typer.Option(help="Where its threads are posted.")] = None,
    may_choose_channel: Annotated[bool, typer.Option(help="A report may name another.")] = False,
    scheme: Annotated[str, typer.Option(help="bearer, or standard-webhooks: it signs.")] = "bearer",
    secret: Secret = None,
) -> None:
    """Make a source, or change the one of that name; a new secret is shown once."""
    request = {
        "command": "source-add",
        "name": name,
        "kind": kind,
        "namespace": namespace,
        "channel": channel,
        "may_choose_channel": may_choose_channel,
        "scheme": scheme,
        "secret": secret,
    }
    made = asked(read_settings(), request)
    sys.stdout.write(f"The source {made['name']} is there.\n")
    if scheme == "bearer":
        sys.stdout.write(f"A token for it: python -m bot token create --source {name}\n")
    tell(made)


@app.command("list")
def list_sources() -> None:
    """List the sources as JSON."""
    found = asked(read_settings(), {"command": "source-list"})
    sys.stdout.write(json.dumps(found["sources"], indent=2) + "\n")


@app.command("rotate")
def rotate(
    name: Name,
    *,
    overlap: Annotated[float, typer.Option(help="Hours that the old secret still counts.")] = 24,
    secret: Secret = None,
) -> None:
    """Give a source that signs a new secret; the one before ends after the overlap."""
    request = {"command": "source-rotate", "name": name, "overlap": overlap, "secret": secret}
    tell(asked(read_settings(), request))


@app.command("retire")
def retire(name: Name) -> None:
    """Take nothing from a source any more; who shows its token is told so."""
    done = asked(read_settings(), {"command": "source-retire", "name": name})
    sys.stdout.write("retired\n" if done["changed"] else "It was retired before.\n")


@app.command("restore")
def restore(name: Name) -> None:
    """Take from a retired source again."""
    done = asked(read_settings(), {"command": "source-restore", "name": name})
    sys.stdout.write("restored\n" if done["changed"] else "It was not retired.\n")


def tell(made: Mapping[str, Any]) -> None:
    """Show a new secret, the only time that it is known."""
    if made.get("secret"):
        address = f"{made['address']}/v1/notify?source={made['name']}"
        sys.stdout.write(f"It signs what it sends to {address} with\n\n   {made['secret']}\n\n")
        sys.stderr.write("This is the only time that the secret is shown.\n")
