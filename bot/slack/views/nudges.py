"""Reminders: a line in the thread, and a message to one person, who can put it off."""

from collections.abc import Mapping
from dataclasses import dataclass

from bot.slack.blocks import ROWS, Block, Shown, actions, at_rung, button, fit, link_button, section
from bot.slack.text import escape, head, person, plain, time
from bot.slack.views.approvals import TITLE, approver, value_of
from coordination.questions import Approval
from handlers.slack import ids


@dataclass(frozen=True, slots=True)
class Nudge:
    """Facts of a reminder.

    Args:
        approval: as it is now.
        why: remind, escalate or delegate.
        people: whom it is about: ids, or the forms in which they are named.
        handles: ids of people and groups by handle.
        direct: it goes to one person, who can put it off.
        url: where the question stands in Slack, or its page.
    """

    approval: Approval
    why: str
    people: tuple[str, ...]
    handles: Mapping[str, str]
    direct: bool
    url: str | None


def nudge(facts: Nudge, *, rung: int = 0) -> Shown | None:
    """Draw a reminder; nothing, once the question is answered."""
    approval = facts.approval
    if approval.ended:
        return None
    text = direct_text(facts) if facts.direct else thread_text(facts)
    blocks = [section(text, "h")]
    if facts.direct:
        blocks.append(actions(nudge_buttons(facts), f"n:{approval.id}"))
    return at_rung(fit(text, blocks), rung, facts.url)


def direct_text(facts: Nudge) -> str:
    approval = facts.approval
    title = escape(head(plain(approval.title), TITLE))
    handed = next((each for each in approval.delegations if each.to_person in facts.people), None)
    if handed is not None:
        why = f"\n> {escape(head(handed.comment, TITLE))}" if handed.comment else ""
        return f"{person(handed.person)} handed you their vote on {approval.label}: {title}{why}"
    if facts.why == "escalate":
        return f"Nobody has answered {approval.label} yet, so you may as well: {title}"
    until = f" It ends {time(approval.expires_at)}." if approval.expires_at else ""
    return f"{approval.label} still waits for you: {title}{until}"


def thread_text(facts: Nudge) -> str:
    """Say who is waited for: those who are asked as well are mentioned, all others only named."""
    label = facts.approval.label
    if facts.why == "escalate":
        also = ", ".join(approver(form, facts.handles) for form in facts.people[:ROWS])
        return f"Nobody has answered {label} yet: {also} may answer as well now."
    called = {key: handle for handle, key in facts.handles.items()}
    names = [f"@{escape(called.get(each, each))}" for each in facts.people]
    more = f" and {len(names) - ROWS} more" if len(names) > ROWS else ""
    return f"{label} still waits for {', '.join(names[:ROWS])}{more}."


def nudge_buttons(facts: Nudge) -> list[Block]:
    approval = facts.approval
    says = f"Remind me of {approval.title}, approval {approval.label}, in an hour"
    snooze = button("Snooze 1 h", ids.SNOOZE, value=value_of(approval), says=says)
    if not facts.url:
        return [snooze]
    return [link_button("Open the question", ids.OPEN_WEB, facts.url), snooze]
