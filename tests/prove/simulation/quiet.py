"""Whether everything that was begun has come to its end."""

import sqlite3
from typing import Any, NamedTuple

OVER = ("completed", "failed", "cancelled")


class Standing(NamedTuple):
    """A run, as far as one looks at it from outside."""

    id: str
    status: str


def still_open(raw: sqlite3.Connection) -> list[Standing]:
    """Return the runs that have not ended."""
    rows = raw.execute("SELECT id, status FROM runs ORDER BY key")
    return [Standing(*row) for row in rows if row[1] not in OVER]


def failed(raw: sqlite3.Connection) -> list[Standing]:
    """Return the runs that failed, and that somebody may retry."""
    rows = raw.execute("SELECT id, status FROM runs WHERE status = 'failed' ORDER BY key")
    return [Standing(*row) for row in rows]


LEFT = {
    "wake-ups": "SELECT count(*) FROM wakeups WHERE done_at IS NULL",
    "events": "SELECT count(*) FROM events WHERE dispatched_at IS NULL",
    "notices": "SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased', 'parked')",
}


def was_asked(raw: sqlite3.Connection) -> bool:
    """Say whether a question of this history was ever put to somebody."""
    return raw.execute("SELECT 1 FROM approvals LIMIT 1").fetchone() is not None


def is_quiet(history: Any, but: str = "") -> str | None:
    """Return None if nothing is left to be done *but* one kind of it, else what is."""
    outside, raw = history.outside, history.disk.raw
    owed = [each.key for each in history._reports() if each.key not in outside.acknowledged]
    if owed:
        return f"not acknowledged: {owed}"
    if history.plot.secretive and not outside.started:
        return "not started: secretive"
    if runs := still_open(raw):
        return f"runs: {runs}"
    for what, sql in LEFT.items():
        (count,) = raw.execute(sql).fetchone()
        if count and what != but:
            return f"{count} {what}"
    ticking = history.plot.ticking and not history.faults.healed
    return "the schedule goes on" if ticking else None


__all__ = ["Standing", "failed", "is_quiet", "still_open", "was_asked"]
