"""The buttons of a step that is unknown, those that lead elsewhere, and those of older cards.

Each carries a request id made of the click, so that the same envelope twice changes nothing.
"""

from slack_bolt.async_app import AsyncApp

from coordination.errors import Conflict
from coordination.policy import Principal
from coordination.ports import RunView, StepStatus
from handlers.slack import clicks, ids
from handlers.slack.answers import WHY, Lines, RunPage
from handlers.slack.clicks import Body, SeenStep
from handlers.slack.listening import EXPECTED, Edge
from handlers.slack.recording import Ack, store_then_ack

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
    for action_id, outcome in OUTCOMES:
        resolver(bolt, edge, action_id, outcome)


async def tell_why(edge: Edge, body: Body) -> None:
    """Show what is known of a thread: why what is in it belongs together."""
    thread_id = clicks.matched(clicks.OF_THREAD, body)
    view_id = await edge.screens.open_loading(str(body.get("trigger_id", "")), "Why?")
    try:
        await edge.admit(clicks.principal(body))
        found = await edge.coordinator.why(thread_id)
    except EXPECTED as error:
        await edge.screens.show_answer(view_id, await edge.refusal(error))
        return
    await edge.screens.show_answer(view_id, Lines(WHY, found))


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
