"""The page of a run: pure HTML, complete without JavaScript. `pages.py` serves it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import quote

from coordination.ports import RunStatus, RunView, StepView
from coordination.questions import Approval
from coordination.waiting_for import card_word, waiting_for
from handlers.http.html import definition_list, link, page, tag, text, value
from handlers.http.mending_forms import Mending, mending_forms
from handlers.http.run_forms import Steering, called, decision_form, resolve_form, retry_form

ICONS: Mapping[str, str] = {
    "pending": "○",
    "running": "●",
    "waiting": "◔",
    "completed": "✓",
    "failed": "✗",
    "skipped": "»",
    "not_taken": "⊖",
    "cancelled": "⊘",
    "unknown": "?",
    "compensated": "↩",
}
TONES: Mapping[str, str] = {
    "Needs you": "attention",
    "Succeeded": "good",
    "Failed": "bad",
    "Rejected": "bad",
    "Broken": "bad",
    "Running": "active",
    "Waiting": "active",
}


MOVING = frozenset({RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.COMPENSATING})
"""Where the page asks to be loaded again; elsewhere nothing changes until somebody does something."""


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and what they may answer: *csrf* by approval id, only for those they may decide."""

    name: str
    csrf: Mapping[str, str]
    refusals: Mapping[str, str]  # why not, by approval id


@dataclass(frozen=True, slots=True)
class RunPage:
    """All that the page shows. *names* says how people call everybody whom the store has by an id."""

    run: RunView
    approvals: tuple[Approval, ...]
    viewer: Viewer
    names: Mapping[str, str]
    steering: Steering
    thread_url: str | None
    mending: Mending = field(default_factory=Mending)
    note: str | None = None


def run_page(shown: RunPage) -> str:
    """Draw the page; while the run goes on, it asks the browser to load it again every 5 s."""
    run = shown.run
    waits = waiting_for(run)
    word = card_word(run)
    moving = run.status in MOVING and not shown.viewer.csrf
    return page(
        f"{run.label} {run.title}: {word}",
        tag(
            "header",
            tag("h1", text(f"{run.label} {run.title}")),
            tag("span", text(word), class_=f"word {TONES.get(word, '')}"),
            class_="top",
        ),
        tag("p", text(waits.text), class_="waiting") if waits else "",
        tag("p", text(shown.note), class_="note") if shown.note else "",
        facts(shown),
        *(question(shown, approval) for approval in shown.approvals if not approval.ended),
        retry_form(run, shown.steering),
        mending_forms(run, shown.mending, shown.steering.request),
        tag("h2", "Steps"),
        tag("ol", *(step_row(shown, step) for step in run.steps), class_="steps"),
        decided(shown),
        section("Input", run.inputs),
        section("Output", run.outputs),
        section("Error", run.error),
        section("Trigger", run.trigger),
        tag(
            "footer",
            text(f"Revision {run.revision[:12]} of {run.workflow}. "),
            link(f"/v1/runs/{run.id}", "All of it as JSON"),
        ),
        head={"refresh": "5"} if moving else None,
    )


def facts(shown: RunPage) -> str:
    run = shown.run
    thread = link(shown.thread_url, "Open the thread in Slack") if shown.thread_url else ""
    return definition_list(
        (
            ("Workflow", text(run.workflow)),
            ("Started by", text(shown.names.get(run.started_by, run.started_by))),
            ("Started", moment(run.started_at or run.created_at)),
            ("Ended", moment(run.ended_at)),
            ("Took", text(took(run.started_at, run.ended_at))),
            ("Note", text(run.note or "")),
            ("Handled", text(f"by {run.handled.by}: {run.handled.reason}" if run.handled else "")),
            ("Thread", thread),
            ("You are", text(shown.viewer.name)),
        )
    )


def question(shown: RunPage, approval: Approval) -> str:
    viewer = shown.viewer
    csrf, why_not = viewer.csrf.get(approval.id), viewer.refusals.get(approval.id)
    return decision_form(shown.run, approval, csrf, why_not, shown.names)


def section(title: str, content: object) -> str:
    written = value(content)
    return tag("h2", text(title)) + written if written else ""


def step_row(shown: RunPage, step: StepView) -> str:
    status = step.status.value.replace("_", " ")
    tries = f", attempt {step.attempts}" if step.attempts > 1 else ""
    return tag(
        "li",
        tag(
            "details",
            tag(
                "summary",
                tag("span", ICONS[step.status.value], aria_hidden="true"),
                tag("span", text(step.name or step.path)),
                tag("span", text(status + tries), class_="meta"),
                tag("span", text(took(step.started_at, step.ended_at)), class_="meta"),
            ),
            tag("div", resolve_form(shown.run, step, shown.steering), step_body(shown, step)),
            **({"open": "open"} if step.status in ("failed", "unknown") else {}),
        ),
        id=f"step-{step.path}",
    )


def step_body(shown: RunPage, step: StepView) -> str:
    log = ""
    if step.log:
        log = link(f"/r/{shown.run.id}/steps/{quote(step.path, safe='')}/log", "Full log")
    return definition_list(
        (
            ("Path", text(step.path)),
            ("Verb", text(step.action or step.kind)),
            ("Started", moment(step.started_at)),
            ("Ended", moment(step.ended_at)),
            ("Due", moment(step.due_at)),
            ("Error", value(step.error)),
            ("Input", value(step.input)),
            ("Output", value(step.output)),
            ("Log", log),
        )
    )


def decided(shown: RunPage) -> str:
    rows = [
        (approval.label, text(verdict(approval, shown.names)))
        for approval in shown.approvals
        if approval.ended
    ]
    return tag("h2", "Decisions") + definition_list(rows) if rows else ""


def verdict(approval: Approval, names: Mapping[str, str]) -> str:
    """Say in one line how an approval ended."""
    parts = [f"{approval.question.title} {approval.state}"]
    if approval.decided_by:
        vote = approval.vote_of(approval.decided_by)
        handed = vote.for_person if vote is not None else None
        parts.append(f"by {called(approval.decided_by, names)}")
        parts.extend([f"for {called(handed, names)}"] if handed else [])
    if approval.decided_at:
        parts.append(f"at {approval.decided_at:%Y-%m-%d %H:%M} UTC")
    if approval.via:
        parts.append(f"via {approval.via}")
    if approval.again_as is not None:
        parts.append(f"(asked again as A-{approval.again_as})")
    why = approval.text or approval.comment or approval.note
    return " ".join(parts) + (f": {why}" if why else "")


def moment(at: datetime | None) -> str:
    if at is None:
        return ""
    return tag("time", text(f"{at:%Y-%m-%d %H:%M:%S} UTC"), datetime=at.isoformat())


def took(start: datetime | None, end: datetime | None) -> str:
    """Write how long something took, in the unit that reads best."""
    if start is None or end is None:
        return ""
    seconds = (end - start).total_seconds()
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
