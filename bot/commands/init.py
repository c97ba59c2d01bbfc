"""`python -m bot init`: from nothing to a connected workspace, as far as a program can go."""

import sys
from urllib.parse import urlencode

from bot.commands.asking import asked
from bot.settings import Settings, read_settings
from bot.slack.manifest import manifest_yaml

FIRST_SOURCE = "admin"
STEPS = """
1. Open this link; Slack makes the app from the manifest below, and you install it:

   {link}

2. Under "Basic Information", make an app-level token with the scope connections:write.
3. Put the two tokens into the environment, or into a file .env beside this program:

   SLACK_BOT_TOKEN=xoxb-…
   SLACK_APP_TOKEN=xapp-…

4. Start it:  python -m bot serve     Look after it:  python -m bot doctor
"""


def init() -> None:
    """Write the app's manifest, show the way, and print the first admin token, once."""
    settings = read_settings()
    manifest = manifest_yaml()
    place = settings.data / "manifest.yaml"
    made = first_token(settings)
    place.write_text(manifest, encoding="utf-8")
    query = urlencode({"new_app": "1", "manifest_yaml": manifest})
    sys.stdout.write(f"The manifest is in {place}.\n")
    sys.stdout.write(STEPS.format(link=f"https://api.slack.com/apps?{query}"))
    sys.stdout.write(f"\n{made}\n")


def first_token(settings: Settings) -> str:
    """Make the admin token unless there is one; what is lost is made anew with `token create`."""
    found = asked(settings, {"command": "token-list"})
    if any("admin" in one["scopes"] for one in found["tokens"]):
        return "There is an admin token already; `python -m bot token create` makes others."
    request = {
        "command": "token-create",
        "source": FIRST_SOURCE,
        "scopes": ["admin", "read", "run"],
    }
    made = asked(settings, request)
    return f"The first admin token, shown only now:\n\n   BATON_TOKEN={made['token']}"
