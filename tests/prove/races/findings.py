"""What the rows say after a heat: who won each race, and whether anything was lost or came twice."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination import audit as audit_chain
from coordination.database import Row, audit, events, select, timers, votes, waits, wakeups
from coordination.waits import delivery_of

VERDICTS = ("approval.approved", "approval.rejected", "approval.expired", "approval.answered")
EVENT_LATE = "timeout: the event was on its way when the timer won"
TIME_OVER = "timeout: the time was over when the event won"
_TABLES = {
    "waits": select(waits),
    "wakeups": select(wakeups),
    "votes": select(votes),
    "timers": select(timers),
    "audit": select(audit.c.object, audit.c.action, audit.c.actor),
    "events": select(events.c.id, events.c.seq, events.c.received_at, events.c.dispatched_at),
}


@dataclass
class Found:
    """The rows of a heat, and who was woken by what."""

    rows: Mapping[str, Sequence[Row]]
    woken: Mapping[tuple[int, str], Sequence[Row]]  # by run and path
    seq: Mapping[str, int]  # of each event
    came: Mapping[str, datetime]  # when each of them did

    @classmethod
    async def of(cls, heat: Any) -> "Found":
        rows = {name: await heat.track.rows(wanted) for name, wanted in _TABLES.items()}
        woken: dict[tuple[int, str], list[Row]] = defaultdict(list)
        for row in rows["wakeups"]:
            woken[row.run_key, path_of(row)].append(row)
        seq = {row.id: row.seq for row in rows["events"]}
        return cls(rows, woken, seq, {row.id: row.received_at for row in rows["events"]})


def path_of(row: Row) -> str:
    """Return which step a wake-up is for."""
    if row.kind == "timer":
        return str(row.payload["slot"]).partition(":")[2]
    return str(row.payload["path"])


async def wrong(heat: Any) -> tuple[Counter[str], list[str]]:
    """Count who won, and return what must not have happened, in sentences."""
    found, counts = await Found.of(heat), Counter[str]()
    said = [*of_waits(heat, found, counts), *of_questions(heat, found, counts), *left(found)]
    said += heat.track.world.tasks.failed
    counts.update(heat.met)
    broken = await heat.track.door._door.read(audit_chain.verify)
    if broken is not None:
        said.append(f"the audit chain breaks at row {broken}")
    return counts, said


def of_waits(heat: Any, found: Found, counts: Counter[str]) -> Iterator[str]:
    """Each wait ended once, its run was told once, and of the oldest event that it waits for."""
    rows = {(row.run_key, row.path): row for row in found.rows["waits"]}
    for wait in heat.waits:
        row, told = rows[wait.run_key, wait.path], found.woken[wait.run_key, wait.path]
        published = heat.events[wait.sha]
        due = event_for(found, row, published)
        counts[f"{wait.kind} races"] += 1
        counts[f"{wait.kind}: {_winner(wait.kind, found, row)}"] += 1
        if wait.kind == "timeout":
            counts.update(_met(found, row, published, told))
        said = _twice(told) or _amiss(wait.kind, row, told, due)
        if said:
            yield f"{said} (the {wait.kind} race of {wait.sha} {wait.path})"


def _twice(told: Sequence[Row]) -> str:
    return f"DOUBLE: woken by {[each.delivery_id for each in told]}" if len(told) > 1 else ""


def _amiss(kind: str, row: Row, told: Sequence[Row], due: str | None) -> str:
    """Say what is wrong with a wait that was woken once at most."""
    heard = told[0].delivery_id if told else "nothing"
    if row.state == "answered":
        if row.event_id != due:
            return f"WRONG: answered by {row.event_id} and not by {due}"
        wanted = delivery_of(row.event_id, row.path)
        return "" if heard == wanted else f"LOST: answered by {due}, and its run heard of {heard}"
    if row.state == "expired" and kind == "timeout":
        right = bool(told) and told[0].kind == "timer"
        return "" if right else f"LOST: expired, and its run heard of {heard}"
    if row.state == "open" and due is None and not told:
        return ""
    return f"LOST: it is {row.state}, {due} is for it, and its run heard of {heard}"


def _winner(kind: str, found: Found, row: Row) -> str:
    if kind == "timeout":
        return "the timer won" if row.state == "expired" else "the event won"
    later = row.event_id is not None and found.seq.get(row.event_id, 0) > row.until_seq
    return "the wait was first" if later else "the event was first"


def _met(found: Found, row: Row, published: Sequence[str], told: Sequence[Row]) -> Iterator[str]:
    """Say whether who lost was on its way already."""
    if row.state == "expired" and min(found.came[each] for each in published) < row.expires_at:
        yield EVENT_LATE
    if row.state == "answered" and told and told[0].created_at >= row.expires_at:
        yield TIME_OVER


def event_for(found: Found, row: Row, published: Sequence[str]) -> str | None:
    """Return the oldest event that a wait has to see."""
    seen = [each for each in published if found.seq[each] >= row.since_seq]
    return min(seen, key=found.seq.__getitem__, default=None)


def of_questions(heat: Any, found: Found, counts: Counter[str]) -> Iterator[str]:
    """Each question has one verdict, its run heard it once, and who was told Yes has decided it."""
    states = {row.key: row.state for row in found.rows["waits"]}
    verdicts = Counter(row.object for row in found.rows["audit"] if row.action in VERDICTS)
    actors = {row.object: row.actor for row in found.rows["audit"] if row.action in VERDICTS}
    counted = Counter(row.wait_key for row in found.rows["votes"] if row.state == "counted")
    for asked in heat.questions:
        counts["click races"] += 1
        told = found.woken[asked.run_key, asked.path]
        won, by = heat.won.get(asked.id, []), actors.get(asked.id, "nobody")
        timed = by in ("timer", "baton")
        counts[f"click: {'the timer' if timed else 'a click'} won"] += 1
        name = f"{asked.label} ({states[asked.key]} by {by})"
        if verdicts[asked.id] != 1 or len(told) != 1:
            word = "LOST" if verdicts[asked.id] < 1 or not told else "DOUBLE"
            yield f"{word}: {name} has {verdicts[asked.id]} verdicts and {len(told)} wake-ups"
        elif (len(won), counted[asked.key]) != ((0, 0) if timed else (1, 1)):
            yield f"WRONG: {name}: {won} were told that they decided, {counted[asked.key]} votes"
        elif won and won[0] != f"{by} {states[asked.key]}":
            yield f"WRONG: {name}, but {won} were told that they decided"


def left(found: Found) -> Iterator[str]:
    if found.rows["timers"]:
        yield f"LEFT: {len(found.rows['timers'])} timers that nobody fired"
    waiting = [row.id for row in found.rows["events"] if row.dispatched_at is None]
    if waiting:
        yield f"LOST: {len(waiting)} events that nobody dispatched"
