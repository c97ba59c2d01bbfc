"""The card of an approval: the question, or its answer once there is one, and the form of a reason."""

import json

from bot.slack.blocks import (
    Block,
    Shown,
    actions,
    button,
    context,
    fields,
    fit,
    header,
    plain_text,
    section,
)
from bot.slack.text import approver, code, escape, head, link, person, time
from coordination.questions import Approval, Covered, Vote
from handlers.slack import ids

VERDICTS = {
    "approved": ":white_check_mark: *Approved*",
    "rejected": ":no_entry: *Rejected*",
    "answered": ":white_check_mark: *Answered*",
    "expired": ":hourglass: *Expired*",
    "withdrawn": ":heavy_minus_sign: *Withdrawn*",
    "superseded": ":heavy_minus_sign: *Replaced by a newer question*",
}
COVERED = 900


def value_of(approval: Approval) -> str:
    """Return what a button carries: which question, and which version of it was seen."""
    return f"{approval.id}.{approval.version}"


def approval_card(approval: Approval, *, run_url: str | None) -> Shown:
    """Draw the question with its buttons; once it is answered, who, when and why stand there."""
    question = approval.question
    blocks = [header(question.title, "h"), fields(about(approval, run_url), "w")]
    if question.description:
        blocks.append(section(escape(question.description), "e"))
    blocks.extend(
        section(escape(shown), f"s{place}")
        for place, shown in enumerate(question.show)
        if isinstance(shown, str) and shown
    )
    if question.covers or question.not_covered:
        blocks.append(section(covers(approval), f"x:{approval.version}"))
    if approval.ended:
        blocks.append(section(verdict(approval), "v"))
    else:
        blocks.extend(progress(approval))
        blocks.append(actions(buttons(approval), f"d:{approval.id}:{approval.version}"))
    blocks.append(context(footer(approval), "c"))
    return fit(summary(approval), blocks)


def about(approval: Approval, run_url: str | None) -> list[tuple[str, str]]:
    question = approval.question
    label = f"R-{approval.run_number}" if approval.run_number else ""
    run = f"{link(run_url or '', label)} {escape(approval.workflow or '')}" if label else ""
    who = ", ".join(approver(form) for form in question.approvers)
    others = "" if question.allow_self else ", not who asked"
    return [
        ("Run", run),
        ("Asked by", person(approval.requested_by) if approval.requested_by else ""),
        ("Who can approve", f"{question.quorum} of {who}{others}"),
        ("Until", time(approval.expires_at, "{time}") if approval.expires_at else ""),
    ]


def covers(approval: Approval) -> str:
    lines = ["*Runs exactly this*"]
    lines.extend(covered_line(item) for item in approval.question.covers)
    lines.extend(
        f"_{code(path)} is not covered: {escape(why)}_"
        for path, why in approval.question.not_covered
    )
    return "\n".join(lines)


def covered_line(item: Covered) -> str:
    return f"{code(item.path)}: {code(head(call(item), COVERED))}"


def call(item: Covered) -> str:
    """Write a covered action on one line; a command as one would type it, and where."""
    params = item.params
    if item.action == "shell.run" and isinstance(params, dict) and "argv" in params:
        rest = {name: value for name, value in params.items() if name != "argv"}
        written = " ".join(word(part) for part in params["argv"])
        return f"{written}  {json.dumps(rest, ensure_ascii=False)}" if rest else written
    return f"{item.action} {json.dumps(params, ensure_ascii=False, sort_keys=True)}"


def word(part: object) -> str:
    """Write one argument so that where it ends can be seen."""
    written = part if isinstance(part, str) else json.dumps(part, ensure_ascii=False)
    return json.dumps(written, ensure_ascii=False) if not written or " " in written else written


def progress(approval: Approval) -> list[Block]:
    if approval.state == "checking":
        return [context("Recording the answer…", "p")]
    votes = [vote for vote in approval.counted if vote.choice != "reject"]
    if not votes or approval.question.quorum < 2:
        return []
    names = ", ".join(person(vote.person) for vote in votes)
    return [context(f"{len(votes)} of {approval.question.quorum}: {names}", "p")]


