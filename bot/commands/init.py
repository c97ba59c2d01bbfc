"""`python -m bot init`: from nothing to a connected workspace, as far as a program can go."""

import sys
from typing import Annotated
from urllib.parse import urlencode

import typer

from bot.commands.asking import asked
from bot.configuration import read_configuration
from bot.settings import InvalidSettings, Settings, read_settings, web_address
from bot.slack.manifest import manifest_yaml

FIRST_SOURCE = "admin"
LINK = 8000  # characters that browsers and servers take in an address without trouble
STEPS = """
1. {make}
   Then press "Install to workspace".

2. {second}

3. Put both into the environment, or into a file .env beside this program:

   SLACK_BOT_TOKEN=xoxb-…      from "OAuth & Permissions"
   {variables}

4. Start it:  python3 run.py bot serve     Look after it:  python3 run.py bot doctor

docs/howto/connect-slack.md goes on from here.
"""
SOCKET = 'Under "Basic Information", make an app-level token with the scope connections:write.'
HTTP = 'Under "Basic Information", copy the Signing Secret.'


def init(
    *,
    url: Annotated[
        str | None, typer.Option(help="Where Slack calls Baton; without it, a socket is held open.")
    ] = None,
    least: Annotated[
        bool, typer.Option("--least", help="Without the rights to read what people write.")
    ] = False,
) -> None:
    """Write the app's manifest, show the way, and print the first admin token, once."""
    settings = read_settings()
    bus = read_configuration(settings.configuration).bus.values()
    senders = [sender for channel in bus for sender in channel.senders]
    manifest = manifest_yaml(url=checked(url), least=least, senders=senders)
    place = settings.data / "manifest.yaml"
    made = first_token(settings)
    place.write_text(manifest, encoding="utf-8")
    sys.stdout.write(f"The manifest is in {place}.\n")
    sys.stdout.write(steps(manifest, str(place), url))
    sys.stdout.write(f"\n{made}\n")


def checked(url: str | None) -> str | None:
    """Return *url* if Slack can call it. Raises: InvalidSettings."""
    try:
        good = url is None or web_address(url).startswith("https://")
    except ValueError:
        good = False
    if not good:
        raise InvalidSettings(f"--url: Slack calls https addresses alone, not {str(url)[:100]!r}.")
    return url


def steps(manifest: str, place: str, url: str | None) -> str:
    """Say what is left to do by hand."""
    query = urlencode({"new_app": "1", "manifest_yaml": manifest})
    link = f"https://api.slack.com/apps?{query}"
    make = f"Open this link, which has the manifest in it, and make the app:\n\n   {link}\n"
    if len(link) > LINK:
        make = (
            'Open https://api.slack.com/apps?new_app=1, choose "From a manifest", and paste\n'
            f"   what {place} holds."
        )
    variables = (
        f'SLACK_SIGNING_SECRET=…      from "Basic Information"\n   BATON_SLACK_MODE=http\n'
        f"   BATON_PUBLIC_URL={url.rstrip('/')}"
        if url
        else "SLACK_APP_TOKEN=xapp-…      the one you just made"
    )
    return STEPS.format(make=make, second=HTTP if url else SOCKET, variables=variables)


def first_token(settings: Settings) -> str:
    """Make the admin token unless there is one; what is lost is made anew with `token create`."""
    found = asked(settings, {"command": "token-list"})
    if any("admin" in one["scopes"] for one in found["tokens"]):
        return "There is an admin token already; `python3 run.py bot token create` makes others."
    request = {
        "command": "token-create",
        "source": FIRST_SOURCE,
        "scopes": ["admin", "read", "run"],
    }
    made = asked(settings, request)
    return f"The first admin token, shown only now:\n\n   BATON_TOKEN={made['token']}"
