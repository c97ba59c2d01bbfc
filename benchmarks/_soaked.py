"""Looks through a data folder after `soak`: what is broken, what is still open, and how much there is.

A program of its own, since it uses Baton's packages and those of the proofs. Given a folder, it prints
one JSON document; with the word `open` after it, only what has not ended yet.
"""

import asyncio
import json
import os
import sqlite3
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.prove.kill import checks
from tests.prove.kill.lives import left_after
from tests.prove.kill.remains import Remains, integrity, marks, read_messages, read_rows

ORPHANS = 3.0  # s in which what the server started has to follow it
OPEN = {
    "runs": "SELECT count(*) FROM runs WHERE status NOT IN ('completed', 'failed', 'cancelled')",
    "notices": "SELECT count(*) FROM outbox WHERE state IN ('queued', 'leased')",
    "events": "SELECT count(*) FROM events WHERE dispatched_at IS NULL",
}


def still_open(data: Path) -> dict[str, int]:
    place = f"file:{quote(str(data / 'baton.db'))}?mode=ro"
    with closing(sqlite3.connect(place, uri=True, timeout=30)) as reader:
        return {name: reader.execute(sql).fetchone()[0] for name, sql in OPEN.items()}


def gathered(data: Path) -> Remains:
    rows, broken = asyncio.run(read_rows(data / "baton.db"))
    return Remains(
        document=None,
        acknowledged=json.loads((data / "acknowledged.json").read_text()),
        orphans=[
            name for process, name in left_after(data, ORPHANS).items() if process != os.getpid()
        ],
        rows=rows,
        audit_broken_at=broken,
        integrity=integrity(data / "baton.db"),
        messages=asyncio.run(read_messages(data / "slack.state")),
        deploys=(),
        releases=frozenset(),
        current="",
    )


def each_release_has_one_run(remains: Remains) -> Iterator[str]:
    """P3: an event starts one run, however often it came."""
    done = {
        each.process_id
        for each in remains.rows["processes"]
        if each.process_id.startswith("release-") and each.status == "completed"
    }
    started = Counter(run.trigger["process_id"] for run in remains.rows["runs"])
    if set(started) != done or set(started.values()) - {1}:
        yield f"{len(done)} releases are done, and the runs are {dict(started)}"
    ended = Counter(run.status for run in remains.rows["runs"])
    if set(ended) - {"completed"}:
        yield f"the runs ended as {dict(ended)}"


def each_question_is_decided_once(remains: Remains) -> Iterator[str]:
    """P6: one vote and one verdict in the trail for each."""
    verdicts = Counter(r.object for r in remains.rows["audit"] if r.action == "approval.approved")
    votes = Counter(vote.wait_key for vote in remains.rows["votes"])
    for question in remains.rows["approvals"]:
        counts = (verdicts[question.id], votes[question.wait_key])
        if counts != (1, 1):
            yield f"{question.id} has {counts} verdicts and votes"


def each_thread_has_one_root(remains: Remains) -> Iterator[str]:
    roots = Counter(marks(each).get("t") for each in remains.messages if not each.is_reply)
    yield from (f"{thread} has {count} roots" for thread, count in roots.items() if count > 1)


CHECKS = (
    checks.nothing_acknowledged_is_lost,
    checks.nothing_is_said_twice,
    checks.no_completed_step_runs_again,
    checks.nothing_outlives_its_server,
    each_release_has_one_run,
    each_question_is_decided_once,
    checks.the_books_add_up,
    each_thread_has_one_root,
)


def looked_through(data: Path) -> dict[str, Any]:
    remains = gathered(data)
    counts = {name: len(rows) for name, rows in remains.rows.items()}
    return {
        "violations": [
            f"{check.__name__}: {found}" for check in CHECKS for found in check(remains)
        ],
        "open": still_open(data),
        "counts": {**counts, "messages": len(remains.messages)},
    }


def main() -> None:
    data = Path(sys.argv[1])
    print(json.dumps(still_open(data) if "open" in sys.argv[2:] else looked_through(data)))


if __name__ == "__main__":
    main()
