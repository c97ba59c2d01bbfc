"""``baton events``: what came in, and with ``--follow`` what comes."""

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from baton.commands.patience import Patience, poll
from baton.commands.showing import clock, line, show_json
from baton.commands.talk import ask, connect
from baton.commands.typed import count

if TYPE_CHECKING:
    from baton.wire import Wire

__all__ = ["add_arguments", "events"]

_SHOWN = 50


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--follow", "-f", action="store_true", help="print what comes, until you interrupt it")  # fmt: skip
    parser.add_argument("--last", type=count, metavar="N", help="how many to begin with; by default 50, and none with --follow")  # fmt: skip
    parser.add_argument("--type", metavar="TYPE", help="only those, like process.failed")
    parser.add_argument("--ns", metavar="NAMESPACE", help="only those of this namespace")
    parser.add_argument("--thread", metavar="THREAD", help="only those of this thread")
    parser.add_argument("--json", action="store_true", help="print them as JSON; with --follow one on each line")  # fmt: skip


def events(options: Namespace) -> int:
    """Print events, the newest last."""
    wire = connect()
    named = {"type": _on_the_wire(options.type), "ns": options.ns, "thread": options.thread}
    given = {name: value for name, value in named.items() if value}
    last = options.last if options.last is not None else 0 if options.follow else _SHOWN
    found = ask(wire, "GET", f"/v1/events?{urlencode({**given, 'last': last})}")
    if options.json and not options.follow:
        show_json(found)
        return 0
    _print(found, as_json=options.json)
    while options.follow:
        found = _following(wire, given, found["next"])
        _print(found, as_json=options.json)
    return 0


def _on_the_wire(type_: str | None) -> str | None:
    """Write out the types of Baton's own, which people know as ``process.failed``."""
    return f"dev.baton.{type_}" if (type_ or "").startswith("process.") else type_


def _following(wire: "Wire", given: Mapping[str, str], after: int) -> Any:
    """Return what comes next; a restart of the server loses nothing, for the cursor is ours."""
    path = f"/v1/events?{urlencode({**given, 'after': after, 'limit': 500})}"
    nothing = {"events": [], "next": after}
    found, _ = poll(wire, path, Patience(None), lambda it: bool(it.get("events")), known=nothing)
    return found


def _print(found: Mapping[str, Any], *, as_json: bool) -> None:
    for event in found.get("events") or ():
        if as_json:
            show_json(event, one_line=True)
        else:
            print(_line(event), flush=True)


def _line(event: Mapping[str, Any]) -> str:
    process = event.get("process_id")
    name = f"{event.get('namespace')}:{process}" if process else event.get("namespace")
    what = event.get("status") or event.get("type")
    said = event.get("message") or event.get("name")
    return line(clock(event.get("received_at")), name, what, event.get("effect"), said)
