"""The card of a step whose effect nobody can prove: what was about to run, and three ways out."""

from bot.slack.blocks import (
    Block,
    Shown,
    actions,
    at_rung,
    button,
    context,
    fields,
    fit,
    header,
    section,
)
from bot.slack.text import code_block, ends, escape, link, time
from coordination.ports import RunView, StepStatus, StepView
from handlers.slack import ids

SHOWN = 1_200
CARDS = 4


def value_of(run: RunView, step: StepView) -> str:
    """Return what a button carries: the run, the attempt in question, and the path."""
    return f"{run.id}.{step.attempts}.{step.path}"


def unknown_card(
    run: RunView, step: StepView, *, attempt: int, run_url: str, rung: int = 0
) -> Shown:
    """Ask what became of *attempt* at *step*; once somebody has said it, the buttons are gone."""
    open_still = step.status is StepStatus.UNKNOWN and step.attempts == attempt
    name = ends(step.name or step.path, 80)
    blocks = [
        header(f"Did {name} happen?", "h"),
        fields(
            [
                ("Run", f"{link(run_url, run.label)} {escape(run.title[:80])}"),
                ("Step", escape(ends(step.path, 80))),
                ("Started", time(step.started_at) if step.started_at else ""),
                ("Attempt", str(attempt)),
            ],
            "w",
        ),
        section(
            "I was stopped while this was in flight, and I do not guess. "
            "Look, then say what happened.",
            "e",
        ),
        section(f"*It was about to run*\n{code_block(about(step), SHOWN)}", "x"),
    ]
    if open_still:
        value = value_of(run, step)
        blocks.append(
            actions(
                [
                    button("Retry", ids.RESOLVE_RETRY, value=value, says=f"Run {name} again"),
                    button("Mark done", ids.RESOLVE_DONE, value=value, says=f"{name} happened"),
                    button(
                        "Fail", ids.RESOLVE_FAIL, value=value, style="danger", says=f"Fail {name}"
                    ),
                ],
                f"u:{run.id}:{step.attempts}",
            )
        )
        blocks.append(context("Retry: it did not happen. Mark done: it did. Fail: give up.", "c"))
    else:
        blocks.append(context(now(step, attempt), "c"))
    question = f"{run.label}: I do not know whether {escape(name)} happened."
    return at_rung(fit(question, blocks), rung, run_url)


def unknown_steps(run: RunView, *, public_url: str) -> Shown:
    """Ask of each step of *run* that is unknown what became of it, with the buttons of its card."""
    open_steps = [step for step in run.steps if step.status is StepStatus.UNKNOWN]
    blocks: list[Block] = []
    for place, step in enumerate(open_steps[:CARDS]):
        card = unknown_card(run, step, attempt=step.attempts, run_url=f"{public_url}/r/{run.label}")
        blocks += [{**each, "block_id": f"{place}:{each['block_id']}"} for each in card.blocks]
    more = len(open_steps) - CARDS
    if more > 0:
        blocks.append(context(f"{more} more, once these are answered", "m"))
    named = ", ".join(escape(ends(step.name or step.path, 60)) for step in open_steps[:CARDS])
    return fit(f"{run.label}: I do not know whether {named} happened.", blocks)


def now(step: StepView, attempt: int) -> str:
    """Say where the step stands since the question was answered."""
    if step.attempts != attempt:
        return f"Answered: it was run again, as attempt {step.attempts}."
    return f"Answered. The step is now {step.status.value.replace('_', ' ')}."


def about(step: StepView) -> str:
    """Write the call that was in flight; secrets are masked in the record already."""
    params = step.input if isinstance(step.input, dict) else {}
    argv = params.get("argv")
    if isinstance(argv, list):
        return " ".join(str(part) for part in argv)
    return f"{step.action or step.kind} {params}"
