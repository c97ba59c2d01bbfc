"""What must hold of the golden scenario, whatever happened to its lives."""

import asyncio
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

from coordination import audit as chain
from coordination import database
from coordination.changes import Changes
from coordination.database import InlineDoor, Reader, Row, select
from coordination.database.statements import Statements
from tests.prove.golden.outside import Outside
from workflows.journal import Faulted, _check
from workflows.runs import RunRecord
from workflows.store import entry_of

TABLES = (
    *("approvals", "audit", "events", "journal", "outbox", "processes", "runs", "slots", "steps"),
    *("threads", "votes", "waits", "wakeups"),
)
STARTS = ("build-7",)  # the events that start a run
GATED = "deploy"
UNSAID = "SELECT 1 FROM outbox WHERE state IN ('queued', 'leased') LIMIT 1"


@dataclass(frozen=True)
class Found:
    """What lies in the database, oldest first, and what happened outside."""

    rows: Mapping[str, Sequence[Row]]
    audit_broken_at: int | None
    integrity: str
    outside: Outside


def found(data: Path, outside: Outside, compiled: Statements | None = None) -> Found:
    """Read what the lives on *data* left."""
    path = data / "baton.db"
    rows, broken = asyncio.run(_read(path, compiled))
    return Found(rows, broken, integrity(path), outside)


async def _read(
    path: Path, compiled: Statements | None
) -> tuple[dict[str, Sequence[Row]], int | None]:
    door = InlineDoor(path, changes=Changes("found"), durable=False)
    if compiled is not None:
        door._statements = compiled
    try:
        rows: dict[str, Sequence[Row]] = {
            name: await door.read(partial(_all_of, name)) for name in TABLES
        }
        return rows, await door.read(chain.verify)
    finally:
        await door.close()


async def _all_of(name: str, reader: Reader) -> list[Row]:
    table = getattr(database, name)
    return await reader.fetch_all(select(table).order_by(*table.primary_key.columns))


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as reader:
        return str(reader.execute("PRAGMA integrity_check").fetchone()[0])


def all_is_said(data: Path) -> bool:
    """Say whether nothing waits to be told. What was told, and could not be noted, waits for a while."""
    uri = f"file:{quote(str(data / 'baton.db'))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as reader:
        return reader.execute(UNSAID).fetchone() is None


def wrong(found: Found, checks: "Sequence[Check] | None" = None) -> list[str]:
    """Return what is wrong, in sentences that begin with the promise."""
    return [sentence for check in checks or CHECKS for sentence in check(found)]


def nothing_acknowledged_is_lost(found: Found) -> Iterator[str]:
    stored = {each.id for each in found.rows["events"]}
    for key, event in found.outside.acknowledged.items():
        if event not in stored:
            yield f"P1: {key} was acknowledged as {event} and is not stored"
    states = {each.id: wait for each in found.rows["approvals"] for wait in _waits(found, each)}
    for approval, told in found.outside.decided.items():
        state = states[approval].state if approval in states else "not there"
        if state != told:
            yield f"P1: {approval} was answered with {told} and is {state}"


def nothing_is_stored_twice(found: Found) -> Iterator[str]:
    keys = Counter(_name(each) for each in found.rows["events"])
    for key in found.outside.events:
        if keys[key] > 1:
            yield f"P3: {key} is stored {keys[key]} times"
    started = Counter(run.trigger.get("process_id") for run in found.rows["runs"])
    if any(count > 1 for count in started.values()):
        yield f"P3: the runs came from {dict(started)}"


def _name(event: Row) -> str:
    body: Mapping[str, Any] = event.body or {}
    return str(body.get("id") if event.type == "note.seen" else event.process_id)


def no_step_is_done_again(found: Found) -> Iterator[str]:
    ended = {row.path: row.attempt for row in found.rows["journal"] if row.kind == "StepCompleted"}
    redone = {step.path: step.redo for step in found.rows["steps"]}
    retried = found.outside.seen["failed runs retried"]
    for each in found.outside.effects:
        if each["attempt"] > ended.get(each["path"], each["attempt"]) + retried:
            yield f"P4: {each['path']} ran as attempt {each['attempt']}, after its end"
    count = sum(each["path"] == GATED for each in found.outside.effects)
    if count > 1 + redone.get(GATED, 0) + retried:
        yield f"P5: {GATED} happened {count} times, with {redone.get(GATED, 0)} on demand"


