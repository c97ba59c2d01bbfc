"""Starting a run from Slack's menus and from forms: what is missing is asked for, once, in time."""

import asyncio
import json
from typing import Any

import pytest

from handlers.slack import ids
from tests.stories.box import BatonInABox
from tests.stories.definitions import CHAIN
from tests.stories.slack import PEOPLE, Message, text_of

TRIAGE = """
name: triage
title: Look into it
inputs:
  text: {type: string, required: true}
  permalink: {type: string}
  user: {type: string, default: nobody}
  channel: {type: string}
  ts: {type: string}
  urgent: {type: boolean, default: true}
  team: {type: string, enum: [web, api], default: web}
  code: {type: string, pattern: "^[a-z]+$"}
  count: {type: integer, minimum: 1, maximum: 3}
steps:
  - id: look
    action: test.work
    params:
      what: "{{ inputs.text }}|{{ inputs.user }}|{{ inputs.urgent }}|{{ inputs.team }}"
"""


async def shortcut(baton: BatonInABox, who: str, callback_id: str, **where: str) -> dict[str, Any]:
    done = await baton.slack.do("shortcut", as_=PEOPLE[who], callback_id=callback_id, **where)
    await baton.quiet()
    return done


async def choose(baton: BatonInABox, who: str, name: str) -> None:
    """Choose a workflow in the form that asks which one."""
    view = baton.slack.modal(who)
    assert view is not None
    values = {ids.WORKFLOW_BLOCK: {ids.WORKFLOW_INPUT: name}}
    done = await baton.slack.do(f"views/{view['id']}/submit", as_=PEOPLE[who], values=values)
    assert done["ack"]["state"] == "acked", done
    await baton.quiet()


def offered(baton: BatonInABox, who: str) -> list[str]:
    """Return the workflows that the open form offers."""
    view = baton.slack.modal(who)
    assert view is not None
    (block,) = [each for each in view["blocks"] if each["block_id"] == ids.WORKFLOW_BLOCK]
    return [each["value"] for each in block["element"]["options"]]


def starts_with(baton: BatonInABox, who: str) -> dict[str, Any]:
    """Return what stands in the open form, by input."""
    view = baton.slack.modal(who)
    assert view is not None
    elements = {
        each["block_id"].removeprefix("in."): each["element"]
        for each in view["blocks"]
        if each["type"] == "input"
    }
    found = {}
    for name, each in elements.items():
        chosen = each.get("initial_option") or {}
        ticked = each.get("initial_options")
        found[name] = each.get("initial_value") or chosen.get("value") or bool(ticked)
    return found


async def say(baton: BatonInABox, who: str, text: str) -> Message:
    done = await baton.slack.do("messages", as_=PEOPLE[who], channel="#releases", text=text)
    return Message(done["message"])


async def test_the_menu_of_the_workspace_starts_a_workflow(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE)
    await shortcut(baton, "linus", ids.START_SHORTCUT)
    assert offered(baton, "linus") == ["triage"]
    await choose(baton, "linus", "triage")
    assert starts_with(baton, "linus")["team"] == "web"

    assert await baton.submit(text="the build", team="api", urgent=[], by="linus") == {}  # type: ignore[arg-type]
    assert baton.performed == ["the build|nobody|false|api"]
    assert "R-1" in baton.form(by="linus")
    assert baton.card("R-1").state == "Succeeded"


async def test_baton_start_alone_asks_which_workflow(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE)
    await baton.publish(CHAIN)
    assert await baton.slash("start", by="linus") == ""

    assert offered(baton, "linus") == ["chain", "triage"]
    assert await baton.runs() == ()


async def test_where_nothing_can_be_started_that_is_said(baton: BatonInABox) -> None:
    await baton.slash("start", by="linus")

    assert baton.form(by="linus").startswith("There is no workflow that can be started.")


async def test_a_workflow_without_inputs_needs_no_more_than_a_yes(baton: BatonInABox) -> None:
    await baton.publish(CHAIN)
    await shortcut(baton, "linus", ids.START_SHORTCUT)
    await choose(baton, "linus", "chain")
    assert await baton.runs() == ()
    await baton.submit(by="linus")

    assert baton.card("R-1").state == "Succeeded"


async def test_a_message_fills_in_what_the_workflow_asks_for_by_name(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE)
    typed = "the build is red & <@U0GRACE> knows <why>"
    message = await say(baton, "ada", typed)
    await shortcut(baton, "linus", ids.MESSAGE_SHORTCUT, channel="#releases", ts=message.ts)
    await choose(baton, "linus", "triage")

    filled = starts_with(baton, "linus")
    assert filled["text"] == typed
    assert (filled["user"], filled["channel"], filled["ts"]) == (
        PEOPLE["ada"],
        "C0RELEASES",
        message.ts,
    )
    assert filled["permalink"].startswith("http")
    assert filled["urgent"] is True
    await baton.submit(by="linus")
    assert baton.performed == [f"{typed}|{PEOPLE['ada']}|true|web"]


async def test_a_workflow_that_asks_for_nothing_of_a_message_gets_nothing(
    baton: BatonInABox,
) -> None:
    await baton.publish(CHAIN)
    message = await say(baton, "ada", "ship it")
    await shortcut(baton, "linus", ids.MESSAGE_SHORTCUT, channel="#releases", ts=message.ts)
    await choose(baton, "linus", "chain")
    await baton.submit(by="linus")

    (run,) = await baton.runs()
    assert dict(run.inputs) == {}