def buttons(approval: Approval) -> list[Block]:
    value = value_of(approval)
    about_it = f"{approval.title}, approval {approval.label}"
    question = approval.question
    made: list[Block] = []
    for choice in question.choices:
        if choice == "approve":
            label = "Approve…" if question.needs_reason(choice) else "Approve"
            made.append(
                button(label, ids.APPROVE, value=value, style="primary", says=f"Approve {about_it}")
            )
        elif choice == "reject":
            label = "Reject…" if question.needs_reason(choice) else "Reject"
            made.append(
                button(label, ids.REJECT, value=value, style="danger", says=f"Reject {about_it}")
            )
        else:
            label = (
                "Answer…" if question.answer == "text" else choice.replace("_", " ").capitalize()
            )
            made.append(button(label, f"{ids.CHOOSE}:{choice}", value=f"{value}.{choice}"))
    return made


def verdict(approval: Approval) -> str:
    """Say who answered, when and why."""
    parts = [VERDICTS[approval.state]]
    if approval.state == "answered" and approval.decision:
        parts.append(code(approval.decision))
    if approval.decided_by == "timer":
        parts.append("because nobody answered in time")
    elif approval.decided_by:
        parts.append(f"by {person(approval.decided_by)}")
    if approval.decided_at:
        parts.append(f"· {time(approval.decided_at)}")
    if approval.via and approval.via not in ("slack", "timer"):
        parts.append(f"· via {escape(approval.via)}")
    why = approval.text or approval.comment or approval.note
    said = f"\n> {escape(why)}" if why else ""
    return " ".join(parts) + said + others(approval)


def others(approval: Approval) -> str:
    """Name the other voters of a quorum."""
    names = [vote for vote in approval.counted if vote.person != approval.decided_by]
    return "\n" + "\n".join(vote_line(vote) for vote in names) if names else ""


def vote_line(vote: Vote) -> str:
    return f"{person(vote.person)}: {code(vote.choice)}"


def footer(approval: Approval) -> str:
    if approval.ended or approval.expires_at is None:
        return approval.label
    outcome = {"reject": "rejected", "fail": "expired"}.get(
        approval.question.on_timeout, approval.question.on_timeout
    )
    return f"{approval.label} · if nobody answers by then: {escape(outcome)}"


def summary(approval: Approval) -> str:
    """State the whole card in one sentence, for notifications and screen readers."""
    title = escape(approval.title)
    if approval.ended:
        by = (
            f" by {person(approval.decided_by)}"
            if approval.decided_by not in (None, "timer")
            else ""
        )
        return f"{approval.label}: {title} {approval.state}{by}."
    who = ", ".join(approver(form) for form in approval.question.approvers)
    return f"{approval.label}: {title} Waiting for {approval.question.quorum} of {who}."


def reason_form(approval: Approval, choice: str) -> Block:
    """Return the modal that asks why, or for the text of an answer; it carries id, version, choice."""
    asked = approval.question.answer == "text" and choice == "answer"
    label = "Your answer" if asked else "Why?"
    title = {"approve": "Approve", "reject": "Reject"}.get(choice, "Answer")
    return {
        "type": "modal",
        "callback_id": ids.REASON,
        "private_metadata": f"{value_of(approval)}.{choice}",
        "title": plain_text(title),
        "submit": plain_text(title),
        "close": plain_text("Cancel"),
        "blocks": [
            section(f"*{escape(approval.title)}*\n{approval.label}", "q"),
            {
                "type": "input",
                "block_id": ids.REASON_BLOCK,
                "label": plain_text(label),
                "element": {
                    "type": "plain_text_input",
                    "action_id": ids.REASON_INPUT,
                    "multiline": True,
                    "max_length": 2000,
                    "placeholder": plain_text("One sentence that others will read in the thread"),
                },
            },
        ],
    }
