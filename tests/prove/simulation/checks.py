"""What must be true after every history, and what a new life finds when it begins."""

import json
import sqlite3
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

from coordination import audit
from tests.prove.simulation import slack_checks
from tests.prove.simulation.outside import LEFT_FOR_GOOD, NEWCOMER, Effect
from tests.prove.simulation.people import OPERATORS
from tests.prove.simulation.plans import GATED, ONCE
from tests.prove.simulation.slack import spellings
from tests.prove.simulation.world import FIRST

ENTRIES = (
    "SELECT runs.id AS run, runs.workflow, journal.run_key, journal.seq, journal.path, journal.kind, journal.attempt,"
    " journal.fence FROM journal JOIN runs ON runs.key = journal.run_key ORDER BY run_key, journal.seq"
)
STEPS = (
    "SELECT runs.id AS run, runs.workflow, path, redo, steps.kind, steps.status, steps.started_at,"
    " steps.ended_at FROM steps JOIN runs ON runs.key = steps.run_key"
)
ASKED = (
    "SELECT approvals.id, waits.key AS wait_key, waits.state, waits.version, waits.path,"
    " runs.id AS run, runs.workflow FROM approvals JOIN waits ON waits.key = approvals.wait_key"
    " JOIN runs ON runs.key = waits.run_key"
)
VOTES = "SELECT wait_key, person, version, choice, state FROM votes"
RUNS = (
    "SELECT id, workflow, status, trigger, parent_key FROM runs"  # noqa: S608 - our number
    f" WHERE created_at >= {FIRST} ORDER BY key"
)
EVENTS = "SELECT id, process_id FROM events"
AUDIT = "SELECT object, action, detail FROM audit"
ARMED = (
    "SELECT runs.id FROM timers JOIN runs ON runs.key = timers.owner_key"
    " WHERE timers.owner_kind = 'run' AND runs.status IN ('completed', 'failed', 'cancelled')"
)
BOOT = {
    "a wake-up outlived the crash": "SELECT 1 FROM wakeups WHERE done_at IS NULL LIMIT 1",
    "a start outlived the crash": "SELECT 1 FROM runs WHERE status = 'queued' LIMIT 1",
    "an event outlived the crash": "SELECT 1 FROM events WHERE dispatched_at IS NULL LIMIT 1",
    "a notice was in flight at the crash": "SELECT 1 FROM outbox WHERE state = 'leased' LIMIT 1",
    "a run was being taken back": "SELECT 1 FROM runs WHERE status = 'compensating' LIMIT 1",
    "a question was open at the crash": (
        "SELECT 1 FROM waits WHERE kind = 'approval' AND state = 'open' LIMIT 1"
    ),
}
TAKES_BACK = frozenset({"TimerFired", "StepFailed", "CancelRequested", "ApprovalDecided"})
TAKES_BACK |= {"StepSkipped", "SkipRequested", "RollbackRequested", "RetryRequested"}
RESULTS = frozenset({"StepCompleted", "StepFailed", "StepUnknown"})
CLEANING = ("finally.", "on_cancel.", "on_failure.")


def rows(raw: sqlite3.Connection, sql: str) -> list[Any]:
    cursor = raw.cursor()
    cursor.row_factory = sqlite3.Row
    return [_Row(each) for each in cursor.execute(sql).fetchall()]


class _Row:
    """A row whose columns are attributes."""

    def __init__(self, row: sqlite3.Row) -> None:
        self.__dict__.update(zip(row.keys(), row, strict=True))

    def __getattr__(self, name: str) -> Any:
        raise AttributeError(name)


def at_boot(raw: sqlite3.Connection) -> list[str]:
    """Say what an earlier life left behind."""
    found = [mark for mark, sql in BOOT.items() if raw.execute(sql).fetchone()]
    if in_the_middle(raw):
        found.append("crash between intent and result")
    return found


def in_the_middle(raw: sqlite3.Connection) -> list[Any]:
    """Return the intents that nothing answered and nothing took back while their life lasted."""
    entries = rows(raw, ENTRIES)
    ended = {(each.run_key, each.path, each.attempt) for each in entries if each.kind in RESULTS}
    again = [each for each in entries if each.kind == "StepStarted" and each.path not in ONCE]
    ended |= {(each.run_key, each.path, each.attempt - 1) for each in again}
    back = [(each.run_key, each.fence, each.seq) for each in entries if each.kind in TAKES_BACK]
    return [
        each
        for each in entries
        if each.kind == "intent"
        and (each.run_key, each.path, each.attempt) not in ended
        and not any(
            (run, fence) == (each.run_key, each.fence) and seq > each.seq
            for run, fence, seq in back
        )
    ]


