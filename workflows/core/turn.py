"""One apply in progress: what it changes, what it asks for, what it took from expressions."""

from collections import deque
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from workflows.core.commands import ClearTimer, Command, SetTimer
from workflows.core.errors import ReplayDiverged
from workflows.core.plan import Evaluate, EvaluationFailed, Json, Node, Plan
from workflows.core.scope import Scope
from workflows.core.state import (
    COMPLETED,
    NOT_TAKEN,
    OpenKind,
    State,
    StepState,
    StepStatus,
    advance,
)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Turn:
    """The state of a run with the changes of one fact. Everything that happens goes through here."""

    __slots__ = (
        "at",
        "changed",
        "commands",
        "derived",
        "given",
        "graph",
        "plan",
        "ready",
        "scope",
        "settled",
        "state",
        "warning",
    )

    def __init__(self, plan: Plan, state: State) -> None:
        self.plan, self.state, self.graph = plan, state, plan.graph
        self.scope = Scope(plan.graph, state)
        self.at = EPOCH  # the time of the fact being applied: the only clock there is
        self.given: Mapping[str, Json] | None = None
        self.settled: deque[str] = deque()  # steps whose dependants must be told
        self.ready: deque[str] = deque()  # steps that may begin
        self.clear()

    def clear(self) -> None:
        self.commands: list[Command] = []
        self.derived: dict[str, Json] = {}
        self.changed: set[str] = set()
        self.warning: str | None = None

    def open(self, at: datetime, given: Mapping[str, Json] | None) -> None:
        self.clear()
        self.at = at
        self.given = given

    def evaluate(self, key: str, closure: Evaluate, names: Mapping[str, Json]) -> Json:
        """Return what *closure* gives, or on replay what it gave; *key* says for what.

        Raises:
            EvaluationFailed: there is no value, now or then.
            ReplayDiverged: on replay, this value was never asked for.
        """
        derived = self.derived
        while key in derived or (derived and "!" + key in derived):
            key += "+"
        if self.given is not None:
            return self._recall(key, self.given)
        try:
            value = derived[key] = closure(names)
        except EvaluationFailed as problem:
            derived["!" + key] = str(problem)
            raise
        return value

    def _recall(self, key: str, given: Mapping[str, Json]) -> Json:
        if key in given:
            value = self.derived[key] = given[key]
            return value
        failed = "!" + key
        if failed in given:
            self.derived[failed] = given[failed]
            raise EvaluationFailed(given[failed])
        raise ReplayDiverged(f"the journal holds no value of {key!r}: other steps were taken then")

    def mark(self, path: str, step: StepState, status: StepStatus) -> None:
        """Give the step its next status, and show it to people and to expressions."""
        advance(step, status, self.at, path)
        self.changed.add(path)
        self.scope.show(path, step)

    def hold(self, path: str, kind: OpenKind) -> None:
        self.state.open[path] = kind

    def settle(self, path: str, step: StepState) -> None:
        """Let those who wait for *path* know, once: it will not change on its own any more."""
        self.state.open.pop(path, None)
        if not step.settled:
            step.settled = True
            self.settled.append(path)

    def complete(self, node: Node, step: StepState, output: Json) -> None:
        step.output, step.error, step.due_at = output, None, None
        self.mark(node.path, step, COMPLETED)
        self.settle(node.path, step)

    def pass_over(self, path: str, step: StepState, *, unreached: bool = False) -> None:
        """Settle a step that does not run: its edges cannot hold, or the run is over."""
        step.unreached = unreached
        self.mark(path, step, NOT_TAKEN)
        self.settle(path, step)

    def set_timer(self, slot: str, due_at: datetime) -> None:
        self.state.timers[slot] = due_at
        self.commands.append(SetTimer(slot, due_at))

    def clear_timer(self, slot: str) -> None:
        if self.state.timers.pop(slot, None) is not None:
            self.commands.append(ClearTimer(slot))

    def after(self, delay: timedelta) -> datetime:
        """Return the time *delay* from now; past the end of the calendar it is the end of the calendar."""
        try:
            return self.at + delay
        except OverflowError:
            return datetime.max.replace(tzinfo=self.at.tzinfo)

    def late(self, why: str) -> None:
        """Record that the fact changes nothing."""
        self.warning = why
