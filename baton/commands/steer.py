"""``baton cancel``, ``retry`` and ``resolve``: each is one decision, however often it is sent."""

import json
from argparse import ArgumentParser, Namespace
from typing import Any

from baton.commands.places import summary
from baton.commands.showing import show_json
from baton.commands.talk import ask, connect, quoted
from baton.commands.typed import from_file
from baton.identity import new_id

__all__ = [
    "add_cancel_arguments",
    "add_resolve_arguments",
    "add_retry_arguments",
    "cancel",
    "resolve",
    "retry",
]


def add_cancel_arguments(parser: ArgumentParser) -> None:
    _add_run(parser)
    parser.add_argument("--reason", metavar="TEXT", default="", help="why, for the others")


def add_retry_arguments(parser: ArgumentParser) -> None:
    _add_run(parser)
    parser.add_argument("--from", dest="path", metavar="STEP", help="the step to begin with; by default what failed")  # fmt: skip


def add_resolve_arguments(parser: ArgumentParser) -> None:
    _add_run(parser)
    parser.add_argument("path", metavar="STEP", help="the step whose effect nobody could prove")
    parser.add_argument("outcome", choices=("retry", "done", "fail"), help="run it again, take it as done, or as failed")  # fmt: skip
    parser.add_argument("--output", metavar="JSON|@FILE", help="what it brought, where it is done")


def _add_run(parser: ArgumentParser) -> None:
    parser.add_argument("run", metavar="RUN", help="the run, like R-7")
    parser.add_argument("--request-id", metavar="ID", help="the same one again changes nothing")
    parser.add_argument("--json", action="store_true", help="print the run as JSON")


def cancel(options: Namespace) -> int:
    return _tell(options, "cancel", {"reason": options.reason})


def retry(options: Namespace) -> int:
    return _tell(options, "retry", {"from_path": options.path})


def resolve(options: Namespace) -> int:
    body = {"path": options.path, "outcome": options.outcome}
    if options.output is not None:
        body["output"] = _output(options.output)
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


def _output(text: str) -> Any:
    given = from_file(text, "--output")
    try:
        return json.loads(given)
    except (ValueError, RecursionError):
        return given
