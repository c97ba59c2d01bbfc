"""The names that expressions see: mappings kept up to date, so that no step pays for all others."""

from collections.abc import Mapping

from workflows.core.codec import error_to_json
from workflows.core.layout import ERROR, UNDO, Graph, Node, body_of
from workflows.core.plan import ForEach, Json, Repeat
from workflows.core.state import COMPENSATED, COMPLETED, FAILED, Frame, State, StepState, StepStatus

_RAN = {COMPLETED: "completed", FAILED: "failed", COMPENSATED: "compensated"}
_BARE: Mapping[StepStatus, dict[str, Json]] = {
    status: {"status": str(status)} for status in StepStatus if status not in _RAN
}  # plain text, since an evaluator may look at the type


class Level:
    """The names of one frame over those around it. They are merged anew when those have changed."""

    __slots__ = ("around", "extra", "merged", "names", "own", "seen", "version")

    def __init__(
        self, around: "Level | None", own: dict[str, dict[str, Json]], extra: dict[str, Json]
    ) -> None:
        self.around, self.own, self.extra = around, own, extra
        self.version = 0  # rises with every change
        self.seen = -1  # the version of the names around it that were merged
        self.merged: dict[str, dict[str, Json]] = own
        self.names: dict[str, Json] = {"steps": own} if around is None else {}

    def current(self) -> dict[str, Json]:
        around = self.around
        if around is None:
            return self.names
        outer = around.current()
        if self.seen != around.version:
            self.seen = around.version
            self.merged = {**outer["steps"], **self.own}
            self.names = {**outer, "steps": self.merged, **self.extra}
            self.version += 1
        return self.names

    def show(self, name: str, shown: dict[str, Json]) -> None:
        self.own[name] = shown
        self.merged[name] = shown
        self.version += 1


class Scope:
    """The names of one run. A name that has no value is not in the mapping at all."""

    __slots__ = ("_graph", "_levels", "_nodes", "_state", "_top", "names", "steps")

    def __init__(self, graph: Graph, nodes: Mapping[str, Node], state: State) -> None:
        self._graph, self._nodes, self._state = graph, nodes, state
        self._levels: dict[str, Level] = {}
        self.steps: dict[str, dict[str, Json]] = {
            path: _BARE.get(state.steps[path].status) or _full(state.steps[path])
            for path in graph.scopes[None]
        }
        self._top = Level(None, self.steps, {})
        self.names = self._top.names
        self.refresh("running" if state.ended is None else state.ended.value)

    def refresh(self, status: str) -> None:
        """Show the run anew: at its start, after `set`, and when it fails."""
        state = self._state
        error = None if state.error is None else error_to_json(state.error)
        self.names["trigger"] = state.trigger
        self.names["inputs"] = state.inputs
        self.names["vars"] = state.vars
        self.names["workflow"] = state.workflow
        self.names["run"] = {**state.run, "status": status, "error": error}
        self._top.version += 1

    def set_vars(self, values: dict[str, Json]) -> None:
        self._state.vars = self.names["vars"] = values
        self._top.version += 1

    def show(self, path: str, step: StepState) -> None:
        """Show the step at *path* as it is now to those who see it."""
        if path in self.steps:
            self.steps[path] = _BARE.get(step.status) or _full(step)
            if self._levels:
                self._top.version += 1
        elif self._levels:
            node = self._nodes.get(path)
            level = None if node is None else self._levels.get(node.scope)
            if node is not None and level is not None:
                level.show(node.step.id, view(step))

    def of(self, node: Node) -> Mapping[str, Json]:
        """Return the names that *node* sees: its own scope and those around it."""
        scope = node.scope
        if not scope:
            return self.names
        if scope == UNDO:
            return self.of(self._nodes[node.owner or ""])
        return self._level(scope).current()

    def inside(self, prefix: str) -> Mapping[str, Json]:
        """Return the names of the frame *prefix*: what its steps see, and what they gave."""
        return self._level(prefix).current()

    def forget(self, prefix: str) -> None:
        """Drop the names of a frame that is over; they are made again if anybody asks."""
        self._levels.pop(prefix, None)

    def _level(self, prefix: str) -> Level:
        level = self._levels.get(prefix)
        if level is None:
            frame = self._state.frames[prefix]
            owner = None if frame.owner is None else self._nodes[frame.owner]
            body = body_of(self._graph, self._nodes, frame.owner, frame.body)
            own = {node.path: view(self._state.steps[prefix + node.path]) for node in body.nodes}
            around = self._top if owner is None or not owner.scope else self._level(owner.scope)
            level = self._levels[prefix] = Level(around, own, self._extra(frame, owner))
        return level

    def _extra(self, frame: Frame, owner: Node | None) -> dict[str, Json]:
        """Return the names that a frame adds: the item and number of a turn, or the error."""
        if owner is None:
            return {}
        step, verb = self._state.steps[owner.path], owner.step.verb
        if frame.body == ERROR:
            return {"error": None if step.error is None else error_to_json(step.error)}
        if isinstance(verb, ForEach) and step.progress is not None and step.progress.items:
            return {verb.name: step.progress.items[frame.index], "index": frame.index}
        return {"index": frame.index} if isinstance(verb, Repeat) else {}


def view(step: StepState) -> dict[str, Json]:
    """Return what expressions see of *step*; of one that did not run only its status exists."""
    return _BARE.get(step.status) or _full(step)


def _full(step: StepState) -> dict[str, Json]:
    began, ended = step.started_at, step.ended_at
    duration = (ended - began).total_seconds() if began and ended and ended > began else 0.0
    return {
        "status": _RAN[step.status],
        "output": step.output,
        "error": None if step.error is None else error_to_json(step.error),
        "attempts": step.attempts,
        "duration": duration,
    }
