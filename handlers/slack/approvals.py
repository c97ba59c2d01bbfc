"""Answers to approvals: buttons that decide, buttons that open a form, and the form.

A redelivered click needs no memory of ours: `decide` compares and sets, and the same answer by the
same person again changes nothing.
"""

import re
from collections.abc import Coroutine
from contextlib import suppress
from functools import partial
from typing import Any

from slack_bolt.async_app import AsyncApp

from coordination.errors import (
    AlreadyDecided,
    CommentRequired,
    InvalidChoice,
    NotFound,
    Superseded,
    Unavailable,
)
from coordination.policy import Principal
from coordination.questions import Approval
from handlers.slack import clicks, ids, questions
from handlers.slack.answers import Answer, Changed, Recorded, Sentence, TooLate
from handlers.slack.clicks import Body, Seen
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.recording import Ack, begin, ended, store_then_ack, within_limit

SEND_AGAIN = "Not recorded: my database does not answer. Send it again."
RECORDING = "Recording…"


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to everything that answers an approval, and to what people do with one beside that."""
    answers(bolt, edge)
    forms(bolt, edge)
    questions.register(bolt, edge)


def answers(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to what answers at once."""

    async def approve(ack: Ack, body: Body) -> None:
        await decide(edge, ack, body, clicks.seen(body, "approve"))

    async def reject(ack: Ack, body: Body) -> None:
        await decide(edge, ack, body, clicks.seen(body, "reject"))

    async def choose(ack: Ack, body: Body) -> None:
        await decide(edge, ack, body, clicks.seen(body))

    async def pick(ack: Ack, body: Body) -> None:
        await choose_from_list(edge, ack, body)

    bolt.action(ids.APPROVE)(approve)
    bolt.action(ids.REJECT_NOW)(reject)
    bolt.action(re.compile(f"^{re.escape(ids.CHOOSE)}:"))(choose)
    bolt.action(ids.PICK)(pick)


def forms(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to what opens the form of a reason, and to the form."""

    async def approve_with(ack: Ack, body: Body) -> None:
        await ask(edge, ack, body, clicks.seen(body, "approve"))

    async def reject_with(ack: Ack, body: Body) -> None:
        await ask(edge, ack, body, clicks.seen(body, "reject"))

    async def answer_with(ack: Ack, body: Body) -> None:
        await ask(edge, ack, body, clicks.seen(body))

    async def submit(ack: Ack, body: Body, view: Body) -> None:
        await submitted(edge, ack, body, view)

    bolt.action(ids.APPROVE_WITH)(approve_with)
    bolt.action(ids.REJECT)(reject_with)
    bolt.action(re.compile(f"^{re.escape(ids.ANSWER)}:"))(answer_with)
    bolt.view(ids.REASON)(submit)


async def decide(edge: Edge, ack: Ack, body: Body, seen: Seen) -> None:
    """Record the answer that a button is; the card shows it, and a list says so."""
    who, place = clicks.principal(body), clicks.place(body)
    before = edge.world.clock.now()
    try:
        approval = await store_then_ack(ack, vote(edge, who, seen))
    except (AlreadyDecided, Superseded):
        await repair(edge, seen)
        raise
    mine = approval.vote_of(who.actor)
    again = mine is not None and mine.at < before
    if again or place.private:
        await edge.screens.tell(place, Recorded(approval, who.actor, again))


async def choose_from_list(edge: Edge, ack: Ack, body: Body) -> None:
    """Record what was chosen from a list of answers, or open the form of its reason."""
    seen = questions.picked(body)
    try:
        approval = await edge.coordinator.approval(seen.approval_id)
    except NotFound as error:
        await ack()
        await edge.screens.tell(clicks.place(body), await edge.refusal(error))
        return
    if approval.question.needs_reason(seen.choice):
        await ask(edge, ack, body, seen)
    else:
        await decide(edge, ack, body, seen)


async def repair(edge: Edge, seen: Seen) -> None:
    """Have the card drawn as it is: what somebody pressed was an older one."""
    with suppress(*EXPECTED):
        await edge.coordinator.redraw_approval(seen.approval_id)


async def ask(edge: Edge, ack: Ack, body: Body, seen: Seen) -> None:
    """Open the form of a reason. Slack gives three seconds for it, so it opens empty first."""
    who = clicks.principal(body)
    await ack()
    view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), "One moment")
    try:
        approval = await edge.coordinator.approval(seen.approval_id)
        no = await why_not(edge, who, approval, seen)
    except EXPECTED as error:
        no = await edge.refusal(error)
    if no is not None:
        await edge.screens.show_answer(view_id, no)
        if isinstance(no, TooLate | Changed):
            await repair(edge, seen)
    else:
        await edge.screens.show_reason(view_id, approval, seen.choice)


async def why_not(edge: Edge, who: Principal, approval: Approval, seen: Seen) -> Answer | None:
    """Say before anybody types a reason that it would be in vain."""
    if approval.ended:
        own = approval.vote_of(who.actor)
        if own is not None and own.choice == seen.choice:
            return Recorded(approval, who.actor, again=True)
        return TooLate(approval)
    if approval.version != seen.version:
        return await edge.refusal(Superseded(approval))
    refusal = await edge.coordinator.can_decide(who, approval)
    return Sentence(refusal) if refusal else None


async def submitted(edge: Edge, ack: Ack, body: Body, view: Body) -> None:
    """Record the answer that a form is. A refusal takes the place of the form."""
    seen, who = clicks.seen_in_form(view), clicks.principal(body)
    reason = clicks.typed(view, ids.REASON_BLOCK, ids.REASON_INPUT).strip()
    text = clicks.typed(view, ids.ANSWER_BLOCK, ids.ANSWER_INPUT).strip()
    work = begin(vote(edge, who, seen, comment=reason or None, text=text or None))
    if await within_limit(work):
        await settle(edge, ack, view, ended(work))
        return
    await ack(response_action="update", view=edge.screens.loading(RECORDING))
    try:
        late: Answer = Recorded(await ended(work), who.actor, again=False)
    except EXPECTED as error:
        late = await edge.refusal(error)
    await edge.screens.show_answer(str(view["id"]), late)


async def settle(edge: Edge, ack: Ack, view: Body, result: Coroutine[Any, Any, Approval]) -> None:
    """Close the form, or say in it what is missing, or let it become the refusal."""
    wrong = partial(ack, response_action="errors")
    try:
        await result
    except CommentRequired:
        await wrong(errors={field(view): "Say in a sentence why."})
    except InvalidChoice as error:
        await wrong(errors={field(view): str(error)})
    except Unavailable:
        await wrong(errors={field(view): SEND_AGAIN})
    except EXPECTED as error:
        await ack(response_action="update", view=edge.screens.said(await edge.refusal(error)))
    else:
        await ack()


def field(view: Body) -> str:
    """Name the input under which Slack shows what is wrong; it must be one of the form."""
    there = {block.get("block_id") for block in view.get("blocks", ())}
    return ids.REASON_BLOCK if ids.REASON_BLOCK in there else ids.ANSWER_BLOCK


def vote(
    edge: Edge, who: Principal, seen: Seen, **said: str | None
) -> Coroutine[Any, Any, Approval]:
    return edge.coordinator.decide(
        who, seen.approval_id, seen.choice, version=seen.version, via="slack", **said
    )
