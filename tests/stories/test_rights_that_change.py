"""People come and go between a question, its answer, and what follows from it."""

from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking
from tests.stories.slack import PEOPLE


def leaves(baton: BatonInABox, who: str) -> None:
    baton.slack.server.emulator.workspace.users[PEOPLE[who]].deleted = True


async def test_a_yes_of_somebody_who_left_since_starts_nothing(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    await baton.report("test.completed", process="build-7")
    baton.hold("action ")
    await baton.click("Approve", by="grace")
    leaves(baton, "grace")
    await baton.advance(minutes=5)
    await baton.release()

    assert baton.card("build-7").state == "Failed"
    assert "those who approved A-1 may not any more" in baton.card("build-7").plain
    assert baton.performed == []


async def test_an_answer_under_an_old_directory_waits_for_a_new_one(baton: BatonInABox) -> None:
    await baton.publish(asking())
    await baton.report("test.completed", process="build-7")
    await baton.slack.fault("api_503", count=None, method="users.list")
    await baton.advance(minutes=6)
    await baton.click("Approve", by="grace")
    assert "Recording…" in baton.question("build-7").lines
    assert baton.performed == []
    await baton.slack.well()
    await baton.advance(minutes=5)

    assert baton.card("build-7").state == "Succeeded"
    assert baton.replies("build-7") == ["Go on?", "Approved by @grace"]
    assert baton.performed == ["approve"]


async def test_an_answer_of_a_stranger_under_an_old_directory_comes_to_nothing(
    baton: BatonInABox,
) -> None:
    await baton.publish(asking())
    await baton.report("test.completed", process="build-7")
    await baton.slack.fault("api_503", count=None, method="users.list")
    await baton.advance(minutes=6)
    await baton.click("Approve", by="mallory")
    await baton.slack.well()
    await baton.advance(minutes=5)

    assert baton.card("build-7").state == "Needs you"
    assert baton.question("build-7").buttons == ["Approve", "Reject…", "Details"]
    assert baton.performed == []
    await baton.click("Approve", by="grace")
    assert baton.performed == ["approve"]


async def test_somebody_who_joins_may_answer_a_few_minutes_later(baton: BatonInABox) -> None:
    await baton.publish(asking().replace("@linus", "@maya"))
    await baton.report("test.completed", process="build-7")
    mallory = baton.slack.server.emulator.workspace.users[PEOPLE["mallory"]]
    assert await baton.click("Approve", by="mallory") != ""
    mallory.name = "maya"
    await baton.advance(minutes=5)
    await baton.click("Approve", by="mallory")

    assert baton.card("build-7").state == "Succeeded"
    assert baton.performed == ["approve"]
