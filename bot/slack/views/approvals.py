"""The card of an approval: the question, or its answer once there is one."""

from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType

from bot.slack.blocks import (
    ROWS,
    Block,
    Shown,
    actions,
    at_rung,
    button,
    confirm,
    context,
    fields,
    fit,
    header,
    lines,
    plain_text,
    section,
)
from bot.slack.text import GROUP, code, ends, escape, head, link, person, plain, time
from bot.slack.views.exhibits import covers, shown_along
from coordination.directory import ROLE, shown
from coordination.policy import GROUP_MENTION
from coordination.questions import Approval, Vote
from handlers.slack import ids

VERDICTS = {
    "approved": ":white_check_mark: *Approved*",
    "rejected": ":no_entry: *Rejected*",
    "answered": ":white_check_mark: *Answered*",
    "expired": ":hourglass: *Expired*",
    "withdrawn": ":heavy_minus_sign: *Withdrawn*",
    "superseded": ":heavy_minus_sign: *Replaced by a newer question*",
}
WHY = 600
TITLE = 200
BUTTONS = 4  # decisions that are buttons; more of them are a list to choose from
NOBODY: Mapping[str, str] = MappingProxyType({})
RECORDING = "Recording…"


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
        people: ids of people and groups by handle, so that ``@grace`` is told that she is asked.
        rung: 0 is all of it; the higher, the simpler, down to words alone.
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
        blocks.extend(after_all(approval))
    else:
        blocks.extend(progress(approval))
        blocks.extend(to_come(approval, people))
        blocks.append(actions(buttons(approval), f"d:{approval.id}:{approval.version}"))
    blocks.append(context(footer(approval), "c"))
    return at_rung(fit(summary(approval, people), blocks), rung, run_url)


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
        ("Asked", time(approval.asked_at)),
        ("Who can answer", f"{question.quorum} of {asked(approval, people)}{others}"),
        ("Until", time(approval.expires_at) if approval.expires_at else ""),
    ]


def asked(approval: Approval, people: Mapping[str, str]) -> str:
    """Name who may answer; people and groups are mentioned, so that they hear of it."""
    names = [approver(form, people) for form in approval.approvers]
    return ", ".join(names) or "nobody: no approver is named"


def approver(form: str, people: Mapping[str, str]) -> str:
    if form.startswith(ROLE):
        return escape(shown(form, {}))
    match = GROUP_MENTION.fullmatch(form)
    meant = match[1] if match else form
    known = people.get(form.removeprefix("@").casefold()) if form.startswith("@") else None
    if known or meant in people.values():
        return named(known or meant)
    if match:  # a group that is not known is nobody to be mentioned
        return escape(form)
    written = form.removeprefix("<@").removesuffix(">").split("|")[0]
    return person(written if form.startswith("<@") else form)


def named(known: str) -> str:
    """Mention whom an id stands for; what is none stays a text."""
    return group(known) if GROUP.fullmatch(known) else person(known)


def group(group_id: str) -> str:
    return f"<!subteam^{group_id}>"


def progress(approval: Approval) -> list[Block]:
    """Say who has answered so far, and whose vote somebody else has."""
    rows = []
    if approval.state == "checking":
        rows.append(RECORDING)
    elif approval.question.quorum > 1 and (count := tally(approval)):
        rows.append(count)
    rows.extend(
        f"{person(each.person)} handed their vote to {person(each.to_person)}"
        for each in approval.delegations[:ROWS]
    )
    return [context("\n".join(rows), "p")] if rows else []


def tally(approval: Approval) -> str:
    """Count the answers of each kind against the quorum, and name who gave them."""
    quorum = approval.question.quorum
    said: dict[str, list[str]] = {}
    for vote in approval.counted:
        said.setdefault(vote.choice, []).append(voter(vote))
    several = len(said) > 1 or not set(said) <= {"approve", "answer"}
    counts = [
        f"{f'{code(choice)} ' if several else ''}{len(names)} of {quorum}: {', '.join(names[:ROWS])}"
        for choice, names in said.items()
        if choice != "reject"
    ]
    return " · ".join(counts)


def voter(vote: Vote) -> str:
    handed = f" for {person(vote.for_person)}" if vote.for_person else ""
    return f"{person(vote.person)}{handed}"


def to_come(approval: Approval, people: Mapping[str, str]) -> list[Block]:
    """Say when those who have not answered are reminded, and who is asked then."""
    question, since = approval.question, approval.asked_at
    clock = "{time}"
    parts = []
    if question.remind:
        times = ", ".join(time(since + after, clock) for after in question.remind[:ROWS])
        parts.append(f"Reminders at {times}")
    for raised in approval.escalated:
        also = ", ".join(approver(form, people) for form in raised.to)
        parts.append(f"{also} asked as well at {time(raised.at, clock)}")
    for step in question.escalate[len(approval.escalated) :]:
        also = ", ".join(escape(shown(form, {})) for form in step.to)
        parts.append(f"{also} may answer too from {time(since + step.after, clock)}")
    return [context(" · ".join(parts), "t")] if parts else []


