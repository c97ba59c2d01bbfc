"""What must be true after every commit; cheap, since there are many."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.prove.simulation.disk import Disk
from tests.prove.simulation.outside import Outside

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
START = "0" * 64
NEWER = "SELECT seq, at, sum, actor, action, object, detail FROM audit WHERE seq > ? ORDER BY seq"
VERDICTS = "('approval.approved', 'approval.rejected', 'approval.expired', 'approval.answered')"
ENDED = (
    "SELECT count(*) FROM approvals JOIN waits ON waits.key = approvals.wait_key"
    " WHERE waits.state IN ('approved', 'rejected', 'expired', 'answered')"
)
SAID = f"SELECT count(*) FROM audit WHERE action IN {VERDICTS}"  # noqa: S608 - our words
ROWS = (
    "SELECT runs.id, runs.seq, max(journal.seq), count(*) FROM runs"
    " JOIN journal ON journal.run_key = runs.key WHERE runs.id = ?"
)


class Watch:
    """Looks at what each commit left behind."""

    def __init__(self, disk: Disk, outside: Outside) -> None:
        self._disk = disk
        self._outside = outside
        self._seq = 0
        self._sum = START
        self._changes = 0  # of the connection, when it was last looked at

    def begin(self) -> None:
        self._seq, self._sum = 0, START
        self._chain()

    def look(self, touched: tuple[Any, ...]) -> None:
        """Raise AssertionError where a promise is broken."""
        changes, self._changes = self._changes, self._disk.raw.total_changes
        if self._changes == changes:
            return  # many a unit finds nothing to do
        kinds = {each.kind for each in touched}
        self._chain()
        execute = self._disk.raw.execute
        if "approval" in kinds:
            (ended,), (said,) = execute(ENDED).fetchone(), execute(SAID).fetchone()
            assert ended == said, f"P12: {ended} verdicts stand, and {said} are in the audit"
        for each in touched:
            if each.kind == "run":
                run, seq, newest, count = execute(ROWS, (each.id,)).fetchone()
                assert run is None or seq == newest == count, (
                    f"P4: {run} counts {seq} rows, and its journal has {count} up to {newest}"
                )

    def _chain(self) -> None:
        """Follow the audit from where it was; a commit that was lost takes its rows along."""
        for seq, at, total, *said in self._disk.raw.execute(NEWER, (self._seq,)):
            assert seq == self._seq + 1, f"P12: the audit goes from {self._seq} to {seq}"
            assert total == _sum(at, said, self._sum), (
                f"P12: row {seq} of the audit does not follow"
            )
            self._seq, self._sum = seq, total


def _sum(at: int, said: list[str], previous: str) -> str:
    """Return the sum that a row has to have, worked out beside the product."""
    actor, action, whom, detail = said
    values = {"actor": actor, "action": action, "object": whom, "detail": json.loads(detail)}
    moment = (EPOCH + timedelta(microseconds=at)).isoformat()
    written = json.dumps(
        [moment, values, previous], sort_keys=True, separators=(",", ":"), ensure_ascii=False
    )
    return hashlib.sha256(written.encode()).hexdigest()


__all__ = ["Watch"]
