"""A rehearsal as people read it: a line for each thing that happened, what was said below it."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from workflows.rehearsal.timeline import Entry, Rehearsal

__all__ = ["clock", "lines_of", "short_lines_of"]

WORDS: Final[Mapping[str, str]] = {"would_call": "would call", "not_taken": "not taken"}
UNITS: Final = ((604_800, "w"), (86_400, "d"), (3_600, "h"), (60, "m"))
LONGEST: Final = 400  # characters of one value
MOST: Final = 2_000  # entries


def lines_of(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield the lines: the timeline, then how everything stands."""
    entries = rehearsal.timeline
    for entry in entries[:MOST]:
        yield from _entry(entry)
    if len(entries) > MOST:
        yield f"… and {len(entries) - MOST:,} more; --json has them all"
    yield ""
    last = clock(entries[-1].at) if entries else clock(0)
    yield f"{rehearsal.status} after {last}"
    if rehearsal.waiting_for is not None:
        yield rehearsal.waiting_for
    for name, value in (rehearsal.outputs or {}).items():
        yield f"  {name}: {_value(value)}"


def short_lines_of(rehearsal: Rehearsal) -> Iterator[str]:
    """Yield one line for each thing that happened: of what was said below it, only why it failed."""
    for entry in rehearsal.timeline:
        error = entry.more.get("error")
        why = f": {error['message']}" if isinstance(error, Mapping) else ""
        yield f"{next(_entry(entry))}{why}"


def _entry(entry: Entry) -> Iterator[str]:
    more = entry.more
    words = [WORDS.get(entry.kind, entry.kind), entry.path]
    if more.get("attempt", 1) > 1:
        words.append(f"(attempt {more['attempt']})")
    words += [str(more[key]) for key in ("status", "text") if key in more]
    first, *rest = " ".join(filter(None, words)).splitlines()
    yield f"{clock(entry.at):>9}  {first}"
    yield from (f"{'':13}{line}" for line in rest)
    yield from (f"{'':13}{line}" for line in _said(more))


def _said(more: Mapping[str, Any]) -> Iterator[str]:
    params = more.get("params")
    if isinstance(params, Mapping):
        shown = {name: value for name, value in params.items() if value != more.get("text")}
        yield from (f"{name}: {_value(value)}" for name, value in shown.items())
    if more.get("output") is not None:
        yield f"output: {_value(more['output'])}"
    error = more.get("error")
    if isinstance(error, Mapping):
        yield f"{error['type']}: {error['message']}"


def _value(value: Any) -> str:
    """Write a value in one line, and no more of it than people read."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}… ({len(text):,} characters)"


def clock(at: float) -> str:
    """Write a time from the start as the language writes durations: ``1d2h``, ``1.5s``."""
    left, parts = timedelta(seconds=at).total_seconds(), []
    for size, unit in UNITS:
        count = int(left // size)
        left -= count * size
        if count:
            parts.append(f"{count}{unit}")
    if left or not parts:
        parts.append(f"{left:.3f}".rstrip("0").rstrip(".") + "s")
    return "".join(parts)