def buttons(approval: Approval) -> list[Block]:
    """Return a button for each answer; an ellipsis says that one opens a form.

    Where there are many, they are one list; rejecting stays a button. Nothing can be pressed while
    an answer is being recorded, but to look at it.
    """
    made: list[Block] = []
    if approval.state != "checking":
        choices = approval.question.choices
        if len(approval.question.decisions) > BUTTONS:
            made.append(choice_list(approval))
            choices = ("reject",)
        made.extend(answer_button(approval, choice) for choice in choices)
    says = f"Details of {approval.title}, approval {approval.label}"
    made.append(button("Details", ids.DETAILS, value=value_of(approval), says=says))
    return made


def answer_button(approval: Approval, choice: str) -> Block:
    question = approval.question
    asks = question.needs_reason(choice) or choice == "answer"
    label = f"{question.label(choice)}{'…' if asks else ''}"
    style = {"approve": "primary", "reject": "danger"}.get(choice)
    says = f"{question.label(choice)}: {approval.title}, approval {approval.label}"
    return button(
        label, action_id(choice, asks=asks), value=value_of(approval), style=style, says=says
    )


def choice_list(approval: Approval) -> Block:
    """Return the list of all decisions; what is chosen is sent once it is confirmed."""
    question = approval.question
    return {
        "type": "static_select",
        "action_id": ids.PICK,
        "placeholder": plain_text("Choose an answer", 150),
        "options": [
            {
                "text": plain_text(question.label(choice), 75),
                "value": f"{value_of(approval)}.{choice}",
            }
            for choice in question.choices
            if choice != "reject"
        ],
        "confirm": confirm(
            "Send this answer?", f"It answers {approval.label}.", "Send it", "Go back"
        ),
    }


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
        parts.append(code(approval.question.label(approval.decision)))
    if approval.decided_by == "timer":
        parts.append(f"because nobody answered in {given(approval)}")
    elif approval.decided_by:
        vote = approval.vote_of(approval.decided_by)
        parts.append(f"by {voter(vote) if vote else person(approval.decided_by)}")
    if approval.decided_at:
        parts.append(f"· {time(approval.decided_at)}")
    if approval.via and approval.via not in ("slack", "timer"):
        parts.append(f"· via {escape(approval.via)}")
    why = approval.text or approval.comment or approval.note
    if approval.decided_by == "timer":
        why = None
    said = f"\n> {escape(head(' '.join(why.split()), WHY))}" if why else ""
    return " ".join(parts) + said + others(approval)


def given(approval: Approval) -> str:
    """Say how long people had."""
    if approval.expires_at is None:
        return "time"
    return span(approval.expires_at - approval.asked_at)


def span(time_given: timedelta) -> str:
    """Write a length of time in at most two units."""
    minutes, seconds = divmod(round(time_given.total_seconds()), 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    counted = ((days, "d"), (hours, "h"), (minutes, "min"), (seconds, "s"))
    return " ".join([f"{number} {unit}" for number, unit in counted if number][:2]) or "0 s"


def others(approval: Approval) -> str:
    """Name the other voters of a quorum."""
    rows = [vote_line(vote) for vote in approval.counted if vote.person != approval.decided_by]
    return "\n" + lines(rows) if rows else ""


def vote_line(vote: Vote) -> str:
    return f"{voter(vote)}: {code(vote.choice)}"


def after_all(approval: Approval) -> list[Block]:
    """Let people ask again what nobody answered, or say where that was done."""
    if approval.again_as is not None:
        return [context(f"Asked again as A-{approval.again_as}.", "g")]
    if not approval.unanswered:
        return []
    says = f"Ask again: {approval.title}, approval {approval.label}"
    again = button("Ask again", ids.ASK_AGAIN, value=value_of(approval), says=says)
    return [actions([again], f"g:{approval.id}")]


def footer(approval: Approval) -> str:
    parts = [approval.label]
    if approval.version > 1:
        parts.append(f"version {approval.version}")
    if approval.digest:
        parts.append(f"digest {code(approval.digest[:12])}")
    if not approval.ended and approval.expires_at is not None:
        outcome = {"reject": "rejected", "fail": "expired"}.get(
            approval.question.on_timeout, approval.question.on_timeout
        )
        parts.append(f"if nobody answers by then: {escape(outcome)}")
    return " · ".join(parts)


def summary(approval: Approval, people: Mapping[str, str] = NOBODY) -> str:
    """State the whole card in one sentence, for notifications and screen readers."""
    title = escape(head(plain(approval.title), TITLE))
    if approval.ended:
        by = ""
        if approval.decided_by not in (None, "timer"):
            by = f" by {person(approval.decided_by or '')}"
        return f"{approval.label}: {title} {approval.state.capitalize()}{by}."
    return f"{approval.label}: {title} Waiting for {approval.question.quorum} of {asked(approval, people)}."
