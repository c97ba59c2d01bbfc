"""The forms on the page of a run: answer, try again, say what became of a step. Pure HTML."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coordination.ports import RunView, StepStatus, StepView
from coordination.questions import Approval, Question, Vote
from handlers.http.html import definition_list, tag, text, value, void

OUTCOMES = (
    ("retry", "Retry: it did not happen"),
    ("done", "Mark done: it did happen"),
    ("fail", "Fail the step"),
)


@dataclass(frozen=True, slots=True)
class Steering:
    """What this person may make the run do.

    Args:
        request: the id under which whatever they send is done once.
        retry: the token of the form, or None.
        resolve: the tokens by the path of the unknown step.
    """

    request: str
    retry: str | None
    resolve: Mapping[str, str]


def about_retry(run: RunView) -> str:
    """Name what the form is about, for its token."""
    return f"retry {run.id}"


def about_resolve(run: RunView, step: StepView) -> str:
    """Name what the form is about: this attempt of the step, and no later one."""
    return f"resolve {run.id} {step.attempts} {step.path}"


def decision_form(
    run: RunView,
    approval: Approval,
    csrf: str | None,
    why_not: str | None,
    names: Mapping[str, str],
) -> str:
    """Ask the question; the buttons stand there only for somebody who may press them."""
    question = approval.question
    body = [
        tag("strong", text(f"{approval.label}: {question.title}")),
        *shown(approval),
        standing(approval, names),
    ]
    if csrf is None:
        return tag("div", *body, tag("p", text(why_not or ""), class_="note"), class_="note")
    if question.answer == "text":
        answer = tag("textarea", "", name="text", maxlength=3000)
        body.append(tag("label", "Answer ", answer))
    return tag(
        "form",
        *body,
        hidden("approval", approval.id),
        hidden("version", approval.version),
        hidden("digest", approval.digest),
        hidden("csrf", csrf),
        tag("label", "Reason ", tag("textarea", "", name="comment", maxlength=2000)),
        tag(
            "div",
            *(choice_button(question, choice) for choice in question.choices),
            class_="buttons",
        ),
        method="post",
        action=f"/r/{run.id}/decision",
        class_="decision",
    )


def standing(approval: Approval, names: Mapping[str, str]) -> str:
    """Say who is asked, who has answered so far, and what comes if nobody does."""
    asked = ", ".join(called(form, names) for form in approval.approvers) or "nobody is named"
    handed = [
        f"{called(each.person, names)} handed their vote to {called(each.to_person, names)}"
        for each in approval.delegations
    ]
    until = approval.expires_at
    outcome = f", then: {approval.question.on_timeout}" if until is not None else ""
    return definition_list(
        (
            ("Who can answer", text(f"{approval.question.quorum} of {asked}")),
            ("Answered", text("; ".join(answered(vote, names) for vote in approval.counted))),
            ("Handed on", text("; ".join(handed))),
            ("Until", text(f"{until:%Y-%m-%d %H:%M} UTC{outcome}" if until else "")),
            ("Recording", text("an answer" if approval.state == "checking" else "")),
            ("Bound to", text(f"version {approval.version}, digest {approval.digest}")),
        )
    )


def answered(vote: Vote, names: Mapping[str, str]) -> str:
    handed = f" for {called(vote.for_person, names)}" if vote.for_person else ""
    return f"{called(vote.person, names)}{handed}: {vote.choice}"


def called(who: str, names: Mapping[str, str]) -> str:
    return names.get(who, who)


def shown(approval: Approval) -> list[str]:
    """Show what is asked about: what was written, and exactly what will run."""
    question = approval.question
    body = [tag("p", text(question.description))] if question.description else []
    body.extend(exhibit(item) for item in question.show)
    for item in question.covers:
        body.append(tag("p", text(f"Runs exactly this ({item.path}, {item.action}):")))
        body.append(value(item.params))
    body.extend(
        tag("p", text(f"{path} is not covered: {why}")) for path, why in question.not_covered
    )
    return body


def exhibit(item: Any) -> str:
    """Show a text, a file as it was when people were asked, or any other value."""
    if not isinstance(item, Mapping) or not ("sha256" in item or "problem" in item):
        return value(item)
    path = item.get("file") or item.get("diff") or ""
    if "problem" in item:
        return tag("p", text(f"{path} cannot be shown: {item['problem']}"))
    parts = [str(item.get("text", ""))]
    if "end" in item:
        parts += [f"… {item.get('missing', 0)} characters are left out …", str(item["end"])]
    title = text(f"{path}, {item.get('lines', 0)} lines, sha256 {item['sha256']}")
    return tag("details", tag("summary", title), value("\n".join(parts)), open="open")


def choice_button(question: Question, choice: str) -> str:
    look = {"approve": "primary", "reject": "danger"}.get(choice)
    label = text(question.label(choice))
    return tag("button", label, type="submit", name="choice", value=choice, class_=look)


def retry_form(run: RunView, steering: Steering) -> str:
    """Offer to run again what failed; empty for those who may not."""
    if steering.retry is None:
        return ""
    return tag(
        "form",
        tag("p", text("What failed is run again; what was completed stays.")),
        hidden("csrf", steering.retry),
        hidden("request", steering.request),
        tag("div", tag("button", "Retry", type="submit", class_="primary"), class_="buttons"),
        method="post",
        action=f"/r/{run.id}/retry",
        class_="decision",
    )


def resolve_form(run: RunView, step: StepView, steering: Steering) -> str:
    """Ask what became of an unknown step; without the buttons for those who may not say."""
    if step.status is not StepStatus.UNKNOWN:
        return ""
    asks = tag(
        "p",
        tag("strong", text(f"Did {step.name or step.path} happen?")),
        text(" Baton ended while it ran, and cannot tell. Look at the other side, then say."),
    )
    csrf = steering.resolve.get(step.path)
    if csrf is None:
        return tag("div", asks, tag("p", text("An operator or an approver of the step says.")))
    return tag(
        "form",
        asks,
        hidden("path", step.path),
        hidden("csrf", csrf),
        hidden("request", steering.request),
        tag(
            "div",
            *(
                tag("button", text(label), type="submit", name="outcome", value=outcome)
                for outcome, label in OUTCOMES
            ),
            class_="buttons",
        ),
        method="post",
        action=f"/r/{run.id}/resolve",
        class_="decision",
    )


def hidden(name: str, content: object) -> str:
    return void("input", type="hidden", name=name, value=content)
