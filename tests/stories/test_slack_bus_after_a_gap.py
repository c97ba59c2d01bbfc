"""What tools said in Slack while nobody listened, or twice, counts once and in its order."""

from dataclasses import replace

import pytest_asyncio

from bot.configuration import BusConfig
from devslack.payloads import Body
from tests.stories.box import BatonInABox
from tests.stories.bus import BUS, CHANNEL_ID, COMPLETED, STARTED, Tool, listening, marked
from tests.stories.definitions import RELEASE


@pytest_asyncio.fixture(loop_scope="session")
async def tool(baton: BatonInABox) -> Tool:
    return await listening(baton)


async def test_what_is_delivered_twice_counts_once(tool: Tool) -> None:
    await tool.baton.slack.fault("duplicate_envelope", count=1)
    await tool.post(COMPLETED)
    sent = tool.baton.slack.look("envelopes", type="events_api")["envelopes"]
    mine = next(each for each in sent if each["payload"]["event"].get("app_id") == "A0OTHER")
    await tool.baton.slack.do("redeliver", event_id=mine["payload"]["event_id"])
    await tool.baton.quiet()

    assert len(await tool.events()) == 1


async def test_what_was_posted_while_baton_was_down_is_read_when_it_is_back(tool: Tool) -> None:
    root = await tool.post(STARTED)
    await tool.baton.advance(minutes=11)
    await marked(tool.baton, upto=root)
    await tool.baton.life.stop()
    await tool.post(":gear: Process Started: Second", wait=False)
    late = await tool.post(":gear: Process Started: Third", wait=False)
    await tool.post(":x: Process Failed: Reply", wait=False, thread_ts=root)
    await tool.post(STARTED.replace("n-7", "of-a-person"), wait=False, as_="U0ADA")
    workspace = tool.baton.slack.server.emulator.workspace
    edited = workspace.message(CHANNEL_ID, late)
    assert edited is not None
    workspace.edit(edited, edited.user, Body(":tada: Process Completed: Third", None, None, None))
    tool.baton.sleep(hours=3)
    await tool.baton.begin()
    await marked(tool.baton, upto=late)
    await tool.baton.quiet()

    assert await tool.processes() == {
        "Nightly build": "started", "Second": "started", "Third": "completed", "Reply": "failed",
    }  # fmt: skip
    by_name = {each.name: each.thread_id for each in await tool.found()}
    assert by_name["Reply"] == by_name["Nightly build"]
    await tool.baton.restart()
    await tool.baton.advance(minutes=11)
    assert len(await tool.events()) == 4


async def test_what_was_said_before_baton_first_came_is_not_read(baton: BatonInABox) -> None:
    early = Tool(baton)
    seen = await early.post(STARTED)
    await baton.slack.do("reactions", as_="U0ADA", name="eyes", channel=BUS, ts=seen)
    bus = {BUS: BusConfig(senders={"A0OTHER": "pager"})}
    baton._birth = replace(baton._birth, bus=bus)
    await baton.restart()
    await marked(baton)
    await baton.advance(minutes=11)
    assert await early.found() == []
    await early.post(COMPLETED)

    assert await early.processes() == {"Nightly build": "completed"}


async def test_what_is_said_right_after_a_channel_was_named_is_read(baton: BatonInABox) -> None:
    tool = Tool(baton)
    await tool.post(":gear: Process Started: Before")
    await baton.advance(seconds=5)
    name_it(baton)
    await tool.post(":gear: Process Started: First")
    await baton.advance(seconds=1)
    await tool.post(":gear: Process Started: Second")
    await baton.advance(seconds=1)
    await tool.post(":gear: Process Started: Third")
    last = await tool.post(":tada: Process Completed: First")
    await baton.advance(seconds=10)
    await marked(baton, upto=last)
    await baton.quiet()

    assert await tool.processes() == {
        "First": "completed", "Second": "started", "Third": "started",
    }  # fmt: skip


