"""`python -m bot.demo`, which `python3 run.py demo` starts."""

import argparse
import asyncio
import json
import sys
import webbrowser
from collections.abc import Sequence
from pathlib import Path

from baton.errors import BatonError
from bot.demo.report import timeline
from bot.demo.stage import Options, Stage, staged
from bot.lifecycle import run_until_told
from bot.logs import configure


def options_of(argv: Sequence[str]) -> Options:
    parser = argparse.ArgumentParser(prog="run.py demo", description="See Baton at work.")
    parser.add_argument("--once", action="store_true", help="play the story, print it, and end")
    parser.add_argument("--json", action="store_true", help="print one JSON document (with --once)")
    parser.add_argument("--no-browser", action="store_true", help="print the address only")
    parser.add_argument("--port", type=int, default=8765, help="0 takes a free one")
    parser.add_argument(
        "--data", type=Path, default=Path(".baton"), help="goes on where it stopped"
    )
    given = parser.parse_args(argv)
    if not 0 <= given.port <= 65535:
        parser.error(f"--port takes a number from 0 to 65535, not {given.port}")
    once = given.once or given.json or not sys.stdout.isatty() and not given.no_browser  # noqa: RUF021 - read as said
    return Options(
        once=once,
        as_json=given.json,
        browser=not given.no_browser,
        port=given.port,
        data=given.data.resolve(),
    )


def main() -> int:
    options = options_of(sys.argv[1:])
    options.data.mkdir(parents=True, exist_ok=True)
    with (options.data / "baton.log").open("a", encoding="utf-8", buffering=1) as log:
        configure(log)
        try:
            return run_until_told(lambda stop: played(options, stop))
        except BatonError as error:
            say(str(error))
            say(f"More is in {options.data / 'baton.log'}.")
            return 1


async def played(options: Options, stop: asyncio.Event) -> int:
    """Play until the end, or until told to stop."""
    async with staged(options, say) as stage:
        clock = stage.life.baton.world.clock
        began = clock.monotonic()
        loop = asyncio.get_running_loop()
        told = loop.create_task(stop.wait())
        story = loop.create_task(once(stage) if options.once else open_house(stage))
        await asyncio.wait([told, story], return_when=asyncio.FIRST_COMPLETED)
        if not story.done():
            story.cancel()
            await asyncio.wait([story])
            return 130 if options.once else 0
        story.result()
        if options.once:
            await show(stage, clock.monotonic() - began)
            return 0
        await told
        say("Ending.")
    return 0


async def once(stage: Stage) -> None:
    """A person approves one run and rejects another."""
    released = await stage.story.released(1)
    say(f"{released.label} was approved, deployed and verified.")
    rejected = await stage.story.rejected(2)
    say(f"{rejected.label} was rejected, and not deployed.")
    await stage.quiet()


async def open_house(stage: Stage) -> None:
    """Play one run to its end, then leave another waiting, and open the page."""
    released = await stage.story.released(1)
    say(f"{released.label} was approved, deployed and verified.")
    waiting = await stage.story.waiting(2)
    say(f"{waiting.label} waits for you.")
    address = await stage.invitation(waiting)
    sys.stdout.write(f"\nOpen this; it logs you in as Grace, once:\n\n  {address}\n\n")
    sys.stdout.write(
        f"To report something yourself:\n\n{stage.try_it()}\n\nCtrl-C ends the demo.\n"
    )
    sys.stdout.flush()
    if stage.options.browser:
        await asyncio.to_thread(webbrowser.open, address)


async def show(stage: Stage, seconds: float) -> None:
    found = await stage.document(seconds)
    if stage.options.as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(timeline(found)) + "\n")
    sys.stdout.flush()


def say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
