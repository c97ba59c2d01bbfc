"""A run that waits for what a tool reports: found whenever it comes, once, and said in the same words."""

import html
from typing import Any

import pytest

from tests.stories.box import BatonInABox

SHA = "3f1c2d4e5f60718293a4b5c6d7e8f90123456789"
WAITS = """
name: waits
title: Wait for the tests
inputs:
  sha: {type: string, required: true}
triggers:
  - event: build.completed
    inputs: {sha: "{{ trigger.subject.sha }}"}
steps:
  - id: tests
    name: The tests
    wait_for:
      event: test.completed
      correlate: {sha: "{{ inputs.sha }}"}
      timeout: 2h
      on_timeout: continue
  - id: then
    action: test.work
    params: {what: "{{ steps.tests.output.name | default('nothing came') }}"}
"""


async def build(baton: BatonInABox, sha: str = SHA) -> Any:
    return await baton.report("build.completed", process="build-7", subject={"sha": sha})


async def all_green(baton: BatonInABox, process: str = "t-1", sha: str = SHA, **more: Any) -> Any:
    fields = {"name": "Unit tests", "subject": {"sha": sha}, **more}
    return await baton.report("test.completed", process=process, **fields)


async def explained(baton: BatonInABox, event_id: str) -> list[str]:
    """Return what an event meant to those who waited."""
    answer = (await baton.ask("GET", f"/v1/events/{event_id}")).json()
    return [each["outcome"] for each in answer["explain"].get("waits", ())]


async def everywhere(baton: BatonInABox) -> str:
    """Return the sentence about R-1, after looking at all the places that show it."""
    answer = (await baton.ask("GET", "/v1/runs/R-1")).json()
    sentence = str((answer["waiting_for"] or {}).get("text", ""))
    status = await baton.slash("status R-1", by="mallory")
    page = await baton.page("/r/R-1", by="mallory")

    assert sentence in baton.card("build-7").plain
    assert sentence in status
    assert sentence in html.unescape(page.text)
    return sentence


async def test_the_event_wakes_the_run_and_every_place_says_what_it_waits_for(
    baton: BatonInABox,
) -> None:
    await baton.publish(WAITS)
    await build(baton)
    view = await baton.run("R-1")
    since, until = view.steps[0].started_at, view.steps[0].due_at
    assert since is not None
    assert until is not None
    said = f"Waiting for `test.completed` with sha 3f1c2d4…, since {since:%H:%M} UTC, until "

    assert (await everywhere(baton)).startswith(said)
    assert baton.card("build-7").state == "Waiting"
    other = await all_green(baton, "t-0", sha="9999999")
    assert baton.performed == []
    told = await all_green(baton)
    assert baton.performed == ["Unit tests"]
    assert await everywhere(baton) == ""
    assert await explained(baton, told["event_id"]) == ["woken"]
    assert await explained(baton, other["event_id"]) == []


async def test_an_event_that_came_before_the_step_is_found(baton: BatonInABox) -> None:
    slow = WAITS.replace(
        "steps:", "steps:\n  - {id: first, action: test.work, params: {what: first}}", 1
    )
    await baton.publish(slow)
    baton.work.hang("first")
    await build(baton)
    await all_green(baton)
    assert baton.performed == ["first"]
    baton.work.finish("first")
    await baton.quiet()

    assert baton.performed == ["first", "Unit tests"]


async def test_an_event_that_comes_twice_or_late_wakes_nobody_twice(baton: BatonInABox) -> None:
    await baton.publish(WAITS)
    await build(baton)
    await all_green(baton, id="once")
    await all_green(baton, id="once")
    await all_green(baton, "t-2")

    assert baton.performed == ["Unit tests"]
    assert len(await baton.runs()) == 1


async def test_what_does_not_come_in_time_is_done_without(baton: BatonInABox) -> None:
    await baton.publish(WAITS)
    await build(baton)
    await baton.advance(minutes=119)
    assert baton.performed == []
    await baton.advance(minutes=2)
    assert baton.performed == ["nothing came"]
    await all_green(baton)

    assert baton.performed == ["nothing came"]
    assert baton.card("build-7").state == "Succeeded"


async def test_what_was_reported_around_a_kill_is_not_lost(baton: BatonInABox) -> None:
    await baton.publish(WAITS)
    await build(baton)
    await baton.kill()
    assert (await baton.run("R-1")).status == "waiting"
    await baton.report(
        "test.completed", process="t-1", name="Unit tests", subject={"sha": SHA}, wait=False
    )
    await baton.kill()

    assert baton.performed == ["Unit tests"]
    await baton.restart()
    assert baton.performed == ["Unit tests"]


async def test_runs_that_live_in_memory_wait_too(fleeting: BatonInABox) -> None:
    await fleeting.publish(WAITS)
    await build(fleeting)
    assert fleeting.performed == []
    await all_green(fleeting)

    assert fleeting.performed == ["Unit tests"]


async def test_a_cancelled_run_waits_no_more(baton: BatonInABox) -> None:
    await baton.publish(WAITS)
    await build(baton)
    cancel = baton.life.baton.coordinator.cancel
    await cancel(baton.person("grace"), "R-1", reason="enough", request_id="c", via="slack")
    await baton.quiet()
    told = await all_green(baton)

    assert (await baton.run("R-1")).status == "cancelled"
    assert await explained(baton, told["event_id"]) == []
    assert baton.performed == []


async def test_a_condition_that_fails_is_counted_where_people_look(baton: BatonInABox) -> None:
    where = "event.result.failed / event.result.total < 0.5"
    await baton.publish(
        WAITS.replace("      timeout: 2h\n      on_timeout: continue", f"      where: {where}")
    )
    await build(baton)
    told = await all_green(baton, result={"failed": 0, "total": 0})
    (why,) = await explained(baton, told["event_id"])
    page = await baton.page("/r/R-1", by="mallory")

    assert why.startswith("where failed: ")
    assert "where_failed" in page.text
    assert baton.performed == []
    await all_green(baton, "t-2", result={"failed": 1, "total": 3})
    assert baton.performed == ["Unit tests"]


@pytest.mark.parametrize(
    "hostile", ["<!channel> <@U0ADA>", "`x` *bold* & <https://example.com|here>", "a\nb" * 3]
)
async def test_what_a_tool_made_the_run_wait_for_is_shown_as_text(
    baton: BatonInABox, hostile: str
) -> None:
    text = (
        WAITS.replace("sha:", "name:")
        .replace("subject.sha", "message")
        .replace("inputs.sha", "inputs.name")
    )
    assert await baton.publish(text)
    await baton.report("build.completed", process="build-7", message=hostile)

    card = baton.card("build-7")
    assert "Waiting for `test.completed` with name" in card.plain
    assert all("<!channel>" not in each and "<@U0ADA>" not in each for each in card.markup)
    assert all("<https://example.com" not in each for each in card.markup)
