"""Private answers: each kind of them as a message to one person."""

from collections.abc import Callable, Mapping
from typing import Any

from bot.slack.blocks import Block, Shown, actions, context, fit, lines, section
from bot.slack.text import code, escape, head, link, person, sentence, time
from bot.slack.views import commands, lists, people
from bot.slack.views.approvals import VERDICTS, approval_card, buttons, summary
from bot.slack.views.publishing import difference, workflow_done
from bot.slack.views.rehearsals import rehearsal
from bot.slack.views.runs import run_list, run_page
from bot.slack.views.schedules import schedule_list, schedule_page
from bot.slack.views.threads import says, thread_word, told
from bot.slack.views.unknown import unknown_steps
from bot.slack.views.words import state
from bot.slack.views.workflows import workflow_list, workflow_page
from coordination.questions import Approval
from handlers.slack.answers import (
    Answer,
    ApprovalList,
    ApprovalPage,
    Changed,
    Difference,
    Following,
    Help,
    Lines,
    Listing,
    Loudness,
    MentionHelp,
    Misread,
    Myself,
    OldCard,
    Problems,
    Recorded,
    Rehearsed,
    RunList,
    RunPage,
    ScheduleList,
    SchedulePage,
    Sentence,
    Sources,
    ThreadApprovals,
    ThreadPage,
    TooLate,
    UnknownSteps,
    WorkflowDone,
    WorkflowList,
    WorkflowPage,
)

ROWS = 8
LONGEST = 1_500
MOST = 40
LINE = 400
OLD = "This button is from an older card and does nothing any more."


def draw(answer: Answer, *, public_url: str) -> Shown:
    """Draw *answer* for the one person who gets it."""
    return drawings(public_url)[type(answer)](answer)


def drawings(public_url: str) -> Mapping[type, Callable[[Any], Shown]]:
    """Return how each kind of answer is drawn."""
    return {
        Sentence: lambda each: words(sentence(head(each.text, LONGEST))),
        Recorded: lambda each: words(recorded(each)),
        TooLate: lambda each: words(too_late(each)),
        Changed: lambda each: words(changed(each)),
        OldCard: lambda each: words(old_card(each)),
        Help: commands.help_page,
        MentionHelp: commands.mention_help,
        Misread: commands.misread,
        WorkflowList: workflow_list,
        WorkflowPage: workflow_page,
        SchedulePage: schedule_page,
        ScheduleList: schedule_list,
        WorkflowDone: workflow_done,
        Difference: difference,
        Rehearsed: rehearsal,
        RunList: lambda each: run_list(each, public_url=public_url),
        RunPage: lambda each: run_page(each, public_url=public_url),
        UnknownSteps: lambda each: unknown_steps(each.run, public_url=public_url),
        ApprovalList: approval_list,
        ApprovalPage: lambda each: approval_page(each, public_url=public_url),
        ThreadPage: lambda each: thread_page(each, public_url=public_url),
        ThreadApprovals: thread_approvals,
        Lines: found_out,
        Sources: lambda each: people.sources(each, public_url=public_url),
        Problems: people.problems,
        Myself: people.myself,
        Following: people.following,
        Loudness: people.loudness,
        Listing: lambda each: lists.listing(each, public_url=public_url),
    }


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


def too_late(answer: TooLate) -> str:
    """Say how it ended and who was first; what they wrote is only text."""
    approval = answer.approval
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


def changed(answer: Changed) -> str:
    where = f" {link(answer.url, 'Here is its thread')}." if answer.url else ""
    return f"{answer.approval.label} changed after you opened this. Look at it again.{where}"


def old_card(answer: OldCard) -> str:
    where = link(answer.url, "Here is the current card") if answer.url else ""
    return f"{OLD} {where or 'Use the current one, or `/baton approvals` and `/baton runs`'}."


def approval_list(answer: ApprovalList) -> Shown:
    """Draw open approvals with the very buttons of their cards."""
    if not answer.approvals:
        return words(nothing_waits(answer))
    title = "Open approvals" if answer.everybody else "Waiting for you"
    blocks: list[Block] = [section(f"*{title}*", "h")]
    for approval in answer.approvals[:ROWS]:
        blocks += approval_row(approval)
    more = len(answer.approvals) - ROWS
    if more > 0:
        blocks.append(context(f"{more} more", "m"))
    return fit(f"{title}: {len(answer.approvals)}.", blocks)


def approval_row(approval: Approval) -> list[Block]:
    """Draw an approval in a list: its sentence, and its buttons."""
    return [
        section(summary(approval), f"q:{approval.number}"),
        actions(buttons(approval), f"d:{approval.id}:{approval.version}"),
    ]


def nothing_waits(answer: ApprovalList) -> str:
    if answer.everybody:
        return "No approval is open."
    others = (
        f" {answer.elsewhere} wait for others: `/baton approvals all`." if answer.elsewhere else ""
    )
    return f"Nothing waits for you.{others}"


def approval_page(answer: ApprovalPage, *, public_url: str) -> Shown:
    """Draw one approval as its card in the thread is."""
    number = answer.approval.run_number
    return approval_card(answer.approval, run_url=f"{public_url}/r/R-{number}" if number else None)


def thread_page(answer: ThreadPage, *, public_url: str) -> Shown:
    """Say where a thread stands: the word of its card, and the sentence of each run that goes on."""
    thread = answer.thread
    word = thread_word(thread)
    title = escape(head(thread.title, 150))
    rows = [
        f"{link(f'{public_url}/r/{run.label}', run.label)} {escape(says(run))}"
        for run in thread.runs
        if says(run)
    ]
    first = section("\n".join([f"{state(word)} {title}", lines(rows)]).strip(), "t")
    return fit(f"{title}: {word}.", [first, *told(thread)])


def thread_approvals(answer: ThreadApprovals) -> Shown:
    """Say what is asked in a thread; what answers are the cards in it, and nobody is mentioned."""
    if not answer.approvals:
        return words("Nobody is asked anything here.")
    rows = [asked_row(each, answer.urls.get(each.id)) for each in answer.approvals]
    return fit(f"{len(rows)} open here.", [section(lines(rows), "t")])


def asked_row(approval: Approval, url: str | None) -> str:
    card = f" · {link(url, 'its card')}" if url else ""
    return f"• {approval.label}: {escape(head(approval.title, 200))}{card}"


def found_out(answer: Lines) -> Shown:
    """Draw what was found out, a line each. Others may read it, so it mentions nobody."""
    title = escape(head(answer.title, 150))
    rows = [f"• {escape(head(' '.join(each.split()), LINE))}" for each in answer.lines]
    text = lines(rows, MOST) or "I know nothing of it."
    return fit(title, [section(f"*{title}*\n{text}", "t")])