async def test_it_is_known_after_a_kill_since_when_a_channel_is_named(baton: BatonInABox) -> None:
    tool = Tool(baton)
    await baton.advance(seconds=5)
    await baton.slack.fault("error_next", method="conversations.history", error="not_in_channel")
    name_it(baton)
    await baton.until(lambda: bool(baton.life.baton.coordinator.rules.bus))
    last = await tool.post(STARTED)
    await baton.life.kill()
    bus = {BUS: BusConfig(senders={"A0OTHER": "pager"})}
    baton._birth = replace(baton._birth, bus=bus)
    baton.sleep(hours=1)
    await baton.begin()
    await baton.advance(minutes=11)
    await marked(baton, upto=last)
    await baton.quiet()

    assert await tool.processes() == {"Nightly build": "started"}


async def test_a_lost_event_is_made_good_within_ten_minutes_even_if_slack_is_slow(
    tool: Tool,
) -> None:
    await tool.baton.slack.fault("drop_event", type="message")
    ts = await tool.post(STARTED)
    assert await tool.found() == []
    await tool.baton.slack.fault("ratelimit_next", method="conversations.history", retry_after=30)
    await tool.baton.advance(minutes=10)
    assert await tool.found() == []
    await tool.baton.advance(seconds=31)
    await marked(tool.baton, upto=ts)
    await tool.baton.quiet()

    assert await tool.processes() == {"Nightly build": "started"}


async def test_more_than_a_page_is_read_in_its_order(tool: Tool) -> None:
    await tool.baton.slack.fault("drop_event", count=None, type="message")
    for step in range(230):
        if step % 50:
            await tool.post("only talk", wait=False)
        else:
            said = {"process_id": "long", "status": "running", "progress.current": step}
            await tool.meta(said, wait=False)
    last = await tool.post("✅ Process Completed: Long\nProcess ID: long", wait=False)
    await tool.baton.quiet()
    await tool.baton.slack.well()
    await tool.baton.advance(minutes=10)
    await marked(tool.baton, upto=last)
    await tool.baton.quiet()

    (process,) = await tool.found()
    assert process.status == "completed"
    assert [each.effect for each in await tool.events()] == ["created"] + ["updated"] * 5


async def test_a_report_that_cannot_be_stored_is_delivered_again(tool: Tool) -> None:
    door = tool.baton.life.door
    writer = door._writer
    closing, writer._closing = writer._closing, True  # nothing is taken for a moment
    ts = await tool.post(STARTED, wait=False)
    sent = tool.baton.slack.look("envelopes", type="events_api")["envelopes"]
    mine = [each for each in sent if each["payload"]["event"].get("ts") == ts]
    assert [each["state"] for each in mine if each["state"] == "acked"] == []
    writer._closing = closing
    await tool.baton.advance(seconds=61)

    assert await tool.processes() == {"Nightly build": "started"}
    assert len(await tool.events()) == 1


async def test_an_invitation_is_noticed_at_once(baton: BatonInABox) -> None:
    await baton.publish(RELEASE.replace("steps:", 'settings: {channel: "#secops"}\nsteps:'))
    await baton.report("test.completed", process="build-7")
    assert baton.slack.roots("#secops") == []
    await baton.slack.do("members", channel="#secops", user="U0BOTUSER", op="join")
    await baton.until(lambda: len(baton.slack.roots("#secops")) == 1)
    await baton.quiet()

    assert baton.card("R-1", "#secops").state == "Needs you"


def name_it(baton: BatonInABox) -> None:
    """Name the channel in baton.yaml, while Baton runs; from here on Slack's clock is in step."""
    said = f"bus: {{'{BUS}': {{senders: {{A0OTHER: pager}}}}}}"
    (baton._birth.data / "baton.yaml").write_text(said, encoding="utf-8")
    clock = baton.slack.server.emulator.clock
    clock.advance(max(0, baton.life.world.clock.now().timestamp() - clock.now()))