def no_effect_without_its_intent(found: Found) -> Iterator[str]:
    begun = {(row.path, row.attempt) for row in found.rows["journal"] if row.kind == "intent"}
    approved = any(wait.state == "approved" for wait in found.rows["waits"])
    for each in found.outside.effects:
        if each["path"] == GATED and (each["path"], each["attempt"]) not in begun:
            yield f"P5: {each} happened, and its intent is not stored"
        if each["path"] == GATED and not approved:
            yield f"P6: {each} happened, and nobody approved it"


def each_question_is_decided_once(found: Found) -> Iterator[str]:
    verdicts = Counter(
        row.object for row in found.rows["audit"] if row.action == "approval.approved"
    )
    for each in found.rows["approvals"]:
        votes = sum(vote.wait_key == each.wait_key for vote in found.rows["votes"])
        for wait in _waits(found, each):
            counts = (1, 1) if wait.state == "approved" else (0, 0)
            if (verdicts[each.id], votes) != counts:
                yield f"P6: {each.id} is {wait.state} with {verdicts[each.id]} verdicts, {votes} votes"


def _waits(found: Found, approval: Row) -> list[Row]:
    return [wait for wait in found.rows["waits"] if wait.key == approval.wait_key]


def the_books_add_up(found: Found) -> Iterator[str]:
    """R2, R4, P12: no row is missing or damaged; what belongs together is there together."""
    if found.integrity != "ok":
        yield f"P12: the database says {found.integrity}"
    if found.audit_broken_at is not None:
        yield f"P12: the audit chain breaks at row {found.audit_broken_at}"
    for run in found.rows["runs"]:
        rows = [row for row in found.rows["journal"] if row.run_key == run.key]
        if len(rows) != run.seq:
            yield f"P4: R-{run.number} counts {run.seq} rows and has {[row.seq for row in rows]}"
        try:
            for place, row in enumerate(rows, 1):
                _check(run.id, entry_of(cast("RunRecord", run), row), place)
        except Faulted as error:
            yield f"P4: R-{run.number}: {error}"
    begun = Counter(row.object for row in found.rows["audit"] if row.action == "run.start")
    if set(begun) != {run.id for run in found.rows["runs"]} or set(begun.values()) - {1}:
        yield f"P12: {len(found.rows['runs'])} runs have the starts {dict(begun)}"


def everything_came_to_its_end(found: Found) -> Iterator[str]:
    """P16: of a scenario that is through."""
    if sorted(found.outside.acknowledged) != sorted(found.outside.events):
        yield f"P16: only {sorted(found.outside.acknowledged)} were taken in"
    told = [(run.status, run.trigger.get("process_id")) for run in found.rows["runs"]]
    if told != [("completed", name) for name in STARTS]:
        yield f"P16: the runs are {told}"
    states = [wait.state for wait in found.rows["waits"]]
    if states != ["approved"]:
        yield f"P6: the questions are {states}"
    paths = {each["path"] for each in found.outside.effects}
    if paths != {"prepare", GATED, "announce"}:
        yield f"P5: what happened is {sorted(paths)}"
    late = [row.id for row in found.rows["events"] if row.dispatched_at is None]
    late += [row.kind for row in found.rows["wakeups"] if row.done_at is None]
    late += [row.slot for row in found.rows["outbox"] if row.state in ("queued", "leased")]
    yield from (f"P16: {each} is left" for each in late)


def slack_was_told_once(found: Found) -> Iterator[str]:
    """P7, P8: each message once, and one more for each answer that was lost."""
    said = Counter(_mark(message) for message in found.outside.messages)
    lost = found.outside.seen["answers of Slack that were lost"]
    extra = sum(count - 1 for count in said.values())
    if extra > lost:
        yield f"P8: {extra} messages too many: {dict(said)}"
    keys = {thread.key: thread.id for thread in found.rows["threads"]}
    known = {(keys[slot.thread_key], slot.slot) for slot in found.rows["slots"]}
    if set(said) != known:
        yield f"P7: Slack and the store do not agree on {set(said) ^ known}"


def _mark(message: Mapping[str, Any]) -> tuple[str, str]:
    payload = message["metadata"]["event_payload"]
    return str(payload["t"]), str(payload["s"])


Check = Callable[[Found], Iterator[str]]
AT_ANY_MOMENT: tuple[Check, ...] = (
    nothing_acknowledged_is_lost,
    nothing_is_stored_twice,
    no_step_is_done_again,
    no_effect_without_its_intent,
    each_question_is_decided_once,
    the_books_add_up,
)
CHECKS: tuple[Check, ...] = (*AT_ANY_MOMENT, everything_came_to_its_end, slack_was_told_once)