async def invariants(life: Any, history: Any) -> None:
    """Check the promises P1, P3 to P8, P11, P12, P16 and P18, and that no secret is to be seen."""
    outside, raw = history.outside, history.disk.raw
    found = rows(raw, RUNS)
    nothing_is_lost(raw, history, found)
    nothing_is_done_twice(raw, outside)
    decided_once(raw, outside)
    nobody_who_left_decides(raw, outside)
    cancel_is_final(outside)
    the_clock_is_kept(raw, history, found)
    assert not rows(raw, ARMED), f"P16: timers of runs that have ended: {rows(raw, ARMED)}"
    await audited(life, raw, outside)
    slack_checks.told(history)
    nothing_secret_is_seen(history)
    for run in found:
        outside.reached[f"run {run.status}"] += 1


def nothing_is_lost(raw: sqlite3.Connection, history: Any, found: Sequence[Any]) -> None:
    outside, stored = history.outside, {each.id for each in rows(raw, EVENTS)}
    lost = set(outside.acknowledged.values()) - stored
    assert not lost, f"P1: acknowledged and lost: {lost}"
    lost = set(outside.started.values()) - {each.id for each in found}
    assert not lost, f"P1: started and lost: {lost}"
    built = Counter(
        (each.workflow, json.loads(each.trigger)["process_id"])
        for each in found
        if each.workflow in history.builds.values()
    )
    wanted = Counter((name, build) for build, name in history.builds.items())
    assert built == wanted, f"P3: runs by build: {built}"
    hand = [each.id for each in found if each.workflow == "secretive"]
    assert len(hand) == history.plot.secretive, f"P3: started by hand: {hand}"
    assert not [each.id for each in found if each.status == "faulted"], "a run is faulted"


def nothing_is_done_twice(raw: sqlite3.Connection, outside: Any) -> None:
    """A completed step never runs again, unless a person has it done anew: that has another key."""
    entries = rows(raw, ENTRIES)
    done = {(each.run, each.path, each.attempt) for each in entries if each.kind == "StepCompleted"}
    ended = {
        (each.run, each.path, each.key): each.attempt
        for each in outside.begun
        if (each.run, each.path, each.attempt) in done
    }
    redone = {(each.run, each.path): each.redo for each in rows(raw, STEPS)}
    seen: dict[tuple[str, str], set[str]] = {}
    for effect in outside.begun:
        place = (effect.run, effect.path)
        seen.setdefault(place, set()).add(effect.key)
        last = ended.get((*place, effect.key), effect.attempt)
        assert effect.attempt <= last, f"P4: {place} ran after its end"
    for place, keys in seen.items():
        assert len(keys) <= redone[place] + 1, f"P5: {place}: a retry has a key of its own: {keys}"
    starts = Counter((each.run, each.path) for each in outside.effects)
    for place, count in starts.items():
        if place[1] in ONCE:
            assert count <= redone[place] + 1, f"P5: {place} happened {count} times"
    began = {(each.run, each.path, each.attempt) for each in entries if each.kind == "intent"}
    for effect in outside.begun:
        if effect.path in ONCE or (effect.workflow, effect.path) in GATED:
            known = (effect.run, effect.path, effect.attempt) in began
            assert known, f"P5: {effect} began without an intent"
    assert not in_the_middle(raw), f"P5: intents without an answer: {in_the_middle(raw)}"


def decided_once(raw: sqlite3.Connection, outside: Any) -> None:
    """Each question has one verdict, that of the answers which were acknowledged."""
    asked, votes = rows(raw, ASKED), rows(raw, VOTES)
    verdicts = Counter(
        each.object
        for each in rows(raw, AUDIT)
        if each.action in ("approval.approved", "approval.rejected", "approval.withdrawn")
        or each.action == "approval.expired"
    )
    for each in asked:
        assert each.state not in ("open", "checking"), f"P16: {each.id} is still {each.state}"
        assert verdicts[each.id] == 1, f"P6: {each.id} has {verdicts[each.id]} verdicts"
        mine = [vote for vote in votes if vote.wait_key == each.wait_key]
        counted = {vote.person for vote in mine if vote.state == "counted"}
        entitled = outside.crew.ever if each.workflow == "grouped" else set(OPERATORS)
        assert counted <= entitled, f"P6: {each.id} was answered by {counted}"
        _group_is_as_it_is(each, counted, outside)
        acknowledged_votes_stand(each, mine, outside)
        if any(vote.choice == "reject" and vote.state == "counted" for vote in mine):
            assert each.state == "rejected", f"P6: {each.id} is {each.state} after a No"
        outside.reached[f"approval {each.state}"] += 1
    yes = {(each.run, each.path) for each in asked if each.state == "approved"}
    for effect in outside.begun:
        gate = GATED.get((effect.workflow, effect.path))
        assert gate is None or (effect.run, gate) in yes, f"P6: {effect} without a Yes"


