"""Approvals inside a unit: ask, take back, and conclude. `votes` takes the answers.

Every change writes its audit row and its notices in the same unit, and the verdict its wake-up.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from coordination import askers, audit, counters, outbox, reminders, timers, trail, wakeups
from coordination.database import Row, Transaction, bindparam, processes, runs, select
from coordination.errors import NotFound
from coordination.outbox import Lane, Notice
from coordination.questions import Approval, Asks, Question, Vote, mention
from coordination.store import approvals as store
from coordination.world import Ids

EXPIRY = "expiry"  # the slot of its timer

_RUN = select(runs.c.requested_by, runs.c.started_by, runs.c.trigger, runs.c.thread_key).where(
    runs.c.key == bindparam("run")
)
_PROCESS = select(processes.c.owner.label("requested_by"), processes.c.thread_key).where(
    processes.c.key == bindparam("process")
)


def open(  # noqa: A001  # approvals.open reads better than any other word for it
    tx: Transaction, question: Asks, *, run_key: int, path: str, now: datetime, ids: Ids
) -> Approval:
    """Ask people on behalf of a step; nobody who stands behind the run may answer.

    The same question of the same step, still open, is not asked twice; a changed one gets a new
    version, and old buttons no longer count.
    """
    asked = Question.of(question)
    standing = store.open_at(tx, run_key, path)
    if standing is not None:
        return _again(tx, standing, asked, now=now, ids=ids)
    behind = _one(tx.fetch_one(_RUN, run=run_key), "run", run_key)
    draft = replace(
        _draft(asked, behind, now=now, ids=ids, number=counters.next(tx, "approval")),
        run_key=run_key,
        path=path,
        askers=askers.behind_run(tx, behind),
        again_of=_unanswered(store.latest_at(tx, run_key, path)),
    )
    return _ask(tx, draft, now=now, ids=ids)


def open_for_process(  # noqa: PLR0913  # a unit, what is asked, and who stands behind it
    tx: Transaction,
    question: Asks,
    *,
    process_key: int,
    asking: Iterable[str | None] = (),
    again_of: str | None = None,
    now: datetime,
    ids: Ids,
) -> Approval:
    """Ask people on behalf of a tool; nobody who stands behind it may answer.

    Args:
        tx: the unit.
        question: what is asked.
        process_key: of the process that asks.
        asking: who stands behind the very report, as `askers.behind_report` says.
        again_of: the approval that this one asks again.
        now: the wall time.
        ids: where ids come from.
    """
    asked = Question.of(question)
    behind = _one(tx.fetch_one(_PROCESS, process=process_key), "process", process_key)
    others = askers.behind_process(tx, process_key, asking)
    standing = store.open_of_process(tx, process_key)
    if standing:
        all_of_them = tuple(dict.fromkeys((*standing[-1].askers, *others)))
        store.stand_behind(tx, standing[-1].key, all_of_them)
        return _again(tx, standing[-1], asked, now=now, ids=ids)
    draft = replace(
        _draft(asked, behind, now=now, ids=ids, number=counters.next(tx, "approval")),
        process_key=process_key,
        askers=others,
        again_of=again_of,
    )
    return _ask(tx, draft, now=now, ids=ids)


def close(
    tx: Transaction, *, run_key: int, path: str, note: str, now: datetime, ids: Ids
) -> Approval | None:
    """Withdraw what the step at *path* asked, if people can still answer; *note* says why."""
    standing = store.open_at(tx, run_key, path)
    return None if standing is None else _withdraw(tx, standing, note, now=now, ids=ids)


def close_of_process(
    tx: Transaction, *, process_key: int, note: str, now: datetime, ids: Ids
) -> None:
    """Withdraw whatever a process still asks."""
    for standing in store.open_of_process(tx, process_key):
        _withdraw(tx, standing, note, now=now, ids=ids)


def conclude(tx: Transaction, decided: Approval, *, now: datetime, ids: Ids) -> Approval:
    """Store a verdict and all that hangs on it, once its compare-and-set went through.

    The run's wake-up, the end of the expiry timer, the audit row, the card and one line of trail.
    """
    store.record_verdict(tx, decided)
    timers.clear(tx, "approval", decided.key)
    whole = store.by_key(tx, decided.key) or decided
    if whole.run_key is not None:
        wakeups.add(
            tx,
            run_key=whole.run_key,
            kind="approval",
            payload=verdict_json(whole, now=now),
            delivery_id=f"{whole.id}.{whole.version}",
            now=now,
        )
    record(tx, whole, f"approval.{whole.state}", actor=whole.decided_by or "baton", at=now)
    redraw(tx, whole, now=now, ids=ids)
    trail.line(tx, whole.thread_key, trail_line(whole), now=now, ids=ids)
    return whole


def redraw(tx: Transaction, approval: Approval, *, now: datetime, ids: Ids) -> None:
    """Have the card of *approval* shown as it is now, before anything less urgent."""
    tx.touch("approval", approval.id, thread_id=approval.thread_id)
    if approval.thread_key is not None:
        slot = f"approval:{approval.id}"
        body = {"approval_id": approval.id}
        notice = Notice(approval.thread_key, slot, Lane.DECISION, "approval", body)
        outbox.add(tx, notice, id=ids.new("nt"), now=now)


def record(  # the sentence of the row: who, what, when
    tx: Transaction, approval: Approval, action: str, *, actor: str, at: datetime, **more: Any
) -> None:
    """Write the audit row: which approval, which version and bytes, how it stands, and what *more*."""
    detail = {
        "version": approval.version,
        "digest": approval.digest,
        "state": approval.state,
        "decision": approval.decision,
        "via": approval.via,
        "comment": approval.comment,
        "run": approval.run_id,
        "path": approval.path,
        **more,
    }
    audit.record(tx, at=at, actor=actor, action=action, object=approval.id, detail=detail)


def verdict_json(approval: Approval, *, now: datetime) -> dict[str, Any]:
    """Return what the run is told: the members of the fact, and which approval it was."""
    return {
        "approval_id": approval.id,
        "version": approval.version,
        "digest": approval.digest,
        "at": (approval.decided_at or now).isoformat(),
        "path": approval.path,
        "state": approval.state,
        "decision": approval.decision,
        "by": approval.decided_by,
        "comment": approval.comment,
        "text": approval.text,
        "votes": [vote_json(vote) for vote in approval.counted],
    }


def vote_json(vote: Vote) -> Mapping[str, Any]:
    """Return a vote as programs read it, without what was not said."""
    said = {
        "by": vote.person,
        "choice": vote.choice,
        "text": vote.text,
        "comment": vote.comment,
        "via": vote.via,
        "for": vote.for_person,
        "at": vote.at.isoformat(),
    }
    return {name: value for name, value in said.items() if value is not None}


def trail_line(approval: Approval) -> str:
    """Say how it ended, as one line of Slack text; what a person wrote is escaped."""
    by = "" if approval.decided_by in (None, "timer") else f" by {_decider(approval)}"
    why = approval.text or approval.comment or approval.note
    head = "Answered" if approval.state == "answered" else approval.state.capitalize()
    if approval.state == "answered" and approval.decision != "answer":
        head = f"Answered `{approval.decision}`"
    return f"{head}{by}" + (f": {trail.escape(why)}" if why else "")


def _decider(approval: Approval) -> str:
    """Name who decided, and for whom, where the vote was handed to them."""
    decider = approval.decided_by or ""
    vote = approval.vote_of(decider)
    giver = f" for {mention(vote.for_person)}" if vote is not None and vote.for_person else ""
    return f"{mention(decider)}{giver}"


def _ask(tx: Transaction, draft: Approval, *, now: datetime, ids: Ids) -> Approval:
    key = store.ask(tx, draft, wait_id=ids.new("wt"))
    asked = store.by_key(tx, key) or replace(draft, key=key)
    _arm(tx, asked, now=now)
    record(tx, asked, "approval.open", actor=asked.requested_by or "baton", at=now)
    redraw(tx, asked, now=now, ids=ids)
    before = store.by_id(tx, asked.again_of) if asked.again_of else None
    if before is not None:  # its card says where it is asked again
        redraw(tx, before, now=now, ids=ids)
    return asked


def _again(
    tx: Transaction, standing: Approval, asked: Question, *, now: datetime, ids: Ids
) -> Approval:
    if standing.digest == asked.digest:
        return standing
    store.ask_again(tx, standing.key, asked, version=standing.version + 1, since=now)
    timers.clear(tx, "approval", standing.key)
    changed = store.by_key(tx, standing.key) or standing
    _arm(tx, changed, now=now)
    record(tx, changed, "approval.changed", actor=changed.requested_by or "baton", at=now)
    redraw(tx, changed, now=now, ids=ids)
    return changed


def _arm(tx: Transaction, asked: Approval, *, now: datetime) -> None:
    """Promise what comes by itself: the end, reminders, and who is asked as well."""
    if asked.expires_at is not None:
        timers.set(tx, "approval", asked.key, EXPIRY, asked.expires_at)
    reminders.arm(tx, asked, now=now)


def _unanswered(before: Approval | None) -> str | None:
    """Return the approval that a new one of the same step asks again."""
    return before.id if before is not None and before.unanswered else None


def _withdraw(
    tx: Transaction, standing: Approval, note: str, *, now: datetime, ids: Ids
) -> Approval:
    store.set_state(tx, standing, "withdrawn")
    withdrawn = replace(standing, state="withdrawn", note=note, decided_at=now)
    store.record_verdict(tx, withdrawn)
    timers.clear(tx, "approval", standing.key)
    record(tx, withdrawn, "approval.withdrawn", actor="baton", at=now)
    redraw(tx, withdrawn, now=now, ids=ids)
    return withdrawn


def _draft(asked: Question, behind: Row, *, now: datetime, ids: Ids, number: int) -> Approval:
    return Approval(
        id=ids.new("ap"),
        number=number,
        state="open",
        version=1,
        digest=asked.digest,
        question=asked,
        asked_at=now,
        key=0,
        thread_key=behind.thread_key,
        requested_by=behind.requested_by,
        expires_at=asked.expires_at,
    )


def _one(row: Row | None, kind: str, key: int) -> Row:
    if row is None:
        raise NotFound(kind, str(key))
    return row
