"""The buttons that steer a run, and those of a step that is unknown."""

import pytest

from coordination.database import wakeups as wakeups_table
from devslack.errors import ControlError
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


async def test_cancel_asks_first_and_is_a_decision_that_stands_in_the_thread(box: Box) -> None:
    shown = await card(box)
    assert "[Cancel]" in shown["plain"]

    done = await box.click("UADA", shown, ids.CANCEL)

    assert done["ack"]["state"] == "acked"
    assert await told(box) == [("cancel", "UADA")]
    await box.deliver()
    _, (trail,) = await box.thread()
    assert trail["plain"] == "Cancelled by @ada"


async def test_who_says_no_to_the_question_cancels_nothing(box: Box) -> None:
    shown = await card(box)

    with pytest.raises(ControlError, match="said no"):
        await box.click("UADA", shown, ids.CANCEL, confirm=False)

    assert await told(box) == []


async def test_somebody_who_has_nothing_to_do_with_it_cannot_cancel(box: Box) -> None:
    shown = await card(box)

    await box.click("UMALLORY", shown, ids.CANCEL)

    await box.quiet()
    (said,) = await box.whispers("UMALLORY")
    assert "Only an operator" in said["plain"]
    assert await told(box) == []


async def test_retry_of_a_failed_run_is_stored_once_however_often_slack_sends_it(box: Box) -> None:
    await box.set_run(status="failed", error={"type": "exit", "message": "no"})
    shown = await card(box)
    assert "[Retry]" in shown["plain"]
    assert "[Cancel]" not in shown["plain"]
    await box.fault("duplicate_envelope", type="interactive")

    await box.click("UOLGA", shown, ids.RETRY)

    await box.quiet()
    assert await told(box) == [("retry", "UOLGA")]
    assert await box.whispers("UOLGA") == []


async def test_a_second_retry_is_told_that_it_is_under_way(box: Box) -> None:
    await box.set_run(status="failed", error={"type": "exit", "message": "no"})
    shown = await card(box)
    await box.click("UOLGA", shown, ids.RETRY)

    await box.click("UADA", shown, ids.RETRY)

    await box.quiet()
    (said,) = await box.whispers("UADA")
    assert "is being retried already, by @olga" in said["plain"]
    assert len(await told(box)) == 1


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
