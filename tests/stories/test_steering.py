"""People steer a run: they cancel it, retry it, and two of them do so at the same moment."""

import asyncio

from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE


async def test_a_cancel_stops_what_is_in_flight_and_nothing_follows(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7")
    await baton.click("Cancel…", by="grace", on="build-7")
    await baton.submit(by="grace")

    assert baton.work.hanging == set()
    assert baton.card("build-7").state == "Cancelled"
    assert baton.replies("build-7") == ["Cancelled by @grace"]
    await baton.kill()
    await baton.advance(hours=1)
    assert baton.card("build-7").state == "Cancelled"
    assert baton.performed == ["build", "ship"]


async def test_a_cancel_that_was_acknowledged_outlives_a_kill(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Cancel…", by="grace", on="build-7")
    baton.hold("run ", "deliver ")
    await baton.submit(by="grace")
    await baton.kill()

    assert baton.card("build-7").state == "Cancelled"
    assert baton.question("build-7").buttons == []
    assert baton.performed == []


async def test_an_approval_and_a_cancel_at_the_same_moment_never_both_win(
    baton: BatonInABox,
) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Cancel…", by="linus", on="build-7")
    await asyncio.gather(
        baton.click("Approve", by="grace", wait=False),
        baton.submit(by="linus", wait=False),
    )
    await baton.quiet()

    state = baton.card("build-7").state
    assert state in ("Cancelled", "Succeeded")
    allowed = [["deploy build-7", "announce"]] if state == "Succeeded" else [[], ["deploy build-7"]]
    assert baton.performed in [*allowed, []]
    assert baton.question("build-7").buttons == []


async def test_two_who_retry_at_the_same_moment_retry_once(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship", "the disk is full")
    await baton.report("test.completed", process="build-7")
    for who in ("grace", "linus"):
        await baton.click("Retry…", by=who)
        assert "`ship`: `test.deploy`" in baton.form(by=who)
    await asyncio.gather(baton.submit(by="grace", wait=False), baton.submit(by="linus", wait=False))
    await baton.quiet()

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "tell"]
    told = sorted([baton.form(by="grace"), baton.form(by="linus")], key=len)
    refused = [text for text in told if "is retried" not in text]
    assert len(refused) == 1
    assert "R-1 is being retried already" in refused[0] or "R-1 has not failed" in refused[0]


async def test_a_retry_that_fails_again_can_be_retried_again(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship", "the disk is full", times=2)
    await baton.report("test.completed", process="build-7")
    for end in ("Failed", "Succeeded"):
        await baton.click("Retry…", by="grace")
        await baton.submit(by="grace")
        assert baton.card("build-7").state == end

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "tell"]
    assert len({each.key for each in baton.work.done if each.what == "ship"}) == 1


async def test_a_step_that_completed_runs_again_only_where_somebody_names_it(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("tell", "no such channel", times=2)
    await baton.report("test.completed", process="build-7")
    await baton.slash("retry R-1 from:tell", by="grace")
    assert baton.performed == ["build", "ship"]
    await baton.slash("retry R-1 from:ship", by="grace")

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "ship", "tell"]
    retried = [line for line in baton.replies("build-7") if line.startswith("Retried")]
    assert retried == ["Retried by @grace from `tell`", "Retried by @grace from `ship`"]


async def test_a_failure_is_told_in_the_thread_with_its_reason(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship", "the disk is full <!channel>")
    await baton.report("test.completed", process="build-7")

    (told,) = baton.thread("build-7")
    assert told.lines[0].endswith("failed: the disk is full <!channel>")
    assert baton.slack.pings("mallory") == []
    assert baton.performed == ["build"]


async def test_a_polite_stop_lets_go_of_nothing(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7")
    await baton.restart()
    baton.work.finish("ship")

    assert baton.card("build-7").state == "Needs you"
    await baton.click("Mark done", by="grace")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "tell"]
