"""The short way to most records: of an action at the top of a plan, in a run without secrets.

What such a record says before anything happens is worked out once a plan, and what a step was given is
written once, although its record says so twice. All others are written by `records`, to which
`tests/properties/test_plain_records.py` holds this.
"""

from collections.abc import Collection, Mapping, Sequence
from operator import attrgetter, itemgetter
from typing import Any, NamedTuple

from coordination.database import Written
from workflows.core.codec import error_to_json
from workflows.core.core import Core
from workflows.core.plan import Action, Plan
from workflows.core.state import StepState
from workflows.runs import StepPlace, StepRecord
from workflows.runtimes.host.masks import LARGEST, cut
from workflows.runtimes.host.records import KINDS, WORDS, Cover, shown, step_records, uncovered

__all__ = ["Places", "Records", "places_of"]

_told = attrgetter(
    *("status", "attempts", "redo", "input", "output", "error", "progress"),
    *("due_at", "started_at", "ended_at"),
)
_NOTHING = _told(StepState())
_position = itemgetter(1)


class Places(NamedTuple):
    """What is known of the records of the steps at the top of a plan, by path."""

    every: Mapping[str, StepPlace]
    actions: Mapping[str, StepPlace]  # those that perform one


def places_of(plan: Plan) -> Places:
    """Return what is known of the records of *plan*."""
    every = {
        path: StepPlace(
            path,
            2 * node.position + 1,
            node.step.name,
            KINDS[type(node.step.verb)],
            node.step.verb.name if isinstance(node.step.verb, Action) else None,
        )
        for path, node in plan.graph.nodes.items()
        if not node.scope
    }
    actions = {path: place for path, place in every.items() if place.action is not None}
    return Places(every, actions)


class Records:
    """Writes the records of one run.

    Args:
        run_id: its id.
        places: what is known of its plan.
    """

    def __init__(self, run_id: str, places: Places) -> None:
        self._run_id = run_id
        self._places = places
        self._given: dict[str, tuple[Any, Written | None]] = {}  # to steps at work, and its text
        self._outputs: dict[str, tuple[Any, bytes]] = {}  # heard of since the last records

    def heard(self, path: str, output: Any, text: bytes | None) -> None:
        """Note that *text* is the canonical JSON of the output that the step at *path* may have."""
        if output is not None and text is not None and len(text) <= LARGEST:
            self._outputs[path] = output, text

    def untouched(self, core: Core, paths: Collection[str]) -> list[StepPlace]:
        """Return those of the steps at *paths* that nothing has happened to, of a run that begins."""
        steps, places = core.state.steps, self._places.every
        return [places[path] for path in paths if path in places and _told(steps[path]) == _NOTHING]

    def of(self, core: Core, paths: Collection[str], cover: Cover) -> Sequence[StepRecord]:
        """Return the records of the steps at *paths*, as `step_records` does."""
        known, steps = self._places.actions, core.state.steps
        heard, self._outputs = self._outputs, {}
        here = [known[path] for path in paths if path in known]
        if cover is not uncovered or len(here) < len(paths):
            return step_records(core, self._run_id, paths, cover)
        here.sort(key=_position)
        return [self._record(place, steps[place.path], heard.get(place.path)) for place in here]

    def _record(
        self, place: StepPlace, state: StepState, heard: tuple[Any, bytes] | None
    ) -> StepRecord:
        output = state.output
        return StepRecord(
            *place,
            WORDS[state.status],
            state.attempts,
            state.redo,
            self._input(place.path, state),
            Written(heard[1].decode()) if heard and heard[0] is output else cut(output),
            None if state.error is None else error_to_json(state.error),
            None,
            state.due_at,
            state.started_at,
            state.ended_at,
        )

    def _input(self, path: str, state: StepState) -> Written | None:
        given, known = state.input, self._given.pop(path, None)
        if known is None or known[0] is not given:
            known = given, cut(shown(given))
        if state.ended_at is None:
            self._given[path] = known
        return known[1]
