"""The one card of a thread: always its latest state. Replies tell how it came to it."""

from datetime import datetime, timedelta

from bot.slack.blocks import (
    RICH,
    Block,
    Shown,
    actions,
    button,
    context,
    fields,
    fit,
    header,
    lines,
    link_button,
    section,
)
from bot.slack.text import ends, escape, head, link, person, plain, time, took
from bot.slack.views import processes as drawn
from bot.slack.views.controls import around, control_buttons
from bot.slack.views.steps import plan as step_plan
from bot.slack.views.steps import step_lines
from bot.slack.views.words import foremost, icon, state
from coordination.ports import RunView
from coordination.threads_view import ProcessView, ThreadView
from coordination.waiting_for import card_word, waiting_for
from handlers.slack import ids

RUNS = 3  # so many are drawn with their steps, older ones as a line
OLDER = 5
TITLE = 120
HANDLED = 300
MINUTE = timedelta(minutes=1)


def thread_card(thread: ThreadView, *, public_url: str, rung: int = RICH) -> Shown:
    """Draw a thread: what is going on, who and what it is about, each run with its steps.

    *rung*: below the first the steps are lines, since Slack did not take the block that is made for
    them. What is simpler still, `at_rung` makes of it.
    """
    word, newest = thread_word(thread), lead(thread)
    said = says(newest)
    blocks = [
        header(thread.title, "h"),
        section(stands(word, silent(thread), said), "s"),
        fields(about(thread, newest, public_url), "w"),
        *told(thread),
        *(run_block(run, public_url, rung) for run in thread.runs[-RUNS:]),
        *older(thread.runs[:-RUNS], public_url),
        *following(thread),
        *linked(thread),
        *pressed(thread, newest, public_url),
        context(footer(thread), "c"),
    ]
    summary = f"{escape(ends(plain(thread.title), TITLE))}: {word}. {escape(said)}".strip()
    return fit(summary, blocks)


def stands(word: str, since: str, said: str) -> str:
    """Write how a thread stands: the word, since when if it is stalled, and what it waits for."""
    head = f"{state(word)} {since}" if word == "Stalled" and since else state(word)
    return f"{head} · {escape(said)}" if said else head


def silent(thread: ThreadView) -> str:
    """Say since when the first process that fell silent did."""
    found = first_silent(thread)
    return drawn.since(found) if found else ""


def first_silent(thread: ThreadView) -> ProcessView | None:
    """Return the process that has been silent for longest, if one is."""
    found = [each for each in every(thread.processes) if drawn.since(each)]
    return min(found, key=since_when) if found else None


def since_when(process: ProcessView) -> datetime:
    return process.stalled_since or process.updated_at


def thread_word(thread: ThreadView) -> str:
    """Return the word for a thread: what is open first; of runs of one workflow the newest counts."""
    latest = {run.workflow: run for run in thread.runs}
    active = [run for run in thread.runs if not run.status.ended]
    words = [
        card_word(run) for run in {run.id: run for run in (*latest.values(), *active)}.values()
    ]
    words += [drawn.word(process) for process in thread.processes if process.run_id is None]
    return foremost(words)


def lead(thread: ThreadView) -> RunView | None:
    """Return the run that the card speaks of: the newest that still goes on, or the newest."""
    going = [run for run in thread.runs if not run.status.ended]
    return going[-1] if going else thread.runs[-1] if thread.runs else None


def says(run: RunView | None) -> str:
    """Return the sentence of what a run waits for: the one that every surface shows."""
    if run is not None and run.handled is not None:
        return f"Handled by {run.handled.by}: {head(plain(run.handled.reason), HANDLED)}"
    waits = waiting_for(run) if run is not None else None
    return waits.text if waits is not None else ""


def root(thread: ThreadView) -> ProcessView | None:
    """Return the process that a thread is about; a run is one too, but draws itself."""
    return next((each for each in thread.processes if each.run_id is None), None)


