"""What must be true after every history, and what a new life finds when it begins."""

from collections import Counter
from typing import Any

from coordination import audit as audit_chain
from coordination.database import (
    approvals,
    audit,
    events,
    journal,
    runs,
    select,
    steps,
    timers,
    waits,
    wakeups,
)
from tests.workflows.runtimes.bench import Bench

PENDING = select(wakeups).where(wakeups.c.done_at.is_(None))
QUEUED = select(runs.c.key).where(runs.c.status == "queued")
UNDISPATCHED = select(events.c.seq).where(events.c.dispatched_at.is_(None))
RUNS = select(runs)
EVENTS = select(events.c.id)
ENTRIES = select(
    journal.c.run_key,
    journal.c.seq,
    journal.c.path,
    journal.c.kind,
    journal.c.attempt,
    journal.c.fence,
    runs.c.id.label("run"),
).select_from(journal.join(runs, runs.c.key == journal.c.run_key))
STEPS = select(steps.c.path, steps.c.redo, runs.c.id.label("run")).select_from(
    steps.join(runs, runs.c.key == steps.c.run_key)
)
ASKED = select(approvals.c.id, waits.c.state, waits.c.path, runs.c.id.label("run")).select_from(
    approvals.join(waits, waits.c.key == approvals.c.wait_key).join(
        runs, runs.c.key == waits.c.run_key
    )
)
AUDIT = select(audit.c.object, audit.c.action)
ARMED = select(timers).where(timers.c.owner_kind == "run")
ONCE = frozenset({"lint", "deploy", "first", "last", "try", "ship"})
GATED = {"deploy": "gate", "ship": "gate", "publish": "publish~approval"}


async def at_boot(bench: Bench) -> list[str]:
    """Say what an earlier life left behind."""
    found = []
    if await rows(bench, PENDING):
        found.append("a wake-up outlived the crash")
    if await rows(bench, QUEUED):
        found.append("a start outlived the crash")
    if await rows(bench, UNDISPATCHED):
        found.append("an event outlived the crash")
    if await in_the_middle(bench):
        found.append("crash between intent and result")
    return found


async def in_the_middle(bench: Bench) -> list[Any]:
    """Return the intents that nothing answered and nothing took back while their life lasted."""
    entries = await rows(bench, ENTRIES)
    ended = {(each.run_key, each.path, each.attempt) for each in entries if each.kind in RESULTS}
    again = [each for each in entries if each.kind == "StepStarted" and each.path not in ONCE]
    ended |= {(each.run_key, each.path, each.attempt - 1) for each in again}
    taken_back = {
        (each.run_key, each.fence, each.seq) for each in entries if each.kind in TAKES_BACK
    }
    return [
        each
        for each in entries
        if each.kind == "intent"
        and (each.run_key, each.path, each.attempt) not in ended
        and not any(
            (run, fence) == (each.run_key, each.fence) and seq > each.seq
            for run, fence, seq in taken_back
        )
    ]


TAKES_BACK = frozenset({"TimerFired", "StepFailed", "CancelRequested", "ApprovalDecided"})
RESULTS = frozenset({"StepCompleted", "StepFailed", "StepUnknown"})


async def invariants(bench: Bench, history: Any) -> None:
    """Check the promises P1, P3, P4, P5, P6 and P12, and that nothing is left over."""
    outside = history.outside
    all_runs = await rows(bench, RUNS)
    await nothing_is_lost(bench, outside, all_runs)
    await nothing_is_done_twice(bench, outside)
    await decided_once(bench, outside)
    await nothing_is_left(bench)
    assert await bench.door.read(audit_chain.verify) is None, "P12: the audit chain is broken"
    for run in all_runs:
        outside.reached[f"run {run.status}"] += 1


async def nothing_is_lost(bench: Bench, outside: Any, all_runs: list[Any]) -> None:
    stored = {each.id for each in await rows(bench, EVENTS)}
    lost = set(outside.acknowledged.values()) - stored
    assert not lost, f"P1: acknowledged and lost: {lost}"
    triggered = Counter(each.trigger["process_id"] for each in all_runs)
    assert triggered == Counter(list(outside.acknowledged)), f"P3: runs by build: {triggered}"
    assert not [each.id for each in all_runs if each.status == "faulted"], "a run is faulted"


async def nothing_is_done_twice(bench: Bench, outside: Any) -> None:
    """A completed step never runs again; what must not repeat needs a person for each start."""
    entries = await rows(bench, ENTRIES)
    done = {(each.run, each.path): each.attempt for each in entries if each.kind == "StepCompleted"}
    seen: dict[tuple[str, str], set[str]] = {}
    for effect in outside.effects:
        place = (effect.run, effect.path)
        seen.setdefault(place, set()).add(effect.key)
        assert effect.attempt <= done.get(place, effect.attempt), f"P4: {place} ran after its end"
    redone = {(each.run, each.path): each.redo for each in await rows(bench, STEPS)}
    for place, keys in seen.items():
        assert len(keys) <= redone[place] + 1, f"{place}: a retry has a key of its own: {keys}"
    starts = Counter((each.run, each.path) for each in outside.effects)
    for place, count in starts.items():
        if place[1] in ONCE:
            assert count <= redone[place] + 1, f"P5: {place} happened {count} times"
    assert not await in_the_middle(bench), "P5: an intent without an answer was passed over"
    began = {(each.run, each.path, each.attempt) for each in entries if each.kind == "intent"}
    for effect in outside.effects:
        if effect.path in ONCE:
            known = (effect.run, effect.path, effect.attempt) in began
            assert known, f"P5: {effect} happened without an intent"


async def decided_once(bench: Bench, outside: Any) -> None:
    """Each question has one verdict, that of the answers which were acknowledged."""
    asked = await rows(bench, ASKED)
    verdicts = Counter(
        each.object
        for each in await rows(bench, AUDIT)
        if each.action in ("approval.approved", "approval.rejected", "approval.withdrawn")
    )
    for each in asked:
        assert each.state not in ("open", "checking"), f"{each.id} is still open"
        assert verdicts[each.id] == 1, f"P6: {each.id} has {verdicts[each.id]} verdicts"
        said = outside.answers.get(each.id, [])
        assert all(who in ("UGRACE", "UMAYA") for who, _ in said), f"P6: {said}"
        if any(what == "reject" for _, what in said):
            assert each.state == "rejected", f"P6: {each.id} is {each.state} after a No"
        outside.reached[f"approval {each.state}"] += 1
    yes = {(each.run, each.path) for each in asked if each.state == "approved"}
    for effect in outside.effects:
        if effect.path in GATED:
            assert (effect.run, GATED[effect.path]) in yes, f"P6: {effect} without a Yes"


async def nothing_is_left(bench: Bench) -> None:
    pending = await rows(bench, PENDING)
    assert not pending, f"wake-ups that nobody heard: {pending}"
    armed = await rows(bench, ARMED)
    assert not armed, f"timers of runs that have ended: {armed}"
    waiting = await rows(bench, UNDISPATCHED)
    assert not waiting, f"events that nobody dispatched: {waiting}"


async def rows(bench: Bench, wanted: Any) -> list[Any]:
    return await bench.door.read(lambda reader: reader.fetch_all(wanted))
