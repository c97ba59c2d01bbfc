"""The steps of a run, as lines of a card."""

from collections.abc import Mapping, Sequence
from typing import Any

from bot.slack.blocks import ROWS, Block, cut
from bot.slack.text import ends, escape, one_line, plain, time, took
from bot.slack.views.words import STEPS
from coordination.ports import RunView, StepStatus, StepView

FIRST = (StepStatus.UNKNOWN, StepStatus.FAILED, StepStatus.RUNNING, StepStatus.WAITING)
QUIET = (StepStatus.PENDING, StepStatus.NOT_TAKEN)
NAME = 80
WHY = 160
TASK = 250  # what a task is called, and the plan of it
SIGNS: Mapping[StepStatus, str] = {
    StepStatus.PENDING: "pending",
    StepStatus.NOT_TAKEN: "pending",
    StepStatus.RUNNING: "in_progress",
    StepStatus.WAITING: "in_progress",
    StepStatus.FAILED: "error",
    StepStatus.UNKNOWN: "error",
}
SAID_BY_SIGN = frozenset(
    {StepStatus.PENDING, StepStatus.RUNNING, StepStatus.COMPLETED, StepStatus.FAILED}
)


def step_lines(run: RunView, most: int = ROWS) -> list[str]:
    """Return at most *most* lines, in the order of the workflow; the last one counts the rest."""
    kept = foremost(run.steps, most)
    lines = [step_line(step) for step in run.steps if step.path in kept]
    more = len(run.steps) - len(lines)
    return [*lines, f"_{more} more_"] if more else lines


def plan(run: RunView, title: str, block_id: str, most: int = ROWS) -> Block:
    """Return the same as the newer kind of block for it; words say what its four signs cannot."""
    kept = foremost(run.steps, most)
    shown = [step for step in run.steps if step.path in kept][:most]
    tasks = [task(step, f"{block_id}.{place}") for place, step in enumerate(shown)]
    more = len(run.steps) - len(shown)
    said = f"{title} · {more} more steps" if more else title
    return {"type": "plan", "block_id": block_id, "title": bare(said), "tasks": tasks}


def task(step: StepView, task_id: str) -> Block:
    """Write a step as a task: one line without markup, and without times of each reader's zone."""
    sign = SIGNS.get(step.status, "complete")
    word = "" if step.status in SAID_BY_SIGN else f" · {step.status.value.replace('_', ' ')}"
    again = f" · attempt {step.attempts}" if step.attempts > 1 else ""
    lasted = took(step.started_at, step.ended_at)
    parts = f"{cut(step.name or step.path, NAME)}{again}{word}{f' · {lasted}' if lasted else ''}"
    error: Mapping[str, Any] = step.error if isinstance(step.error, Mapping) else {}
    if step.status is StepStatus.FAILED and error.get("message"):
        parts += f" · {cut(str(error['message']), WHY)}"
    return {
        "task_id": task_id,
        "title": bare(parts).strip() or "-",
        "status": sign,
    }


def bare(text: str) -> str:
    """Return a title that mentions nobody, whether or not Slack looks for markup in it."""
    return cut(text, TASK).replace("<", "\u2039").replace(">", "\u203a")


def foremost(steps: Sequence[StepView], most: int) -> set[str]:
    """Choose what is worth a line: what failed or goes on, then what ended last, then the rest."""
    order = {step.path: place for place, step in enumerate(steps)}

    def weight(step: StepView) -> tuple[int, int]:
        if step.status in FIRST:
            return FIRST.index(step.status), order[step.path]
        if step.status in QUIET:
            return len(FIRST) + 1, order[step.path]
        return len(FIRST), -order[step.path]

    return {step.path for step in sorted(steps, key=weight)[:most]}


def step_line(step: StepView) -> str:
    name = escape(ends(plain(step.name or step.path), NAME))
    again = f" · attempt {step.attempts}" if step.attempts > 1 else ""
    return f"{STEPS[step.status.value]} {name}{again}{when(step)}{why(step)}"


def when(step: StepView) -> str:
    if step.status in (StepStatus.RUNNING, StepStatus.WAITING) and step.started_at:
        return f" · since {time(step.started_at, '{time_secs}')}"
    lasted = took(step.started_at, step.ended_at)
    return f" · {lasted}" if lasted else ""


def why(step: StepView) -> str:
    error: Mapping[str, Any] = step.error if isinstance(step.error, Mapping) else {}
    if step.status is not StepStatus.FAILED or not error.get("message"):
        return ""
    return f" · {one_line(str(error['message']), WHY)}"
