"""People take a run in hand: they pause it, leave a step out, take back what it did, tell it something."""

from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE
from tests.stories.slack import PEOPLE

SAGA = """
name: saga
title: Build and ship
triggers:
  - event: test.completed
steps:
  - id: build
    action: test.work
    params: {what: build}
    compensate: {action: test.work, params: {what: unbuild}}
  - id: ship
    action: test.deploy
    params: {what: ship}
    compensate: {action: test.work, params: {what: "unship {{ steps.ship.output.did }}"}}
  - {id: tell, action: test.work, params: {what: tell}}
on_cancel:
  - {id: sorry, action: test.work, params: {what: sorry}}
finally:
  - {id: tidy, action: test.work, params: {what: tidy}}
"""

SIGNALLED = """
name: signalled
title: Go when told
triggers:
  - event: test.completed
steps:
  - {id: build, action: test.work, params: {what: build}}
  - {id: go, wait_for: {signal: go}}
  - {id: ship, action: test.work, params: {what: "ship {{ steps.go.output.payload.n }}"}}
"""


async def menu(baton: BatonInABox, verb: str, *, by: str, on: str) -> None:
    """Choose from the menu of a card."""
    card, run = baton.card(on), await baton.run()
    done = await baton.slack.do(
        "click",
        as_=PEOPLE[by],
        channel=card.raw["channel"],
        ts=card.ts,
        action_id="baton_more:v1",
        value=f"{verb}.{run.id}",
    )
    assert done["ack"]["state"] == "acked", done["ack"]
    await baton.quiet()


async def test_a_paused_run_finishes_what_is_at_work_and_goes_on_when_it_is_resumed(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7")
    await baton.click("Pause", by="grace", on="build-7")
    baton.work.finish("ship")
    await baton.quiet()

    assert baton.card("build-7").state == "Paused"
    assert baton.performed == ["build", "ship"]
    await baton.kill()
    await baton.advance(hours=5)
    assert baton.performed == ["build", "ship"]
    assert "R-1 is paused already" in await baton.slash("pause R-1", by="linus")
    await baton.click("Resume", by="linus", on="build-7")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "tell"]
    assert baton.replies("build-7") == ["Paused by @grace", "Resumed by @linus"]


async def test_an_order_is_not_answered_with_where_the_run_stood_before(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="t-1")
    for verb, just in (("pause", "is paused"), ("resume", "is resumed")):
        told = await baton.slash(f"{verb} R-1", by="grace")
        assert told.startswith(f"R-1 Release to production {just}")
        assert "Needs you" not in told
        assert "until somebody resumes it" not in told


async def test_a_run_is_cancelled_and_what_it_did_is_taken_back(baton: BatonInABox) -> None:
    await baton.publish(SAGA)
    baton.work.hang("tell")
    await baton.report("test.completed", process="build-7")
    await baton.click("Cancel…", by="grace", on="build-7")
    form = baton.form(by="grace")
    assert form.index("ship") < form.index("build")
    await baton.submit(by="grace", reason="the wrong branch")

    assert baton.card("build-7").state == "Cancelled"
    assert baton.performed == ["build", "ship", "tell", "unship ship", "unbuild", "sorry", "tidy"]
    said = "Cancelled by @grace, and what it did is taken back: the wrong branch"
    assert baton.replies("build-7")[0] == said
    assert "has ended already" in await baton.slash("cancel R-1", by="grace")


async def test_a_run_is_cancelled_and_what_it_did_stays(baton: BatonInABox) -> None:
    await baton.publish(SAGA)
    baton.work.hang("tell")
    await baton.report("test.completed", process="build-7")
    await baton.slash("cancel R-1", by="grace")

    assert baton.card("build-7").state == "Cancelled"
    assert baton.performed == ["build", "ship", "tell", "sorry", "tidy"]


async def test_a_run_that_succeeded_is_rolled_back(baton: BatonInABox) -> None:
    await baton.publish(SAGA)
    await baton.report("test.completed", process="build-7")
    assert baton.card("build-7").state == "Succeeded"
    baton.work.done.clear()
    told = await baton.slash('rollback R-1 reason:"it leaks"', by="grace")

    assert told.startswith("R-1 Build and ship is rolled back")
    assert baton.card("build-7").state == "Cancelled"
    assert baton.performed == ["unship ship", "unbuild"]
    assert baton.replies("build-7")[0] == "Rolled back by @grace: it leaks"
    assert "left to take back" in await baton.slash("rollback R-1", by="linus")


async def test_a_run_that_goes_on_is_rolled_back_by_its_menu(baton: BatonInABox) -> None:
    await baton.publish(SAGA)
    baton.work.hang("tell")
    await baton.report("test.completed", process="build-7")
    await menu(baton, "rollback", by="grace", on="build-7")
    await baton.submit(by="grace")

    assert baton.card("build-7").state == "Cancelled"
    assert baton.performed == ["build", "ship", "tell", "unship ship", "unbuild", "sorry", "tidy"]


async def test_a_step_that_failed_is_left_out_and_the_run_goes_on(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship", "the disk is full")
    await baton.report("test.completed", process="build-7")
    assert baton.card("build-7").state == "Failed"
    await menu(baton, "skip", by="linus", on="build-7")
    await baton.submit(by="linus")

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "tell"]
    assert baton.replies("build-7")[-1] == "`ship` is left out by @linus"


async def test_a_step_at_work_is_left_out(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7")
    assert "Did you mean 'ship'" in await baton.slash("skip R-1 shp", by="grace")
    await baton.slash("skip R-1 ship", by="grace")

    assert baton.work.hanging == set()
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "tell"]


async def test_a_signal_lets_a_run_go_on_whether_it_comes_early_or_late(
    baton: BatonInABox,
) -> None:
    await baton.publish(SIGNALLED)
    for process, early in (("build-7", True), ("build-8", False)):
        baton.work.hang("build")
        await baton.report("test.completed", process=process)
        if not early:
            baton.work.finish("build")
            await baton.quiet()
            assert baton.card(process).state == "Waiting"
        await baton.slash("signal last go n:7", by="grace")
        if early:
            baton.work.finish("build")
            await baton.quiet()
        assert baton.card(process).state == "Succeeded"
        assert baton.replies(process) == ["@grace sent the signal `go`"]

    assert baton.performed == ["build", "ship 7"] * 2


async def test_a_signal_that_no_step_names_and_a_stranger_change_nothing(
    baton: BatonInABox,
) -> None:
    await baton.publish(SIGNALLED)
    await baton.report("test.completed", process="build-7")
    wrong = await baton.slash("signal R-1 gone", by="grace")
    stranger = await baton.slash("signal R-1 go", by="mallory")

    assert "waits for a signal 'gone'. Did you mean 'go'?" in wrong
    assert stranger.startswith("Only an operator")
    assert baton.card("build-7").state == "Waiting"
    assert baton.replies("build-7") == []
