"""What people write, or react with, starts workflows: once, in the right place, by the right people."""

from typing import Literal

import pytest

from coordination.database import audit, select
from coordination.policy import Principal
from devslack.payloads import Body
from tests.stories.box import BatonInABox
from tests.stories.bus import BUS, CHANNEL_ID, Tool, listening, marked
from tests.stories.slack import CHANNEL, PEOPLE


def on(slack: str, *, name: str = "react", more: str = "") -> str:
    """Return a workflow that is started by what people say in Slack, and says what it heard."""
    return f"""
name: {name}
triggers:
  - slack: {slack}
{more}
steps:
  - {{id: react, action: test.work, params: {{what: "{name}: {{{{ trigger.text }}}}"}}}}
"""


DEPLOY = on("{message: deploy *, channel: '#releases'}")
TICKET = on("{reaction: ticket}")


async def say(baton: BatonInABox, text: str, *, by: str = "ada", **more: str) -> str:
    """Type a message; return its ``ts``."""
    channel = more.pop("channel", CHANNEL)
    done = await baton.slack.do("messages", as_=PEOPLE[by], channel=channel, text=text, **more)
    await baton.quiet()
    return str(done["message"]["ts"])


async def react(baton: BatonInABox, ts: str, name: str = "ticket", *, by: str = "ada") -> None:
    where = {"channel": CHANNEL, "ts": ts}
    await baton.slack.do("reactions", as_=PEOPLE[by], name=name, **where)
    await baton.quiet()


async def heard(baton: BatonInABox) -> list[list[str]]:
    """Return what came of each thing that was heard, trigger by trigger."""
    every = (await baton.ask("GET", "/v1/events?limit=500")).json()["events"]
    ids = [each["event_id"] for each in every if each["type"] == "baton.slack"]
    shown = [(await baton.ask("GET", f"/v1/events/{each}")).json() for each in ids]
    return [[line["outcome"] for line in each["explain"]["triggers"]] for each in shown]


async def redeliver(baton: BatonInABox, kind: str) -> None:
    """Have Slack send the newest event of a kind once more."""
    sent = baton.slack.look("envelopes", type="events_api")["envelopes"]
    mine = [each for each in sent if each["payload"]["event"]["type"] == kind]
    await baton.slack.do("redeliver", event_id=mine[-1]["payload"]["event_id"])
    await baton.quiet()


async def test_a_message_that_fits_starts_a_run_of_who_wrote_it(baton: BatonInABox) -> None:
    await baton.publish(DEPLOY)
    ts = await say(baton, "Deploy  web & api, please")

    (run,) = await baton.runs()
    assert (run.started_by, run.status) == (PEOPLE["ada"], "completed")
    assert baton.performed == ["react: Deploy  web & api, please"]
    told = {"kind": "slack", "user": PEOPLE["ada"], "ts": ts, "thread_ts": None, "reaction": None}
    assert {name: run.trigger[name] for name in told} == told
    assert "R-1" in baton.card("R-1").plain  # in a thread of its own


@pytest.mark.parametrize(
    ("text", "channel"),
    [("please deploy web", CHANNEL), ("deployment web", CHANNEL), ("deploy web", BUS)],
)
async def test_other_words_and_other_channels_start_nothing(
    baton: BatonInABox, text: str, channel: str
) -> None:
    await baton.publish(DEPLOY)
    await say(baton, text, channel=channel)

    assert (await baton.runs(), await heard(baton)) == ((), [])


async def test_plain_words_may_stand_anywhere_and_any_channel_is_heard(baton: BatonInABox) -> None:
    await baton.publish(on("{message: red alert}"))
    await say(baton, "oh no, RED\nalert!", channel=BUS)
    await say(baton, "a bored alert")

    assert baton.performed == ["react: oh no, RED\nalert!"]


async def test_a_reaction_starts_a_run_about_the_message_and_once(baton: BatonInABox) -> None:
    await baton.publish(TICKET)
    ts = await say(baton, "the printer is on fire")
    await react(baton, ts, "eyes", by="grace")
    assert await baton.runs() == ()
    await react(baton, ts, by="grace")
    await redeliver(baton, "reaction_added")

    (run,) = await baton.runs()
    assert run.started_by == PEOPLE["grace"]
    assert baton.performed == ["react: the printer is on fire"]
    assert (run.trigger["reaction"], run.trigger["user"]) == ("ticket", PEOPLE["grace"])
    await react(baton, ts, by="linus")
    assert len(await baton.runs()) == 2


async def test_a_reaction_may_be_asked_for_to_certain_messages_only(baton: BatonInABox) -> None:
    await baton.publish(on("{reaction: ticket, message: printer, channel: C0RELEASES}"))
    await react(baton, await say(baton, "the coffee is cold"))
    await react(baton, await say(baton, "the printer is on fire"))

    assert baton.performed == ["react: the printer is on fire"]


