"""The buttons and forms that steer a run: what they say first, and that they do it once."""

from typing import Any

import pytest

from coordination import wakeups
from coordination.database import Transaction, update
from coordination.database import definitions as definitions_table
from coordination.database import wakeups as wakeups_table
from handlers.slack import ids
from tests.bot.slack.box import Box, Json
from tests.stories.slack import markup_of as markup

RUN = "run_0000000000000000000000000A"
BACK = {"action": "shell.run", "params": {"argv": ["./back.sh"]}}
BODY = {
    "name": "pipeline",
    "steps": [
        {"id": "build", "action": "shell.run"},
        {"id": "deploy", "action": "shell.run", "compensate": BACK},
        {"id": "tell", "action": "slack.post"},
        {"id": "ready", "wait_for": {"signal": "go"}},
    ],
}


async def card(box: Box) -> Json:
    await box.tell()
    await box.deliver()
    shown, _ = await box.thread()
    return shown


async def prepare(box: Box, status: str, **steps: str) -> Json:
    """Give the run a definition, a state and some steps; return its card."""

    def unit(tx: Transaction) -> None:
        tx.execute(update(definitions_table).where(definitions_table.c.hash == "abc"), body=BODY)

    await box.scene.door.write(unit)
    await box.set_run(status=status)
    call = {"argv": ["./deploy.sh", "<!channel>"]}
    for position, (path, state) in enumerate(steps.items()):
        kind = {"action": "shell.run", "input": call} if path != "ready" else {"kind": "wait_for"}
        await box.add_step(path, state, position=position, **kind)
    return await card(box)


async def told(box: Box) -> list[tuple[str, Any]]:
    return [(row.kind, row.payload) for row in await box.scene.rows(wakeups_table)]


async def drain(box: Box) -> None:
    """Let the run hear of all that it was told."""

    def unit(tx: Transaction) -> None:
        for each in wakeups.pending(tx, box.scene.run_key):
            wakeups.done(tx, each.key, now=box.scene.now)

    await box.scene.door.write(unit)


async def opened(box: Box, who: str, shown: Json, action_id: str, **more: Any) -> Json:
    await box.click(who, shown, action_id, **more)
    await box.quiet()
    return await box.modal(who)


async def send(box: Box, who: str, form: Json, **values: Json) -> str:
    done = await box.do("POST", f"views/{form['id']}/submit", as_=who, values=values)
    return str(done["view"]["blocks"])


def texts(form: Json) -> str:
    return "\n".join(markup(form["blocks"]))


async def test_a_run_is_paused_and_resumed_by_its_card(box: Box) -> None:
    shown = await prepare(box, "running", build="running")
    done = await box.click("UADA", shown, ids.PAUSE)

    assert done["ack"]["state"] == "acked"
    assert await told(box) == [("pause", {"by": "UADA"})]
    await box.set_run(status="paused")
    shown = await card(box)
    assert "[Resume]" in shown["plain"]
    assert "[Pause]" not in shown["plain"]
    await box.click("UOLGA", shown, ids.RESUME)
    assert [kind for kind, _ in await told(box)] == ["pause", "resume"]


@pytest.mark.parametrize(
    ("status", "there", "missing"),
    [
        ("queued", ["[Cancel…]"], ["[Pause]", "[Resume]", "[Retry…]"]),
        ("waiting", ["[Pause]", "[Cancel…]"], ["[Resume]", "[Retry…]"]),
        ("paused", ["[Resume]", "[Cancel…]"], ["[Pause]", "[Retry…]"]),
        ("compensating", ["[Cancel…]"], ["[Pause]", "[Retry…]"]),
        ("failed", ["[Retry…]"], ["[Pause]", "[Cancel…]"]),
        ("completed", ["[Details]"], ["[Pause]", "[Cancel…]", "[Retry…]"]),
        ("faulted", ["[Details]"], ["[Pause]", "[Cancel…]", "[Retry…]"]),
    ],
)
async def test_a_card_has_the_buttons_that_fit_its_state(
    box: Box, status: str, there: list[str], missing: list[str]
) -> None:
    plain = (await prepare(box, status, build="completed"))["plain"]

    assert [label for label in there if label not in plain] == []
    assert [label for label in missing if label in plain] == []


