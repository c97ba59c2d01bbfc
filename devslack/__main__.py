"""``python -m devslack``: start a local Slack and say how to reach it."""

import argparse
import asyncio
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from devslack import VERSION, fixture, manifest
from devslack.app import Server
from devslack.emulator import Options
from devslack.errors import StartError
from devslack.shapes import Json, dump

ANY = ("0.0.0.0", "::")  # noqa: S104  compared with, not bound to


def parser() -> argparse.ArgumentParser:
    """Return the command line."""
    made = argparse.ArgumentParser("python -m devslack", description="A strict local Slack.")
    add = made.add_argument
    add("--version", action="version", version=VERSION)
    add("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    add("--port", type=int, default=0, help="port; 0 takes a free one (default)")
    add("--manifest", type=Path, metavar="FILE", help="app manifest, YAML or JSON")
    add("--fixture", type=Path, metavar="FILE", help="people and channels, YAML or JSON")
    add("--clock", choices=("real", "virtual"), default="real")
    add("--deliver", choices=("socket", "http"), default="socket", help="how the app is reached")
    add("--request-url", default="", metavar="URL", help="where to deliver with --deliver http")
    add("--state", type=Path, metavar="FILE", help="keep the workspace here, over restarts")
    add("--page", type=Path, metavar="DIR", help="folder of the built browser page")
    add(
        "--frame-ancestors",
        action="append",
        default=[],
        metavar="ORIGIN",
        help="may frame the page",
    )
    add("--seed", default=None, metavar="N", help="makes ids and tokens the same each time")
    add(
        "--lenient",
        action="store_true",
        help="accept any token; unknown people and channels appear",
    )
    add("--print-env", action="store_true", help="print lines for a shell instead of JSON")
    add("--exit-with-stdin", action="store_true", help="end when standard input is closed")
    return made


def options(args: argparse.Namespace) -> Options:
    """Turn the command line into options.

    Raises:
        StartError: a file cannot be used, or options do not fit together.
    """
    hosts = ("*",) if args.host in ANY else (args.host,)
    for origin in args.frame_ancestors:
        if not origin.startswith(("http://", "https://")) or any(c in origin for c in " ;,'\""):
            raise StartError(
                f"--frame-ancestors {origin}: must be an origin like http://127.0.0.1:8765"
            )
    return Options(
        manifest=manifest.load(args.manifest) if args.manifest else Options().manifest,
        fixture=fixture.read(args.fixture) if args.fixture else {},
        clock=args.clock,
        deliver=args.deliver,
        request_url=args.request_url,
        state=args.state,
        seed=args.seed,
        lenient=args.lenient,
        page=args.page,
        frame_ancestors=tuple(args.frame_ancestors),
        hosts=hosts,
    )


def lines(greeting: Json) -> str:
    """Return the greeting as assignments for a shell."""
    names = {
        "SLACK_API_URL": "api_url",
        "SLACK_BOT_TOKEN": "bot_token",
        "SLACK_APP_TOKEN": "app_token",
        "SLACK_SIGNING_SECRET": "signing_secret",
    }
    return "\n".join(f"{name}={greeting[key]}" for name, key in names.items())


def watch_input(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """End when standard input is closed, which the kernel does when the one who started us dies."""

    def read() -> None:
        while os.read(0, 4096):
            continue
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()


async def run(server: Server, *, shell: bool, with_input: bool) -> None:
    """Serve until told to stop by Ctrl-C, SIGTERM or the end of standard input."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    if with_input:
        watch_input(loop, ended)
    async with server:
        greeting = server.greeting()
        sys.stdout.write((lines(greeting) if shell else dump(greeting)) + "\n")
        sys.stdout.flush()
        await ended.wait()


def main(arguments: list[str] | None = None) -> int:
    """Start devslack; 2 when it cannot."""
    args = parser().parse_args(arguments)
    logging.basicConfig(level=logging.INFO, stream=sys.stderr, format="devslack: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    try:
        server = Server(options(args), args.host, args.port)
        asyncio.run(run(server, shell=args.print_env, with_input=args.exit_with_stdin))
    except StartError as error:
        sys.stderr.write(f"devslack: {error}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
