"""``baton notify``: one event, or one per line of stdin."""

import json
import sys
from argparse import ArgumentParser, Namespace

from baton.commands.reporting import about_here, report
from baton.commands.showing import line, show_json
from baton.commands.talk import USAGE, Stop, connect, say
from baton.commands.typed import json_object, pairs, values
from baton.environment import Environment, read_environment
from baton.identity import new_id, now

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import Any

__all__ = ["add_arguments", "notify"]

_TOGETHER = 100


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("status", metavar="STATUS", nargs="?", help="like started, completed or failed; - reads events as JSON lines from stdin")  # fmt: skip
    parser.add_argument("--id", metavar="ID", help="the process; by default BATON_PROCESS_ID, else a new one")  # fmt: skip
    parser.add_argument("--name", metavar="TEXT", help="of the process, for people")
    parser.add_argument("--category", metavar="WORD", help="build, test, deploy, job, task …")
    parser.add_argument("--message", metavar="TEXT", help="what to say")
    parser.add_argument("--progress", metavar="3/7", help="as 3/7, 40%% or 0.4")
    parser.add_argument("--error", metavar="TEXT", help="why it failed")
    parser.add_argument("--result", metavar="NAME=VALUE", action="append", default=[], help="what came out; repeated for each")  # fmt: skip
    parser.add_argument("--label", metavar="NAME=VALUE", action="append", default=[], help="a label; repeated for each")  # fmt: skip
    parser.add_argument("--link", metavar="URL", action="append", default=[], help="where to read more; repeated for each")  # fmt: skip
    parser.add_argument("--run", metavar="ID", help="a thread or run to join; by default BATON_RUN")
    parser.add_argument("--channel", metavar="#NAME", help="where a new thread is posted, if the token may choose")  # fmt: skip
    parser.add_argument("--type", metavar="TYPE", help="of an event that is no process, like release.published")  # fmt: skip
    parser.add_argument("--json-body", metavar="JSON|@FILE", help="the event, or the rest of it")
    parser.add_argument("--sync", action="store_true", help="fail where it is not delivered, in place of keeping it for later")  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print what became of it as JSON")


def notify(options: Namespace) -> int:
    """Send, wait for the answer, and say what became of it."""
    environment = read_environment()
    if environment.disabled:
        return 0
    if options.status == "-":
        return _lines(options)
    body = _event(options, environment)
    return _tell(report(body, sync=options.sync), as_json=options.json)


def _event(options: Namespace, environment: Environment) -> "dict[str, Any]":
    body = json_object(options.json_body, "--json-body")
    process_id = options.id or body.get("process_id") or environment.process_id
    if options.type is None and "type" not in body:
        body["process_id"] = process_id or new_id()
    given = {
        "status": options.status,
        "name": options.name,
        "category": options.category,
        "message": options.message,
        "progress": options.progress,
        "error": {"message": options.error} if options.error else None,
        "result": values(options.result, "--result"),
        "labels": pairs(options.label, "--label"),
        "links": [{"rel": "related", "url": url} for url in options.link],
        "run_id": options.run or environment.run,
        "channel": options.channel,
        "type": options.type,
        "traceparent": environment.traceparent,
    }
    body |= {name: value for name, value in given.items() if value}
    if environment.process_id and body.get("process_id") != environment.process_id:
        body.setdefault("parent", {"process_id": environment.process_id})
    if not body.keys() & {"status", "state", "type"}:
        raise Stop(USAGE, "say a STATUS, like started, completed or failed")
    return about_here(_stamped(body))


def _stamped(body: "dict[str, Any]") -> "dict[str, Any]":
    """Give the event its identity before the first try, so that a second one changes nothing."""
    stamped = {"id": new_id(), **body}
    if not body.keys() & {"occurred_at", "timestamp", "time"}:
        stamped["occurred_at"] = now()
    return stamped


def _object(text: str) -> "dict[str, Any]":
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("an event is a JSON object")  # noqa: TRY004 - bad text, like bad JSON
    return value


def _lines(options: Namespace) -> int:
    """Send what stdin holds, a hundred at a time, as it comes."""
    if not read_environment().active:
        connect()  # which says what is missing, before anybody waits for stdin
    worst = 0
    batch: list[dict[str, Any]] = []
    for number, text in enumerate(sys.stdin, start=1):
        if not text.strip():
            continue
        try:
            batch.append(_stamped(_object(text)))
        except (ValueError, RecursionError) as error:
            say(f"line {number}: {error}")
            worst = USAGE
        if len(batch) == _TOGETHER:
            worst = max(worst, _send(batch, options))
            batch = []
    if batch:
        worst = max(worst, _send(batch, options))
    return worst


def _send(batch: "list[dict[str, Any]]", options: Namespace) -> int:
    """Send what has gathered; where all of it is refused, the next lines may still be good."""
    try:
        return _tell(report(batch, sync=options.sync), as_json=options.json)
    except Stop as stop:
        if stop.code != USAGE:
            raise
        say(str(stop))
        return USAGE


def _tell(answer: "Any", *, as_json: bool) -> int:
    if answer is None:  # kept for later
        return 0
    results = answer.get("results", []) if isinstance(answer, dict) else []
    if as_json:
        show_json(answer)
    refused = 0
    for result in results:
        problem = result.get("problem")
        if problem:
            refused = USAGE
            say(str(problem.get("detail", "refused")))
        elif not as_json:
            print(_line(result))
        for warning in result.get("warnings") or []:
            say(str(warning))
    return refused


def _line(result: "dict[str, Any]") -> str:
    shown = (result.get("process_id"), result.get("status"), result.get("effect"))
    return line(*shown, result.get("thread_id"))
