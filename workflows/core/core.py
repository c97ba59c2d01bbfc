"""The core: a run as a fold over its facts. No clock, no ids, no I/O, and nothing but Python."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from workflows.core import approvals, attempts, children, signals, snapshot, steering, waits
from workflows.core.commands import Command
from workflows.core.containers import frame_over
from workflows.core.edges import consider, propagate
from workflows.core.ending import fail_run
from workflows.core.errors import ReplayDiverged
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
    StepCompleted,
    StepError,
    StepFailed,
    StepResolved,
    StepStarted,
    StepUnknown,
    TimerFired,
)
from workflows.core.loops import next_turn
from workflows.core.phases import conclude
from workflows.core.plan import EvaluationFailed, Json, Node, Plan
from workflows.core.rerun import rerun, skip_and_revive
from workflows.core.state import Phase, RunStatus, State, StepState, Waiting
from workflows.core.survey import survey
from workflows.core.turn import Turn
from workflows.core.verbs import begin
from workflows.core.wording import length

CORE_VERSION = 1


class Core:
    """One run of one revision. Feed it facts in order; perform the commands it returns.

    After an exception from `apply` the core is worth nothing: the run is faulted.
    """

    def __init__(
        self, plan: Plan, state: State | None = None, *, core_version: int = CORE_VERSION
    ) -> None:
        if core_version != CORE_VERSION:
            raise ValueError(
                f"the run was begun by core version {core_version}; this program has {CORE_VERSION}"
            )
        self.plan, self.core_version = plan, core_version
        self.state = State.fresh(plan) if state is None else state
        self._turn = Turn(plan, self.state)

    def apply(self, fact: Fact, *, derived: Json | None = None) -> list[Command]:
        """Fold *fact* into the run and say what the host must do next.

        A fact that comes late or says nothing to this run gives an empty list and a `warning`.

        Args:
            fact: what happened; its time is the only time there is.
            derived: on replay what `derived` held after the first apply of the same fact, an empty
                mapping included. Nothing is evaluated then.

        Raises:
            ReplayDiverged: *derived* lacks a value that is needed, or holds one that is not.
            InvariantBroken: the state does not add up.
        """
        turn = self._turn
        take = _TAKE.get(type(fact))
        if take is None:
            turn.clear()
            turn.late(f"{type(fact).__name__} is no fact that this core knows")
            return turn.commands
        turn.open(fact.at, derived)
        state = self.state
        at_work = state.started_at is not None and state.ended is None
        if (at_work and take is not _start) or self._listens(fact):
            take(turn, fact)
            _drain(turn)
        if derived is not None and len(turn.derived) != len(derived):
            unused = sorted(set(derived) - set(turn.derived))
            raise ReplayDiverged(f"the journal holds values that nothing asked for: {unused}")
        return turn.commands

    def _listens(self, fact: Fact) -> bool:
        turn, state, kind = self._turn, self.state, type(fact)
        if state.ended is not None and kind not in _OF_THE_ENDED:
            turn.late(f"the run has ended as {state.ended}")
            return False
        begun = state.started_at is not None
        if (kind is RunStarted) == begun and kind is not CancelRequested:
            turn.late("the run has begun before" if begun else "the run has not begun")
            return False
        return True

    @property
    def derived(self) -> Json:
        """What the last apply took from expressions: to be stored beside its fact."""
        return self._turn.derived

    @property
    def changed(self) -> frozenset[str]:
        """The paths whose step changed in the last apply."""
        return frozenset(self._turn.changed)

    @property
    def warning(self) -> str | None:
        """Why the last fact changed nothing, if it did not."""
        return self._turn.warning

    @property
    def steps(self) -> Mapping[str, StepState]:
        """All steps whose scope was entered, by path. To be read, not to be changed."""
        return self.state.steps

    @property
    def status(self) -> RunStatus:
        state = self.state
        if state.ended is not None:
            return state.ended
        if state.started_at is None:
            return RunStatus.QUEUED
        kinds = state.open.values()
        if "unknown" in kinds:
            return RunStatus.UNKNOWN
        if state.paused_at is not None:
            return RunStatus.PAUSED
        if state.phase is Phase.COMPENSATING:
            return RunStatus.COMPENSATING
        return RunStatus.RUNNING if "action" in kinds else RunStatus.WAITING

    @property
    def waiting(self) -> list[Waiting]:
        """What is open now, in the order of the file, and the pause that somebody has to end."""
        state = self.state
        found = [
            Waiting(path, state.open[path], step.since, step.due_at)
            for path in sorted(state.open, key=self._turn.order)
            for step in (state.steps[path],)
        ]
        if state.paused_at is not None:
            found.insert(0, Waiting("", "pause", state.paused_at, None))
        return found

    @property
    def nodes(self) -> Mapping[str, Node]:
        """The steps of all bodies that were entered, by path; gates have none. To be read only."""
        return self._turn.nodes

    def at(self, path: str) -> tuple[Node, bool]:
        """Return the step at *path*, or the one that the gate there stands before; and whether it is one."""
        node = self._turn.nodes.get(path)
        if node is not None:  # gates have none
            return node, False
        return self._turn.nodes[self._turn.gated(path) or path], True

    def node(self, path: str) -> Node:
        """Return the step at *path*; of a gate, the step that it stands before."""
        return self.at(path)[0]

    def is_gate(self, path: str) -> bool:
        return self._turn.gated(path) is not None

    def order(self, path: str) -> tuple[int, ...]:
        """Return where a step or a gate stands in the file and in its loops: to sort paths by."""
        return self._turn.order(path)

    def would_rerun(self, from_path: str | None) -> list[str] | None:
        """Return the steps that a retry begins anew, in the order of the file; nothing is changed.

        Those inside a step that is named begin anew with it. None: there is nothing to run again.
        """
        if self.state.ended is not RunStatus.FAILED:
            return None
        again = survey(self._turn, from_path)
        return None if again is None else sorted(again.paths, key=self._turn.order)

    def snapshot(self) -> bytes:
        """Return the whole state as canonical JSON."""
        return snapshot.write(self.plan, self.state, self.core_version)

    @classmethod
    def restore(cls, plan: Plan, blob: bytes) -> "Core":
        """Go on from a snapshot.

        Raises:
            ReplayDiverged: it was taken of another revision.
        """
        state, core_version = snapshot.read(plan, blob)
        return cls(plan, state, core_version=core_version)


def replay(
    plan: Plan,
    rows: Iterable[tuple[Fact, Json]],
    *,
    check: Callable[[int, list[Command]], None] | None = None,
) -> Core:
    """Fold a journal again, evaluating nothing.

    Args:
        plan: of the revision the run pins.
        rows: every fact with what was derived when it was first applied.
        check: is given the number of each row, from 0, and its commands, to compare their digest.

    Raises:
        ReplayDiverged: a row lacks a value that its fact needs now.
    """
    core = Core(plan)
    for number, (fact, derived) in enumerate(rows):
        commands = core.apply(fact, derived={} if derived is None else derived)
        if check is not None:
            check(number, commands)
    return core


def _drain(turn: Turn) -> None:
    """Follow what the fact set off until nothing moves; a loop, so that no chain is too long."""
    state, over, settled, ready = turn.state, turn.over, turn.settled, turn.ready
    while True:
        if over:
            frame_over(turn, over.popleft())
        elif settled:
            propagate(turn, settled.popleft())
        elif ready and state.paused_at is None:
            begin(turn, ready.popleft())
        elif state.open or not conclude(turn):
            break
    if ready:
        state.held += [path for path in dict.fromkeys(ready) if path not in state.held]
        ready.clear()


def _start(turn: Turn, fact: RunStarted) -> None:
    state = turn.state
    state.seed, state.started_at = fact.seed, fact.at
    state.inputs, state.trigger = dict(fact.inputs), dict(fact.trigger)
    state.run, state.workflow = dict(fact.run), dict(fact.workflow)
    state.children = dict(fact.children)
    turn.scope.refresh("running")
    if turn.plan.timeout is not None:
        turn.set_timer("run", turn.after(turn.plan.timeout))
    turn.changed.update(state.steps)
    if _prepare(turn):
        for path in turn.graph.scopes[None]:
            if not turn.nodes[path].step.needs:
                consider(turn, turn.nodes[path], state.steps[path])


def _prepare(turn: Turn) -> bool:
    """Give the vars their first values, in order, each seeing those before it."""
    state = turn.state
    state.vars = {}
    turn.scope.names["vars"] = state.vars
    for name, template in turn.plan.vars:
        try:
            state.vars[name] = turn.evaluate(f"vars:{name}", template, turn.scope.names)
        except EvaluationFailed as problem:
            fail_run(turn, StepError("expression", f"var {name!r}: {problem}"), None)
            return False
    state.prepared = True
    return True


def _retry(turn: Turn, fact: RetryRequested) -> None:
    rerun(turn, fact)
    if turn.warning is None and not turn.state.prepared and not _prepare(turn):
        turn.ready.clear()


def _skip(turn: Turn, fact: SkipRequested) -> None:
    if turn.state.ended is None:
        steering.skip(turn, fact)
    else:
        skip_and_revive(turn, fact)


def _timer(turn: Turn, fact: TimerFired) -> None:
    due_at = turn.state.timers.get(fact.slot)
    if due_at is None or fact.at < due_at:
        turn.late(f"timer {fact.slot!r} is not set, or not due")
        return
    del turn.state.timers[fact.slot]
    kind, _, path = fact.slot.partition(":")
    _FIRED[kind](turn, path)


def _run_timed_out(turn: Turn, _: str) -> None:
    text = f"the run took longer than {length(turn.plan.timeout)}"
    fail_run(turn, StepError("timeout", text), None)


def _nothing_came(turn: Turn, path: str) -> None:
    waits_for_signal = turn.state.open.get(path) == "signal"
    (signals.timed_out if waits_for_signal else waits.timed_out)(turn, path)


def _waited(turn: Turn, path: str) -> None:
    turn.clear_timer(f"timeout:{path}")
    turn.complete(turn.nodes[path], turn.state.steps[path], None)


def _try_again(turn: Turn, path: str) -> None:
    turn.ready.append(path)


def _next_turn(turn: Turn, path: str) -> None:
    next_turn(turn, turn.nodes[path], turn.state.steps[path])


def _fail(turn: Turn, fact: StepFailed) -> None:
    waits_for_event = turn.state.open.get(fact.path) == "event"
    (waits.refused if waits_for_event else attempts.failed)(turn, fact)


_OF_THE_ENDED = frozenset({RetryRequested, SkipRequested, RollbackRequested})
_FIRED: Mapping[str, Callable[[Turn, str], None]] = {
    "run": _run_timed_out,
    "timeout": attempts.timed_out,
    "event": _nothing_came,
    "wait": _waited,
    "retry": _try_again,
    "turn": _next_turn,
}
_TAKE: Mapping[type, Callable[[Turn, Any], None]] = {
    RunStarted: _start,
    StepStarted: attempts.started_again,
    StepCompleted: attempts.completed,
    StepFailed: _fail,
    StepUnknown: attempts.unknown,
    TimerFired: _timer,
    ApprovalDecided: approvals.decided,
    EventDelivered: waits.delivered,
    SignalReceived: signals.received,
    ChildCompleted: children.completed,
    ChildFailed: children.failed,
    CancelRequested: steering.cancel,
    PauseRequested: steering.pause,
    ResumeRequested: steering.resume,
    RollbackRequested: steering.rollback,
    SkipRequested: _skip,
    RetryRequested: _retry,
    StepResolved: steering.resolve,
}

__all__ = ["CORE_VERSION", "Core", "ReplayDiverged", "replay"]
