"""``baton wait`` and ``baton status``: one thing, until it ends, or as it is."""

from argparse import ArgumentParser, Namespace

from baton.commands.patience import Patience, poll
from baton.commands.places import ended, outcome, place_of, summary
from baton.commands.showing import show_json
from baton.commands.talk import REJECTED, TIMED_OUT, USAGE, Stop, ask, connect, quoted, say
from baton.commands.typed import duration

__all__ = ["add_arguments", "add_status_arguments", "status", "wait"]

_REF = "a run like R-7, an approval like A-17, a thread, or a process like build-42 or ci:build-42"


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("ref", metavar="NAME", help=_REF)
    parser.add_argument("--for", dest="until", metavar="STATUS", help="of a process or run, to wait for; by default its end. Several with commas")  # fmt: skip
    parser.add_argument("--timeout", type=duration, metavar="TIME", help="how long, as 30m; by default for ever")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print it as JSON in the end")


def add_status_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("ref", metavar="NAME", help=_REF)
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def status(options: Namespace) -> int:
    """Print in one line where something stands, and what it waits for."""
    wire = connect()
    place = place_of(wire, options.ref)
    found = ask(wire, "GET", place.path)
    if options.json:
        show_json(found)
    else:
        print(summary(place.kind, found))
    return 0


def wait(options: Namespace) -> int:
    """Wait by long polls, which a restart of the server interrupts but does not end."""
    wire = connect()
    patience = Patience(options.timeout)
    place = place_of(wire, options.ref)
    words = frozenset((options.until or "").split(",")) - {""}
    path = place.path
    if words and place.kind in ("approval", "thread"):
        raise Stop(
            USAGE, f"--for is for processes and runs; {options.ref} is waited for to its end"
        )
    if words:
        path += f"?until={quoted(','.join(sorted(words | {'terminal'})))}"
    found, over = poll(
        wire, path, patience, lambda it: it.get("status") in words or ended(place.kind, it)
    )
    if options.json:
        show_json(found)
    else:
        print(summary(place.kind, found))
    if not over:
        say("it has not come so far in that time; wait longer with --timeout")
        return TIMED_OUT
    if words:
        return 0 if found.get("status") in words else REJECTED
    return outcome(place.kind, found)
