"""`python -m bot serve`: run Baton until it is told to stop."""

import asyncio
import sys
from typing import Annotated

import typer

from bot.configuration import read_configuration
from bot.garbage import look_seldom
from bot.lifecycle import living, run_until_told
from bot.settings import read_settings


def serve(
    port: Annotated[int | None, typer.Option(help="0 takes a free one.")] = None,
) -> None:
    """Run Baton; SIGTERM and Ctrl-C end it within seconds."""
    settings = read_settings(**({} if port is None else {"port": port}))
    configuration = read_configuration(settings.configuration)

    async def main(stop: asyncio.Event) -> int:
        async with living(settings, configuration) as life:
            sys.stdout.write(f"Baton serves at {life.settings.address}\n")
            sys.stdout.flush()
            look_seldom()
            await stop.wait()
        return 0

    raise typer.Exit(run_until_told(main))
