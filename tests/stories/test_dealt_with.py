"""A run failed, and somebody dealt with it: they say what they did, or start it again with other inputs."""

import json
from pathlib import Path

from tests.stories.box import BatonInABox
from tests.stories.terminals import open_office
from tests.stories.test_controls import menu
from tests.stories.test_noise import loudness, night

DEPLOY = """
name: deploy
title: Deploy
inputs:
  target: {type: string, required: true}
  count: {type: integer, default: 2}
triggers:
  - event: test.completed
    inputs: {target: production}
steps:
  - {id: ship, action: test.work, params: {what: "ship to {{ inputs.target }} {{ inputs.count }}"}}
"""


async def a_failed_run(baton: BatonInABox) -> None:
    await baton.publish(DEPLOY)
    baton.work.fail("ship to production 2")
    await baton.report("test.completed", process="build-7")
    assert baton.card("build-7").state == "Failed"


async def test_somebody_says_what_they_did_and_nobody_else_has_to_look(baton: BatonInABox) -> None:
    await a_failed_run(baton)
    await menu(baton, "handled", by="grace", on="build-7")
    await baton.submit(by="grace", reason="deployed it by hand")

    card = baton.card("build-7")
    assert card.state == "Failed"
    assert "Handled by @grace: deployed it by hand" in card.plain
    assert "Retry it, or leave it" not in card.plain
    assert baton.replies("build-7")[-1] == "Handled by @grace: deployed it by hand"
    said = await baton.slash('handled R-1 reason:"me too"', by="linus")
    assert "already" in said
    assert (await baton.ask("GET", "/v1/runs/R-1")).json()["handled"]["reason"] == (
        "deployed it by hand"
    )
    assert baton.performed == []


async def test_a_run_with_other_inputs_takes_the_place_of_the_failed_one(
    baton: BatonInABox,
) -> None:
    await a_failed_run(baton)
    await baton.click("Edit input…", by="grace", on="build-7")
    await baton.submit(by="grace", target="staging", count="3")

    assert baton.performed == ["ship to staging 3"]
    second = await baton.run("R-2")
    assert (second.inputs, second.status) == ({"target": "staging", "count": 3}, "completed")
    first = await baton.run("R-1")
    assert second.trigger["again_of"] == first.id
    assert second.thread_id == first.thread_id
    assert first.handled is not None
    assert first.handled.reason == "started again as R-2"
    assert "Started again as R-2 by @grace" in baton.replies("build-7")


async def test_over_http_only_what_is_named_changes_and_a_repeat_finds_the_same_run(
    baton: BatonInABox,
) -> None:
    await a_failed_run(baton)
    body = {"inputs": {"target": "staging"}, "request_id": "once"}
    first = await baton.ask("POST", "/v1/runs/R-1/again", json=body)
    again = await baton.ask("POST", "/v1/runs/R-1/again", json=body)
    await baton.quiet()

    assert (first.status_code, first.json()["label"]) == (202, "R-2")
    assert again.json()["label"] == "R-2"
    assert baton.performed == ["ship to staging 2"]
    wrong = await baton.ask("POST", "/v1/runs/R-1/again", json={"inputs": {"count": "x"}})
    assert wrong.status_code == 422
    assert wrong.json()["errors"][0]["pointer"] == "/inputs/count"
    over = await baton.ask("POST", "/v1/runs/R-2/again", json={})
    assert over.status_code == 409
    assert "has not failed" in json.dumps(over.json())
    assert len(await baton.runs()) == 2


async def test_a_digest_leaves_out_what_somebody_has_dealt_with(baton: BatonInABox) -> None:
    loudness(baton, quiet_hours=night(baton))
    await baton.publish(DEPLOY)
    baton.work.fail("ship to production 2", times=2)
    for number in (7, 8):
        await baton.report("test.completed", process=f"build-{number}")
    await baton.slash('handled R-1 reason:"deployed it by hand"', by="grace")
    await baton.advance(hours=2, minutes=1)

    *_, digest = baton.slack.roots()
    assert digest.slot.startswith("digest:")
    assert sum("Failed" in line for line in digest.lines) == 1
    assert (await baton.run("R-2")).handled is None


async def test_a_digest_of_what_was_dealt_with_is_not_sent(baton: BatonInABox) -> None:
    loudness(baton, quiet_hours=night(baton))
    await a_failed_run(baton)
    await baton.slash('handled R-1 reason:"deployed it by hand"', by="grace")
    await baton.advance(hours=2, minutes=1)
    assert [each.slot for each in baton.slack.roots() if each.slot.startswith("digest:")] == []


async def test_a_shell_starts_it_again_and_says_what_was_done(
    baton: BatonInABox, tmp_path: Path
) -> None:
    await baton.publish(DEPLOY)
    baton.work.fail("ship to production 2", times=2)
    for number in (7, 8):
        await baton.report("test.completed", process=f"build-{number}")
    async with open_office(baton, tmp_path / "office") as office:
        ada = await office.terminal("ada")
        unknown = await ada.type("baton again R-1 targget=staging")
        nobody = await ada.type("baton handled R-2")
        again = await ada.type("baton again R-1 target=staging count=5")
        await baton.quiet()
        twice = await ada.type("baton again R-3")
        handled = await ada.type("baton handled R-2 --reason 'deployed by hand'")
        late = await ada.type("baton handled R-2 --reason 'me too'")
        status = await ada.type("baton status R-2")

    assert (unknown.code, "targget" in unknown.err) == (2, True)
    assert nobody.code == 2
    assert (again.code, again.err) == (0, "")
    assert "R-3" in again.out
    assert (handled.code, handled.err) == (0, "")
    assert twice.code != 0
    assert "has not failed" in twice.err
    assert late.code != 0
    assert "already" in late.err
    assert "deployed by hand" in status.out
    assert baton.performed == ["ship to staging 5"]
    first, second = await baton.run("R-1"), await baton.run("R-2")
    assert first.handled is not None
    assert second.handled is not None
    assert (first.handled.reason, second.handled.reason) == (
        "started again as R-3",
        "deployed by hand",
    )
    assert len(await baton.runs()) == 3