def about(thread: ThreadView, run: RunView | None, public_url: str) -> list[tuple[str, str]]:
    process = root(thread)
    start, end = lasted(thread)
    return [
        ("Workflow", f"{label(run, public_url)} {escape(run.title[:TITLE])}" if run else ""),
        ("Started by", by(process, run)),
        *(drawn.subject(process) if process else ()),
        ("Took", took(start, end)),
        ("Started", time(start) if start and not end else ""),
    ]


def by(process: ProcessView | None, run: RunView | None) -> str:
    if process is not None:
        return drawn.started_by(process)
    return person(run.started_by) if run is not None else ""


def label(run: RunView, public_url: str) -> str:
    return link(f"{public_url}/r/{run.label}", run.label)


def lasted(thread: ThreadView) -> tuple[datetime | None, datetime | None]:
    """Return when the first of a thread began and the last ended; no end while something goes on."""
    parts = [(each.started_at or each.created_at, each.ended_at) for each in thread.processes]
    parts += [(run.started_at or run.created_at, run.ended_at) for run in thread.runs]
    ended = [end for _, end in parts if end is not None]
    whole = bool(parts) and len(ended) == len(parts)
    return min((start for start, _ in parts), default=None), max(ended) if whole else None


def told(thread: ThreadView) -> list[Block]:
    """Draw what tools report: progress and the newest word of the thread's process, and the rest."""
    process = root(thread)
    if process is None:
        return []
    own = "\n".join(part for part in (drawn.bar(process), drawn.message(process)) if part)
    rows = drawn.family(process)
    for other in thread.processes:
        if other.run_id is None and other is not process:
            rows += [drawn.line(other), *drawn.family(other, 1)]
    found = [section(own, "p")] if own else []
    return [*found, section(lines(rows), "k")] if rows else found


def run_block(run: RunView, public_url: str, rung: int) -> Block:
    """Draw a run: its steps as a plan, or as lines."""
    if rung == RICH and run.steps:
        title = f"{run.label} {ends(plain(run.title), TITLE)} · {card_word(run)}"
        return step_plan(run, title, f"r:{run.number}")
    rows = [f"*{label(run, public_url)} {escape(run.title[:TITLE])}* · {card_word(run)}"]
    return section("\n".join([*rows, *step_lines(run)]), f"r:{run.number}")


def older(runs: tuple[RunView, ...], public_url: str) -> list[Block]:
    rows = [f"{icon(card_word(run))} {label(run, public_url)} {card_word(run)}" for run in runs]
    return [context(" · ".join(rows[-OLDER:]), "o")] if rows else []


def following(thread: ThreadView) -> list[Block]:
    """Draw what the tool of the thread's process says should come next."""
    process = root(thread)
    rows = drawn.next_steps(process) if process else []
    return [section("\n".join(["*Next*", *rows]), "n")] if rows else []


def linked(thread: ThreadView) -> list[Block]:
    found = drawn.links(every(thread.processes))
    return [context(" · ".join(found), "l")] if found else []


def every(processes: tuple[ProcessView, ...]) -> list[ProcessView]:
    return [each for top in processes for each in (top, *every(top.children))]


def pressed(thread: ThreadView, run: RunView | None, public_url: str) -> list[Block]:
    """Return the buttons that fit the state of *run*, and the one that says why all this is here."""
    why = button("Why?", ids.WHY, value=thread.id, says=f"Why {thread.title} is one thread")
    quiet = first_silent(thread)
    tended = drawn.tending(quiet) if quiet else []
    if run is None:
        return [actions([*tended, why], f"a:{thread.id}")]
    details = link_button("Details", ids.OPEN_RUN, f"{public_url}/r/{run.label}")
    return [actions([*tended, *around(control_buttons(run), [details, why])], f"a:{run.id}")]


def footer(thread: ThreadView) -> str:
    named = [run.label for run in thread.runs][-OLDER:]
    at = thread.updated_at - timedelta(
        seconds=thread.updated_at.second, microseconds=thread.updated_at.microsecond
    )
    return " · ".join([*named, code_id(thread), f"updated {time(at)}"])


def code_id(thread: ThreadView) -> str:
    process = root(thread)
    return escape(ends(plain(process.process_id), 60)) if process else thread.id
