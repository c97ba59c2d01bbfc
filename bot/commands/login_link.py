"""`python -m bot login-link`: let a person see the pages."""

import sys
from typing import Annotated

import typer

from bot.commands.asking import asked
from bot.settings import read_settings


def login_link(
    person: Annotated[str, typer.Argument(help="As Slack calls them, @ada or U123.")],
) -> None:
    """Print a link that logs PERSON in, once, within ten minutes."""
    done = asked(read_settings(), {"command": "login-link", "person": person})
    sys.stdout.write(f"{done['url']}\n")
