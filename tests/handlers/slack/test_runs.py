"""The buttons of a step that is unknown, of older cards, and the one that says why."""

import pytest

from coordination.database import wakeups as wakeups_table
from handlers.slack import ids
from tests.bot.slack.box import Box, Json

RUN = "run_0000000000000000000000000A"


async def card(box: Box) -> Json:
    await box.tell()
    await box.deliver()
    shown, _ = await box.thread()
    return shown


async def told(box: Box) -> list[tuple[str, str]]:
    rows = await box.scene.rows(wakeups_table)
    return [(row.kind, row.payload.get("outcome") or row.payload["by"]) for row in rows]


@pytest.mark.parametrize(
    ("action_id", "status", "kind"),
    [(ids.RETRY, "failed", "retry"), (ids.CANCEL, "waiting", "cancel")],
)
async def test_the_button_of_a_card_from_before_the_forms_still_works(
    box: Box, action_id: str, status: str, kind: str
) -> None:
    await box.set_run(status=status)
    old = {"type": "button", "action_id": action_id, "value": RUN}
    old["text"] = {"type": "plain_text", "text": "Press"}  # type: ignore[assignment]
    blocks = [{"type": "actions", "elements": [old]}]
    sent = await box.client.call("chat.postMessage", channel="C0RELEASES", text="x", blocks=blocks)

    await box.click("UOLGA", {"ts": sent["ts"]}, action_id)

    assert await told(box) == [(kind, "UOLGA")]


async def test_why_opens_what_is_known_of_the_thread(box: Box) -> None:
    shown = await card(box)

    await box.click("UMALLORY", shown, ids.WHY)

    await box.quiet()
    form = await box.modal("UMALLORY")
    assert "Why this thread is as it is" in str(form["blocks"])


async def test_why_that_opens_too_late_is_a_private_sentence(box: Box) -> None:
    shown = await card(box)
    await box.fault("error_next", method="views.open", error="expired_trigger_id")

    await box.click("UMALLORY", shown, ids.WHY)

    await box.quiet()
    (said,) = await box.whispers("UMALLORY")
    assert said["plain"] == "That took too long. Press the button again."


async def unknown(box: Box) -> Json:
    await box.set_run(status="unknown")
    await box.add_step("deploy", "unknown", action="shell.run", input={"argv": ["./deploy.sh"]})
    await box.tell(f"unknown:{RUN}:deploy:1", "unknown", run_id=RUN, path="deploy", attempt=1)
    await box.deliver()
    _, replies = await box.thread()
    return replies[-1]


async def test_a_step_that_is_unknown_is_resolved_by_its_own_card(box: Box) -> None:
    shown = await unknown(box)
    assert "./deploy.sh" in shown["plain"]

    done = await box.click("UOLGA", shown, ids.RESOLVE_DONE)

    assert done["ack"]["state"] == "acked"
    assert await told(box) == [("resolve", "done")]


async def test_the_card_of_an_earlier_attempt_resolves_no_later_one(box: Box) -> None:
    shown = await unknown(box)
    await box.set_step("deploy", attempts=2)

    await box.click("UOLGA", shown, ids.RESOLVE_RETRY)

    await box.quiet()
    (said,) = await box.whispers("UOLGA", shown["thread_ts"])
    assert "attempt 2 has a card of its own" in said["plain"]
    assert await told(box) == []


async def test_only_those_who_may_say_what_happened(box: Box) -> None:
    shown = await unknown(box)

    await box.click("UMALLORY", shown, ids.RESOLVE_DONE)

    await box.quiet()
    assert len(await box.whispers("UMALLORY", shown["thread_ts"])) == 1
    assert await told(box) == []
