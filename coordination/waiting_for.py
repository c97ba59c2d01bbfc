"""What a run waits for, in one sentence, and in one word. Pure; every surface shows these."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from baton.status import Status
from coordination.ports import RESTORE, OpenQuestion, RunStatus, RunView, StepStatus, StepView

NAME, VALUE, SHA = 60, 40, 7  # characters of what an event is called and has to hold
SHOWN = 3  # steps that are named at work; the rest is counted
LOOPS = 2  # loops whose progress is told
UNDO = "~undo"
WAITING = StepStatus.WAITING
_OPEN = (StepStatus.RUNNING, StepStatus.WAITING, StepStatus.UNKNOWN)
_LOOPS = ("for_each", "repeat")
_STUCK = ("paused", "unknown", "faulted")  # what is worth saying of a child


@dataclass(frozen=True, slots=True)
class WaitingFor:
    """What a run waits for: *kind* for programs, *text* for people, since when and on whom.

    The kinds that belong to the run as a whole are start, queue, resume, undo, failed and faulted.
    """

    kind: str  # approval, unknown, action, retry, event, signal, child, timer, start, queue, …
    text: str
    since: datetime | None = None
    who: tuple[str, ...] = ()


def waiting_for(run: RunView) -> WaitingFor | None:
    """Say what *run* waits for; None once it has ended and nobody has to do anything."""
    if run.status in _STANDING:
        return _STANDING[run.status](run)
    return next((found for ask in _LOOKS if (found := ask(run)) is not None), None) or WaitingFor(
        "action", "Deciding what comes next", run.updated_at
    )


def card_word(run: RunView) -> str:
    """Return the word on the card of *run*."""
    if run.status is RunStatus.FAILED and _error(run).get("type") == "rejected":
        return "Rejected"
    if not run.status.ended and run.status is not RunStatus.FAULTED and _needs_people(run):
        return "Needs you"
    return _RUN_WORDS[run.status]


def process_word(status: Status, *, stalled: bool = False) -> str:
    """Return the word on the card of a process that a tool reports."""
    if stalled and not status.terminal:
        return "Stalled"
    return _PROCESS_WORDS[status]


_RUN_WORDS: Mapping[RunStatus, str] = {
    RunStatus.QUEUED: "Queued",
    RunStatus.RUNNING: "Running",
    RunStatus.WAITING: "Waiting",
    RunStatus.PAUSED: "Paused",
    RunStatus.COMPENSATING: "Undoing",
    RunStatus.UNKNOWN: "Needs you",
    RunStatus.COMPLETED: "Succeeded",
    RunStatus.FAILED: "Failed",
    RunStatus.CANCELLED: "Cancelled",
    RunStatus.FAULTED: "Broken",
}

_PROCESS_WORDS: Mapping[Status, str] = {
    Status.QUEUED: "Queued",
    Status.STARTED: "Running",
    Status.IN_PROGRESS: "Running",
    Status.PENDING_APPROVAL: "Needs you",
    Status.APPROVED: "Running",
    Status.COMPLETED: "Succeeded",
    Status.FAILED: "Failed",
    Status.REJECTED: "Rejected",
    Status.CANCELLED: "Cancelled",
    Status.SKIPPED: "Skipped",
}


def _needs_people(run: RunView) -> bool:
    return bool(run.questions) or any(step.status is StepStatus.UNKNOWN for step in run.steps)


def _queued(run: RunView) -> WaitingFor:
    if run.queue is None:
        return WaitingFor("start", "Waiting to start", run.created_at)
    since = _clock(run.created_at, run.updated_at)
    return WaitingFor("queue", f"{run.queue}, since {since}", run.created_at)


def _paused(run: RunView) -> WaitingFor:
    going = _at_work(run)
    more = f"; still running {_some(going)}" if going else ""
    if run.pause is None:
        return WaitingFor("resume", f"Paused, until somebody resumes it{more}", run.updated_at)
    if run.pause.by == RESTORE:
        return WaitingFor("resume", _restored(going), run.pause.since)
    at = _clock(run.pause.since, run.updated_at)
    text = f"Paused by {run.pause.by} at {at}, until somebody resumes it{more}"
    return WaitingFor("resume", text, run.pause.since)


def _restored(going: Sequence[StepView]) -> str:
    where = f", at {_some(going)}" if going else ""
    return (
        f"Restored from a backup{where}: nobody saw how it went on. "
        "Press Resume; steps that are not repeatable ask before they run"
    )


def _undoing(run: RunView) -> WaitingFor:
    steps = [step for step in run.steps if step.path.endswith(UNDO) and step.status in _OPEN]
    if not steps:
        return WaitingFor("undo", "Undoing what was done", run.updated_at)
    step, since = steps[0], _since(steps, run)
    name = step.path.removesuffix(UNDO)
    if step.status is WAITING and step.due_at is not None:
        due = _clock(step.due_at, since)
        text = f"Undoing {name}: trying again at {due} (attempt {step.attempts} failed)"
        return WaitingFor("undo", text, since)
    return WaitingFor("undo", f"Undoing {name}", since)


def _faulted(run: RunView) -> WaitingFor:
    why = _error(run).get("message") or "its journal does not add up"
    return WaitingFor("faulted", f"Halted: {_sentence(why)} An operator must look.", run.updated_at)


def _failed(run: RunView) -> WaitingFor | None:
    error = _error(run)
    if run.handled is not None:
        return None  # somebody has dealt with it
    if error.get("type") == "rejected":
        return None  # a No is an answer, and nobody is asked to do anything
    path = error.get("path") or _first_failed(run)
    where = f" at `{path}`" if path else ""
    why = _sentence(error.get("message") or "no reason was given")
    return WaitingFor("failed", f"Failed{where}: {why} Retry it, or leave it.", run.ended_at)


def _nothing(_: RunView) -> None:
    return None


_STANDING: Mapping[RunStatus, Callable[[RunView], WaitingFor | None]] = {
    RunStatus.QUEUED: _queued,
    RunStatus.PAUSED: _paused,
    RunStatus.COMPENSATING: _undoing,
    RunStatus.FAULTED: _faulted,
    RunStatus.FAILED: _failed,
    RunStatus.COMPLETED: _nothing,
    RunStatus.CANCELLED: _nothing,
}


def _unknown_step(run: RunView) -> WaitingFor | None:
    steps = _steps(run, StepStatus.UNKNOWN)
    if not steps:
        return None
    text = f"A person must say what happened to {_named(steps)}: retry, done or fail"
    return WaitingFor("unknown", text, _since(steps, run))


def _open_question(run: RunView) -> WaitingFor | None:
    if not run.questions:
        return None
    first = min(run.questions, key=lambda question: question.number)
    more = len(run.questions) - 1
    others = f", and {more} more question{'s' if more > 1 else ''}" if more else ""
    return WaitingFor("approval", _asks(first) + others, first.since, first.approvers)


def _running_step(run: RunView) -> WaitingFor | None:
    steps = _at_work(run)
    if not steps:
        return None
    text = _posting(steps) or f"Running {_some(steps)}{_progress(run)}"
    return WaitingFor("action", text, _since(steps, run))


def _posting(steps: Sequence[StepView]) -> str | None:
    """Say so where all that is at work are messages that Slack does not have yet."""
    inputs = [step.input for step in steps if isinstance(step.input, Mapping)]
    if len(inputs) < len(steps) or any(each.get("await") != "sent" for each in inputs):
        return None
    places = {str(each["channel"]) for each in inputs if each.get("channel")}
    where = f" in {', '.join(sorted(places))}" if places else ""
    return f"Waiting until Slack has the message of {_some(steps)}{where}"


def _at_work(run: RunView) -> list[StepView]:
    return [step for step in _steps(run, StepStatus.RUNNING) if step.kind == "action"]


def _some(steps: Sequence[StepView]) -> str:
    """Name steps at work, as many as people read."""
    named = [
        f"{step.path} (attempt {step.attempts})" if step.attempts > 1 else step.path
        for step in steps[:SHOWN]
    ]
    more = f" and {len(steps) - SHOWN} more" if len(steps) > SHOWN else ""
    return ", ".join(named) + more


def _progress(run: RunView) -> str:
    """Say how far the loops at work are, the outermost first."""
    told = [_loop(step) for step in run.steps if step.kind in _LOOPS and step.status in _OPEN]
    return f" ({'; '.join(told[:LOOPS])})" if told else ""


def _loop(step: StepView) -> str:
    detail = step.detail or {}
    if step.kind == "repeat":
        return f"{step.path}: turn {detail.get('turn', 0)} of {detail.get('max', 0)}"
    return f"{step.path}: {detail.get('done', 0)} of {detail.get('items', 0)}"


def _awaited_event(run: RunView) -> WaitingFor | None:
    steps = [step for step in _steps(run, WAITING) if step.kind == "wait_for"]
    if not steps:
        return None
    step = min(steps, key=lambda each: each.started_at or run.updated_at)
    since = step.started_at or run.updated_at
    until = f", until {_clock(step.due_at, since)}" if step.due_at else ""
    kind = "signal" if "signal" in _asked(step) else "event"
    what = f"the signal `{_asked(step)['signal']}`" if kind == "signal" else _event(run, step)
    said = f"{what}{_others(steps, kind)}, since {_clock(since, run.updated_at)}"
    return WaitingFor(kind, f"Waiting for {said}{until}{_progress(run)}", since)


def _others(steps: Sequence[StepView], kind: str) -> str:
    more = len(steps) - 1
    mixed = len({"signal" in _asked(step) for step in steps}) > 1
    word = "thing" if mixed else kind
    return f", and {more} more {word}{'s' if more > 1 else ''}" if more else ""


def _asked(step: StepView) -> Mapping[str, Any]:
    return step.input if isinstance(step.input, Mapping) else {}


def _child(run: RunView) -> WaitingFor | None:
    steps = [step for step in _steps(run, StepStatus.RUNNING) if step.kind == "workflow"]
    if not steps:
        return None
    since, more = _since(steps, run), len(steps) - 1
    others = f", and {more} more run{'s' if more > 1 else ''}" if more else ""
    said = f"{_called(steps[0])}{others}, since {_clock(since, run.updated_at)}"
    return WaitingFor("child", f"Waiting for {said}{_progress(run)}", since)


def _called(step: StepView) -> str:
    """Name the run that a step began, and say so where somebody has to do something about it."""
    child = (step.detail or {}).get("child") or {}
    if "number" not in child:
        return f"the run of {step.path}"
    stuck = f", which is {child['status']}" if child["status"] in _STUCK else ""
    return f"R-{child['number']} ({child['workflow']}){stuck}"


def _event(run: RunView, step: StepView) -> str:
    """Name the event that a step waits for, and what it has to hold."""
    asked = _asked(step)
    wanted = asked.get("correlate") or ()
    name = f"`{_short(str(asked.get('event', 'an event')), NAME)}`"
    held = " and ".join(_held(place, text) for place, text in wanted if place != ["run"])
    threads = [text for place, text in wanted if place == ["run"]]
    own = not threads or threads[0] in (run.id, run.thread_id)
    where = "its thread" if own else f"the thread {_short(threads[0], VALUE)}"
    return f"{name}{f' with {held}' if held else ''}{f' in {where}' if threads else ''}"


def _held(place: Sequence[str], text: str) -> str:
    """Say what stands where; of a revision as much as people read."""
    inner = place[1:] if place[0] == "subject" else place
    return f"{_short('.'.join(inner), NAME)} {_short(text, SHA if place[-1] == 'sha' else VALUE)}"


def _short(text: str, most: int) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else f"{flat[:most]}…"


def _timed_step(run: RunView) -> WaitingFor | None:
    steps = [step for step in _steps(run, WAITING) if step.due_at is not None]
    if not steps:
        return None
    step = min(steps, key=lambda each: each.due_at or run.updated_at)
    since = step.started_at or run.updated_at
    due = _clock(step.due_at, since)
    if step.kind in ("action", "workflow"):
        text = f"Retrying {step.path} at {due} (attempt {step.attempts} failed)"
        return WaitingFor("retry", text, since)
    if step.kind == "repeat":
        return WaitingFor("timer", f"Waiting until {due}{_progress(run)}", since)
    return WaitingFor("timer", f"Waiting until {due} ({step.path}){_progress(run)}", since)


def _waiting_step(run: RunView) -> WaitingFor | None:
    steps = _steps(run, WAITING)
    if not steps:
        return None
    return WaitingFor(
        "action", f"Waiting in {', '.join(s.path for s in steps)}", _since(steps, run)
    )


_LOOKS = (
    _unknown_step,
    _open_question,
    _running_step,
    _awaited_event,
    _child,
    _timed_step,
    _waiting_step,
)


def _asks(question: OpenQuestion) -> str:
    missing = max(question.quorum - question.approved, 1)
    count = f"{missing} more" if question.approved else f"{missing}"
    verb = "approve" if question.decisive else "answer"
    who = ", ".join(question.approvers) or "nobody: no approver is named"
    return f'Waiting for {count} of {who} to {verb} "{question.title}" (A-{question.number})'


def _steps(run: RunView, status: StepStatus) -> list[StepView]:
    return [step for step in run.steps if step.status is status]


def _since(steps: list[StepView], run: RunView) -> datetime:
    return min((step.started_at for step in steps if step.started_at), default=run.updated_at)


def _named(steps: list[StepView]) -> str:
    return ", ".join(f"`{step.path}`" for step in steps)


def _first_failed(run: RunView) -> str | None:
    return next((step.path for step in run.steps if step.status is StepStatus.FAILED), None)


def _error(run: RunView) -> Mapping[str, str]:
    return run.error if isinstance(run.error, Mapping) else {}


def _clock(due: datetime | None, since: datetime) -> str:
    if due is None:
        return "a later time"
    same_day = due.date() == since.date()
    return f"{due:%H:%M} UTC" if same_day else f"{due:%Y-%m-%d %H:%M} UTC"


def _sentence(text: str) -> str:
    first = text.strip().splitlines()[0] if text.strip() else "no reason was given"
    return first if first.endswith((".", "!", "?")) else f"{first}."
