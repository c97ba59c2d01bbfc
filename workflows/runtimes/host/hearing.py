"""From a stored wake-up to the fact that it stands for."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from coordination.children import SEALED
from coordination.secrets import Secrets
from workflows.core.codec import error_from_json
from workflows.core.facts import (
    ApprovalDecided,
    CancelRequested,
    ChildCompleted,
    ChildFailed,
    EventDelivered,
    Fact,
    PauseRequested,
    ResumeRequested,
    RetryRequested,
    RollbackRequested,
    RunStarted,
    SignalReceived,
    SkipRequested,
    StepFailed,
    StepResolved,
    TimerFired,
)
from workflows.runs import Faulted, RunRecord, Wakeup
from workflows.runtimes.host.limits import HostSettings

__all__ = ["fact_of", "folder_of", "opened", "run_started"]


def fact_of(wakeup: Wakeup, *, now: datetime) -> Fact:
    """Return what *wakeup* tells its run.

    Raises:
        KeyError, ValueError: its kind or payload is not one of those that we write.
    """
    return _FACTS[wakeup.kind](wakeup.payload, now)


def opened(wakeup: Wakeup, sealing: Secrets | None) -> Wakeup:
    """Return *wakeup* with what was sealed for this run alone.

    Raises:
        Faulted: it is sealed under another key.
    """
    if SEALED not in wakeup.payload:
        return wakeup
    text = None if sealing is None else sealing.unseal(wakeup.payload[SEALED])
    if text is None:
        raise Faulted("what its child gave is sealed under another instance key: bring that back")
    return replace(wakeup, payload={**wakeup.payload, "outputs": json.loads(text)})


def _approval(payload: Mapping[str, Any], now: datetime) -> Fact:  # noqa: ARG001  # one shape
    return ApprovalDecided(
        at=datetime.fromisoformat(payload["at"]).astimezone(UTC),
        path=payload["path"],
        state=payload["state"],
        decision=payload["decision"],
        by=payload.get("by"),
        comment=payload.get("comment"),
        text=payload.get("text"),
        votes=tuple(payload.get("votes", ())),
        digest=payload.get("digest"),
    )


def _timer(payload: Mapping[str, Any], now: datetime) -> Fact:
    due_at = datetime.fromisoformat(payload["due_at"]).astimezone(UTC)
    return TimerFired(max(now, due_at), payload["slot"])  # the wall clock may have been set back


def _event(payload: Mapping[str, Any], now: datetime) -> Fact:
    path, attempt, error = payload["path"], payload["attempt"], payload.get("error")
    if error is None:
        return EventDelivered(now, path, attempt, payload["event"])
    return StepFailed(now, path, attempt, error_from_json(error))


def _child(payload: Mapping[str, Any], now: datetime) -> Fact:
    path, attempt, run, error = (
        payload["path"],
        payload["attempt"],
        payload["run"],
        payload.get("error"),
    )
    if error is None:
        return ChildCompleted(now, path, attempt, run, payload["outputs"])
    return ChildFailed(now, path, attempt, run, error_from_json(error))


def _signal(payload: Mapping[str, Any], now: datetime) -> Fact:
    return SignalReceived(now, payload["name"], payload.get("payload"), payload["by"])


def _cancel(payload: Mapping[str, Any], now: datetime) -> Fact:
    return CancelRequested(now, payload["by"], _reason(payload), payload.get("mode") or "now")


def _rollback(payload: Mapping[str, Any], now: datetime) -> Fact:
    return RollbackRequested(now, payload["by"], _reason(payload))


def _reason(payload: Mapping[str, Any]) -> str:
    return payload.get("reason") or "no reason was given"


def _pause(payload: Mapping[str, Any], now: datetime) -> Fact:
    return PauseRequested(now, payload["by"])


def _resume(payload: Mapping[str, Any], now: datetime) -> Fact:
    return ResumeRequested(now, payload["by"])


def _skip(payload: Mapping[str, Any], now: datetime) -> Fact:
    return SkipRequested(now, payload["path"], payload["by"])


def _retry(payload: Mapping[str, Any], now: datetime) -> Fact:
    return RetryRequested(now, payload["by"], payload.get("from_path"))


def _resolve(payload: Mapping[str, Any], now: datetime) -> Fact:
    return StepResolved(
        now, payload["path"], payload["outcome"], payload["by"], payload.get("output")
    )


_FACTS: Mapping[str, Callable[[Mapping[str, Any], datetime], Fact]] = {
    "approval": _approval,
    "timer": _timer,
    "event": _event,
    "child": _child,
    "signal": _signal,
    "cancel": _cancel,
    "pause": _pause,
    "resume": _resume,
    "skip": _skip,
    "rollback": _rollback,
    "retry": _retry,
    "resolve": _resolve,
}


def run_started(
    run: RunRecord, settings: HostSettings, children: Mapping[str, str], *, now: datetime
) -> RunStarted:
    """Return the first fact of a run, with the names that its expressions see.

    Args:
        run: the run.
        settings: of the host.
        children: by the name of a workflow that its steps begin, the revision that it has now.
        now: the wall time.
    """
    base = settings.public_url
    page = f"{base}/r/R-{run.number}" if base else None
    names = {
        "id": run.id,
        "number": run.number,
        "url": page,
        "thread_url": run.thread_url or page,  # a thread that the run opened is not posted yet
        "folder": folder_of(run.id),
        "inputs": dict(run.inputs),
        "started_by": run.started_by,
        "started_at": now.isoformat(),
    }
    return RunStarted(
        at=now,
        inputs=dict(run.inputs),
        trigger=dict(run.trigger),
        run=names,
        workflow={"name": run.workflow, "revision": run.hash},
        seed=settings.derive("seed", run.id),
        children=dict(children),
    )


def folder_of(run_id: str) -> str:
    """Return the run's scratch folder, relative to BATON_ROOT."""
    return f"runs/{run_id}"
