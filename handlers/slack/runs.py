"""Buttons that steer a run: retry, cancel, and what became of a step that is unknown.

Each carries a request id made of the click, so that the same envelope twice changes nothing.
"""

from functools import partial

from slack_bolt.async_app import AsyncApp

from baton.errors import BatonError
from coordination.errors import Conflict
from coordination.policy import Principal
from coordination.ports import RunStatus, RunView, StepStatus
from handlers.slack import clicks, ids
from handlers.slack.answers import WHY, Answer, Lines, RunPage, Sentence
from handlers.slack.clicks import Body, SeenStep
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.recording import Ack, store_then_ack, store_then_show

RETRYING = "Retrying…"
OUTCOMES = ((ids.RESOLVE_RETRY, "retry"), (ids.RESOLVE_DONE, "done"), (ids.RESOLVE_FAIL, "fail"))


def register(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to the buttons of cards and lists."""

    async def retry(ack: Ack, body: Body) -> None:
        call = edge.coordinator.retry(
            clicks.principal(body),
            clicks.run_id(body),
            request_id=clicks.request_id(body),
            via="slack",
        )
        await said(edge, body, await store_then_ack(ack, call), "is retried")

    async def cancel(ack: Ack, body: Body) -> None:
        call = edge.coordinator.cancel(
            clicks.principal(body),
            clicks.run_id(body),
            reason="",
            request_id=clicks.request_id(body),
            via="slack",
        )
        await said(edge, body, await store_then_ack(ack, call), "is cancelled")

    async def followed(ack: Ack) -> None:
        await ack()  # a link: the browser went there by itself

    async def why(ack: Ack, body: Body) -> None:
        await ack()
        await tell_why(edge, body)

    bolt.action(ids.RETRY)(retry)
    bolt.action(ids.CANCEL)(cancel)
    bolt.action(ids.OPEN_RUN)(followed)
    bolt.action(ids.OPEN_WEB)(followed)
    bolt.action(ids.WHY)(why)
    forms(bolt, edge)
    for action_id, outcome in OUTCOMES:
        resolver(bolt, edge, action_id, outcome)


def forms(bolt: AsyncApp, edge: Edge) -> None:
    """Listen to the button that asks what a retry runs again, and to the answer."""

    async def ask(ack: Ack, body: Body) -> None:
        await ack()
        await ask_retry(edge, body)

    async def submit(ack: Ack, body: Body, view: Body) -> None:
        await store_then_show(
            edge,
            ack,
            view,
            retried(edge, body, view),
            waiting=RETRYING,
            refuse=partial(refuse, edge, ack),
        )

    bolt.action(ids.RETRY_WITH)(ask)
    bolt.view(ids.RETRY_FORM)(submit)


async def tell_why(edge: Edge, body: Body) -> None:
    """Show what is known of a thread: why what is in it belongs together."""
    thread_id = clicks.matched(clicks.OF_THREAD, body)
    view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), "Why?")
    try:
        found = await edge.coordinator.why(thread_id)
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    await edge.screens.show_answer(view_id, Lines(WHY, found))


async def ask_retry(edge: Edge, body: Body) -> None:
    """Say what would run again, before it does."""
    run_id, who = clicks.run_id(body), clicks.principal(body)
    view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), "Retry")
    try:
        run = await edge.coordinator.run(run_id)
        no = await edge.coordinator.can_steer(who, "retry", run_id)
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    if no is None and run.status is not RunStatus.FAILED:
        no = f"{run.label} is {run.status.value} now: there is nothing to retry."
    if no is not None:
        await edge.screens.show_answer(view_id, Sentence(no))
    else:
        await edge.screens.show_retry(view_id, run)


async def retried(edge: Edge, body: Body, view: Body) -> Answer:
    """Retry the run that a form is about; a form does it once, however often it is sent."""
    run = await edge.coordinator.retry(
        clicks.principal(body),
        clicks.run_in_form(view),
        request_id=f"slack.{view.get('id')}",
        via="slack",
    )
    return RunPage(run, None, "is retried")


async def refuse(edge: Edge, ack: Ack, error: BatonError) -> None:
    await ack(response_action="update", view=edge.screens.said(await edge.refusal(error)))


def resolver(bolt: AsyncApp, edge: Edge, action_id: str, outcome: str) -> None:
    """Listen to one of the three buttons of a step that is unknown."""

    async def resolve(ack: Ack, body: Body) -> None:
        call = resolve_as_seen(
            edge, clicks.principal(body), clicks.step(body), outcome, clicks.request_id(body)
        )
        await said(edge, body, await store_then_ack(ack, call), f"goes on: {outcome}")

    bolt.action(action_id)(resolve)


async def resolve_as_seen(
    edge: Edge, who: Principal, seen: SeenStep, outcome: str, request_id: str
) -> RunView:
    """Resolve the attempt that the card was about, and no later one.

    Raises:
        Conflict: the step is unknown again, after another attempt.
    """
    run = await edge.coordinator.run(seen.run_id)
    step = next((each for each in run.steps if each.path == seen.path), None)
    unknown = step is not None and step.status is StepStatus.UNKNOWN
    if step is not None and unknown and step.attempts != seen.attempt:
        raise Conflict(
            f"This card is about attempt {seen.attempt} of `{seen.path}`, and attempt "
            f"{step.attempts} has a card of its own. Nothing was changed."
        )
    return await edge.coordinator.resolve(
        who, seen.run_id, seen.path, outcome, request_id=request_id, via="slack"
    )


async def said(edge: Edge, body: Body, run: RunView, just: str) -> None:
    """Say in a private list what was done; where a card is, it shows it."""
    place = clicks.place(body)
    if place.private:
        await edge.screens.tell(place, RunPage(run, None, just))
