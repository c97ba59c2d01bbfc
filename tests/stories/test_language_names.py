"""The names that expressions see, in a real run: by hand, by an event, and in the lists at its end."""

import pytest

from tests.stories.box import BatonInABox

NAMES = """
name: names
triggers: [{event: test.completed, inputs: {target: "{{ trigger.process_id }}"}}]
inputs:
  target: {type: string, default: staging}
vars:
  here: "{{ workflow.name }} in {{ run.folder }} by {{ trigger.kind }}"
  again: "{{ vars.here }}: {{ inputs.target }}"
steps:
  - {id: first, action: test.work, params: {what: first}}
  - {id: left_out, action: test.work, params: {what: never}, condition: inputs.target == 'x'}
outputs:
  run: "{{ [run.number, run.inputs, run.started_by, run.status, run.error] }}"
  id: "{{ run.id }}"
  at: "{{ run.started_at | date('%Y') | int }}"
  urls: "{{ [run.url, run.thread_url] }}"
  workflow: "{{ workflow.name }} {{ workflow.revision | length }}"
  again: "{{ vars.again }}"
  trigger: "{{ trigger }}"
  first: "{{ [steps.first.status, steps.first.output, steps.first.error, steps.first.attempts] }}"
  duration: "{{ steps.first.duration >= 0 }}"
  left_out: "{{ steps.left_out.status }} {{ steps.left_out.output is defined }}"
"""


async def test_a_run_by_hand_has_all_of_its_names(baton: BatonInABox) -> None:
    await baton.publish(NAMES)
    await baton.slash("start names", by="ada")

    run = await baton.run("R-1")
    assert run.error is None
    told = dict(run.outputs or {})
    assert told.pop("id") == run.id
    assert told.pop("at") >= 2026
    assert told == {
        "run": [1, {"target": "staging"}, "U0ADA", "running", None],
        "urls": ["http://baton.test/r/R-1"] * 2,  # its own thread has no address yet
        "workflow": "names 64",
        "again": f"names in runs/{run.id} by manual: staging",
        "trigger": {"kind": "manual", "by": "U0ADA"},
        "first": ["completed", {"did": "first"}, None, 1],
        "duration": True,
        "left_out": "skipped false",
    }


async def test_a_run_by_an_event_sees_the_event_and_the_thread_that_is_there(
    baton: BatonInABox,
) -> None:
    await baton.publish(NAMES)
    await baton.report("test.started", process="t-1")
    await baton.report("test.completed", process="t-1", result={"failed": 0})

    told = (await baton.run("R-1")).outputs or {}
    assert told["run"][1:3] == [{"target": "t-1"}, "trigger:0"]
    assert told["trigger"]["kind"] == "event"
    assert told["trigger"]["type"] == "dev.baton.process.completed"
    assert told["trigger"]["result"] == {"failed": 0}
    assert told["urls"][0] == "http://baton.test/r/R-1"
    assert "/archives/" in told["urls"][1]


@pytest.mark.parametrize(
    ("fails", "told"),
    [(0, ["finally completed None"]), (1, ["failed failed", "finally failed failed"])],
)
async def test_the_lists_at_the_end_see_how_the_run_goes(
    baton: BatonInABox, fails: int, told: list[str]
) -> None:
    await baton.publish(
        """
name: ends
steps:
  - {id: first, action: test.work, params: {what: first}}
on_failure:
  - {id: say, action: test.work, params: {what: "failed {{ run.error.type }}"}}
finally:
  - id: last
    action: test.work
    params: {what: "finally {{ run.status }} {{ run.error.type | default('None') }}"}
"""
    )
    baton.work.fail("first", times=fails)
    await baton.slash("start ends", by="ada")

    assert [each for each in baton.performed if each != "first"] == told


CHANNELS = """
name: posts
inputs: {where: {type: string}}
settings: {channel: "#{{ inputs.where }}"}
triggers: [{event: test.completed, inputs: {where: releases}}]
steps:
  - {id: work, action: test.work, params: {what: work}}
"""


async def test_the_channel_of_a_workflow_may_depend_on_its_inputs(baton: BatonInABox) -> None:
    await baton.publish(CHANNELS)
    await baton.slash("start posts where:releases", by="ada")
    await baton.report("test.completed", process="t-1")

    assert baton.performed == ["work", "work"]
    assert baton.card("R-1", "#releases").state == "Succeeded"
    assert baton.card("R-2", "#releases").state == "Succeeded"


async def test_a_channel_that_has_no_name_starts_nothing(baton: BatonInABox) -> None:
    await baton.publish(CHANNELS)
    await baton.slash("start posts", by="ada")
    refused = await baton.submit(by="ada")

    assert "null has no text" in refused["where"]
    assert await baton.runs() == ()
    assert baton.slack.roots() == []


@pytest.mark.parametrize("restart", [False, True])
async def test_a_map_reads_the_same_whether_baton_was_restarted_or_not(
    baton: BatonInABox,
    restart: bool,  # noqa: FBT001
) -> None:
    await baton.publish(
        """
name: maps
vars:
  map: "{{ '{\\"b\\": 1, \\"a\\": {\\"d\\": 2, \\"c\\": 3}}' | fromjson }}"
steps:
  - {id: rest, wait: 10m}
  - {id: work, action: test.work, params: {what: "{{ vars.map }} {{ vars.map | keys | join }}"}}
"""
    )
    await baton.slash("start maps", by="ada")
    if restart:
        await baton.restart()
    await baton.advance(minutes=11)

    assert baton.performed == ['{"a":{"c":3,"d":2},"b":1} ab']
