"""``baton pause``, ``cancel``, ``retry`` and the like: each is one decision, however often it is sent."""

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from baton.commands.places import summary
from baton.commands.showing import show_json
from baton.commands.talk import USAGE, Stop, ask, connect, quoted
from baton.commands.typed import from_file, values
from baton.identity import new_id

__all__ = [
    "add_arguments",
    "add_cancel_arguments",
    "add_handled_arguments",
    "add_resolve_arguments",
    "add_retry_arguments",
    "add_rollback_arguments",
    "add_signal_arguments",
    "add_skip_arguments",
    "cancel",
    "handled",
    "pause",
    "resolve",
    "resume",
    "retry",
    "rollback",
    "signal",
    "skip",
]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run, like R-7")
    parser.add_argument("--request-id", metavar="ID", help="the same one again changes nothing")
    parser.add_argument("--json", action="store_true", help="print the run as JSON")


def add_cancel_arguments(parser: ArgumentParser) -> None:
    add_rollback_arguments(parser)
    parser.add_argument("--mode", choices=("compensate", "now"), help="take back first what it did, or not; now also cuts short the clean-up of one that is being cancelled")  # fmt: skip


def add_rollback_arguments(parser: ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("--reason", metavar="TEXT", default="", help="why, for the others")


def add_handled_arguments(parser: ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("--reason", metavar="TEXT", required=True, help="what was done about it")


def add_retry_arguments(parser: ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("--from", dest="path", metavar="STEP", help="the step to begin with; by default what failed")  # fmt: skip


def add_skip_arguments(parser: ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("path", metavar="STEP", help="the step to leave out")


def add_signal_arguments(parser: ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("name", metavar="NAME", help="the name that a step waits for")
    parser.add_argument(
        "pairs", metavar="K=V", nargs="*", default=[], help="what the signal carries"
    )
    parser.add_argument("--payload", metavar="JSON|@FILE", help="what it carries, as JSON")


def add_resolve_arguments(parser: ArgumentParser) -> None:
    add_arguments(parser)
    parser.add_argument("path", metavar="STEP", help="the step whose effect nobody could prove")
    parser.add_argument("outcome", choices=("retry", "done", "fail"), help="run it again, take it as done, or as failed")  # fmt: skip
    parser.add_argument("--output", metavar="JSON|@FILE", help="what it brought, where it is done")


def pause(options: Namespace) -> int:
    return _tell(options, "pause", {})


def resume(options: Namespace) -> int:
    return _tell(options, "resume", {})


def cancel(options: Namespace) -> int:
    return _tell(options, "cancel", {"reason": options.reason, "mode": options.mode})


def rollback(options: Namespace) -> int:
    return _tell(options, "rollback", {"reason": options.reason})


def handled(options: Namespace) -> int:
    return _tell(options, "handled", {"reason": options.reason})


def retry(options: Namespace) -> int:
    return _tell(options, "retry", {"from_path": options.path})


def skip(options: Namespace) -> int:
    return _tell(options, "skip", {"path": options.path})


def signal(options: Namespace) -> int:
    if options.pairs and options.payload is not None:
        raise Stop(USAGE, "a signal carries K=V or --payload, not both")
    payload = values(options.pairs, "a signal") or None
    if options.payload is not None:
        payload = _json(options.payload, "--payload")
    return _tell(options, "signal", {"name": options.name, "payload": payload})


def resolve(options: Namespace) -> int:
    body = {"path": options.path, "outcome": options.outcome}
    if options.output is not None:
        body["output"] = _json(options.output, "--output")
    return _tell(options, "resolve", body)


def _tell(options: Namespace, verb: str, body: dict[str, Any]) -> int:
    """Send the decision under an id that it has before the first try."""
    body["request_id"] = options.request_id or f"cli-{new_id()}"
    path = f"/v1/runs/{quoted(options.run)}/{verb}"
    run = ask(connect(), "POST", path, body, steadily=True)
    if options.json:
        show_json(run)
    else:
        print(summary("run", run))
    return 0


def _json(text: str, option: str) -> Any:
    """Read JSON, or ``@FILE`` with JSON; what is none is a text."""
    given = from_file(text, option)
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        return given