async def test_a_cancel_asks_how_and_why(box: Box) -> None:
    shown = await prepare(box, "running", build="completed", deploy="completed", tell="running")
    form = await opened(box, "UADA", shown, ids.CANCEL_WITH)

    assert "`deploy`: `shell.run ./deploy.sh &lt;!channel&gt;`" in texts(form)
    assert "`build`" not in texts(form)
    assert await told(box) == []
    why = {ids.REASON_INPUT: "wrong branch"}
    assert "is cancelled" in await send(box, "UADA", form, **{ids.REASON_BLOCK: why})
    payload = {"by": "UADA", "reason": "wrong branch", "mode": "compensate"}
    assert await told(box) == [("cancel", payload)]
    await box.deliver()
    _, (trail,) = await box.thread()
    assert trail["plain"] == "Cancelled by @ada, and what it did is taken back: wrong branch"


async def test_what_a_run_did_may_stay(box: Box) -> None:
    shown = await prepare(box, "running", deploy="completed", tell="running")
    form = await opened(box, "UADA", shown, ids.CANCEL_WITH)
    await send(box, "UADA", form, **{ids.MODE_BLOCK: {ids.MODE_INPUT: "now"}})

    assert await told(box) == [("cancel", {"by": "UADA", "reason": "", "mode": "now"})]


async def test_where_nothing_can_be_taken_back_nobody_is_asked_how(box: Box) -> None:
    shown = await prepare(box, "running", build="running")
    form = await opened(box, "UADA", shown, ids.CANCEL_WITH)

    assert [block for block in form["blocks"] if block["block_id"] == ids.MODE_BLOCK] == []
    assert "What is done stays done." in texts(form)
    await send(box, "UADA", form)
    assert (await told(box))[0][1]["mode"] == "now"


async def test_two_forms_to_cancel_cut_nothing_short_but_one_that_saw_it_ending_does(
    box: Box,
) -> None:
    shown = await prepare(box, "running", build="running")
    first, second = [await opened(box, who, shown, ids.CANCEL_WITH) for who in ("UADA", "UOLGA")]
    await send(box, "UADA", first)
    await drain(box)
    assert "is being cancelled already" in await send(box, "UOLGA", second)
    third = await opened(box, "UOLGA", shown, ids.CANCEL_WITH)

    assert "This ends its clean-up too" in texts(third)
    await send(box, "UOLGA", third)
    assert [payload["by"] for _, payload in await told(box)] == ["UADA", "UOLGA"]


@pytest.mark.parametrize("action_id", [ids.CANCEL_WITH, ids.RETRY_WITH])
async def test_who_may_not_is_told_instead_of_asked(box: Box, action_id: str) -> None:
    shown = await prepare(box, "failed" if action_id == ids.RETRY_WITH else "running")
    form = await opened(box, "UMALLORY", shown, action_id)

    assert form["callback_id"] == ids.LOADING
    assert "Only an operator" in str(form["blocks"])
    assert await told(box) == []


async def test_somebody_who_has_nothing_to_do_with_it_pauses_nothing(box: Box) -> None:
    shown = await prepare(box, "running", build="running")
    await box.click("UMALLORY", shown, ids.PAUSE)

    await box.quiet()
    (said,) = await box.whispers("UMALLORY")
    assert "Only an operator" in said["plain"]
    assert await told(box) == []


async def failed_run(box: Box) -> Json:
    return await prepare(
        box, "failed", build="completed", deploy="failed", tell="not_taken", ready="not_taken"
    )


async def test_a_retry_says_first_what_it_runs_again(box: Box) -> None:
    form = await opened(box, "UOLGA", await failed_run(box), ids.RETRY_WITH)

    assert "*Runs again*\n• `deploy`: `shell.run ./deploy.sh &lt;!channel&gt;`" in texts(form)
    assert "*May run after it*\n• `tell`" in texts(form)
    assert "not run again: `build`" in texts(form)
    assert await told(box) == []


async def test_a_retry_from_another_step_says_what_that_runs_again(box: Box) -> None:
    form = await opened(box, "UOLGA", await failed_run(box), ids.RETRY_WITH)
    await box.do(
        "POST", "click", as_="UOLGA", view_id=form["id"], action_id=ids.RETRY_FROM, value="build"
    )
    await box.quiet()
    form = await box.modal("UOLGA")

    assert "*Runs again*\n• `build`" in texts(form)
    assert "not run again" not in texts(form)
    assert "is retried" in await send(box, "UOLGA", form)
    assert await told(box) == [("retry", {"by": "UOLGA", "from_path": "build"})]


