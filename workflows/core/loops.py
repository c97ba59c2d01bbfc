"""Loops: `for_each` has a turn for each item, some of them at once; `repeat` one after the other."""

import json
import re

from workflows.core.codec import canonical
from workflows.core.facts import StepError
from workflows.core.failures import fail_container, fail_step
from workflows.core.frames import enter, has_failed, last_output
from workflows.core.layout import LOOP
from workflows.core.plan import Evaluate, EvaluationFailed, ForEach, Json, Node, Repeat
from workflows.core.state import RUNNING, WAITING, Progress, StepState
from workflows.core.turn import Turn
from workflows.core.wording import kind_of

MOST_ITEMS = 10_000
MOST_TURNS = 10_000
LONGEST_KEY = 200  # characters
_PLAIN = re.compile(r"[A-Za-z0-9_-]+")


def for_each(turn: Turn, node: Node, step: StepState, verb: ForEach) -> None:
    """Begin as many turns as may run at once.

    Raises:
        EvaluationFailed: there is no list, or an item has no key.
    """
    path, names = node.path, turn.scope.of(node)
    items = turn.evaluate(f"items:{path}", verb.items, names)
    if not isinstance(items, list):
        raise EvaluationFailed(f"`for_each` needs a list, got {kind_of(items)}")
    step.input = {"items": len(items)}
    problem: StepError | None = None
    keys: list[str] | None = None
    if len(items) > MOST_ITEMS:
        text = f"`for_each` takes {MOST_ITEMS:,} items at most, and the list has {len(items):,}"
        problem = StepError("limit", text, "not_started")
    elif verb.key is not None:
        keys = turn.evaluate(f"keys:{path}", _all_keys(verb, verb.key, items), names)
        problem = _check_keys(keys or [])
    if problem is not None:
        fail_step(turn, node, step, problem)
        return
    step.progress = Progress(len(items), items, keys, results=[None] * len(items))
    turn.mark(path, step, RUNNING)
    _fill(turn, node, step, verb)


def _all_keys(verb: ForEach, key: Evaluate, items: list[Json]) -> Evaluate:
    """Return what gives the keys of all items at once, so that a journal holds one value for them."""

    def keys(names: Json) -> list[str]:
        values = [key({**names, verb.name: item, "index": at}) for at, item in enumerate(items)]
        return [each if isinstance(each, str) else canonical(each).decode() for each in values]

    return keys


def _check_keys(keys: list[str]) -> StepError | None:
    seen: dict[str, int] = {}
    for number, key in enumerate(keys):
        if key in seen:
            text = f"items {seen[key]} and {number} have the same key {key!r:.80}"
            return StepError("expression", text, "not_started")
        if len(key) > LONGEST_KEY:
            text = f"the key of item {number} has more than {LONGEST_KEY} characters"
            return StepError("limit", text, "not_started")
        seen[key] = number
    return None


def turn_prefix(path: str, progress: Progress, index: int) -> str:
    """Return what stands before the steps of a turn: its number, or its key, in JSON if need be."""
    if progress.keys is None:
        return f"{path}[{index}]."
    key = progress.keys[index]
    return f"{path}[{key if _PLAIN.fullmatch(key) else quoted(key)}]."


def quoted(key: str) -> str:
    """Write *key* as JSON; half of a surrogate pair makes it ASCII."""
    text = json.dumps(key, ensure_ascii=False)
    return text if text.isprintable() else json.dumps(key)


def _fill(turn: Turn, node: Node, step: StepState, verb: ForEach) -> None:
    """Begin turns until as many are at work as may be; complete the step after the last."""
    progress = step.progress
    if progress is None:
        return
    while progress.begun < progress.total and len(progress.open) < verb.concurrency:
        prefix = turn_prefix(node.path, progress, progress.begun)
        progress.open[prefix] = progress.begun
        enter(turn, node, LOOP, prefix, progress.begun)
        progress.begun += 1
    if not progress.open:
        turn.clear_timer(f"timeout:{node.path}")
        turn.complete(node, step, progress.results)