async def test_a_long_and_hostile_message_fits_the_form_and_stays_text(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE)
    message = await say(baton, "ada", "`<!channel>` \u202e" + "x" * 5_000)
    await shortcut(baton, "linus", ids.MESSAGE_SHORTCUT, channel="#releases", ts=message.ts)
    await choose(baton, "linus", "triage")

    assert len(starts_with(baton, "linus")["text"]) == 3_000
    assert "<!channel>" not in text_of(baton.slack.modal("linus"))
    assert [call["error"] for call in baton.slack.calls("") if not call["ok"]] == []


async def test_the_draft_of_somebody_else_is_not_found(baton: BatonInABox) -> None:
    """What stands in a form could have been written by anybody."""
    await baton.publish(TRIAGE)
    message = await say(baton, "ada", "a secret of this channel")
    await shortcut(baton, "ada", ids.MESSAGE_SHORTCUT, channel="#releases", ts=message.ts)
    theirs = baton.slack.modal("ada")
    await shortcut(baton, "mallory", ids.START_SHORTCUT)
    mine = baton.slack.server.emulator.views.stacks[PEOPLE["mallory"]][-1]
    assert theirs is not None
    mine.source["private_metadata"] = theirs["private_metadata"]
    await choose(baton, "mallory", "triage")

    assert "a secret" not in json.dumps(baton.slack.modal("mallory"))
    assert baton.form(by="mallory") == "That took too long. Press the button again."


async def test_each_field_says_what_is_wrong_with_it(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE)
    await baton.slash("start triage", by="linus")
    errors = await baton.submit(text="x", code="ABC", count="9", by="linus")

    assert set(errors) == {"code", "count"}
    assert "pattern" in errors["code"]
    assert "at most 3" in errors["count"]
    assert await baton.runs() == ()
    assert await baton.submit(text="x", code="abc", count="2", by="linus") == {}
    assert len(await baton.runs()) == 1


async def test_a_form_that_is_sent_twice_starts_one_run(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE)
    await baton.slash("start triage", by="linus")
    await baton.slack.fault("duplicate_envelope")
    await baton.submit(text="x", by="linus")

    assert len(await baton.runs()) == 1
    assert len(baton.performed) == 1


@pytest.mark.parametrize("way", ["slash", "menu", "message"])
async def test_what_opens_too_late_is_said_where_it_was_asked(baton: BatonInABox, way: str) -> None:
    await baton.publish(TRIAGE)
    message = await say(baton, "ada", "red")
    await baton.slack.fault("error_next", method="views.open", error="expired_trigger_id")
    if way == "slash":
        told = await baton.slash("start", by="linus")
    elif way == "message":
        where = {"channel": "#releases", "ts": message.ts}
        await shortcut(baton, "linus", ids.MESSAGE_SHORTCUT, **where)
        told = baton.private(by="linus")[-1]
    else:
        await shortcut(baton, "linus", ids.START_SHORTCUT)
        told = direct(baton, "linus")

    assert told.startswith("That took too long.")
    assert baton.slack.modal("linus") is None
    assert await baton.runs() == ()


def direct(baton: BatonInABox, who: str) -> str:
    """Return the last thing that was said in the direct messages of somebody."""
    channel = baton.slack.server.emulator.workspace.dm_of(PEOPLE[who])
    assert channel is not None
    found = baton.slack.look("messages", channel=channel.id, as_=PEOPLE[who])["messages"]
    return str(found[-1]["plain"])


async def test_a_database_that_takes_its_time_costs_no_form(baton: BatonInABox) -> None:
    """The form opens before Slack's three seconds are over, though nobody knows what belongs in it."""
    await baton.publish(TRIAGE)
    coordinator = baton.life.baton.coordinator
    real, asked = coordinator.workflow, asyncio.Event()

    async def slow(name: str) -> Any:
        await asked.wait()
        return await real(name)

    coordinator.workflow = slow  # type: ignore[method-assign]
    typing = asyncio.create_task(
        baton.slack.do(
            "slash", as_=PEOPLE["linus"], channel="#releases", command="/baton", text="start triage"
        )
    )
    await baton.until(lambda: baton.slack.modal("linus") is not None)
    assert "One moment" in baton.form(by="linus")
    asked.set()
    done = await typing
    await baton.quiet()

    assert done["ack"]["state"] == "acked"
    assert baton.form(by="linus").startswith("*Look into it*")
    assert await baton.runs() == ()


async def test_who_may_not_start_is_told_in_the_form(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE.replace("inputs:", 'settings: {start_by: ["@grace"]}\ninputs:'))
    await baton.slash("start triage", by="linus")
    await baton.submit(text="x", by="linus")

    assert baton.form(by="linus").startswith("Only ")
    assert await baton.runs() == ()


async def test_guests_are_not_even_shown_the_form(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE)
    await baton.slack.do("members", channel="#releases", user="U0SAM", op="join")

    assert (await baton.slash("start triage", by="sam")).startswith("Guests")
    assert baton.slack.modal("sam") is None
    assert await baton.runs() == ()


async def test_guests_read_nothing_by_command(baton: BatonInABox) -> None:
    await baton.publish(TRIAGE)
    await baton.slack.do("members", channel="#releases", user="U0SAM", op="join")
    for line in (
        "list",
        "describe triage",
        "runs",
        "approvals all",
        "subscribe triage",
        "diff triage",
    ):
        assert (await baton.slash(line, by="sam")).startswith("Guests"), line
