"""The card of an approval: the question, or its answer once there is one."""

import json
from collections.abc import Mapping
from types import MappingProxyType

from bot.slack.blocks import (
    ROWS,
    Block,
    Shown,
    actions,
    at_rung,
    button,
    context,
    fields,
    fit,
    header,
    lines,
    section,
)
from bot.slack.text import code, ends, escape, head, link, person, plain, time
from coordination.directory import ROLE, shown
from coordination.questions import Approval, Covered, Vote, mention
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
WHY = 600
TITLE = 200
NOBODY: Mapping[str, str] = MappingProxyType({})


def value_of(approval: Approval) -> str:
    """Return what a button carries: which question, and which version of it was seen."""
    return f"{approval.id}.{approval.version}"


def approval_card(
    approval: Approval,
    *,
    run_url: str | None,
    people: Mapping[str, str] = NOBODY,
    rung: int = 0,
) -> Shown:
    """Draw the question with its buttons; once it is answered, who, when and why stand there.

    Args:
        approval: as it is now.
        run_url: the page of its run.
        people: ids by handle, so that ``@grace`` is told that she is asked.
        rung: 0 is all of it; 1 a sentence, what runs, and the buttons; 2 only words.
    """
    question = approval.question
    blocks = [
        header(question.title, "h"),
        fields(about(approval, run_url, people), f"w:{approval.version}"),
        *shown_along(approval),
    ]
    if question.covers or question.not_covered:
        blocks.append(section(covers(approval), f"x:{approval.version}"))
    if approval.ended:
        blocks.append(section(verdict(approval), "v"))
    else:
        blocks.extend(progress(approval))
        blocks.append(actions(buttons(approval), f"d:{approval.id}:{approval.version}"))
    blocks.append(context(footer(approval), "c"))
    return at_rung(fit(summary(approval, people), blocks), rung, run_url)


def shown_along(approval: Approval) -> list[Block]:
    """Draw what the asker wants seen: prose as it is, other values as JSON."""
    question = approval.question
    texts = [escape(question.description or ""), *(written(each) for each in question.show)]
    return [section(text, f"s{place}") for place, text in enumerate(texts) if text.strip()]


def written(shown: object) -> str:
    if isinstance(shown, str):
        return escape(shown)
    return code(json.dumps(shown, ensure_ascii=False, sort_keys=True))


def about(
    approval: Approval, run_url: str | None, people: Mapping[str, str]
) -> list[tuple[str, str]]:
    question = approval.question
    label = f"R-{approval.run_number}" if approval.run_number else ""
    run = f"{link(run_url or '', label)} {escape(approval.workflow or '')}" if label else ""
    process = approval.process.id if approval.process else ""
    others = "" if question.allow_self else ", not who asked"
    return [
        ("Run", run),
        ("Process", escape(ends(plain(process), 80))),
        ("Asked by", person(approval.requested_by) if approval.requested_by else ""),
        ("Who can answer", f"{question.quorum} of {asked(approval, people)}{others}"),
        ("Until", time(approval.expires_at) if approval.expires_at else ""),
    ]


def asked(approval: Approval, people: Mapping[str, str]) -> str:
    """Name who may answer; people are mentioned, so that they hear of it."""
    names = [approver(form, people) for form in approval.question.approvers]
    return ", ".join(names) or "nobody: no approver is named"


def approver(form: str, people: Mapping[str, str]) -> str:
    if form.startswith(ROLE):
        return escape(shown(form, {}))
    known = people.get(form.removeprefix("@").casefold()) if form.startswith("@") else None
    named = form.removeprefix("<@").removesuffix(">").split("|")[0]
    return mention(known) if known else person(named if form.startswith("<@") else form)


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
    names = ", ".join(person(vote.person) for vote in votes[:ROWS])
    return [context(f"{len(votes)} of {approval.question.quorum}: {names}", "p")]


def buttons(approval: Approval) -> list[Block]:
    """Return a button for each answer; an ellipsis says that one opens a form."""
    value = value_of(approval)
    about_it = f"{approval.title}, approval {approval.label}"
    question = approval.question
    made: list[Block] = []
    for choice in question.choices:
        asks = question.needs_reason(choice) or choice == "answer"
        label = f"{choice.replace('_', ' ').capitalize()}{'…' if asks else ''}"
        style = {"approve": "primary", "reject": "danger"}.get(choice)
        says = f"{choice.capitalize()} {about_it}"
        made.append(
            button(label, action_id(choice, asks=asks), value=value, style=style, says=says)
        )
    return made[:25]


def action_id(choice: str, *, asks: bool) -> str:
    """Return what a button does: answer at once, or open the form of a reason."""
    fixed = {
        ("approve", False): ids.APPROVE,
        ("approve", True): ids.APPROVE_WITH,
        ("reject", False): ids.REJECT_NOW,
        ("reject", True): ids.REJECT,
    }
    return fixed.get((choice, asks)) or f"{ids.ANSWER if asks else ids.CHOOSE}:{choice}"


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
    said = f"\n> {escape(head(' '.join(why.split()), WHY))}" if why else ""
    return " ".join(parts) + said + others(approval)


def others(approval: Approval) -> str:
    """Name the other voters of a quorum."""
    rows = [vote_line(vote) for vote in approval.counted if vote.person != approval.decided_by]
    return "\n" + lines(rows) if rows else ""


def vote_line(vote: Vote) -> str:
    return f"{person(vote.person)}: {code(vote.choice)}"


def footer(approval: Approval) -> str:
    if approval.ended or approval.expires_at is None:
        return approval.label
    outcome = {"reject": "rejected", "fail": "expired"}.get(
        approval.question.on_timeout, approval.question.on_timeout
    )
    return f"{approval.label} · if nobody answers by then: {escape(outcome)}"


def summary(approval: Approval, people: Mapping[str, str] = NOBODY) -> str:
    """State the whole card in one sentence, for notifications and screen readers."""
    title = escape(head(plain(approval.title), TITLE))
    if approval.ended:
        named = approval.decided_by not in (None, "timer")
        by = f" by {person(approval.decided_by or '')}" if named else ""
        return f"{approval.label}: {title} {approval.state.capitalize()}{by}."
    return f"{approval.label}: {title} Waiting for {approval.question.quorum} of {asked(approval, people)}."
