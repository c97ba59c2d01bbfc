"""Steps with bodies: what happens once all steps of a body have ended."""

from collections.abc import Callable, Mapping

from workflows.core.branches import branch_over, case_over
from workflows.core.ending import close_bodies
from workflows.core.failures import fail_step, is_lost
from workflows.core.layout import ERROR
from workflows.core.loops import item_over, turn_over
from workflows.core.plan import ForEach, Node, Parallel, Repeat, Switch
from workflows.core.state import Frame, StepState
from workflows.core.turn import Turn


def frame_over(turn: Turn, prefix: str) -> None:
    """Go on where the frame *prefix* has nothing left to do."""
    frame = turn.state.frames[prefix]
    if frame.over is not None:
        return
    frame.over = "done" if frame.error is None else "failed"
    if frame.owner is not None:
        node, step = turn.nodes[frame.owner], turn.state.steps[frame.owner]
        if frame.body == ERROR:
            _handled(turn, node, step)
        elif frame.error is None:
            _OVER[type(node.step.verb)](turn, node, step, prefix)
        else:
            _failed(turn, node, step, (prefix, frame))
    turn.scope.forget(prefix)


def _handled(turn: Turn, node: Node, step: StepState) -> None:
    """Call the failure of a step handled once all that handles it has ended."""
    if step.handling and not step.settled:
        step.handling, step.handled = False, True
        turn.changed.add(node.path)
        turn.settle(node.path, step)


def _failed(turn: Turn, node: Node, step: StepState, ended: tuple[str, Frame]) -> None:
    progress = step.progress
    prefix, frame = ended
    if progress is None or frame.error is None:
        return
    progress.open.pop(prefix, None)
    if is_lost(node.step.verb, progress):
        turn.clear_timer(f"timeout:{node.path}")
        close_bodies(turn, step, "a step beside it failed")
        fail_step(turn, node, step, frame.error, cause=frame.error_path)
    else:  # other branches may still be enough
        turn.changed.add(node.path)


_OVER: Mapping[type, Callable[[Turn, Node, StepState, str], None]] = {
    ForEach: item_over,
    Repeat: turn_over,
    Parallel: branch_over,
    Switch: case_over,
}
