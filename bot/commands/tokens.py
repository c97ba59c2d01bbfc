"""`python -m bot token`: what tools show to say who they are."""

import json
import sys
from typing import Annotated

import typer

from bot.commands.asking import asked
from bot.configuration import read_configuration
from bot.settings import read_settings

app = typer.Typer(help="Make, list and end tokens.", no_args_is_help=True)


@app.command("create")
def create(
    source: Annotated[str, typer.Option(help="The tool, as `ci` or `claude-code`.")],
    scope: Annotated[
        list[str], typer.Option(help="read, notify, approve, run, publish, admin.")
    ] = [  # noqa: B006 - Typer copies it
        "notify",
        "read",
    ],
    owner: Annotated[
        str | None, typer.Option(help="The person it acts for, as @ada or U123.")
    ] = None,
    channel: Annotated[str | None, typer.Option(help="Where its threads are posted.")] = None,
    days: Annotated[float | None, typer.Option(help="How long it lives; default for ever.")] = None,
) -> None:
    """Make a token and print it, once, with the address of the server."""
    settings = read_settings()
    said = read_configuration(settings.configuration).sources.get(source)
    request = {
        "command": "token-create",
        "source": source,
        "scopes": scope,
        "owner": owner,
        "channel": channel or (said.channel if said else None),
        "days": days,
        "kind": said.kind if said else None,
        "namespace": said.namespace if said else None,
        "may_choose_channel": said.may_choose_channel if said else False,
    }
    made = asked(settings, request)
    sys.stdout.write(f"BATON_URL={made['address']}\nBATON_TOKEN={made['token']}\n")
    sys.stderr.write(
        "This is the only time that the token is shown. With both in the environment, "
        "`baton login` keeps them for this user.\n"
    )


@app.command("rotate")
def rotate(
    source: Annotated[str, typer.Argument(help="The source whose tokens a new one takes over.")],
    *,
    overlap: Annotated[float, typer.Option(help="Hours that the old ones still count.")] = 24,
) -> None:
    """Make a new token for a source, and let its others end after the overlap."""
    request = {"command": "token-rotate", "source": source, "overlap": overlap}
    made = asked(read_settings(), request)
    sys.stdout.write(f"BATON_URL={made['address']}\nBATON_TOKEN={made['token']}\n")
    sys.stderr.write(
        f"This is the only time that the token is shown. {made['ended']} end in {overlap:g} h.\n"
    )


@app.command("list")
def list_tokens() -> None:
    """List the tokens as JSON, without their secrets."""
    found = asked(read_settings(), {"command": "token-list"})
    sys.stdout.write(json.dumps(found["tokens"], indent=2) + "\n")


@app.command("revoke")
def revoke(
    token: Annotated[str, typer.Argument(help="Its id, the 12 characters after bt_.")],
) -> None:
    """End a token at once."""
    done = asked(read_settings(), {"command": "token-revoke", "token": token})
    if not done["revoked"]:
        sys.stderr.write(
            f"There is no token {token} to end. `python -m bot token list` lists them.\n"
        )
        raise typer.Exit(1)
    sys.stdout.write("ended\n")
