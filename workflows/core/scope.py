"""The names that expressions see: a mapping kept up to date, so that no step pays for all others."""

from collections.abc import Mapping

from workflows.core.codec import error_to_json
from workflows.core.plan import Graph, Json, Node
from workflows.core.state import COMPLETED, FAILED, State, StepState, StepStatus

_BARE: Mapping[StepStatus, dict[str, Json]] = {
    status: {"status": str(status)} for status in StepStatus if status not in {COMPLETED, FAILED}
}  # plain text, since an evaluator may look at the type


class Scope:
    """The names of one run. A name that has no value is not in the mapping at all."""

    __slots__ = ("_graph", "_state", "names", "steps")

    def __init__(self, graph: Graph, state: State) -> None:
        self._graph, self._state = graph, state
        self.steps: dict[str, dict[str, Json]] = {
            path: view(state.steps[path]) for path in graph.scopes[None]
        }
        self.names: dict[str, Json] = {"steps": self.steps}
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

    def show(self, path: str, step: StepState) -> None:
        """Show the step at *path* as it is now, if it stands at the top."""
        if path in self.steps:
            self.steps[path] = view(step)

    def of(self, node: Node) -> Mapping[str, Json]:
        """Return the names that *node* sees: its own scope and those around it."""
        if node.owner is None:
            return self.names
        outer = self.of(self._graph.nodes[node.owner])
        neighbours = {
            self._graph.nodes[path].step.id: view(self._state.steps[path])
            for path in self._graph.scopes[node.owner]
        }
        error = self._state.steps[node.owner].error
        return {
            **outer,
            "steps": {**outer["steps"], **neighbours},
            "error": None if error is None else error_to_json(error),
        }


def view(step: StepState) -> dict[str, Json]:
    """Return what expressions see of *step*; of one that did not run only its status exists."""
    if step.status in _BARE:
        return _BARE[step.status]
    began, ended = step.started_at, step.ended_at
    duration = (ended - began).total_seconds() if began and ended and ended > began else 0.0
    return {
        "status": "completed" if step.status is COMPLETED else "failed",
        "output": step.output,
        "error": None if step.error is None else error_to_json(step.error),
        "attempts": step.attempts,
        "duration": duration,
    }
