"""How commands print: plain lines, tables and JSON on stdout."""

import json
import sys
from collections.abc import Iterable, Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import Any

__all__ = ["clock", "error_of", "line", "number_of", "plain", "show_json", "table", "took", "waits"]

_UNSEEN = dict.fromkeys(
    [
        *range(32),
        *range(127, 160),
        *range(0x200B, 0x2010),
        *range(0x2028, 0x202F),
        *range(0x2060, 0x206A),
        0xFEFF,
    ]
)


def plain(text: object) -> str:
    """Keep what other people wrote from steering the terminal, and on one line."""
    return " ".join(str(text).split("\n")).translate(_UNSEEN)


def line(*parts: object) -> str:
    """Join what there is of *parts* by two spaces."""
    return "  ".join(plain(part) for part in parts if part not in (None, ""))


def table(rows: Iterable[tuple[object, ...]]) -> None:
    """Print *rows* with their columns below each other."""
    texts = [[plain("" if cell is None else cell) for cell in row] for row in rows]
    if not texts:
        return
    widths = [max(len(cell) for cell in column) for column in zip(*texts, strict=True)]
    for row in texts:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def show_json(value: "Mapping[str, Any] | list[Any]", *, one_line: bool = False) -> None:
    """Print one JSON document on stdout, or one line of several."""
    json.dump(value, sys.stdout, ensure_ascii=False, indent=None if one_line else 2)
    print(flush=one_line)


def number_of(run: "Mapping[str, Any]") -> str:
    """Return how people call a run, as ``R-7``."""
    if run.get("label"):
        return str(run["label"])
    number = run.get("number")
    return f"R-{number}" if isinstance(number, int) else str(number or run.get("id") or "?")


def waits(run: "Mapping[str, Any]") -> str:
    """Return the sentence that says what a run waits for, or who dealt with its failure."""
    done, waiting = run.get("handled"), run.get("waiting_for")
    if isinstance(done, dict):
        return f"Handled by {done.get('by')}: {done.get('reason')}"
    return str(waiting.get("text") or "") if isinstance(waiting, dict) else ""


def error_of(thing: "Mapping[str, Any]") -> str:
    """Return what went wrong with a run, a step or a process, if anything did."""
    error = thing.get("error")
    if not isinstance(error, dict):
        return ""
    return ": ".join(str(error[name]) for name in ("type", "message") if error.get(name))


def took(step: "Mapping[str, Any]") -> str:
    """Return how long a step took, or nothing while it has not ended."""
    from datetime import datetime  # noqa: PLC0415 - not for those who report

    try:
        began = datetime.fromisoformat(step.get("started_at") or "")
        ended = datetime.fromisoformat(step.get("ended_at") or "")
        return f"{(ended - began).total_seconds():.1f} s"
    except (TypeError, ValueError):
        return ""


def clock(text: object) -> str:
    """Return the time of day, here, of a time of the server's."""
    from datetime import datetime  # noqa: PLC0415 - as above

    try:
        return f"{datetime.fromisoformat(str(text)).astimezone():%H:%M:%S}"
    except ValueError:
        return ""