async def test_nobody_starts_by_baton_or_by_another_app(baton: BatonInABox) -> None:
    loud = on("{message: run}", name="loud").replace("test.work", "slack.post")
    await baton.publish(loud.replace("what:", "text:"))
    await baton.publish(on("{message: run}", name="echo"))
    await Tool(baton).post("run this, as an app")
    assert await baton.runs() == ()
    await say(baton, "run this, as a person")

    assert sorted(run.workflow for run in await baton.runs()) == ["echo", "loud"]
    posted = [each for root in baton.slack.roots() for each in baton.slack.thread(root)]
    assert any("run this, as a person" in each.plain for each in posted)
    assert len(await heard(baton)) == 2


async def test_what_is_delivered_again_or_edited_starts_nothing_more(baton: BatonInABox) -> None:
    await baton.publish(DEPLOY)
    await baton.slack.fault("duplicate_envelope", count=1)
    ts = await say(baton, "deploy web")
    await redeliver(baton, "message")
    workspace = baton.slack.server.emulator.workspace
    message = workspace.message("C0RELEASES", ts)
    assert message is not None
    workspace.edit(message, message.user, Body("deploy api", None, None, None))
    await baton.quiet()
    other = workspace.message("C0RELEASES", await say(baton, "only talk"))
    assert other is not None
    workspace.edit(other, other.user, Body("deploy everything", None, None, None))
    await baton.quiet()

    assert baton.performed == ["react: deploy web"]


async def test_who_may_not_start_it_starts_nothing_and_it_is_recorded(baton: BatonInABox) -> None:
    await baton.publish(on("{message: deploy *}", more="settings: {start_by: ['@grace']}"))
    before = baton.called()
    await say(baton, "deploy web", by="mallory")
    await say(baton, "deploy web", by="sam", channel="#general")

    assert (await baton.runs(), baton.called()) == ((), before)
    (other,), (guest,) = await heard(baton)
    assert other == "<@U0MALLORY> may not start it: Only @grace may start `react`."
    assert guest.startswith("<@U0SAM> may not start it: Guests")
    refused = select(audit.c.object).where(audit.c.action == "run.refused")
    rows = await baton.life.door.read(lambda reader: reader.fetch_all(refused))
    assert [each.object for each in rows] == ["react", "react"]
    await say(baton, "deploy web", by="grace")
    assert len(await baton.runs()) == 1


async def test_what_was_acknowledged_is_acted_upon_in_the_next_life(baton: BatonInABox) -> None:
    await baton.publish(DEPLOY)
    await baton.publish(TICKET.replace("name: react", "name: ticket"))
    said = {"as_": PEOPLE["ada"], "channel": CHANNEL}
    done = await baton.slack.do("messages", text="deploy web", **said)
    await baton.kill()
    assert baton.performed == ["react: deploy web"]
    await baton.slack.do("reactions", ts=done["message"]["ts"], name="ticket", **said)
    await baton.kill()

    assert baton.performed == ["react: deploy web", "react: deploy web"]
    assert sorted(run.workflow for run in await baton.runs()) == ["react", "ticket"]


async def test_what_cannot_be_stored_is_delivered_again(baton: BatonInABox) -> None:
    await baton.publish(DEPLOY)
    writer = baton.life.door._writer
    closing, writer._closing = writer._closing, True  # nothing is taken for a moment
    said = {"as_": PEOPLE["ada"], "channel": CHANNEL, "text": "deploy web"}
    done = await baton.slack.do("messages", **said)
    assert done["ack"] is None or done["ack"]["state"] != "acked"
    writer._closing = closing
    await baton.advance(seconds=61)

    assert baton.performed == ["react: deploy web"]


async def test_a_message_that_slack_does_not_show_at_once_is_looked_at_again(
    baton: BatonInABox,
) -> None:
    await baton.publish(TICKET)
    ts = await say(baton, "the printer is on fire")
    await baton.slack.fault("error_next", method="conversations.replies", error="internal_error")
    await react(baton, ts)
    await baton.advance(seconds=61)

    assert baton.performed == ["react: the printer is on fire"]


async def test_what_is_said_in_a_pause_starts_nothing_and_is_not_made_up_for(
    baton: BatonInABox,
) -> None:
    tool = await listening(baton)
    await baton.publish(on("{message: deploy}"))
    await become(baton, "pause")
    last = await say(baton, "deploy web", channel=BUS)
    assert await heard(baton) == []
    await later(baton, last)
    await become(baton, "resume")
    await baton.advance(minutes=11)
    await marked(tool.baton, upto=last)
    await baton.quiet()
    assert await baton.runs() == ()
    await say(baton, "deploy api", channel=BUS)

    assert baton.performed == ["react: deploy api"]


