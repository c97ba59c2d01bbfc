"""``baton explain``: why an event joined its thread, and what came of it."""

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from baton.commands.showing import plain, show_json
from baton.commands.talk import USAGE, Stop, ask, connect, quoted
from baton.commands.typed import from_file

if TYPE_CHECKING:
    from baton.wire import Wire

__all__ = ["add_arguments", "explain"]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("event", metavar="EVENT", help="ev_…; with --source the tool's own id; R-7, build-42 or ci:build-42 for its newest event; @FILE for one that was not sent")  # fmt: skip
    parser.add_argument("--source", metavar="SOURCE", help="whose id it is, where it is a tool's")
    parser.add_argument("--json", action="store_true", help="print the record as JSON")


def explain(options: Namespace) -> int:
    """Print the record that was written when the event came; of a file, what would be written."""
    wire = connect()
    if options.event.startswith("@"):
        record = ask(wire, "POST", "/v1/notify?dry_run=1", _from_file(options.event))
    else:
        query = f"?{urlencode({'source': options.source})}" if options.source else ""
        try:
            record = ask(wire, "GET", f"/v1/events/{quoted(options.event)}/explain{query}")
        except Stop as missing:
            record = _of_own(wire, options.event, missing)
    if options.json:
        show_json(record)
        return 0
    told = record.get("lines") if isinstance(record, dict) else None
    for text in told if isinstance(told, list) else _rehearsed(record):
        print(plain(str(text)))
    return 0


def _of_own(wire: "Wire", name: str, missing: Stop) -> Any:
    """Return the record of the newest event of a process of one's own, as `baton status` takes its id."""
    if missing.reason != "not-found" or ":" in name:
        raise missing
    process = f"{ask(wire, 'GET', '/v1/whoami').get('namespace')}:{name}"
    try:
        return ask(wire, "GET", f"/v1/events/{quoted(process)}/explain")
    except Stop:
        raise missing from None


def _from_file(name: str) -> Any:
    try:
        return json.loads(from_file(name, "EVENT"))
    except (ValueError, RecursionError) as error:
        raise Stop(USAGE, f"{name[1:]} is not JSON: {error}") from None


def _rehearsed(record: Mapping[str, Any]) -> Iterator[str]:
    """Say what a dry run found: how each event would be taken, and what to mend in the others."""
    for found in record.get("explain") or ():
        yield from found.get("lines") or ()
    for each in record.get("problems") or ():
        said = each if isinstance(each, str) else json.dumps(each, ensure_ascii=False)
        yield f"problem: {said}"
