"""Which reports start a workflow, and which do not; and what does not happen is explained."""

import pytest

from tests.stories.box import BatonInABox


def on(where: str = "", *, event: str = "test.completed", name: str = "react") -> str:
    """Return a workflow that is started by *event*, and says whose it was."""
    more = f"\n    where: {where}" if where else ""
    return f"""
name: {name}
triggers:
  - event: {event}{more}
steps:
  - {{id: react, action: test.work, params: {{what: "{name}: {{{{ trigger.process_id }}}}"}}}}
"""


async def explained(baton: BatonInABox, event_id: str) -> list[str]:
    """Return what is said of each trigger that was considered for an event."""
    answer = (await baton.ask("GET", f"/v1/events/{event_id}")).json()
    return [each["outcome"] for each in answer["explain"]["triggers"]]


async def test_a_report_that_fits_starts_a_run_in_its_thread(baton: BatonInABox) -> None:
    await baton.publish(on("trigger.result.failed == 0"))
    told = await baton.report("test.completed", process="t-1", result={"failed": 0})

    assert baton.performed == ["react: t-1"]
    assert await explained(baton, told["event_id"]) == ["started"]
    assert len(baton.slack.roots()) == 1
    assert "R-1" in baton.card("t-1").plain


async def test_a_report_that_does_not_fit_starts_nothing_and_is_explained(
    baton: BatonInABox,
) -> None:
    await baton.publish(on("trigger.result.failed == 0"))
    told = await baton.report("test.completed", process="t-1", result={"failed": 2})

    assert await baton.runs() == ()
    (why,) = await explained(baton, told["event_id"])
    assert why == "where is false: trigger.result.failed == 0"


async def test_a_condition_that_fails_means_no_and_is_explained(baton: BatonInABox) -> None:
    await baton.publish(on("trigger.result.failed / trigger.result.total < 0.5"))
    told = await baton.report("test.completed", process="t-1", result={"failed": 0, "total": 0})

    assert await baton.runs() == ()
    (why,) = await explained(baton, told["event_id"])
    assert why.startswith("where failed: ")
    assert baton.card("t-1").state == "Succeeded"
    assert baton.replies("t-1") == []


@pytest.mark.parametrize("event", ["test.failed", "build.completed", "test.started"])
async def test_a_report_of_something_else_starts_nothing(baton: BatonInABox, event: str) -> None:
    await baton.publish(on())
    told = await baton.report(event, process="t-1")

    assert await explained(baton, told["event_id"]) == []
    assert await baton.runs() == ()


async def test_a_report_that_comes_twice_starts_one_run(baton: BatonInABox) -> None:
    await baton.publish(on())
    for _ in range(3):
        await baton.report("test.completed", process="t-1", id="once")

    assert len(await baton.runs()) == 1
    assert baton.performed == ["react: t-1"]


async def test_a_report_that_comes_late_starts_nothing(baton: BatonInABox) -> None:
    await baton.publish(on(event="test.started"))
    await baton.report("test.completed", process="t-1", sequence=2)
    late = await baton.report("test.started", process="t-1", sequence=1)

    assert late["effect"] == "late"
    assert await baton.runs() == ()


async def test_a_report_from_another_age_starts_nothing(baton: BatonInABox) -> None:
    await baton.publish(on())
    await baton.report("test.completed", process="t-1", occurred_at="2020-01-01T00:00:00Z")

    assert await baton.runs() == ()


async def test_another_attempt_starts_another_run(baton: BatonInABox) -> None:
    await baton.publish(on(event="test.ended"))
    await baton.report("test.failed", process="t-1", attempt=1)
    await baton.report("test.completed", process="t-1", attempt=2)

    assert baton.performed == ["react: t-1", "react: t-1"]
    assert len(baton.slack.roots()) == 1


async def test_the_end_of_a_run_may_start_another_workflow_but_never_itself(
    baton: BatonInABox,
) -> None:
    await baton.publish(on())
    await baton.publish(on(event="run.completed", name="after"))
    await baton.report("test.completed", process="t-1")

    assert [run.workflow for run in reversed(await baton.runs())] == ["react", "after"]
    assert len(baton.performed) == 2
    ends = (await baton.ask("GET", "/v1/events?limit=500")).json()["events"]
    whys = [why for event in ends for why in await explained(baton, event["event_id"])]
    assert "a run of after caused this event: no workflow triggers itself" in whys


async def test_two_workflows_do_not_start_each_other_for_ever(baton: BatonInABox) -> None:
    await baton.publish(on(event="run.completed", name="ping"))
    await baton.publish(on(event="run.completed", name="pong"))
    await baton.publish(on())
    await baton.report("test.completed", process="t-1")
    started = [run.workflow for run in await baton.runs()]

    assert sorted(started) == ["ping", "ping", "pong", "pong", "react"]
    await baton.advance(minutes=10)
    assert len(await baton.runs()) == 5


async def test_wrong_inputs_start_nothing_and_the_thread_is_told(baton: BatonInABox) -> None:
    text = on().replace("steps:", "inputs: {count: {type: integer, required: true}}\nsteps:")
    text = text.replace(
        "  - event: test.completed",
        '  - event: test.completed\n    inputs: {count: "{{ trigger.name }}"}',
    )
    await baton.publish(text)
    await baton.report("test.completed", process="t-1", name="many")

    assert await baton.runs() == ()
    (told,) = baton.replies("t-1")
    assert told.startswith("`react` did not start: ")
    assert "count" in told
