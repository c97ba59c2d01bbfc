"""The page of a run: pure HTML, complete without JavaScript. `pages.py` serves it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coordination.ports import RunView, StepView
from coordination.questions import Approval
from coordination.waiting_for import card_word, waiting_for
from handlers.http.html import definition_list, link, page, tag, text, value, void

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


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks, and what they may do: *csrf* by approval id, only for those they may decide."""

    name: str | None
    csrf: Mapping[str, str]
    refusals: Mapping[str, str]  # why not, by approval id


@dataclass(frozen=True, slots=True)
class RunPage:
    """All that the page shows."""

    run: RunView
    approvals: tuple[Approval, ...]
    viewer: Viewer
    thread_url: str | None
    note: str | None = None


def run_page(shown: RunPage) -> str:
    """Draw the page; while the run goes on, it asks the browser to load it again every 5 s."""
    run = shown.run
    waits = waiting_for(run)
    word = card_word(run)
    moving = run.status in ("queued", "running") and not shown.viewer.csrf
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
        *(decision_form(shown, approval) for approval in shown.approvals if not approval.ended),
        tag("h2", "Steps"),
        tag("ol", *(step_row(shown, step) for step in run.steps), class_="steps"),
        decided(shown),
        section("Input", run.inputs),
        section("Output", run.outputs),
        section("Error", run.error),
        section("Trigger", run.trigger),
        tag("footer", text(f"Revision {run.revision[:12]} of {run.workflow}.")),
        head={"refresh": "5"} if moving else None,
    )


def facts(shown: RunPage) -> str:
    run = shown.run
    thread = link(shown.thread_url, "Open the thread in Slack") if shown.thread_url else ""
    return definition_list(
        (
            ("Workflow", text(run.workflow)),
            ("Started by", text(run.started_by)),
            ("Started", moment(run.started_at or run.created_at)),
            ("Ended", moment(run.ended_at)),
            ("Took", text(took(run.started_at, run.ended_at))),
            ("Note", text(run.note or "")),
            ("Thread", thread),
            ("You are", text(shown.viewer.name or "")),
        )
    )


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
            tag("div", step_body(shown, step)),
            **({"open": "open"} if step.status in ("failed", "unknown") else {}),
        ),
        id=f"step-{step.path}",
    )


def step_body(shown: RunPage, step: StepView) -> str:
    log = ""
    if step.log:
        log = link(f"/r/{shown.run.id}/steps/{step.path}/log", "Full log")
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


def decision_form(shown: RunPage, approval: Approval) -> str:
    """Ask the question; the buttons stand there only for somebody who may press them."""
    question = approval.question
    body = [tag("strong", text(f"{approval.label}: {question.title}"))]
    if question.description:
        body.append(tag("p", text(question.description)))
    body.extend(tag("p", text(item)) for item in question.show if isinstance(item, str))
    for item in question.covers:
        body.append(tag("p", text(f"Runs exactly this ({item.path}, {item.action}):")))
        body.append(value(item.params))
    body.extend(
        tag("p", text(f"{path} is not covered: {why}")) for path, why in question.not_covered
    )
    csrf = shown.viewer.csrf.get(approval.id)
    if csrf is None:
        why = shown.viewer.refusals.get(approval.id, "Log in with a link from Baton to answer.")
        return tag("div", *body, tag("p", text(why), class_="note"), class_="note")
    return tag(
        "form",
        *body,
        void("input", type="hidden", name="approval", value=approval.id),
        void("input", type="hidden", name="version", value=approval.version),
        void("input", type="hidden", name="digest", value=approval.digest),
        void("input", type="hidden", name="csrf", value=csrf),
        tag("label", "Reason ", tag("textarea", "", name="comment", maxlength=2000)),
        tag("div", *(choice_button(choice) for choice in question.choices), class_="buttons"),
        method="post",
        action=f"/r/{shown.run.id}/decision",
        class_="decision",
    )


def choice_button(choice: str) -> str:
    look = {"approve": "primary", "reject": "danger"}.get(choice)
    label = choice.replace("_", " ").capitalize()
    return tag("button", text(label), type="submit", name="choice", value=choice, class_=look)


def decided(shown: RunPage) -> str:
    rows = [
        (approval.label, text(verdict(approval))) for approval in shown.approvals if approval.ended
    ]
    return tag("h2", "Decisions") + definition_list(rows) if rows else ""


def verdict(approval: Approval) -> str:
    """Say in one line how an approval ended."""
    parts = [f"{approval.question.title} {approval.state}"]
    if approval.decided_by:
        parts.append(f"by {approval.decided_by}")
    if approval.decided_at:
        parts.append(f"at {approval.decided_at:%Y-%m-%d %H:%M} UTC")
    if approval.via:
        parts.append(f"via {approval.via}")
    why = approval.comment or approval.note
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
