"""``baton login`` and ``baton whoami``: which server, and who it takes us for."""

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from getpass import getpass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from baton.commands.showing import show_json
from baton.commands.talk import USAGE, Stop, ask, connect
from baton.environment import login_file

__all__ = ["add_arguments", "add_whoami_arguments", "login", "whoami"]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("url", help="of the server, with the token before an @, or asked for")
    parser.add_argument("--no-input", action="store_true", help="never ask for the token")


def add_whoami_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def login(options: Namespace) -> int:
    """Ask the server who the token is, and only then store address and token."""
    from baton.wire import BadAddress, Wire  # noqa: PLC0415 - 50 ms that ``baton run`` can spare

    url, token = _split(options.url)
    token = token or os.environ.get("BATON_TOKEN") or _asked(silent=options.no_input)
    try:
        me = ask(Wire(url, token), "GET", "/v1/whoami")
    except BadAddress:
        raise Stop(
            USAGE, "URL is not an http or https address, like http://127.0.0.1:8765"
        ) from None
    path = Path(login_file(os.environ))
    _store(path, {"url": url, "token": token})
    print(f"logged in to {url} as {_name(me)}; stored in {path}")
    return 0


def whoami(options: Namespace) -> int:
    wire = connect()
    me = ask(wire, "GET", "/v1/whoami")
    if options.json:
        show_json(me)
    else:
        scopes = me.get("scopes") if isinstance(me, dict) else None
        print(f"{_name(me)} at {wire.url}, scopes: {' '.join(scopes or ['none'])}")
    return 0


def _split(url: str) -> tuple[str, str | None]:
    try:
        parts = urlsplit(url)
        token = parts.password or parts.username
    except ValueError:
        raise Stop(USAGE, "URL is not an address") from None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2])
    return urlunsplit(bare).rstrip("/"), token


def _asked(*, silent: bool) -> str:
    if silent or not sys.stdin.isatty():
        raise Stop(USAGE, "give the token in the URL, as http://TOKEN@host:port, or in BATON_TOKEN")
    return getpass("Token: ").strip()


def _name(me: Any) -> str:
    if not isinstance(me, dict):
        return "somebody"
    owner = f" for {me['owner']}" if me.get("owner") else ""
    return f"{me.get('source', 'somebody')}{owner}"


def _store(path: Path, values: dict[str, str]) -> None:
    """Write the file so that nobody else can ever read it, not even for a moment."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        part = path.with_suffix(".part")
        part.unlink(missing_ok=True)
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump(values, file)
        part.replace(path)
    except OSError as error:
        raise Stop(1, f"cannot write {path}: {error.strerror}") from None
