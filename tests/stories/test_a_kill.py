"""The program is killed at any moment and begun again: nothing is lost, and nothing is done twice."""

import pytest

from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN, RELEASE, asking


async def deploying(baton: BatonInABox) -> None:
    """Let the program die in the middle of a step that must not happen twice."""
    await baton.publish(CHAIN)
    baton.work.hang("ship")
    await baton.report("test.completed", process="build-7")
    assert baton.performed == ["build", "ship"]
    await baton.kill()
    baton.work.finish("ship")


async def test_a_question_is_still_open_after_a_kill(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    card = baton.card("build-7")
    await baton.kill()
    assert baton.performed == []
    await baton.click("Approve", by="grace")

    assert baton.card("build-7").ts == card.ts
    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_click_that_was_acknowledged_stays_decided(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    baton.hold("run ", "deliver ")  # neither the run moves, nor does Slack hear of it
    await baton.click("Approve", by="grace")
    assert (await baton.run()).status == "waiting"
    assert baton.performed == []
    await baton.kill()

    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == ["Deploy to production?", "Approved by @grace"]
    assert baton.question("build-7").buttons == []
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_reject_that_was_acknowledged_stays_decided(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    await baton.click("Reject…", by="grace")
    baton.hold("run ", "deliver ")
    await baton.submit(reason="not today", by="grace")
    await baton.kill()

    assert baton.card("build-7").state == "Rejected"
    assert baton.replies("build-7") == ["Deploy to production?", "Rejected by @grace: not today"]
    assert baton.performed == []


async def test_a_report_that_was_accepted_starts_its_run_after_the_kill(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.hold("run ", "deliver ", "start ")
    await baton.report("test.completed", process="build-7")
    assert baton.performed == []
    await baton.kill()

    assert baton.card("build-7").state == "Succeeded"
    assert len(await baton.runs()) == 1
    assert baton.performed == ["build", "ship", "tell"]


async def test_a_step_that_may_be_repeated_runs_again(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.hang("build")
    await baton.report("test.completed", process="build-7")
    assert baton.performed == ["build"]
    await baton.kill()
    assert baton.performed == ["build", "build"]
    baton.work.finish("build")
    await baton.quiet()

    first, second, *_ = baton.work.done
    assert (first.attempt, second.attempt) == (1, 2)
    assert first.key == second.key
    assert baton.card("build-7").state == "Succeeded"
    assert "build · attempt 2" in baton.card("build-7").plain
    assert baton.performed == ["build", "build", "ship", "tell"]


async def test_a_step_that_must_not_be_repeated_is_asked_about(baton: BatonInABox) -> None:
    await deploying(baton)

    assert baton.card("build-7").state == "Needs you"
    assert baton.replies("build-7") == ["Did ship happen?"]
    (question,) = baton.thread("build-7")
    assert question.buttons == ["Retry", "Mark done", "Fail"]
    await baton.advance(hours=5)
    assert baton.performed == ["build", "ship"]


@pytest.mark.parametrize(
    ("label", "outcome", "word", "performed"),
    [
        ("Retry", "retry", "Succeeded", ["build", "ship", "ship", "tell"]),
        ("Mark done", "done", "Succeeded", ["build", "ship", "tell"]),
        ("Fail", "fail", "Failed", ["build", "ship"]),
    ],
)
async def test_a_person_says_what_happened_to_it(
    baton: BatonInABox, label: str, outcome: str, word: str, performed: list[str]
) -> None:
    await deploying(baton)
    await baton.click(label, by="grace")

    assert baton.card("build-7").state == word
    assert f"@grace says of `ship`: {outcome}" in baton.replies("build-7")
    assert baton.thread("build-7")[0].buttons == []
    assert baton.performed == performed


async def test_who_has_nothing_to_do_with_it_says_nothing_about_it(baton: BatonInABox) -> None:
    await deploying(baton)
    told = await baton.click("Mark done", by="mallory")

    assert told.startswith("Only an operator")
    assert baton.card("build-7").state == "Needs you"
    assert baton.performed == ["build", "ship"]


async def test_what_happened_is_said_only_once(baton: BatonInABox) -> None:
    await deploying(baton)
    baton.hold("run ", "deliver ")
    await baton.click("Mark done", by="grace")
    told = await baton.click("Retry", by="linus")
    await baton.release()

    assert told.startswith("@grace said of `ship` at")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "tell"]


async def test_an_approved_deploy_that_was_cut_off_is_asked_about_and_not_repeated(
    baton: BatonInABox,
) -> None:
    await baton.publish(RELEASE)
    baton.work.hang("deploy build-7")
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")
    await baton.kill()
    baton.work.finish("deploy build-7")

    assert baton.card("build-7").state == "Needs you"
    assert baton.replies("build-7")[2:] == ["Did deploy happen?"]
    await baton.click("Mark done", by="linus")
    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["deploy build-7", "announce"]


async def test_a_completed_step_never_runs_again_however_often_it_is_killed(
    baton: BatonInABox,
) -> None:
    await baton.publish(asking())
    await baton.publish(CHAIN.replace("name: chain", "name: other"))
    await baton.report("test.completed", process="build-7")
    for _ in range(3):
        await baton.kill()
    await baton.click("Approve", by="grace")
    for _ in range(3):
        await baton.kill()

    assert baton.card("build-7").state == "Succeeded"
    assert sorted(baton.performed) == ["approve", "build", "ship", "tell"]


async def test_a_pause_ends_at_its_time_though_nobody_was_there(baton: BatonInABox) -> None:
    text = "name: pause\ntriggers: [{event: test.completed}]\nsteps:\n  - {id: settle, wait: 30m}\n"
    await baton.publish(text + "  - {id: then, action: test.work, params: {what: then}}\n")
    await baton.report("test.completed", process="build-7")
    await baton.life.kill()
    baton.sleep(minutes=45)
    await baton.begin()

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["then"]


async def test_a_question_expires_though_nobody_was_there(baton: BatonInABox) -> None:
    await baton.publish(asking(timeout="4h"))
    await baton.report("test.completed", process="build-7")
    await baton.life.kill()
    baton.sleep(hours=5)
    await baton.begin()

    assert baton.card("build-7").state == "Rejected"
    assert baton.replies("build-7") == ["Go on?", "Rejected: nobody answered in time"]
    assert baton.performed == []


async def test_a_failed_run_is_retried_from_its_card_and_repeats_only_what_failed(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship", "the disk is full")
    await baton.report("test.completed", process="build-7")
    assert baton.card("build-7").state == "Failed"
    await baton.kill()
    assert baton.card("build-7").buttons == ["Retry…", "Details", "Why?"]
    await baton.click("Retry…", by="grace")
    await baton.submit(by="grace")

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["build", "ship", "tell"]


async def test_who_may_not_retry_a_run_is_told_so(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    baton.work.fail("ship", "the disk is full")
    await baton.report("test.completed", process="build-7")
    await baton.click("Retry…", by="mallory")

    assert baton.form(by="mallory").startswith("Only an operator")
    assert baton.card("build-7").state == "Failed"
    assert baton.performed == ["build"]


async def test_a_notice_in_flight_is_not_posted_twice(baton: BatonInABox) -> None:
    """Slack has taken the card, but its answer never came, and then the program died."""
    await baton.publish(RELEASE)
    await baton.slack.fault("api_reset_after", method="chat.postMessage")
    baton.hold("run ")
    await baton.report("test.completed", process="build-7", wait=False)
    await baton.until(lambda: len(baton.slack.roots()) == 1)
    await baton.kill()
    await baton.advance(seconds=30)

    assert len(baton.slack.roots()) == 1
    assert baton.card("build-7").state == "Needs you"
    assert baton.replies("build-7") == ["Deploy to production?"]


@pytest.mark.parametrize("asked", [1, 2])
@pytest.mark.parametrize("answered", [1, 2])
async def test_a_kill_in_the_middle_of_what_it_says_repeats_nothing(
    baton: BatonInABox, asked: int, answered: int
) -> None:
    """Slack is slow, and the program dies once it has called it so and so many times."""
    await baton.publish(asking())
    await baton.slack.fault("slow", count=None, ms=20)
    await baton.report("test.completed", process="build-7", wait=False)
    await baton.until(lambda: baton.called() >= asked)
    await baton.kill()
    await baton.advance(minutes=1)
    assert baton.replies("build-7") == ["Go on?"]
    before = baton.called()
    await baton.click("Approve", by="grace", wait=False)
    await baton.until(lambda: baton.called() >= before + answered)
    await baton.kill()
    await baton.advance(minutes=1)

    assert len(baton.slack.roots()) == 1
    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == ["Go on?", "Approved by @grace"]
    assert baton.performed in (["approve"], ["approve", "approve"])  # it may be repeated


async def test_a_run_that_was_killed_looks_like_one_that_was_not(baton: BatonInABox) -> None:
    await baton.publish(asking())
    await baton.report("test.completed", process="build-7")
    await baton.click("Approve", by="grace")
    await baton.report("test.completed", process="build-8")
    await baton.kill()
    await baton.click("Approve", by="grace", on="build-8")
    await baton.kill()

    one, other = await baton.run("R-1"), await baton.run("R-2")
    assert other.status == "completed"
    looks = [
        [(each.path, each.status, each.attempts) for each in run.steps] for run in (one, other)
    ]
    assert looks[0] == looks[1]
    assert baton.performed == ["approve", "approve"]
