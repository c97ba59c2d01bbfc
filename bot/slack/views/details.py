"""The modal of an approval with everything that is known of it, and the form that hands a vote on."""

from bot.slack.blocks import Block, actions, button, context, fields, header, plain_text, section
from bot.slack.text import code, escape, head, person, plain, time
from bot.slack.views.approvals import about, value_of, verdict, voter
from bot.slack.views.exhibits import covered_at_length, covers, whole
from bot.slack.views.modals import LABEL, TITLE, modal, text_input
from coordination.question_view import QuestionView
from coordination.questions import Approval, Vote
from handlers.slack import ids

ROWS = 20
BLOCKS = 90
WHY = 300


def details(shown: QuestionView, *, run_url: str | None) -> Block:
    """Draw a question at length; what is pressed in it hands a vote on or takes it back."""
    approval = shown.approval
    blocks = [
        header(approval.title, "h"),
        fields(about(approval, run_url, shown.handles), "w"),
        *whole(approval),
        *what_runs(approval),
        *who_said_what(shown),
    ]
    if approval.ended:
        blocks.append(section(verdict(approval), "v"))
    elif pressed := buttons(shown):
        blocks.append(actions(pressed, "b"))
    bound = f"{approval.label} · version {approval.version} · digest {code(approval.digest)}"
    kept = [block for block in blocks if block.get("fields") != []][:BLOCKS]
    return modal(f"Approval {approval.label}", [*kept, context(bound, "c")])


def what_runs(approval: Approval) -> list[Block]:
    question = approval.question
    if not (question.covers or question.not_covered):
        return []
    if len(question.covers) > 1 or question.not_covered:
        return [section(covers(approval), "x"), *covered_at_length(approval)]
    return [section("*Runs exactly this*", "x"), *covered_at_length(approval)]


def who_said_what(shown: QuestionView) -> list[Block]:
    """List votes, handed votes, and who is still waited for."""
    approval = shown.approval
    blocks = []
    if approval.votes:
        rows = [vote_row(vote) for vote in approval.votes[:ROWS]]
        blocks.append(section("*Answers so far*\n" + "\n".join(rows), "o"))
    if approval.delegations:
        rows = [
            f"{person(each.person)} handed their vote to {person(each.to_person)} {time(each.at)}"
            + (f"\n> {escape(head(each.comment, WHY))}" if each.comment else "")
            for each in approval.delegations[:ROWS]
        ]
        blocks.append(section("*Handed on*\n" + "\n".join(rows), "g"))
    if not approval.ended and shown.waiting:
        names = [f"@{escape(each)}" for each in shown.waiting[:ROWS]]
        more = len(shown.waiting) - ROWS
        rest = f" and {more} more" if more > 0 else ""
        blocks.append(section(f"*Waited for*\n{', '.join(names)}{rest}", "q"))
    if shown.why_not:
        blocks.append(context(escape(shown.why_not), "n"))
    return blocks


def vote_row(vote: Vote) -> str:
    stands = {"checking": " · being looked up", "refused": " · does not count"}.get(vote.state, "")
    why = vote.text or vote.comment
    said = f"\n> {escape(head(' '.join(why.split()), WHY))}" if why else ""
    return f"{voter(vote)}: {code(vote.choice)} · {time(vote.at)}{stands}{said}"


def buttons(shown: QuestionView) -> list[Block]:
    approval = shown.approval
    value = value_of(approval)
    if shown.handed:
        says = f"Take back my vote on {approval.title}, approval {approval.label}"
        return [button("Take my vote back", ids.TAKE_BACK, value=value, says=says)]
    if shown.why_not is None and not shown.voted:
        says = f"Let somebody else answer {approval.title}, approval {approval.label}"
        return [button("Delegate…", ids.DELEGATE, value=value, says=says)]
    return []


def delegation_form(approval: Approval) -> Block:
    """Return the form that asks who is to answer instead."""
    title = escape(head(plain(approval.title), 500))
    person_input = {
        "type": "input",
        "block_id": ids.TO_BLOCK,
        "label": plain_text("Who answers for you?", LABEL),
        "element": {
            "type": "users_select",
            "action_id": ids.TO_INPUT,
            "placeholder": plain_text("Somebody who did not ask", LABEL),
        },
    }
    why = {**text_input(ids.REASON_BLOCK, ids.REASON_INPUT, "Why?"), "optional": True}
    return modal(
        "Delegate",
        [section(f"*{title}*\n{approval.label}", "q"), person_input, why],
        callback_id=ids.DELEGATION,
        private_metadata=f"{value_of(approval)}.delegate",
        submit=plain_text("Delegate", TITLE),
        close=plain_text("Cancel", TITLE),
    )
