"""Runs beside their card: the reply about a failure, one run on demand, and lists."""

from collections.abc import Mapping
from typing import Any

from bot.slack.blocks import (
    Block,
    Shown,
    actions,
    context,
    fields,
    fit,
    lines,
    link_button,
    section,
)
from bot.slack.text import code_block, ends, escape, head, link, one_line, person, plain, time, took
from bot.slack.views.controls import around, control_buttons
from bot.slack.views.steps import step_lines
from bot.slack.views.threads import says
from bot.slack.views.words import icon, state
from coordination.ports import RunStatus, RunView, StepView
from coordination.waiting_for import card_word
from handlers.slack import ids
from handlers.slack.answers import RunList, RunPage

TITLE = 120
TAIL = 1_800
WHY = 300


def failure_reply(run: RunView, step: StepView, *, printed: str, run_url: str) -> Shown | None:
    """Say that a step failed, with the end of what it *printed*; None for a No, which is no failure."""
    error: Mapping[str, Any] = step.error if isinstance(step.error, Mapping) else {}
    if error.get("type") == "rejected":
        return None
    name = escape(ends(step.name or step.path, 80))
    why = one_line(str(error.get("message") or "no reason was given"), WHY)
    blocks = [section(f":x: *{name}* failed: {why}", "h")]
    if printed.strip():
        blocks.append(section(code_block(printed, TAIL), "o"))
    attempts = f" · attempt {step.attempts}" if step.attempts > 1 else ""
    blocks.append(context(f"{link(run_url, run.label)} · {escape(step.path)}{attempts}", "c"))
    return fit(f"{run.label}: {name} failed: {why}", blocks)


def run_page(page: RunPage, *, public_url: str) -> Shown:
    """Draw one run for whoever asked: the very sentence of its card, its steps, what to press."""
    if page.just is not None and page.run.status is not RunStatus.QUEUED:
        return ordered(page.run, page.just, public_url)
    run, word = page.run, card_word(page.run)
    url = f"{public_url}/r/{run.label}"
    said = escape(says(run))
    first = f"{link(url, run.label)} {escape(run.title[:TITLE])}"
    if page.just:
        first += f" {page.just}"
    blocks = [
        section(f"{first}\n{state(word)}{' · ' + said if said else ''}", "h"),
        fields(
            [
                ("Started by", person(run.started_by)),
                ("Started", time(run.started_at or run.created_at)),
                ("Took", took(run.started_at, run.ended_at)),
                ("Thread", link(page.thread_url, "its card") if page.thread_url else ""),
            ],
            "w",
        ),
    ]
    if run.steps:
        blocks.append(section("\n".join(step_lines(run)), "r"))
    if not page.just:
        blocks.append(actions(buttons(run, url), f"a:{run.id}"))
    just = f" {page.just}" if page.just else ""
    return fit(f"{run.label} {escape(run.title[:TITLE])}{just}: {word}. {said}".strip(), blocks)


def ordered(run: RunView, just: str, public_url: str) -> Shown:
    """Say what was done to a run. Where it stood before that says nothing of where it stands now."""
    title = escape(run.title[:TITLE])
    named = f"{link(f'{public_url}/r/{run.label}', run.label)} {title}"
    asks = f"`/baton status {run.label}` says where it stands."
    blocks = [section(f"{named} {just}", "h"), context(asks, "c")]
    return fit(f"{run.label} {title} {just}. {asks}", blocks)


def buttons(run: RunView, url: str) -> list[Block]:
    details = link_button("Details", ids.OPEN_RUN, url)
    return around(control_buttons(run), [details])


def run_list(answer: RunList, *, public_url: str) -> Shown:
    """Draw runs, a line or two each."""
    filters = " ".join(f"{name}:{value}" for name, value in answer.filters.items())
    if not answer.runs:
        text = f"No run fits `{escape(filters)}`." if filters else "No run has been started yet."
        return fit(text, [section(text, "h")])
    title = f"Runs{' · ' + escape(filters) if filters else ''}"
    blocks = [section(f"*{title}*", "h")]
    blocks += [section(row(run, public_url), f"r:{run.number}") for run in answer.runs]
    if answer.more:
        blocks.append(
            context("There are older ones. Narrow it down: `state:` `workflow:` `since:`", "c")
        )
    return fit(f"{len(answer.runs)} runs, the newest first.", blocks)


def row(run: RunView, public_url: str) -> str:
    word = card_word(run)
    lasted = took(run.started_at, run.ended_at) or time(run.started_at or run.created_at)
    first = f"{icon(word)} {link(f'{public_url}/r/{run.label}', run.label)} "
    first += f"{escape(run.title[:TITLE])} · *{word}* · {lasted}"
    return lines([first, *([escape(head(plain(says(run)), WHY))] if says(run) else [])])
