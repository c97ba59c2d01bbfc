"""`python -m bot serve`: run Baton until it is told to stop."""

import asyncio
import gc
import sys
from typing import Annotated

import typer

from bot.configuration import read_configuration
from bot.lifecycle import living, run_until_told
from bot.settings import read_settings

RARELY = (5_000, 20, 20)  # hardly anything goes in circles, and each look stops everything


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
            gc.collect()
            gc.freeze()  # what lives for ever is not looked through again and again
            gc.set_threshold(*RARELY)
            await stop.wait()
        return 0

    raise typer.Exit(run_until_told(main))