async def test_another_revision_is_heard_by_at_once(baton: BatonInABox) -> None:
    await baton.publish(DEPLOY)
    await baton.publish(on("{message: ship it, channel: '#releases'}"))
    await say(baton, "deploy web")
    await say(baton, "ship it")

    assert baton.performed == ["react: ship it"]


async def test_what_was_said_during_a_gap_is_read_where_the_bus_reads(baton: BatonInABox) -> None:
    tool = await listening(baton)
    await baton.publish(on("{message: deploy}"))
    await baton.publish(TICKET.replace("name: react", "name: ticket"))
    before = await say(baton, "deploy early", channel=BUS)
    await baton.advance(minutes=11)
    await marked(baton, upto=before)
    await baton.life.stop()
    late = await tool.post("deploy late", wait=False, as_="U0ADA")
    reply = {"thread_ts": before, "as_": "U0GRACE"}
    await tool.post("deploy in a thread", wait=False, **reply)
    workspace = baton.slack.server.emulator.workspace
    early = workspace.message(CHANNEL_ID, before)
    assert early is not None
    workspace.react(early, "U0ADA", "ticket", "add")
    baton.sleep(hours=1)
    await baton.begin()
    await marked(baton, upto=late)
    await baton.quiet()
    await baton.advance(minutes=11)

    assert sorted(baton.performed) == [
        "react: deploy early", "react: deploy early", "react: deploy in a thread",
        "react: deploy late",
    ]  # fmt: skip


async def test_a_run_joins_the_thread_in_which_it_was_asked_for(baton: BatonInABox) -> None:
    await baton.publish(on("{message: again}"))
    await baton.report("build.failed", process="b-1")
    root = baton.card("b-1")
    await say(baton, "again, please", thread_ts=root.ts)

    (run,) = await baton.runs()
    assert run.trigger["thread_ts"] == root.ts
    assert len(baton.slack.roots()) == 1
    assert "R-1" in baton.card("b-1").plain
    await baton.publish(TICKET.replace("name: react", "name: ticket"))
    await react(baton, baton.thread("b-1")[-1].ts)
    assert [each.workflow for each in await baton.runs()] == ["ticket", "react"]
    assert len(baton.slack.roots()) == 1


async def test_a_channel_is_known_by_its_name_of_today(baton: BatonInABox) -> None:
    await baton.publish(DEPLOY)
    await say(baton, "deploy one")
    await baton.slack.server.ask("PATCH", "channels/C0RELEASES", name="ships")
    await baton.quiet()
    await say(baton, "deploy two", channel="#ships")

    assert baton.performed == ["react: deploy one"]


async def test_parts_of_a_combination_are_heard_too(baton: BatonInABox) -> None:
    both = "{slack: {message: go, channel: '#releases'}}, {event: build.completed}"
    steps = "steps:\n  - {id: a, action: test.work, params: {what: both}}\n"
    await baton.publish(f"name: both\ntriggers:\n  - {{all_of: [{both}], within: 1h}}\n{steps}")
    await say(baton, "go")
    assert await baton.runs() == ()
    await baton.report("build.completed", process="b-1")

    (run,) = await baton.runs()
    assert baton.performed == ["both"]
    assert [each["kind"] for each in run.trigger["events"]] == ["slack", "event"]


async def later(baton: BatonInABox, ts: str) -> None:
    """Let it be later than *ts*: Slack never uses one twice, and an earlier story may be far ahead."""
    ahead = float(ts) - baton.life.world.clock.now().timestamp()
    await baton.advance(seconds=max(ahead, 0) + 1)


async def become(baton: BatonInABox, verb: Literal["pause", "resume"]) -> None:
    author = Principal("token", "tk_1", source="ci", scopes=frozenset({"publish"}), admin=True)
    await baton.life.baton.coordinator.move_workflow(author, "react", verb, via="slack")
    await baton.quiet()


async def test_doctor_names_a_channel_of_a_trigger_in_which_baton_is_not(
    baton: BatonInABox,
) -> None:
    await baton.publish(on("{message: deploy, channel: '#secops'}"))
    await baton.publish(on("{message: deploy, channel: C0ALERTS}", name="other"))
    await baton.publish(on("{message: deploy, channel: '#nowhere'}", name="third"))

    said = [each for each in await baton.life.baton.problems() if each.startswith("triggers: ")]
    assert said == [
        f"triggers: `{name}` waits for what is said in {channel}, and I am not in it: "
        "type `/invite @Baton` there"
        for name, channel in (("third", "#nowhere"), ("react", "#secops"))
    ]
