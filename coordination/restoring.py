"""What is done to a copy of the database before it takes the place of the one that is lost."""

from dataclasses import dataclass
from datetime import datetime

from coordination import audit, holding
from coordination.database import Transaction
from coordination.reconciling import again
from coordination.store import restored as store
from coordination.world import Ids

__all__ = ["Restored", "restore"]


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restore found.

    Args:
        generation: the new one.
        runs: the numbers of the runs that are held, oldest first.
        reports: processes of tools that had not ended.
        notices: what Slack may have been told already.
        tokens: that are valid, also those that were revoked since.
    """

    generation: int
    runs: tuple[int, ...]
    reports: int
    notices: int
    tokens: int


def restore(tx: Transaction, *, at_least: int, now: datetime, ids: Ids) -> Restored:
    """Count the generation up, to *at_least* or more, and hold all that was open."""
    known = store.all_facts(tx)
    generation = max(int(known.get("generation", "1")) + 1, at_least)
    store.put(tx, "generation", str(generation))
    store.put(tx, "restored_at", now.isoformat())
    notices = store.doubt_notices(tx)
    held = store.open_runs(tx)
    for run in held:
        holding.hold(tx, run, generation, now=now)
    for thread_key in dict.fromkeys(run.thread_key for run in held if run.thread_key is not None):
        again(tx, thread_key, now=now, ids=ids)
    store.forget_files(tx)
    numbers = tuple(int(run.number) for run in held)
    detail = {
        "generation": generation,
        "backup_at": known.get("backup_at"),
        "runs": [f"R-{number}" for number in numbers],
    }
    audit.record(
        tx, at=now, actor="admin", action="database.restore", object="database", detail=detail
    )
    reports, tokens = store.open_reports(tx), store.standing_tokens(tx)
    return Restored(generation, numbers, reports, notices, tokens)