def _group_is_as_it_is(asked: Any, counted: set[str], outside: Any) -> None:
    """Whoever was known to be out of the group when they first answered was not heard."""
    if asked.workflow != "grouped":
        return
    late = {who for approval, who in outside.crew.barred if approval == asked.id}
    assert not counted & late, f"P6: {asked.id}: {counted & late} had dropped out of the group"
    outside.reached["a former member was refused"] += len(late)
    outside.reached["a newcomer's answer counted"] += NEWCOMER in counted
    outside.reached["a group decided"] += asked.state in ("approved", "rejected")


def acknowledged_votes_stand(asked: Any, votes: Sequence[Any], outside: Any) -> None:
    """Whoever was told that their answer stands has one there; the newest one of theirs counts."""
    said: dict[str, set[str]] = {}
    for approval, who, choice, _ in outside.answered:
        if approval == asked.id:
            said.setdefault(who, set()).add(choice)
    stored = {vote.person: vote.choice for vote in votes}
    for who, choices in said.items():
        given = stored.get(who)
        there = given in choices or (asked.id, who, given) in outside.tried
        assert there, f"P6: {asked.id}: {who} was told {choices}, and {given} is stored"


def nobody_who_left_decides(raw: sqlite3.Connection, outside: Any) -> None:
    """What a person approved who left long ago does not start any more, if nobody else did."""
    approved = {(each.run, each.path): each.wait_key for each in rows(raw, ASKED)}
    counted: dict[int, set[str]] = {}
    for vote in rows(raw, VOTES):
        if (vote.state, vote.choice) == ("counted", "approve"):
            counted.setdefault(vote.wait_key, set()).add(vote.person)
    for effect in outside.begun:
        gate = GATED.get((effect.workflow, effect.path))
        people = counted.get(approved.get((effect.run, gate)), set()) if gate else set()
        gone = [who for who in people if effect.at > outside.left.get(who, 1e9) + LEFT_FOR_GOOD]
        assert not gone, f"P6: {effect} began on the word of {gone}, who left"


def cancel_is_final(outside: Any) -> None:
    """After a cancel no step begins but those that clean up, unless somebody retries."""
    for effect in outside.begun:
        if effect.place <= outside.cancelled.get(effect.run, effect.place):
            continue
        if outside.reordered.get(effect.run, 0) > outside.cancelled[effect.run]:
            continue
        assert _cleans(effect), f"P18: {effect} began after the cancel was acknowledged"


def _cleans(effect: Effect) -> bool:
    return effect.path.startswith(CLEANING) or "~undo" in effect.path


def the_clock_is_kept(raw: sqlite3.Connection, history: Any, found: Iterable[Any]) -> None:
    """No slot of a schedule starts two runs, and no wait is shorter than it says, unless people skip it."""
    slots = Counter(
        json.loads(each.trigger).get("due_at") for each in found if each.workflow == "ticking"
    )
    twice = [slot for slot, count in slots.items() if count > 1]
    assert not twice, f"P11: slots that started more than one run: {twice}"
    history.outside.reached["a schedule fired"] += sum(slots.values())
    if "C" in history.faults.on:
        return
    if not history.faults.on & {"I", "B"}:  # under them a life may be there for nothing
        history.slots.check(slots, history.outside.reached)
    at = {(each.run, each.path): each.at for each in reversed(history.outside.begun)}
    for run in (each.id for each in found if each.workflow == "patient"):
        skipped = run in history.outside.reordered  # the wait itself, it may be
        if (run, "publish") in at and not skipped:
            lasted = at[run, "publish"] - at[run, "first"]
            assert lasted >= 50, f"P11: {run} went on after {lasted} s of 50"
            history.outside.reached["a timer fired"] += 1


async def audited(life: Any, raw: sqlite3.Connection, outside: Any) -> None:
    assert await life.door.read(audit.verify) is None, "P12: the audit chain is broken"
    known = {
        (each.object, json.loads(each.detail)["path"], json.loads(each.detail)["attempt"])
        for each in rows(raw, AUDIT)
        if each.action == "step.start"
    }
    for each in rows(raw, ENTRIES):
        if each.kind == "intent":
            there = (each.run, each.path, each.attempt) in known
            assert there, f"P12: {each.run} {each.path} was begun without a row of the audit"


def nothing_secret_is_seen(history: Any) -> None:
    """Look for the secrets that Baton was told wherever something may have been written."""
    told = history.outside.secrets.told
    if not told:
        return
    places = {
        "the database": history.disk.contents(),
        "Slack": json.dumps(history.slack.said).encode(),
        "HTTP": "".join(history.outside.talk).encode(),
        "the log": "".join(map(str, history.logged)).encode(),
    }
    history.outside.reached["a secret was looked for"] += 1
    for name, secret in told.items():
        for spelling in spellings(secret):
            seen = [where for where, text in places.items() if spelling in text]
            assert not seen, f"T-35: the secret {name} stands in {seen} as {spelling[:12]!r}…"


__all__ = ["at_boot", "in_the_middle", "invariants", "rows"]
