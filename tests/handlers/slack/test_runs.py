"""The buttons that steer a run, and those of a step that is unknown."""

import pytest

from coordination.database import wakeups as wakeups_table
from devslack.errors import ControlError
from handlers.slack import ids
from tests.bot.slack.box import Box, Json
from tests.stories.slack import markup_of as markup

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


async def retry_form(box: Box, who: str, shown: Json) -> Json:
    await box.click(who, shown, ids.RETRY_WITH)
    await box.quiet()
    return await box.modal(who)


async def send(box: Box, who: str, form: Json) -> str:
    done = await box.do("POST", f"views/{form['id']}/submit", as_=who, values={})
    return str(done["view"]["blocks"])


async def failed_run(box: Box) -> Json:
    await box.set_run(status="failed", error={"type": "exit", "message": "no"})
    await box.add_step("build", "completed", position=1)
    call = {"argv": ["./deploy.sh", "<!channel>"]}
    await box.add_step("deploy", "failed", action="shell.run", input=call, position=2)
    await box.add_step("tell", "not_taken", action="slack.post", position=3)
    return await card(box)


async def test_a_retry_says_first_what_it_runs_again(box: Box) -> None:
    shown = await failed_run(box)
    assert "[Retry…]" in shown["plain"]
    assert "[Cancel]" not in shown["plain"]

    form = await retry_form(box, "UOLGA", shown)

    texts = "\n".join(markup(form["blocks"]))
    assert "`deploy`: `shell.run ./deploy.sh &lt;!channel&gt;`" in texts
    assert "`tell`: `slack.post`" in texts
    assert "not run again: `build`" in texts
    assert await told(box) == []


async def test_a_retry_is_stored_once_however_often_slack_sends_the_form(box: Box) -> None:
    form = await retry_form(box, "UOLGA", await failed_run(box))
    await box.fault("duplicate_envelope", type="interactive")

    assert "is retried" in await send(box, "UOLGA", form)

    await box.quiet()
    assert await told(box) == [("retry", "UOLGA")]


async def test_a_second_retry_is_told_that_it_is_under_way(box: Box) -> None:
    shown = await failed_run(box)
    first, second = [await retry_form(box, who, shown) for who in ("UOLGA", "UADA")]
    await send(box, "UOLGA", first)

    assert "is being retried already, by <@UOLGA>" in await send(box, "UADA", second)
    assert len(await told(box)) == 1


async def test_who_may_not_retry_is_told_instead_of_asked(box: Box) -> None:
    form = await retry_form(box, "UMALLORY", await failed_run(box))

    assert form["callback_id"] == ids.LOADING
    assert "Only an operator" in str(form["blocks"])
    assert await told(box) == []


async def test_the_button_of_a_card_from_before_the_form_still_retries(box: Box) -> None:
    await failed_run(box)
    old = {"type": "button", "action_id": ids.RETRY, "value": RUN}
    old["text"] = {"type": "plain_text", "text": "Retry"}  # type: ignore[assignment]
    blocks = [{"type": "actions", "elements": [old]}]
    sent = await box.client.call("chat.postMessage", channel="C0RELEASES", text="x", blocks=blocks)

    await box.click("UOLGA", {"ts": sent["ts"]}, ids.RETRY)

    assert await told(box) == [("retry", "UOLGA")]


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