async def test_a_retry_is_stored_once_however_often_slack_sends_the_form(box: Box) -> None:
    form = await opened(box, "UOLGA", await failed_run(box), ids.RETRY_WITH)
    await box.fault("duplicate_envelope", type="interactive")

    assert "is retried" in await send(box, "UOLGA", form)

    await box.quiet()
    assert await told(box) == [("retry", {"by": "UOLGA", "from_path": None})]


async def test_a_second_retry_is_told_that_it_is_under_way(box: Box) -> None:
    shown = await failed_run(box)
    first, second = [await opened(box, who, shown, ids.RETRY_WITH) for who in ("UOLGA", "UADA")]
    await send(box, "UOLGA", first)

    assert "is being retried already, by <@UOLGA>" in await send(box, "UADA", second)
    assert len(await told(box)) == 1


async def test_a_step_is_skipped_by_the_menu_of_the_card(box: Box) -> None:
    shown = await failed_run(box)
    form = await opened(box, "UOLGA", shown, ids.MORE, value=f"skip.{RUN}")
    assert "goes on without" in await send(
        box, "UOLGA", form, **{ids.STEP_BLOCK: {ids.SKIP_STEP: "deploy"}}
    )

    assert await told(box) == [("skip", {"by": "UOLGA", "path": "deploy"})]


async def test_a_rollback_says_first_what_it_takes_back(box: Box) -> None:
    shown = await prepare(box, "running", build="completed", deploy="completed", tell="running")
    form = await opened(box, "UOLGA", shown, ids.MORE, value=f"rollback.{RUN}")

    assert "latest first*\n• `deploy`" in texts(form)
    why = {ids.REASON_INPUT: "it leaks"}
    assert "is rolled back" in await send(box, "UOLGA", form, **{ids.REASON_BLOCK: why})
    assert await told(box) == [("rollback", {"by": "UOLGA", "reason": "it leaks"})]


@pytest.mark.parametrize("verb", ["skip", "rollback"])
async def test_a_menu_of_which_nothing_is_left_says_so(box: Box, verb: str) -> None:
    shown = await prepare(box, "running", build="running")
    await box.set_run(status="completed")
    await box.set_step("build", status="completed")
    form = await opened(box, "UOLGA", shown, ids.MORE, value=f"{verb}.{RUN}")

    assert form["callback_id"] == ids.LOADING
    assert "R-3 is completed now" in str(form["blocks"])


@pytest.mark.parametrize(
    ("typed", "kind", "payload"),
    [
        ("pause R-3", "pause", {}),
        ("cancel R-3 mode:compensate", "cancel", {"reason": "", "mode": "compensate"}),
        ("cancel last mode:NOW reason:late", "cancel", {"reason": "late", "mode": "now"}),
        ("skip R-3 tell", "skip", {"path": "tell"}),
        ('rollback R-3 reason:"it leaks"', "rollback", {"reason": "it leaks"}),
        ("signal R-3 go", "signal", {"name": "go", "payload": None}),
        ("signal R-3 go n:7 who:ada", "signal", {"name": "go", "payload": {"n": 7, "who": "ada"}}),
    ],
)
async def test_what_steers_a_run_can_be_typed(
    box: Box, typed: str, kind: str, payload: Json
) -> None:
    await prepare(box, "running", deploy="completed", tell="running")
    _, text = await box.slash("UADA", typed)

    assert text.startswith("R-3 Pipeline")
    assert await told(box) == [(kind, {"by": "UADA", **payload})]


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("pause", "Something is missing here"),
        ("skip R-3", "Something is missing here"),
        ("signal R-3", "Something is missing here"),
        ("cancel R-3 mode:later", "Write compensate or now"),
        ("resume R-3", "R-3 is not paused, it is running"),
        ("skip R-3 tel", "Did you mean 'tell'"),
        ("signal R-3 goo", "Did you mean 'go'"),
        ("rollback R-3 why:x", "There is no why:"),
    ],
)
async def test_what_cannot_be_done_is_said_and_nothing_is_stored(
    box: Box, typed: str, said: str
) -> None:
    await prepare(box, "running", deploy="completed", tell="running")
    _, text = await box.slash("UADA", typed)

    assert said in text.replace("`", "")
    assert await told(box) == []
