"""`notify`: how much of a run its thread is told. Its card is right in the end, however quiet it is."""

import pytest

from tests.stories.box import BatonInABox

FLOW = """
name: flow
triggers: [{{event: test.completed}}]
settings: {{notify: {notify}}}
steps:
  - {{id: one, action: test.work, params: {{what: one}}, retry: {{attempts: 2, delay: 1s, on: [failed]}}}}
  - id: gate
    approval: {{title: Go on?, approvers: ["@grace"]}}
  - {{id: two, action: test.work, params: {{what: two}}}}
"""
LOUDNESS = ["all", "milestones", "attention", "none"]


@pytest.mark.parametrize("notify", LOUDNESS)
async def test_the_card_is_right_in_the_end(baton: BatonInABox, notify: str) -> None:
    await baton.publish(FLOW.format(notify=notify))
    await baton.report("test.completed", process="t-1")
    assert baton.card("t-1").state == "Needs you"
    await baton.click("Approve", by="grace")

    assert baton.performed == ["one", "two"]
    assert baton.card("t-1").state == "Succeeded"


@pytest.mark.parametrize("notify", LOUDNESS)
async def test_only_who_wants_all_hears_of_another_try(baton: BatonInABox, notify: str) -> None:
    await baton.publish(FLOW.format(notify=notify))
    baton.work.fail("one")
    await baton.report("test.completed", process="t-1", wait=False)
    await baton.quiet()
    await baton.advance(seconds=2)

    said = [each for each in baton.replies("t-1") if "tried again" in each]
    assert len(said) == (1 if notify == "all" else 0)
    assert baton.performed[-1:] == ["one"]


@pytest.mark.parametrize(("notify", "told"), [("attention", 1), ("milestones", 1), ("none", 0)])
async def test_a_failure_is_told_unless_nothing_is(
    baton: BatonInABox, notify: str, told: int
) -> None:
    await baton.publish(FLOW.format(notify=notify).replace("retry: {attempts: 2", "x-r: {a: 2"))
    baton.work.fail("one")
    await baton.report("test.completed", process="t-1")

    assert baton.card("t-1").state == "Failed"
    assert len(baton.replies("t-1")) == told
