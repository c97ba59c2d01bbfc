"""What a restore changes: the generation, the runs that were open, and what Slack may have been told."""

from collections.abc import Mapping
from datetime import datetime

from coordination.database import (
    Row,
    Transaction,
    bindparam,
    delete,
    func,
    meta,
    outbox,
    processes,
    runs,
    select,
    tokens,
    trigger_states,
    triggers,
    update,
    upsert,
)
from coordination.store.runs import OPEN

_META = select(meta.c.name, meta.c.value).where(meta.c.name.in_(("generation", "restored_at")))
_ALL_META = select(meta.c.name, meta.c.value)
_PUT_META = upsert(meta, key=("name",), update=("value",))
_OPEN = select(runs).where(runs.c.status.in_(OPEN), runs.c.status != "faulted").order_by(runs.c.key)
_HOLD = (
    update(runs)
    .where(runs.c.key == bindparam("run"))
    .values(status="paused", restored=bindparam("generation"), updated_at=bindparam("now"))
)
_MARK = update(runs).where(runs.c.key == bindparam("run")).values(restored=bindparam("generation"))
_QUEUE = (
    update(runs)
    .where(runs.c.key == bindparam("run"), runs.c.status == "paused")
    .values(status="queued", updated_at=bindparam("now"))
)
_GENERATION_OF = select(runs.c.restored).where(runs.c.key == bindparam("run"))
_DOUBT = (
    update(outbox)
    .where(outbox.c.state.in_(("queued", "leased", "parked")))
    .values(attempts=outbox.c.attempts + 1)
)
_FILES = delete(trigger_states).where(
    select(triggers.c.key)
    .where(
        triggers.c.workflow == trigger_states.c.workflow,
        triggers.c.trigger_id == trigger_states.c.trigger_id,
        triggers.c.kind == "file",
    )
    .exists()
)
_TOKENS = (
    select(func.count().label("count")).select_from(tokens).where(tokens.c.revoked_at.is_(None))
)
_REPORTED = (
    select(func.count().label("count"))
    .select_from(processes)
    .where(processes.c.ended_at.is_(None), processes.c.run_key.is_(None))
)


def facts(tx: Transaction) -> Mapping[str, str]:
    """Return what is known of the last restore: nothing but the generation where there was none."""
    return {row.name: row.value for row in tx.fetch_kept(_META)}


def put(tx: Transaction, name: str, value: str) -> None:
    tx.execute(_PUT_META, name=name, value=value)


def all_facts(tx: Transaction) -> Mapping[str, str]:
    return {row.name: row.value for row in tx.fetch_all(_ALL_META)}


def open_runs(tx: Transaction) -> list[Row]:
    """Return the runs that go on, or wait; those that are halted stay as they are."""
    return tx.fetch_all(_OPEN)


def hold(tx: Transaction, run_key: int, generation: int, *, now: datetime) -> None:
    """Show a run as paused, and remember which generation found it open."""
    tx.execute(_HOLD, run=run_key, generation=generation, now=now)


def mark(tx: Transaction, run_key: int, generation: int) -> None:
    """Remember of a run, without holding it, which generation found it open."""
    tx.execute(_MARK, run=run_key, generation=generation)


def queue(tx: Transaction, run_key: int, *, now: datetime) -> None:
    """Put a run that was held before it began where those stand that are to begin."""
    tx.execute(_QUEUE, run=run_key, now=now)


def generation_of(tx: Transaction, run_key: int) -> int | None:
    """Return the generation that found a run open, None where none did."""
    row = tx.fetch_one(_GENERATION_OF, run=run_key)
    return None if row is None else row.restored


def doubt_notices(tx: Transaction) -> int:
    """Have all that is still to be said looked for in Slack first; count it."""
    return tx.execute(_DOUBT)


def forget_files(tx: Transaction) -> int:
    """Have triggers on files take the files as they are now for those that they have seen."""
    return tx.execute(_FILES)


def standing_tokens(tx: Transaction) -> int:
    (row,) = tx.fetch_all(_TOKENS)
    return int(row.count)


def open_reports(tx: Transaction) -> int:
    """Count the processes of tools that had not ended."""
    (row,) = tx.fetch_all(_REPORTED)
    return int(row.count)
