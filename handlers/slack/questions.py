"""What people do with a question beside answering it: look closer, hand it on, put it off, ask again."""

from typing import Any

from slack_bolt.async_app import AsyncApp

from coordination.errors import Refused
from handlers.slack import clicks, ids
from handlers.slack.answers import Sentence
from handlers.slack.clicks import Body, Seen
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.recording import Ack, store_then_ack

SNOOZED = "I will remind you of {label} in an hour."
TAKEN_BACK = "You answer {label} yourself again."
HANDED = "{label} is answered by <@{person}> for you now. Details has a button that takes it back."


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to what is pressed around a question."""

    async def details(ack: Ack, body: Body) -> None:
        await look_closer(edge, ack, body)

    async def delegate(ack: Ack, body: Body) -> None:
        await ask_to_whom(edge, ack, body)

    async def hand(ack: Ack, body: Body, view: Body) -> None:
        await hand_on(edge, ack, body, view)

    async def take_back(ack: Ack, body: Body) -> None:
        await taken_back(edge, ack, body)

    async def again(ack: Ack, body: Body) -> None:
        await ask_again(edge, ack, body)

    async def snooze(ack: Ack, body: Body) -> None:
        await put_off(edge, ack, body)

    bolt.action(ids.DETAILS)(details)
    bolt.action(ids.DELEGATE)(delegate)
    bolt.action(ids.TAKE_BACK)(take_back)
    bolt.action(ids.ASK_AGAIN)(again)
    bolt.action(ids.SNOOZE)(snooze)
    bolt.view(ids.DELEGATION)(hand)


async def look_closer(edge: Edge, ack: Ack, body: Body) -> None:
    """Open the modal with everything; it opens empty first, since Slack gives three seconds."""
    seen, who = clicks.seen(body, "details"), clicks.principal(body)
    await ack()
    view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), "Details")
    try:
        shown = await edge.coordinator.look_at(who, seen.approval_id)
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    await edge.screens.show_details(view_id, shown)
    if shown.approval.version != seen.version or shown.approval.ended:
        await edge.coordinator.redraw_approval(seen.approval_id)  # the card was an older one


async def ask_to_whom(edge: Edge, ack: Ack, body: Body) -> None:
    """Turn the modal into the form; it is the same one, so nothing has to be opened."""
    seen, view_id = clicks.seen(body, "delegate"), view_of(body)
    await ack()
    try:
        await edge.admit(clicks.principal(body))
        approval = await edge.coordinator.approval(seen.approval_id)
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    await edge.screens.show_delegation(view_id, approval)


async def hand_on(edge: Edge, ack: Ack, body: Body, view: Body) -> None:
    """Store to whom a vote is handed; what is wrong with it stands under the field."""
    seen, who = clicks.seen_in_form(view), clicks.principal(body)
    person = chosen(view)
    comment = clicks.typed(view, ids.REASON_BLOCK, ids.REASON_INPUT).strip() or None
    try:
        approval = await edge.coordinator.delegate(
            who, seen.approval_id, person, comment=comment, via="slack"
        )
    except Refused as error:
        says = await edge.coordinator.readable(str(error))
        await ack(response_action="errors", errors={ids.TO_BLOCK: says[:200]})
        return
    said = Sentence(HANDED.format(label=approval.label, person=person))
    await ack(response_action="update", view=edge.screens.said(said))


async def taken_back(edge: Edge, ack: Ack, body: Body) -> None:
    seen, who = clicks.seen(body, "take_back"), clicks.principal(body)
    call = edge.coordinator.take_back(who, seen.approval_id, via="slack")
    approval = await store_then_ack(ack, call)
    await edge.screens.show_answer(view_of(body), Sentence(TAKEN_BACK.format(label=approval.label)))


async def ask_again(edge: Edge, ack: Ack, body: Body) -> None:
    """Ask again; the new card says it to everybody, and the old one where."""
    seen, who = clicks.seen(body, "again"), clicks.principal(body)
    request = clicks.request_id(body)
    call = edge.coordinator.ask_again(who, seen.approval_id, request_id=request, via="slack")
    await store_then_ack(ack, call)


async def put_off(edge: Edge, ack: Ack, body: Body) -> None:
    seen, who = clicks.seen(body, "snooze"), clicks.principal(body)
    call = edge.coordinator.snooze(who, seen.approval_id, via="slack")
    approval = await store_then_ack(ack, call)
    said = Sentence(SNOOZED.format(label=approval.label))
    await edge.screens.tell(clicks.place(body), said)


def view_of(body: Body) -> str:
    """Return the modal in which something was pressed."""
    return str((body.get("view") or {}).get("id", ""))


def chosen(view: Body) -> str:
    """Return whom somebody chose in the form."""
    values: Any = (view.get("state") or {}).get("values") or {}
    field = (values.get(ids.TO_BLOCK) or {}).get(ids.TO_INPUT) or {}
    return str(field.get("selected_user") or "")


def picked(body: Body) -> Seen:
    """Read which answer to which approval was chosen from a list.

    Raises:
        Forged: it is none of ours.
    """
    option = clicks.pressed(body).get("selected_option") or {}
    match = clicks.OF_FORM.fullmatch(str(option.get("value", "")))
    if match is None:
        raise clicks.Forged
    return Seen(match[1], int(match[2]), match[3])
