"""``baton doctor``: whether reports get through from here, and what to do where they do not."""

import os
import stat
import time
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from baton.commands.showing import line, show_json
from baton.commands.talk import FAILED, Stop, ask, connect
from baton.environment import login_file

if TYPE_CHECKING:
    from baton.wire import Answer, Wire

__all__ = ["add_arguments", "doctor"]

_MOST_SKEW = 60.0  # s; signatures and expiries bear a little
_PATIENCE = 5.0
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, how it is, and what to do where it is not *ok*."""

    name: str
    ok: bool
    says: str
    fix: str = ""


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--flush", action="store_true", help="send now what was kept for later")
    parser.add_argument("--json", action="store_true", help="print the findings as JSON")


def doctor(options: Namespace) -> int:
    """Print one line for each finding; end with 1 where one of them needs a hand."""
    findings = [*_findings(flush=options.flush)]
    well = all(each.ok for each in findings)
    if options.json:
        show_json({"ok": well, "findings": [asdict(each) for each in findings]})
        return 0 if well else FAILED
    for each in findings:
        print(line("ok  " if each.ok else "FIX ", f"{each.name}: {each.says}"))
        if each.fix:
            print(line("    ", each.fix))
    return 0 if well else FAILED


def _findings(*, flush: bool) -> Iterator[Finding]:
    try:
        wire = connect()
    except Stop as stop:
        yield Finding("address", ok=False, says=str(stop), fix="baton login URL")
        yield from _kept(flush=False)
        return
    yield _address(wire)
    answer = _reached(wire)
    if isinstance(answer, Finding):
        yield answer
    else:
        yield from _server(wire, answer)
    yield from _proxies(wire)
    yield from _login()
    yield from _kept(flush=flush)


def _address(wire: "Wire") -> Finding:
    said = "BATON_URL" if os.environ.get("BATON_URL") else "baton login"
    parts = urlsplit(wire.url)
    local = parts.hostname in ("localhost", "127.0.0.1", "::1")
    if parts.scheme == "http" and not local:
        fix = "give the server an https address: over http others can read the token"
        return Finding("address", ok=False, says=f"{wire.url}, from {said}", fix=fix)
    return Finding("address", ok=True, says=f"{wire.url}, from {said}")


def _reached(wire: "Wire") -> "Answer | Finding":
    from baton.wire import Unreachable  # noqa: PLC0415 - as everywhere in the commands

    try:
        return wire.call("GET", "/healthz", timeout=_PATIENCE)
    except Unreachable as error:
        fix = "start it with: python -m bot serve; or check address, network and proxy"
        return Finding("server", ok=False, says=str(error), fix=fix)


def _server(wire: "Wire", health: "Answer") -> Iterator[Finding]:
    if not health.ok or not isinstance(health.body, Mapping):
        fix = "BATON_URL has to be that of a Baton, without a path"
        yield Finding("server", ok=False, says=f"answers {health.status} as no Baton does", fix=fix)
        return
    ready = wire.call("GET", "/readyz", timeout=_PATIENCE)
    parts = (ready.body or {}).get("failing", {}) if isinstance(ready.body, Mapping) else {}
    if ready.ok:
        yield Finding("server", ok=True, says="there, and ready")
    else:
        told = ", ".join(f"{name} {how}" for name, how in parts.items()) or "not ready"
        yield Finding("server", ok=False, says=told, fix="on its machine: python -m bot doctor")
    yield from _skew(health)
    yield _token(wire)


def _skew(health: "Answer") -> Iterator[Finding]:
    try:
        theirs = parsedate_to_datetime(health.headers.get("date") or "").timestamp()
    except ValueError:
        return
    apart = abs(time.time() - theirs)
    if apart > _MOST_SKEW:
        fix = "let both machines set their clocks from the network (NTP)"
        yield Finding("clock", ok=False, says=f"{apart:.0f} s apart from the server's", fix=fix)
    else:
        yield Finding("clock", ok=True, says="as the server's")


def _token(wire: "Wire") -> Finding:
    try:
        me: Any = ask(wire, "GET", "/v1/whoami", timeout=_PATIENCE)
    except Stop as stop:
        fix = "python -m bot token create --source NAME makes one; store it with: baton login URL"
        return Finding("token", ok=False, says=str(stop), fix=fix)
    scopes = me.get("scopes") or []
    owner = f" for {me['owner']}" if me.get("owner") else ""
    says = f"{me.get('source')}{owner}, scopes: {' '.join(scopes) or 'none'}"
    if not {"notify", "admin"} & set(scopes):
        fix = "to report it takes the scope notify: python -m bot token create --source NAME --scope notify"
        return Finding("token", ok=False, says=says, fix=fix)
    return Finding("token", ok=True, says=says)


def _proxies(wire: "Wire") -> Iterator[Finding]:
    found = sorted({name.lower() for name in _PROXIES if os.environ.get(name)})
    host = urlsplit(wire.url).hostname or ""
    if found:
        says = f'{", ".join(found)}; NO_PROXY="{os.environ.get("NO_PROXY", "")}"'
        fix = f"where that is not wanted: NO_PROXY={host}"
        yield Finding("proxy", ok=True, says=says, fix=fix)


def _login() -> Iterator[Finding]:
    path = Path(login_file(os.environ))
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return
    if mode & 0o077:
        says = f"others can read {path}, which holds a token"
        yield Finding("login", ok=False, says=says, fix=f"chmod 600 {path}")


def _kept(*, flush: bool) -> Iterator[Finding]:
    """Say what waits on this machine to be sent; with *flush*, send it first."""
    from baton.client import Client  # noqa: PLC0415 - as slow to load as all that reports
    from baton.spool import flush_spool, spool_state  # noqa: PLC0415

    told = ""
    if flush:
        client = Client()
        flushed = flush_spool(client)
        client.flush(_PATIENCE)
        told = f"{flushed.sent} sent now, "
    state = spool_state()
    if not state.count:
        yield Finding("kept", ok=True, says=f"{told}nothing waits to be sent")
        return
    age = _span(state.oldest_age_s)
    says = f"{told}{state.count} events wait in {state.path}, the oldest for {age}"
    fix = "they stay where the server is away, or the token is another's: mend the lines above"
    yield Finding(
        "kept", ok=not flush, says=says, fix=fix if flush else "send them: baton doctor --flush"
    )


def _span(seconds: float) -> str:
    for unit, size in (("days", 86_400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
