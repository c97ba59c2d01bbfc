"""What must be true after every history, however often the server died in it."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from typing import cast

from coordination.database import Row
from tests.prove.kill.remains import Remains, marks
from workflows.journal import Faulted, _check
from workflows.runs import RunRecord
from workflows.store import entry_of

BUILDS = ("build-web-1", "build-web-2")
ENDED = ("completed", "rejected")


def wrong(remains: Remains) -> list[str]:
    """Return what is wrong, in sentences."""
    return [f"{check.__name__}: {found}" for check in CHECKS for found in check(remains)]


def nothing_acknowledged_is_lost(remains: Remains) -> Iterator[str]:
    """P1, P3: what was answered 202 is stored, and once."""
    stored = Counter(event.body.get("id", event.id) for event in remains.rows["events"])
    ids = {event.id for event in remains.rows["events"]}
    for name, event_id in remains.acknowledged.items():
        if event_id not in ids:
            yield f"{name} was acknowledged as {event_id} and is not stored"
        if stored[name] != 1:
            yield f"{name} was stored {stored[name]} times"
    if len(remains.acknowledged) < 3:
        yield "the witness saw next to nothing, so this proves nothing"


def both_builds_led_to_one_run_each(remains: Remains) -> Iterator[str]:
    triggers = sorted(run.trigger["process_id"] for run in remains.rows["runs"])
    if triggers != list(BUILDS):
        yield f"the runs came from {triggers}"
    outcomes = [(run.status, (run.error or {}).get("type")) for run in remains.rows["runs"]]
    if outcomes != [("completed", None), ("failed", "rejected")]:
        yield f"the runs ended as {outcomes}"
    told = [run["status"] for run in remains.document["runs"]]
    if told != ["completed", "failed"]:
        yield f"the document tells of {told}"
    builds = [each for each in remains.rows["processes"] if each.process_id in BUILDS]
    if [each.status for each in builds] != ["completed", "completed"]:
        yield f"the builds are {[each.status for each in builds]}"


def each_thread_has_one_root(remains: Remains) -> Iterator[str]:
    roots = [message for message in remains.messages if not message.is_reply]
    keys = {run.thread_key for run in remains.rows["runs"]}
    threads = {thread.id for thread in remains.rows["threads"] if thread.key in keys}
    bearers = Counter(marks(root).get("t") for root in roots)
    if set(bearers) != threads or set(bearers.values()) != {1} or len(threads) != 2:
        told = [(root.ts, *marks(root).values()) for root in roots]
        yield f"{len(threads)} threads have the roots {dict(bearers)}: {told}"
    told = [thread for thread in remains.document["threads"] if thread["title"] == "build web"]
    shown = [len(thread["messages"]) for thread in told]
    said = [len(messages) for messages in remains.threads_in_slack().values()]
    if shown != said:
        yield f"the document shows {shown} messages, Slack has {said}"


def nothing_is_said_twice(remains: Remains) -> Iterator[str]:
    """P7, P8: each slot is one message, and the message that the store knows."""
    known = {(slot.slot, slot.ts) for slot in remains.rows["slots"]}
    for messages in remains.threads_in_slack().values():
        slots = Counter(marks(message).get("s") for message in messages)
        yield from (f"{slot} was said {n} times" for slot, n in slots.items() if n > 1)
        texts = Counter(m.text for m in messages if str(marks(m).get("s")).startswith("reply:"))
        yield from (f"{text!r} was said {n} times" for text, n in texts.items() if n > 1)
    said = {(marks(message).get("s"), message.ts) for message in remains.messages}
    if said != known:
        yield f"Slack and the store do not agree on {said ^ known}"
    waiting = [row.slot for row in remains.rows["outbox"] if row.state in ("queued", "leased")]
    if waiting:
        yield f"Slack was not told of {waiting}"


def only_what_was_approved_is_deployed(remains: Remains) -> Iterator[str]:
    """P5: one deployment, and one more for each time that a person asked for it again."""
    released, rejected = [run.inputs["sha"] for run in remains.rows["runs"]][:2]
    if rejected in remains.releases or rejected in remains.deploys:
        yield f"{rejected} was rejected and is deployed"
    if remains.releases != {released} or remains.current != released:
        yield f"the releases are {set(remains.releases)}, and the site serves {remains.current}"
    again = sum(1 for row in remains.rows["journal"] if outcome(row) == "retry")
    if not 1 <= remains.deploys.count(released) <= 1 + again:
        yield f"{released} was deployed {remains.deploys.count(released)} times, {again} on demand"


def no_completed_step_runs_again(remains: Remains) -> Iterator[str]:
    """P4, P5: a result is the last word on its step, and each intent has one."""
    for key, run in remains.runs.items():
        completed: set[str] = set()
        intents: set[tuple[str, int]] = set()
        for row in remains.journal_of(key):
            if row.path in completed:
                yield f"R-{run.number} {row.path}: {row.kind} came after its result"
            if row.kind == "intent":
                intents.add((row.path, row.attempt))
            if row.kind in ("StepCompleted", "StepFailed", "StepUnknown"):
                intents.discard((row.path, row.attempt))
            if row.kind == "StepCompleted" or outcome(row) == "done":
                completed.add(row.path)
        yield from (f"R-{run.number}: nobody knows how {place} ended" for place in intents)
    redone = [step.path for step in remains.rows["steps"] if step.redo]
    allowed = {row.path for row in remains.rows["journal"] if outcome(row) == "retry"}
    if set(redone) - allowed:
        yield f"{redone} ran again, but nobody asked for it"


def each_question_is_decided_once(remains: Remains) -> Iterator[str]:
    """P6: one vote, one verdict in the trail, one answer in the journal."""
    verdicts = Counter(
        row.object
        for row in remains.rows["audit"]
        if row.action in ("approval.approved", "approval.rejected")
    )
    told = Counter(row.delivery_id for row in remains.rows["journal"] if is_verdict(row))
    votes = [vote.wait_key for vote in remains.rows["votes"]]
    if [wait.state for wait in remains.rows["waits"]] != ["approved", "rejected"]:
        yield f"the questions are {[wait.state for wait in remains.rows['waits']]}"
    for question in remains.rows["approvals"]:
        counts = (verdicts[question.id], votes.count(question.wait_key))
        if counts != (1, 1):
            yield f"{question.id} has {counts} verdicts and votes"
    if set(told.values()) != {1} or len(told) != len(remains.rows["approvals"]):
        yield f"the runs heard of {dict(told)}"
    undone = [row.kind for row in remains.rows["wakeups"] if row.done_at is None]
    if undone:
        yield f"nobody took in {undone}"


def the_books_add_up(remains: Remains) -> Iterator[str]:
    """P12, R2: every sum is right, no row is missing, and the file is whole."""
    if remains.integrity != "ok":
        yield f"the database says {remains.integrity}"
    if remains.audit_broken_at is not None:
        yield f"the audit chain breaks at row {remains.audit_broken_at}"
    for key, run in remains.runs.items():
        rows = remains.journal_of(key)
        if [row.seq for row in rows] != list(range(1, run.seq + 1)):
            yield f"R-{run.number} counts {run.seq} rows, and has {[row.seq for row in rows]}"
        yield from (f"R-{run.number} row {r.seq} is damaged" for r in rows if not fits(run, r))


def each_start_is_in_the_trail_once(remains: Remains) -> Iterator[str]:
    starts = Counter(row.object for row in remains.rows["audit"] if row.action == "run.start")
    if set(starts.values()) != {1} or len(starts) != 2:
        yield f"the trail has the starts {dict(starts)}"


def nothing_outlives_its_server(remains: Remains) -> Iterator[str]:
    yield from (f"still there: {orphan}" for orphan in remains.orphans)


def outcome(row: Row) -> str | None:
    """Return what a person said of an unknown step, if that is what *row* is about."""
    if row.kind != "StepResolved":
        return None
    said: str = json.loads(row.data)["fact"]["outcome"]
    return said


def is_verdict(row: Row) -> bool:
    return bool(row.kind == "ApprovalDecided")


def fits(run: Row, row: Row) -> bool:
    try:
        _check(run.id, entry_of(cast("RunRecord", run), row), row.seq)
    except Faulted:
        return False
    return True


CHECKS: tuple[Callable[[Remains], Iterator[str]], ...] = (
    nothing_acknowledged_is_lost,
    both_builds_led_to_one_run_each,
    each_thread_has_one_root,
    nothing_is_said_twice,
    only_what_was_approved_is_deployed,
    no_completed_step_runs_again,
    each_question_is_decided_once,
    the_books_add_up,
    each_start_is_in_the_trail_once,
    nothing_outlives_its_server,
)
