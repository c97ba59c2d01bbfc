"""``baton junit``: count what test reports say, and report it as one process."""

import hashlib
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import Any

from baton.commands.reporting import about_here, report
from baton.commands.showing import line, show_json
from baton.commands.talk import FAILED, Stop, say
from baton.environment import read_environment
from baton.identity import new_id, now
from baton.junit import BadReport, Counts, read_junit, total

__all__ = ["add_arguments", "junit"]


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("files", metavar="FILE", nargs="+", help="JUnit XML, as most tools write it")  # fmt: skip
    parser.add_argument("--id", metavar="ID", help="of the process; by default made of what the files say")  # fmt: skip
    parser.add_argument("--name", metavar="TEXT", help="of the process; by default the first file's")  # fmt: skip
    parser.add_argument("--run", metavar="ID", help="a thread or run to join; by default BATON_RUN")
    parser.add_argument("--fail", action="store_true", help="end with 1 where a test failed")
    parser.add_argument("--json", action="store_true", help="print the counts as one JSON object")


def junit(options: Namespace) -> int:
    """Print the counts; where a server is known, report them too."""
    raw = [_read(name) for name in options.files]
    counts = total(_counts(name, each) for name, each in zip(options.files, raw, strict=True))
    if options.json:
        show_json(counts.to_json())
    else:
        _print(counts)
    environment = read_environment()
    if environment.active:
        digest = hashlib.sha256(b"".join(raw)).hexdigest()[:16]
        _report(_event(options, counts, digest))
    return FAILED if options.fail and counts.status == "failed" else 0


def _read(name: str) -> bytes:
    try:
        return Path(name).read_bytes()
    except OSError as error:
        raise Stop(FAILED, f"{name}: {(error.strerror or 'cannot be read').lower()}") from None


def _counts(name: str, raw: bytes) -> Counts:
    try:
        return read_junit(raw)
    except BadReport as error:
        raise Stop(FAILED, f"{name}: {error}") from None


def _print(counts: Counts) -> None:
    parts = ("passed", "failures", "errors", "skipped")
    numbers = counts.to_json()
    told = ", ".join(f"{numbers[part]} {part}" for part in parts if numbers[part])
    print(f"{counts.tests} tests in {counts.time_s} s: {told or 'nothing ran'}")
    for name, said in counts.failing:
        print(line(f"  {name}", said))


def _event(options: Namespace, counts: Counts, digest: str) -> dict[str, Any]:
    here = read_environment()
    body: dict[str, Any] = {
        "id": new_id(),
        "occurred_at": now(),
        "process_id": options.id or f"junit:{digest}",
        "name": options.name or Path(options.files[0]).name,
        "category": "test",
        "status": counts.status,
        "result": counts.to_json(),
        "run_id": options.run or here.run,
        "traceparent": here.traceparent,
    }
    if here.process_id:
        body["parent"] = {"process_id": here.process_id}
    if counts.failing:
        told = "\n".join(f"{name}: {said}".rstrip(": ") for name, said in counts.failing)
        body["error"] = {"type": "tests-failed", "message": told[:2000]}
    return about_here({name: value for name, value in body.items() if value is not None})


def _report(body: dict[str, Any]) -> None:
    """Tell the server; what it makes of it does not change what the tests say."""
    try:
        answer = report(body, sync=False)
    except Stop as stop:
        say(f"the counts are not reported: {stop}")
        return
    for result in (answer or {}).get("results", ()):
        say(line("reported as", result.get("process_id"), result.get("thread_id")))
