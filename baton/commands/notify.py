"""``baton notify``: one event, or one per line of stdin."""

import json
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from baton.client import new_id, now
from baton.commands.talk import USAGE, Stop, ask, connect, pairs, show_json, values
from baton.environment import Environment, read_environment

__all__ = ["add_arguments", "notify"]

_TOGETHER = 100


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "status",
        nargs="?",
        help="like started, completed or failed; - reads events as JSON lines from stdin",
    )
    parser.add_argument("--id", help="the process; by default BATON_PROCESS_ID, else a new one")
    parser.add_argument("--name", help="of the process, for people")
    parser.add_argument("--category", help="build, test, deploy, job, task …")
    parser.add_argument("--message", help="what to say")
    parser.add_argument("--progress", help="as 3/7, 40%% or 0.4")
    parser.add_argument("--error", help="why it failed")
    parser.add_argument("--result", metavar="NAME=VALUE", action="append", default=[])
    parser.add_argument("--label", metavar="NAME=VALUE", action="append", default=[])
    parser.add_argument("--link", metavar="URL", action="append", default=[])
    parser.add_argument("--run", help="a thread or run to join; by default BATON_RUN")
    parser.add_argument("--channel", help="where a new thread is posted, if the token may choose")
    parser.add_argument("--type", help="of an event that is no process, like release.published")
    parser.add_argument("--json-body", metavar="JSON|@FILE", help="the event, or the rest of it")
    parser.add_argument("--json", action="store_true", help="print what became of it as JSON")


def notify(options: Namespace) -> int:
    """Send, wait for the answer, and say what became of it."""
    environment = read_environment()
    if environment.disabled:
        return 0
    if options.status == "-":
        return _lines(options, environment)
    body = _event(options, environment)
    answer = ask(connect(), "POST", "/v1/notify", body, timeout=environment.timeout)
    return _tell(answer, as_json=options.json)


def _event(options: Namespace, environment: Environment) -> dict[str, Any]:
    body = _json_body(options.json_body)
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
    return _stamped(body)


def _stamped(body: dict[str, Any]) -> dict[str, Any]:
    """Give the event its identity before the first try, so that a second one changes nothing."""
    stamped = {"id": new_id(), **body}
    if not body.keys() & {"occurred_at", "timestamp", "time"}:
        stamped["occurred_at"] = now()
    return stamped


def _json_body(text: str | None) -> dict[str, Any]:
    if text is None:
        return {}
    try:
        if text == "@-":
            text = sys.stdin.read()
        elif text.startswith("@"):
            text = Path(text[1:]).read_text(encoding="utf-8")
        return _object(text)
    except (OSError, ValueError) as error:
        raise Stop(USAGE, f"--json-body cannot be read: {error}") from None


def _object(text: str) -> dict[str, Any]:
    value = json.loads(text)
    if not isinstance(value, dict):
        raise ValueError("an event is a JSON object")  # noqa: TRY004 - bad text, like bad JSON
    return value


def _lines(options: Namespace, environment: Environment) -> int:
    """Send what stdin holds, a hundred at a time, as it comes."""
    wire, worst = connect(), 0
    batch: list[dict[str, Any]] = []
    for number, line in enumerate(sys.stdin, start=1):
        if not line.strip():
            continue
        try:
            batch.append(_stamped(_object(line)))
        except ValueError as error:
            print(f"baton: line {number}: {error}", file=sys.stderr)
            worst = USAGE
        if len(batch) == _TOGETHER:
            answer = ask(wire, "POST", "/v1/notify", batch, timeout=environment.timeout)
            worst = max(worst, _tell(answer, as_json=options.json))
            batch = []
    if batch:
        answer = ask(wire, "POST", "/v1/notify", batch, timeout=environment.timeout)
        worst = max(worst, _tell(answer, as_json=options.json))
    return worst


def _tell(answer: Any, *, as_json: bool) -> int:
    results = answer.get("results", []) if isinstance(answer, dict) else []
    if as_json:
        show_json(answer)
    refused = 0
    for result in results:
        problem = result.get("problem")
        if problem:
            refused = USAGE
            print(f"baton: {problem.get('detail', 'refused')}", file=sys.stderr)
        elif not as_json:
            print(_line(result))
        for warning in result.get("warnings") or []:
            print(f"baton: {warning}", file=sys.stderr)
    return refused


def _line(result: dict[str, Any]) -> str:
    shown = (result.get("process_id"), result.get("status"), result.get("effect"))
    return "  ".join(str(part) for part in (*shown, result.get("thread_id")) if part)
