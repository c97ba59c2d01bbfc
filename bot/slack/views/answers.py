"""Private answers: each kind of them as a message to one person."""

from typing import assert_never

from bot.slack.blocks import Block, Shown, actions, button, context, fit, section
from bot.slack.text import code, escape, head, link, person, plain, sentence, time
from bot.slack.views.approvals import VERDICTS, buttons, summary
from bot.slack.views.runs import run_list, run_page
from bot.slack.views.workflows import workflow_list, workflow_page
from coordination.questions import Approval
from handlers.slack import ids
from handlers.slack.answers import (
    Answer,
    ApprovalList,
    Changed,
    Explained,
    Help,
    Misread,
    Recorded,
    RunList,
    RunPage,
    Sentence,
    TooLate,
    WorkflowList,
    WorkflowPage,
)

ROWS = 8
TITLE = 150
LONGEST = 1_500
THREADS = "Slash commands do not work inside threads: the cards there have buttons."


def draw(answer: Answer, *, public_url: str) -> Shown:  # noqa: C901, PLR0911  # one case for each kind
    """Draw *answer* for the one person who gets it."""
    match answer:
        case Sentence(text=text):
            return words(sentence(head(text, LONGEST)))
        case Recorded():
            return words(recorded(answer))
        case TooLate(approval=approval):
            return words(too_late(approval))
        case Changed(approval=approval, url=url):
            where = f" {link(url, 'Here is its thread')}." if url else ""
            return words(
                f"{approval.label} changed after you opened this. Look at it again.{where}"
            )
        case Help():
            return help_page(answer)
        case Misread():
            return misread(answer)
        case WorkflowList():
            return workflow_list(answer)
        case WorkflowPage():
            return workflow_page(answer)
        case RunList():
            return run_list(answer, public_url=public_url)
        case RunPage():
            return run_page(answer, public_url=public_url)
        case ApprovalList():
            return approval_list(answer)
        case _:
            assert_never(answer)


def words(text: str) -> Shown:
    return fit(text, [section(text, "t")])


def recorded(answer: Recorded) -> str:
    approval = answer.approval
    mine = approval.vote_of(answer.person)
    choice = mine.choice.replace("_", " ") if mine else "answered"
    when = f" {time(mine.at)}" if mine and answer.again else ""
    already = "already " if answer.again else ""
    said = f"You {already}said {code(choice)} to {approval.label}{when}."
    if approval.state == "checking":
        return f"{said} I am looking up whether you may."
    if approval.ended:
        return f"{said} It is {approval.state}."
    return f"{said} {len(approval.counted)} of {approval.question.quorum} have answered."


def too_late(approval: Approval) -> str:
    """Say how it ended and who was first; what they wrote is only text."""
    parts = [
        f"{approval.label} is decided already: {VERDICTS.get(approval.state, '')}".rstrip(": ")
    ]
    if approval.decided_by == "timer":
        parts.append("because nobody answered in time")
    elif approval.decided_by:
        parts.append(f"by {person(approval.decided_by)}")
    if approval.decided_at:
        parts.append(time(approval.decided_at))
    why = approval.text or approval.comment or approval.note
    return " ".join(parts) + (f": {escape(head(why, 500))}" if why else ".")


def approval_list(answer: ApprovalList) -> Shown:
    """Draw open approvals with the very buttons of their cards."""
    if not answer.approvals:
        return words(nothing_waits(answer))
    title = "Open approvals" if answer.everybody else "Waiting for you"
    blocks: list[Block] = [section(f"*{title}*", "h")]
    for approval in answer.approvals[:ROWS]:
        blocks.append(section(summary(approval), f"q:{approval.number}"))
        blocks.append(actions(buttons(approval), f"d:{approval.id}:{approval.version}"))
    more = len(answer.approvals) - ROWS
    if more > 0:
        blocks.append(context(f"{more} more", "m"))
    return fit(f"{title}: {len(answer.approvals)}.", blocks)


def nothing_waits(answer: ApprovalList) -> str:
    if answer.everybody:
        return "No approval is open."
    others = (
        f" {answer.elsewhere} wait for others: `/baton approvals all`." if answer.elsewhere else ""
    )
    return f"Nothing waits for you.{others}"


def help_page(answer: Help) -> Shown:
    """Draw help from the verbs that there are, on one screen."""
    if len(answer.verbs) == 1:
        return words(one_verb(answer.verbs[0]))
    groups: dict[str, list[str]] = {}
    for verb in answer.verbs:
        typed = f"`{ids.COMMAND} {escape(verb.example)}` {verb.about}"
        groups.setdefault(verb.group, []).append(typed)
    blocks = [
        section("\n".join([f"*{name}*", *rows]), f"g:{name}") for name, rows in groups.items()
    ]
    blocks.append(
        actions(
            [
                button("Waiting for me", ids.SHOW_APPROVALS, value="approvals", style="primary"),
                button("Newest runs", ids.SHOW_RUNS, value="runs"),
                button("Workflows", ids.SHOW_WORKFLOWS, value="list"),
            ],
            "a",
        )
    )
    blocks.append(context(THREADS, "c"))
    return fit(f"What {ids.COMMAND} can do.", blocks)


def one_verb(verb: Explained) -> str:
    return (
        f"*{escape(verb.name)}*: {escape(verb.about)}\n`{ids.COMMAND} {escape(verb.usage)}`\n"
        f"For example `{ids.COMMAND} {escape(verb.example)}`"
    )


def misread(answer: Misread) -> Shown:
    """Echo a command, mark where it goes wrong, and show how it is written."""
    before = f"{ids.COMMAND} "
    typed = plain(answer.typed).replace("\n", " ").replace("\t", " ")
    start = max(0, min(answer.at, len(typed)) - 60)
    window = typed[start : start + 140]
    mark = " " * (len(before) + min(answer.at, len(typed)) - start) + "^" * min(answer.length, 80)
    shown = f"```\n{before}{escape(window).replace('`', chr(39))}\n{mark}\n```"
    why = sentence(answer.why)
    text = f"{why}\n{shown}\nUsage: `{before}{escape(answer.usage)}`"
    return fit(why, [section(text, "t")])
