"""Somebody wants to see what a workflow would do before it does it: in Slack, and over HTTP."""

from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE, asking

SCALED = """
name: scaled
title: Scale
inputs:
  count: {type: integer, required: true}
steps:
  - {id: scale, action: test.deploy, params: {what: "to {{ inputs.count }}"}}
  - {id: rest, wait: 1w}
  - {id: tell, action: slack.post, params: {text: "Scaled to {{ inputs.count }}."}}
"""
PARENT = """
name: parent
title: Parent
steps:
  - {id: call, workflow: scaled, inputs: {count: 3}}
"""


async def test_a_rehearsal_in_slack_shows_what_would_happen_and_does_nothing(
    baton: BatonInABox,
) -> None:
    await baton.publish(SCALED)
    told = await baton.slash("dry-run scaled count:3", by="grace")

    assert "Rehearsal of `scaled`: completed" in told
    assert "0s  would call scale test.deploy" in told
    assert "1w  posted tell Scaled to 3." in told
    assert "Nothing was performed." in told
    assert baton.performed == []
    assert await baton.runs() == ()
    assert baton.slack.roots() == []


async def test_what_a_rehearsal_waits_for_is_said(baton: BatonInABox) -> None:
    await baton.publish(asking())
    told = await baton.slash("dry-run asking", by="grace")

    assert "Rehearsal of `asking`: waiting" in told
    assert 'to approve "Go on?" (A-1)' in told
    assert "0s  asked gate Go on?" in told
    assert baton.performed == []
    assert baton.private(by="grace") == [told]


async def test_why_a_step_fails_is_said(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    told = await baton.slash("dry-run release", by="grace")

    assert "failed gate" in told
    assert "process_id" in told  # nothing has one where no event starts the run


async def test_what_cannot_be_rehearsed_is_said_in_a_sentence(baton: BatonInABox) -> None:
    await baton.publish(SCALED)

    assert "Did you mean" in await baton.slash("dry-run scald", by="grace")
    assert "`count` is required" in await baton.slash("dry-run scaled", by="grace")
    assert "`count`" in await baton.slash("dry-run scaled count:many", by="grace")
    assert "Something is missing here." in await baton.slash("dry-run", by="grace")


async def test_over_http_events_decisions_and_stubs_play_along(baton: BatonInABox) -> None:
    await baton.publish(RELEASE)
    body = {
        "events": [{"type": "test.completed", "process_id": "build-7"}],
        "decide": {"gate": "approve:fine"},
        "stubs": {"deploy": {"output": {"done": True}, "takes": "2m"}},
    }
    answer = await baton.ask("POST", "/v1/workflows/release/dry-run", json=body)

    assert answer.status_code == 200
    report = answer.json()
    assert report["status"] == "completed"
    calls = [each for each in report["timeline"] if each["kind"] == "would_call"]
    assert [(each["at"], each["path"]) for each in calls] == [(0, "deploy"), (120, "announce")]
    assert calls[0]["params"] == {"what": "deploy build-7"}
    assert baton.performed == []
    assert await baton.runs() == ()


async def test_children_are_those_that_are_published(baton: BatonInABox) -> None:
    await baton.publish(SCALED)
    await baton.publish(PARENT)
    answer = await baton.ask("POST", "/v1/workflows/parent/dry-run")

    report = answer.json()
    assert report["status"] == "completed"
    assert "call/scale" in [each["path"] for each in report["timeline"]]


async def test_over_http_what_is_wrong_is_a_problem(baton: BatonInABox) -> None:
    await baton.publish(SCALED)
    where = "/v1/workflows/scaled/dry-run"

    gone = await baton.ask("POST", "/v1/workflows/nothing/dry-run")
    missing = await baton.ask("POST", where, json={})
    stub = {"inputs": {"count": 1}, "stubs": {"scale": {"outptu": 1}}}
    misread = await baton.ask("POST", where, json=stub)
    strange = await baton.ask("POST", where, json={"stub": {}})

    assert [each.status_code for each in (gone, missing, misread, strange)] == [404, 422, 422, 422]
    assert "`count` is required" in missing.text
    assert "stubs.scale: there is no key `outptu`. Did you mean `output`?" in misread.text
