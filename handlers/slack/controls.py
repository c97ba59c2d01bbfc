"""Buttons and forms that steer a run: pause, resume, cancel, retry, skip, roll back.

Each carries a request id made of the click or the form, so that the same envelope twice changes nothing.
A form says first what would happen; what it says may be older than what does, so the store decides.
"""

from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from typing import Any, Literal, TypeAlias

from slack_bolt.async_app import AsyncApp

from baton.errors import BatonError
from coordination.outlook import Outlook
from coordination.ports import RunStatus, RunView
from handlers.slack import clicks, ids
from handlers.slack.answers import Answer, RunPage, Sentence
from handlers.slack.clicks import Body
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.recording import Ack, store_then_ack, store_then_show
from handlers.slack.runs import said
from handlers.slack.screens import ControlForm

Kind: TypeAlias = Literal["cancel", "retry", "skip", "rollback", "handled"]
Send: TypeAlias = Callable[[Edge, Body, Body], Coroutine[Any, Any, Answer]]
TITLES = {
    "cancel": "Cancel",
    "retry": "Retry",
    "skip": "Skip a step",
    "rollback": "Roll back",
    "handled": "Mark handled",
}
MENU: Mapping[str, Kind] = {"skip": "skip", "rollback": "rollback", "handled": "handled"}
POLICY: Mapping[Kind, str] = {"handled": "handle"}  # where the form is called otherwise there
WHAT_FAILED = "*"


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to the buttons of cards and lists, and to the forms that they open."""
    listen_to_pauses(bolt, edge)
    opener(bolt, edge, ids.CANCEL_WITH, "cancel")
    opener(bolt, edge, ids.RETRY_WITH, "retry")

    async def menu(ack: Ack, body: Body) -> None:
        kind, run_id = clicks.chosen_of_menu(body)
        await ack()
        await ask(edge, body, MENU[kind], run_id)

    async def begin_at(ack: Ack, body: Body) -> None:
        await ack()
        await draw_again(edge, body)

    bolt.action(ids.MORE)(menu)
    bolt.action(ids.RETRY_FROM)(begin_at)
    submitter(bolt, edge, ids.CANCEL_FORM, cancelled, "Cancelling…")
    submitter(bolt, edge, ids.RETRY_FORM, retried, "Retrying…")
    submitter(bolt, edge, ids.SKIP_FORM, skipped, "Skipping…")
    submitter(bolt, edge, ids.ROLLBACK_FORM, rolled_back, "Rolling back…")
    submitter(bolt, edge, ids.HANDLED_FORM, handled, "Noting it…")


def listen_to_pauses(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to the two buttons that need no form: what they do is undone by the other."""

    async def pause(ack: Ack, body: Body) -> None:
        call = edge.coordinator.pause(
            clicks.principal(body),
            clicks.run_id(body),
            request_id=clicks.request_id(body),
            via="slack",
        )
        await said(edge, body, await store_then_ack(ack, call), "is paused")

    async def resume(ack: Ack, body: Body) -> None:
        call = edge.coordinator.resume(
            clicks.principal(body),
            clicks.run_id(body),
            request_id=clicks.request_id(body),
            via="slack",
        )
        await said(edge, body, await store_then_ack(ack, call), "is resumed")

    bolt.action(ids.PAUSE)(pause)
    bolt.action(ids.RESUME)(resume)


def opener(bolt: AsyncApp, edge: Edge, action_id: str, kind: Kind) -> None:
    """Listen to a button that opens a form."""

    async def opened(ack: Ack, body: Body) -> None:
        run_id = clicks.run_id(body)
        await ack()
        await ask(edge, body, kind, run_id)

    bolt.action(action_id)(opened)


def submitter(bolt: AsyncApp, edge: Edge, form: str, send: Send, waiting: str) -> None:
    """Listen to a form; it does what it says once, however often it is sent."""

    async def submitted(ack: Ack, body: Body, view: Body) -> None:
        call = send(edge, body, view)
        refused = partial(refuse, edge, ack)
        await store_then_show(edge, ack, view, call, waiting=waiting, refuse=refused)

    bolt.view(form)(submitted)