def item_over(turn: Turn, node: Node, step: StepState, prefix: str) -> None:
    """Take what a turn of `for_each` gave, and begin the next."""
    verb, progress = node.step.verb, step.progress
    if not isinstance(verb, ForEach) or progress is None:
        return
    number = progress.open.pop(prefix)
    try:
        value = _collected(turn, verb, prefix)
    except EvaluationFailed as problem:
        _fail_turn(turn, node, prefix, f"collect: {problem}")
        return
    progress.results[number] = value
    progress.done += 1
    turn.changed.add(node.path)
    _fill(turn, node, step, verb)


def _collected(turn: Turn, verb: ForEach, prefix: str) -> Json:
    """Return the value of a turn; of one in which a step failed it may well be missing: null."""
    if verb.collect is None:
        return last_output(turn, prefix)
    try:
        return turn.evaluate(f"collect:{prefix[:-1]}", verb.collect, turn.scope.inside(prefix))
    except EvaluationFailed:
        if has_failed(turn, prefix):
            return None
        raise


def repeat(turn: Turn, node: Node, step: StepState, verb: Repeat) -> None:
    """Begin the first turn."""
    step.progress = Progress(verb.most)
    next_turn(turn, node, step)


def next_turn(turn: Turn, node: Node, step: StepState) -> None:
    """Begin another turn; turns are counted from 1."""
    progress = step.progress
    if progress is not None:
        progress.begun += 1
        step.due_at = None
        turn.mark(node.path, step, RUNNING)
        turn.state.open.pop(node.path, None)
        prefix = f"{node.path}#{progress.begun}."
        progress.open[prefix] = progress.begun - 1
        enter(turn, node, LOOP, prefix, progress.begun - 1)


def turn_over(turn: Turn, node: Node, step: StepState, prefix: str) -> None:
    """Ask whether that was enough; if not, begin the next turn after a while."""
    verb, progress = node.step.verb, step.progress
    if not isinstance(verb, Repeat) or progress is None:
        return
    del progress.open[prefix]
    try:
        enough = turn.evaluate(f"until:{prefix[:-1]}", verb.until, turn.scope.inside(prefix))
    except EvaluationFailed as problem:
        _fail_turn(turn, node, prefix, f"repeat.until: {problem}")
        return
    progress.done += 1
    if enough:
        turn.clear_timer(f"timeout:{node.path}")
        turn.complete(node, step, last_output(turn, prefix))
    else:
        turn.changed.add(node.path)
        go_on(turn, node, step, verb)


def _fail_turn(turn: Turn, node: Node, prefix: str, problem: str) -> None:
    """Fail the loop because of an expression asked after a turn: it is asked again in another try."""
    turn.state.frames[prefix].over = "failed"
    error = StepError("expression", problem)
    fail_container(turn, node, turn.state.steps[node.path], error)


def resume_loop(turn: Turn, node: Node, step: StepState) -> None:
    """Go on with a loop that was cut off, once its turns stand again."""
    verb, progress = node.step.verb, step.progress
    if progress is None or step.status is not RUNNING:
        return
    if isinstance(verb, ForEach):
        _fill(turn, node, step, verb)
    elif isinstance(verb, Repeat) and not progress.open:
        go_on(turn, node, step, verb)


def go_on(turn: Turn, node: Node, step: StepState, verb: Repeat) -> None:
    """Begin the next turn, now or later, unless there have been enough of them."""
    progress = step.progress
    if progress is None:
        return
    if progress.begun >= min(verb.most, MOST_TURNS):
        kind = "exhausted" if verb.most <= MOST_TURNS else "limit"
        text = f"`until` did not hold after {progress.begun:,} turns"
        fail_container(turn, node, step, StepError(kind, text))
    elif verb.delay:
        turn.mark(node.path, step, WAITING)
        step.due_at = turn.after(verb.delay)
        turn.hold(node.path, "timer")
        turn.set_timer(f"turn:{node.path}", step.due_at)
    else:
        next_turn(turn, node, step)
