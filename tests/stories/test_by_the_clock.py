"""Runs that start by themselves, at times and at the end of others, and that wait for each other."""

from datetime import timedelta

from tests.stories.box import BatonInABox

MORNING = """
name: morning
triggers:
  - schedule: '0 9 * * *'
    timezone: Europe/Berlin
steps:
  - {id: tell, action: test.work, params: {what: "due {{ trigger.due_at }}"}}
"""
AFTER = """
name: after
triggers:
  - workflow: morning
    status: [completed]
steps:
  - {id: tell, action: test.work, params: {what: "after {{ trigger.run_id }}"}}
"""
ONE = """
name: one
triggers:
  - event: test.completed
settings:
  concurrency: {limit: 1}
steps:
  - id: gate
    approval: {title: "Go on with {{ trigger.process_id }}?", approvers: ["@grace"], allow_self: true}
  - {id: tell, action: test.work, params: {what: "one {{ trigger.process_id }}"}}
"""


async def test_a_run_starts_in_the_morning_and_says_when_the_next_one_does(
    baton: BatonInABox,
) -> None:
    await baton.publish(MORNING)
    await baton.publish(AFTER)
    before = (await baton.ask("GET", "/v1/workflows/morning")).json()
    (first, *others) = before["triggers"][0]["next"]
    assert first.endswith(("T07:00:00Z", "T08:00:00Z"))
    assert len(others) == 2
    assert baton.performed == []

    await baton.advance(hours=24)
    (morning, after) = sorted(await baton.runs(), key=lambda run: run.number)
    assert baton.performed == [f"due {first}", f"after {morning.id}"]
    assert (morning.trigger["kind"], after.trigger["kind"]) == ("schedule", "workflow")
    assert morning.thread_id == after.thread_id
    later = (await baton.ask("GET", "/v1/workflows/morning")).json()
    assert later["triggers"][0]["next"][:2] == others

    await baton.kill()
    assert len(await baton.runs()) == 2


async def test_a_day_that_nobody_saw_is_made_up_for_once(baton: BatonInABox) -> None:
    await baton.publish(MORNING)
    await baton.life.stop()
    baton._pass(timedelta(days=3))
    await baton.begin()
    await baton.until(lambda: baton.performed != [])
    await baton.quiet()
    assert len(baton.performed) == 1
    assert len(await baton.runs()) == 1


async def test_one_run_waits_until_the_other_has_ended(baton: BatonInABox) -> None:
    await baton.publish(ONE)
    for name in ("a", "b"):
        await baton.report("test.completed", process=name)
    first, second = sorted(await baton.runs(), key=lambda run: run.number)
    assert (first.status, second.status) == ("waiting", "queued")
    shown = (await baton.ask("GET", f"/v1/runs/{second.id}")).json()
    assert shown["waiting_for"]["text"].startswith("Queued behind R-1, place 1")

    await baton.click("Approve", by="grace")
    assert baton.performed == ["one a"]
    await baton.click("Approve", by="grace")
    assert baton.performed == ["one a", "one b"]


async def test_a_newer_run_takes_the_place_of_the_older_one(baton: BatonInABox) -> None:
    await baton.publish(ONE.replace("limit: 1", "limit: 1, policy: cancel_running"))
    for name in ("a", "b"):
        await baton.report("test.completed", process=name)
    first, second = sorted(await baton.runs(), key=lambda run: run.number)
    assert (first.status, second.status) == ("cancelled", "waiting")
    await baton.click("Approve", by="grace")
    assert baton.performed == ["one b"]


async def test_a_run_that_is_left_out_is_explained_and_posts_nothing(baton: BatonInABox) -> None:
    await baton.publish(ONE.replace("limit: 1", "limit: 1, policy: skip"))
    await baton.report("test.completed", process="a")
    told = await baton.report("test.completed", process="b")
    assert len(await baton.runs()) == 1
    answer = (await baton.ask("GET", f"/v1/events/{told['event_id']}")).json()
    (line,) = answer["explain"]["triggers"]
    assert line["outcome"] == "left out, since R-1 of `one` goes on"
    assert len(baton.slack.roots()) == 2
    assert baton.replies("b") == []