async def ask(edge: Edge, body: Body, kind: Kind, run_id: str) -> None:
    """Say what would be done, before it is; or why it cannot be."""
    trigger = str(body.get("trigger_id", ""))
    view_id = await edge.screens.open_loading(trigger, TITLES[kind])
    try:
        no = await edge.coordinator.can_steer(
            clicks.principal(body), POLICY.get(kind, kind), run_id
        )
        found = await edge.coordinator.outlook(run_id)
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    no = no or why_not(kind, found)
    if no is not None:
        await edge.screens.show_answer(view_id, Sentence(no))
    else:
        await edge.screens.show_control(view_id, ControlForm(kind, found))


def why_not(kind: Kind, found: Outlook) -> str | None:
    """Say why there is nothing to ask; None: there is. Pure."""
    run = found.run
    is_now = f"{run.label} is {run.status.value} now"
    if kind == "retry":
        failed = run.status is RunStatus.FAILED
        return None if failed else f"{is_now}: there is nothing to retry."
    if kind == "handled":
        failed = run.status is RunStatus.FAILED and run.handled is None
        return None if failed else f"{is_now}: there is nothing to deal with."
    if kind == "cancel":
        return f"{is_now}: there is nothing to cancel." if run.status.ended else None
    if kind == "skip":
        return None if found.skippable else f"{is_now}: no step of it can be skipped."
    if run.status.ended and not found.undo:
        return f"{is_now}: nothing that it did can be taken back."
    return None


async def draw_again(edge: Edge, body: Body) -> None:
    """Show what a retry runs from the step that was chosen."""
    view = body.get("view") or {}
    run_id, path = clicks.run_in_form(view), clicks.chosen(body)
    try:
        await edge.admit(clicks.principal(body))
        found = await edge.coordinator.outlook(run_id, from_path=begin_with(path))
    except EXPECTED as error:
        await edge.screens.show_answer(str(view.get("id", "")), await edge.refusal(error))
        return
    await edge.screens.show_control(str(view.get("id", "")), ControlForm("retry", found))


def begin_with(chosen: str) -> str | None:
    return chosen if chosen not in ("", WHAT_FAILED) else None


async def cancelled(edge: Edge, body: Body, view: Body) -> Answer:
    """Cancel the run of a form; one that it has not seen ending is not cut short by it."""
    run_id, ending = clicks.cancel_in_form(view)
    typed = clicks.typed(view, ids.MODE_BLOCK, ids.MODE_INPUT)
    run = await edge.coordinator.cancel(
        clicks.principal(body),
        run_id,
        reason=clicks.typed(view, ids.REASON_BLOCK, ids.REASON_INPUT),
        mode="now" if ending else "compensate" if typed == "compensate" else None,
        request_id=named(view),
        via="slack",
    )
    return RunPage(run, None, "is cancelled")


async def retried(edge: Edge, body: Body, view: Body) -> Answer:
    chosen = clicks.typed(view, ids.STEP_BLOCK, ids.RETRY_FROM)
    run = await edge.coordinator.retry(
        clicks.principal(body),
        clicks.run_in_form(view),
        from_path=begin_with(chosen),
        request_id=named(view),
        via="slack",
    )
    return RunPage(run, None, "is retried")


async def skipped(edge: Edge, body: Body, view: Body) -> Answer:
    path = clicks.typed(view, ids.STEP_BLOCK, ids.SKIP_STEP)
    run = await edge.coordinator.skip(
        clicks.principal(body), clicks.run_in_form(view), path, request_id=named(view), via="slack"
    )
    return RunPage(run, None, "goes on without that step")


async def rolled_back(edge: Edge, body: Body, view: Body) -> Answer:
    run: RunView = await edge.coordinator.rollback(
        clicks.principal(body),
        clicks.run_in_form(view),
        reason=clicks.typed(view, ids.REASON_BLOCK, ids.REASON_INPUT),
        request_id=named(view),
        via="slack",
    )
    return RunPage(run, None, "is rolled back")


async def handled(edge: Edge, body: Body, view: Body) -> Answer:
    run: RunView = await edge.coordinator.mark_handled(
        clicks.principal(body),
        clicks.run_in_form(view),
        reason=clicks.typed(view, ids.REASON_BLOCK, ids.REASON_INPUT),
        request_id=named(view),
        via="slack",
    )
    return RunPage(run, None, "counts as dealt with")


def named(view: Body) -> str:
    """Name what a form does for ever."""
    return f"slack.{view.get('id')}"


async def refuse(edge: Edge, ack: Ack, error: BatonError) -> None:
    await ack(response_action="update", view=edge.screens.said(await edge.refusal(error)))
