"""``baton runs`` and ``baton show``: the read side."""

from argparse import ArgumentParser, Namespace
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from baton.commands.talk import ask, connect, quoted, show_json

__all__ = ["add_arguments", "add_show_arguments", "runs", "show"]

_UNSEEN = dict.fromkeys(
    [
        *range(32),
        *range(127, 160),
        *range(0x200B, 0x2010),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x206A),
    ]
)


def add_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print them as JSON")


def add_show_arguments(parser: ArgumentParser) -> None:
    parser.add_argument("run", help="the run, like R-1423")
    parser.add_argument("--json", action="store_true", help="print it as JSON")


def runs(options: Namespace) -> int:
    """List the runs, as the server orders them."""
    answer = ask(connect(), "GET", "/v1/runs")
    if options.json:
        show_json(answer)
        return 0
    found = answer.get("runs", []) if isinstance(answer, dict) else []
    rows = [(_number(run), run.get("workflow"), run.get("status"), _waiting(run)) for run in found]
    _table(rows)
    return 0


def show(options: Namespace) -> int:
    """Print where one run stands, what it waits for, and its steps."""
    run = ask(connect(), "GET", f"/v1/runs/{quoted(options.run)}")
    if options.json:
        show_json(run)
        return 0
    run = run if isinstance(run, dict) else {}
    print(
        _text(
            "  ".join(
                str(part) for part in (_number(run), run.get("workflow"), run.get("status")) if part
            )
        )
    )
    for line in (_waiting(run), _error(run)):
        if line:
            print(_text(line))
    steps = run.get("steps") or []
    _table([(f"  {step.get('path')}", step.get("status"), _seconds(step)) for step in steps])
    return 0


def _number(run: dict[str, Any]) -> str:
    if run.get("label"):
        return str(run["label"])
    number = run.get("number")
    return f"R-{number}" if isinstance(number, int) else str(number or run.get("id") or "?")


def _waiting(run: dict[str, Any]) -> str:
    waiting = run.get("waiting_for")
    return str(waiting.get("text") or "") if isinstance(waiting, dict) else ""


def _error(run: dict[str, Any]) -> str:
    error = run.get("error")
    if not isinstance(error, dict):
        return ""
    return ": ".join(str(error[name]) for name in ("type", "message") if error.get(name))


def _seconds(step: dict[str, Any]) -> str:
    """Return how long the step took, or nothing while it has not ended."""
    try:
        began = datetime.fromisoformat(step.get("started_at") or "")
        ended = datetime.fromisoformat(step.get("ended_at") or "")
        return f"{(ended - began).total_seconds():.1f} s"
    except (TypeError, ValueError):
        return ""


def _table(rows: Iterable[tuple[object, ...]]) -> None:
    texts = [[_text(str(cell or "")) for cell in row] for row in rows]
    if not texts:
        return
    widths = [max(len(cell) for cell in column) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def _text(line: str) -> str:
    """Keep what other people wrote from steering the terminal."""
    return line.translate(_UNSEEN)
