"""One apply in progress: what it changes, what it asks for, what it took from expressions."""

from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import NoReturn

from workflows.core.commands import ClearTimer, Command, SetTimer
from workflows.core.errors import ReplayDiverged, invariant
from workflows.core.layout import ERROR, GATE, UNDO, Body, body_of, place_body, undo_node
from workflows.core.plan import Evaluate, EvaluationFailed, Json, Node, Plan, Undo
from workflows.core.scope import Scope
from workflows.core.state import (
    COMPLETED,
    NOT_TAKEN,
    Frame,
    OpenKind,
    State,
    StepState,
    StepStatus,
    Undoing,
    advance,
)

LAST = 1 << 40  # behind every turn of a loop
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
        "nodes",
        "over",
        "plan",
        "ready",
        "scope",
        "settled",
        "state",
        "warning",
    )

    def __init__(self, plan: Plan, state: State) -> None:
        self.plan, self.state, self.graph = plan, state, plan.graph
        self.nodes = dict(plan.graph.nodes)  # and those of the frames that were entered
        if state.started_at is not None:
            self._restore()
        self.scope = Scope(plan.graph, self.nodes, state)
        self.at = EPOCH  # the time of the fact being applied: the only clock there is
        self.given: Mapping[str, Json] | None = None
        self.over: deque[str] = deque()  # frames in which nothing is left to do
        self.settled: deque[str] = deque()  # steps whose dependants must be told
        self.ready: deque[str] = deque()  # steps that may begin
        self.clear()

    def clear(self) -> None:
        self.commands: list[Command] = []
        self.derived: dict[str, Json] = {}
        self.changed: set[str] = set()
        self.warning: str | None = None

    def open(self, at: datetime, given: Mapping[str, Json] | None) -> None:
        self.commands, self.derived, self.changed, self.warning = [], {}, set(), None
        self.at, self.given = at, given

    def evaluate(self, key: str, closure: Evaluate, names: Mapping[str, Json]) -> Json:
        """Return what *closure* gives, or on replay what it gave; *key* says for what.

        Raises:
            EvaluationFailed: there is no value, now or then.
            ReplayDiverged: on replay, this value was never asked for.
        """
        derived, given = self.derived, self.given
        if derived:
            while key in derived or "!" + key in derived:
                key += "+"
        if given is not None:
            if key in given:
                value = derived[key] = given[key]
                return value
            self._recall_failure(key, given)
        try:
            value = derived[key] = closure(names)
        except EvaluationFailed as problem:
            derived["!" + key] = str(problem)
            raise
        return value

    def _recall_failure(self, key: str, given: Mapping[str, Json]) -> NoReturn:
        failed = "!" + key
        if failed in given:
            self.derived[failed] = given[failed]
            raise EvaluationFailed(given[failed])
        raise ReplayDiverged(f"the journal holds no value of {key!r}: other steps were taken then")

    def _restore(self) -> None:
        """Put down again what the run has entered by now."""
        for prefix, frame in sorted(self.state.frames.items(), key=lambda each: each[1].depth):
            place_body(self.nodes, self.body(frame), prefix, frame.owner)
        for path in self.state.steps:
            if path.endswith(UNDO):
                self.undoing(path.removesuffix(UNDO))

    def body(self, frame: Frame) -> Body:
        return body_of(self.graph, self.nodes, frame.owner, frame.body)

    def neighbours(self, node: Node) -> Sequence[str]:
        """Return the paths of all steps in the scope of *node*, in the order of the file."""
        if not node.scope:
            return self.graph.scopes[None]
        inside = self.body(self.state.frames[node.scope]).nodes
        return [node.scope + each.path for each in inside]

    def undoing(self, path: str) -> Node:
        """Return the step that takes the one at *path* back, which stands beside it from now on."""
        node = self.nodes[path]
        if node.step.undo is None:
            invariant(False, "the step has something to take it back", path=path)  # noqa: FBT003
        else:
            self.nodes.setdefault(path + UNDO, undo_node(node, node.step.undo))
        return self.nodes[path + UNDO]

    def gated(self, path: str) -> str | None:
        """Return the step whose gate stands at *path*; None where that is no gate."""
        owner = path.removesuffix(GATE)
        if owner == path or owner not in self.nodes or self.nodes[owner].step.gate is None:
            return None
        return owner

    def order(self, path: str) -> tuple[int, ...]:
        """Return where *path*, a gate's too, stands: what is inside a step comes after it."""
        node = self.nodes.get(path)
        if node is None:
            gate = self.nodes[path.removesuffix(GATE)]
            return (*self._before(gate.scope), 2 * gate.position)
        if node.scope == UNDO:
            return (*self.order(node.owner or ""), LAST + 1)
        if not node.scope:
            return (2 * node.position + 1,)
        return (*self._before(node.scope), 2 * node.position + 1)

    def _before(self, prefix: str) -> tuple[int, ...]:
        """Return what stands before the places of all steps of a frame."""
        if not prefix:
            return ()
        frame = self.state.frames[prefix]
        if frame.owner is None:
            return ()
        return (*self.order(frame.owner), LAST if frame.body == ERROR else frame.index)

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
        if node.step.undo is not None:
            self._remember(node, node.step.undo)
        self.settle(node.path, step)

    def _remember(self, node: Node, undo: Undo) -> None:
        """Keep what would take the step back, as it is known now: its own output counts."""
        path, kept = node.path, Undoing(node.path)
        try:
            kept.params = self.evaluate(f"undo:{path}", undo.action.params, self.scope.of(node))
        except EvaluationFailed as problem:
            kept.problem = str(problem)
        self.state.undo.append(kept)

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
