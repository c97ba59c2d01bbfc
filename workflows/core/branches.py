"""Branches: `parallel` runs all of them and joins some, `switch` runs the first that holds."""

from workflows.core.ending import close_bodies
from workflows.core.frames import enter, last_output, last_ran
from workflows.core.plan import Json, Node, Parallel, Switch
from workflows.core.state import RUNNING, Progress, StepState
from workflows.core.turn import Turn


def parallel(turn: Turn, node: Node, step: StepState, verb: Parallel) -> None:
    """Begin all branches."""
    step.progress = Progress(len(verb.branches), results=[None] * len(verb.branches))
    turn.mark(node.path, step, RUNNING)
    for number, (name, _) in enumerate(verb.branches):
        step.progress.open[f"{node.path}.{name}."] = number
        step.progress.begun += 1
        enter(turn, node, name, f"{node.path}.{name}.", number)
    if not verb.branches:
        turn.complete(node, step, _outputs(verb, step.progress))


def branch_over(turn: Turn, node: Node, step: StepState, prefix: str) -> None:
    """Count a branch that completed; with the last that is needed the others are closed."""
    verb, progress = node.step.verb, step.progress
    if not isinstance(verb, Parallel) or progress is None:
        return
    number = progress.open.pop(prefix)
    progress.results[number] = last_output(turn, prefix)
    progress.done += 1
    progress.first = progress.first or verb.branches[number][0]
    turn.changed.add(node.path)
    if progress.done < (progress.total if verb.join is None else verb.join):
        return
    turn.clear_timer(f"timeout:{node.path}")
    close_bodies(turn, step, f"`{progress.first}` was first")
    turn.complete(node, step, _outputs(verb, progress))


def _outputs(verb: Parallel, progress: Progress) -> dict[str, Json]:
    named = {name: progress.results[number] for number, (name, _) in enumerate(verb.branches)}
    return {**named, "winner": progress.first}


def switch(turn: Turn, node: Node, step: StepState, verb: Switch) -> None:
    """Enter the first case that holds; where none does, the step has nothing to do.

    Raises:
        EvaluationFailed: a condition has no value.
    """
    names = turn.scope.of(node)
    for number, case in enumerate(verb.cases):
        key = f"case:{node.path}.{case.name}"
        if case.condition is None or turn.evaluate(key, case.condition, names):
            prefix = f"{node.path}.{case.name}."
            step.input = {"case": case.name}
            step.progress = Progress(1, begun=1, first=case.name, open={prefix: number})
            turn.mark(node.path, step, RUNNING)
            enter(turn, node, case.name, prefix, number)
            return
    step.input = {"case": None}
    turn.complete(node, step, None)


def case_over(turn: Turn, node: Node, step: StepState, prefix: str) -> None:
    """Complete the switch with what the chosen case gave."""
    if step.progress is not None:
        step.progress.open.clear()
        step.progress.done = 1
        turn.clear_timer(f"timeout:{node.path}")
        turn.complete(node, step, last_ran(turn, prefix))
