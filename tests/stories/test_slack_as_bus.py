"""Tools that can post into Slack and nowhere else: what they say there becomes threads and starts."""

import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio

from baton.slack import message_of
from bot.configuration import BusConfig
from coordination import tokens
from coordination.events_view import EventFilter, EventView
from coordination.threads_view import ProcessFilter, ProcessView
from devslack.payloads import Body, read_body
from devslack.state import Author
from tests.stories.box import BatonInABox
from tests.stories.definitions import RELEASE
from tests.stories.slack import CHANNEL, Message

BUS = "#alerts"
CHANNEL_ID = "C0ALERTS"
STARTED = ":rocket: *Process Started: Nightly build*\n*Source:* pager\n*Process ID:* `n-7`"
COMPLETED = (
    "✅ Process Completed: Nightly build\nProcess ID: n-7\n412 tests passed\n"
    "Results:\n• tests: 412\n• report: <https://ci.example/7|build 7>\n"
    "Next Steps:\n• Review &amp; merge\n• Deploy"
)
BLOCK = "here it is ```baton\nprocess_id: b-1\nname: Block\nstatus: failed\nerror.message: a &lt; b\n```"
BROKEN = '```baton\n{"process_id": "x", "status": }\n```'
ECHO = """
name: echo
triggers: [{event: build.completed}]
steps:
  - id: say
    action: slack.post
    params:
      channel: "#alerts"
      text: |
        ```baton
        process_id: again
        status: completed
        category: build
        ```
"""


class Tool:
    """A program that can do nothing but post into the channel, and what came of it."""

    def __init__(self, baton: BatonInABox) -> None:
        self.baton = baton

    async def post(self, text: str, *, wait: bool = True, **more: Any) -> str:
        """Post as the other app of the workspace, or type *as_* a person; return the ``ts``."""
        if "as_" in more:
            done = await self.baton.slack.do("messages", channel=BUS, text=text, **more)
            ts = str(done["message"]["ts"])
        else:
            ts = self._say(text, **more)
        if wait:
            await self.baton.quiet()
        return ts

    def _say(self, text: str, thread_ts: str = "", **more: Any) -> str:
        """Post markup, as apps do: nothing of it is escaped on the way."""
        emulator = self.baton.slack.server.emulator
        other = emulator.workspace.other
        body = read_body({"text": text, **more}, emulator.ids.short)
        author = Author(other.user_id, other.id, other.app_id)
        return emulator.workspace.post(CHANNEL_ID, author, body, thread_ts).ts

    async def meta(self, payload: Mapping[str, Any], text: str = "a build", **more: Any) -> str:
        metadata = {"event_type": "baton.process", "event_payload": payload}
        return await self.post(text, metadata=metadata, **more)

    async def edit(self, ts: str, text: str) -> None:
        """Edit as the app itself would, which no person can."""
        workspace = self.baton.slack.server.emulator.workspace
        message = workspace.message(CHANNEL_ID, ts)
        assert message is not None
        workspace.edit(message, message.user, Body(text, None, None, None))
        await self.baton.quiet()

    async def delete(self, ts: str, channel: str = BUS) -> None:
        gone = {"as": "U0ADA", "channel": channel, "ts": ts}
        await self.baton.slack.server.ask("DELETE", "messages", **gone)
        await self.baton.quiet()

    async def found(self) -> list[ProcessView]:
        everything = await self.baton.life.baton.coordinator.processes(ProcessFilter())
        return [each for each in reversed(everything) if each.source != "baton"]

    async def processes(self) -> dict[str, str]:
        return {each.name: each.status for each in await self.found()}

    async def events(self) -> list[EventView]:
        every = await self.baton.life.baton.coordinator.events(EventFilter(), limit=500)
        return [each for each in every if each.body["source"] == "pager"]

    def warned(self, ts: str) -> list[str]:
        (found,) = [each for each in self.messages() if each.ts == ts]
        return [each["name"] for each in found.raw["reactions"]]

    def messages(self) -> list[Message]:
        return self.baton.slack.roots(BUS)


@pytest_asyncio.fixture(loop_scope="session")
async def tool(baton: BatonInABox) -> AsyncIterator[Tool]:
    """Let Baton read #alerts, where the other app of the workspace is listed."""
    senders = {"A0OTHER": "pager", "U0LINUS": "pager", "A0DEVSLACK": "pager", "U0BOTUSER": "pager"}
    baton._birth = replace(baton._birth, bus={BUS: BusConfig(senders=senders)})
    await baton.restart()
    await marked(baton)
    yield Tool(baton)


async def marked(baton: BatonInABox, *, after: str = "") -> None:
    """Wait until Baton has read the channel, further than *after*."""
    for _ in range(1_000):
        if (await baton.life.baton.coordinator.bus_mark(CHANNEL_ID) or "") > after:
            return
        await baton.quiet()
    raise AssertionError("the channel was not read")


async def test_lifecycle_lines_become_one_thread(tool: Tool) -> None:
    await tool.post(STARTED)
    assert await tool.processes() == {"Nightly build": "started"}
    await tool.post(COMPLETED)

    (card,) = tool.baton.slack.roots()
    assert card.state == "Succeeded"
    assert "412 tests passed" in card.plain
    (process,) = await tool.found()
    assert (process.namespace, process.process_id) == ("pager", "n-7")
    assert process.state["result"] == {"tests": 412, "report": "https://ci.example/7"}
    assert [each["label"] for each in process.state["next_steps"]] == ["Review & merge", "Deploy"]
    assert len(tool.messages()) == 2  # nobody answers a report


async def test_lines_without_an_id_are_one_process_by_name_and_a_start_begins_anew(
    tool: Tool,
) -> None:
    for word in ("Started", "Progress", "Completed", "Started"):
        await tool.post(f":gear: Process {word}: Backup")

    (process,) = await tool.found()
    assert process.process_id.startswith("text:")
    assert (process.attempt, process.status) == (2, "started")


async def test_each_of_the_three_forms_moves_the_same_process(tool: Tool) -> None:
    await tool.post(STARTED)
    await tool.meta({"process_id": "n-7", "status": "in_progress", "progress.fraction": 0.5})
    body = {"process_id": "n-7", "status": "failed", "error": {"message": "a < b & c"}}
    escaped = json.dumps(body).replace("&", "&amp;").replace("<", "&lt;")
    await tool.post(f"```baton\n{escaped}\n```")

    (process,) = await tool.found()
    assert process.status == "failed"
    assert process.state["error"] == {"message": "a < b & c"}
    assert process.state["progress"] == {"fraction": 0.5}
    assert len(tool.baton.slack.roots()) == 1


async def test_a_block_of_pairs_counts_wherever_it_stands_in_a_message(tool: Tool) -> None:
    await tool.post(BLOCK)

    (process,) = await tool.found()
    assert (process.name, process.status) == ("Block", "failed")
    assert process.state["error"] == {"message": "a < b"}


async def test_what_stands_in_blocks_alone_is_read_too(tool: Tool) -> None:
    section = {"type": "section", "text": {"type": "mrkdwn", "text": STARTED}}
    await tool.post("news", blocks=[section])

    assert await tool.processes() == {"Nightly build": "started"}


async def test_what_the_client_posts_to_a_webhook_arrives_as_it_was_meant(tool: Tool) -> None:
    event = {
        "id": "e-1",
        "process_id": "build-42",
        "name": "Build <web> & co",
        "status": "failed",
        "occurred_at": "2026-01-02T10:15:04Z",
        "message": "2 of 3 tests failed",
        "error": {"message": "assert 1 == 2", "type": "AssertionError"},
        "progress": {"current": 2, "total": 3},
        "result": {"tests": 3, "report": "all <of> it"},
        "subject": {"repo": "github.com/acme/web", "sha": "3f1c0de"},
        "next_steps": ["Look & fix"],
        "parent": {"process_id": "pipeline-1"},
    }
    message = message_of(event)
    text, metadata = str(message["text"]), message["metadata"]
    await tool.post(text, metadata=metadata)

    (process,) = await tool.found()
    assert (process.process_id, process.name) == ("build-42", "Build <web> & co")
    assert process.status == "failed"
    said = process.state
    assert said["message"] == "2 of 3 tests failed\nassert 1 == 2"
    assert said["error"]["type"] == "AssertionError"
    assert said["progress"] == {"current": 2, "total": 3}
    assert said["result"] == {"tests": 3, "report": "all <of> it"}
    assert said["subject"] == {"repo": "github.com/acme/web", "sha": "3f1c0de"}
    assert [each["label"] for each in said["next_steps"]] == ["Look & fix"]
    await tool.post(text, metadata=metadata)  # again, since the first answer was lost
    assert len(await tool.events()) == 1


async def test_a_report_starts_a_workflow_as_any_other(tool: Tool) -> None:
    await tool.baton.publish(RELEASE)
    await tool.meta({"process_id": "t-1", "status": "completed", "category": "test"})

    (card,) = tool.baton.slack.roots()
    assert tool.baton.slack.thread(card)[0].lines[0] == "Deploy to production?"
    assert tool.baton.performed == []


async def test_a_workflow_that_posts_into_the_channel_does_not_start_itself(tool: Tool) -> None:
    assert await tool.baton.publish(ECHO)
    await tool.meta({"process_id": "n-7", "status": "completed", "category": "build"})

    assert "process_id: again" in tool.messages()[-1].plain
    assert tool.messages()[-1].raw["user"] == "U0BOTUSER"  # who is listed, and yet never heard
    assert len(await tool.baton.runs()) == 1
    await tool.baton.advance(minutes=11)  # the sweep reads it all again
    assert len(await tool.baton.runs()) == 1


async def test_an_edit_moves_the_process_of_its_message_and_the_same_words_do_not(
    tool: Tool,
) -> None:
    ts = await tool.post(":rocket: Process Started: Nightly")
    await tool.edit(ts, ":rocket: Process Started: Nightly")
    assert len(await tool.events()) == 1
    await tool.edit(ts, ":x: Process Failed: Nightly build\nthe disk is full")

    (process,) = await tool.found()
    assert (process.name, process.status) == ("Nightly build", "failed")
    assert process.state["message"] == "the disk is full"
    assert len(tool.baton.slack.roots()) == 1


async def test_an_edit_of_an_old_start_begins_nothing(tool: Tool) -> None:
    ts = await tool.post(STARTED)
    await tool.post(COMPLETED)
    await tool.edit(ts, STARTED + "\nwith a link")

    (process,) = await tool.found()
    assert (process.attempt, process.status) == (1, "completed")


async def test_a_deleted_report_leaves_a_note_and_changes_nothing(tool: Tool) -> None:
    await tool.baton.publish(RELEASE.replace("test.completed", "slack.*"))
    ts = await tool.post(STARTED)
    await tool.delete(ts)

    (process,) = await tool.found()
    assert process.status == "started"
    note = (await tool.events())[-1]
    assert (note.body["type"], note.effect, note.applied) == (
        "slack.message_deleted",
        "late",
        False,
    )
    assert note.body["message"] == "The message that reported n-7 was deleted in Slack."
    assert note.thread_id == process.thread_id
    assert await tool.baton.runs() == ()


async def test_a_deleted_question_is_there_again_at_once(tool: Tool) -> None:
    await tool.baton.publish(RELEASE)
    await tool.baton.report("test.completed", process="build-7")
    first = tool.baton.question("build-7")
    await tool.delete(first.ts, CHANNEL)
    await tool.baton.advance(seconds=2)

    assert tool.baton.question("build-7").ts != first.ts
    await tool.baton.click("Approve", by="grace")
    assert tool.baton.performed == ["deploy build-7", "announce"]


async def test_what_is_delivered_twice_counts_once(tool: Tool) -> None:
    await tool.baton.slack.fault("duplicate_envelope", count=1)
    await tool.post(COMPLETED)
    sent = tool.baton.slack.look("envelopes", type="events_api")["envelopes"]
    mine = next(each for each in sent if each["payload"]["event"].get("app_id") == "A0OTHER")
    await tool.baton.slack.do("redeliver", event_id=mine["payload"]["event_id"])
    await tool.baton.quiet()

    assert len(await tool.events()) == 1


@pytest.mark.parametrize("who", ["U0ADA", "U0GRACE"])
async def test_who_is_not_listed_reports_nothing(tool: Tool, who: str) -> None:
    for text in (STARTED, BLOCK, BROKEN):
        await tool.post(text, as_=who)
    metadata = {"event_type": "baton.process", "event_payload": {"process_id": "p", "status": "ok"}}
    await tool.post("mine", as_=who, metadata=metadata)
    await tool.baton.advance(minutes=11)

    assert await tool.found() == []
    assert [each.raw["reactions"] for each in tool.messages()] == [[]] * 4
    assert tool.baton.slack.roots() == []


async def test_a_listed_person_reports_and_cannot_answer_what_they_ask(tool: Tool) -> None:
    asked = {"process_id": "d-1", "status": "pending_approval"}
    text = f"```baton\n{json.dumps({**asked, 'approval': {'prompt': 'Go?', 'approvers': ['@linus', '@grace']}})}\n```"
    await tool.post(text, as_="U0LINUS")

    (process,) = await tool.found()
    assert process.owner == "U0LINUS"
    refused = await tool.baton.click("Approve", by="linus")
    assert refused
    (approval,) = await tool.baton.life.baton.coordinator.approvals(state="open")
    assert not approval.ended
    await tool.baton.click("Approve", by="grace")
    assert (await tool.baton.life.baton.coordinator.approval(approval.id)).state == "approved"


async def test_replies_of_people_are_conversation_and_those_of_the_tool_join_its_thread(
    tool: Tool,
) -> None:
    root = await tool.post(STARTED)
    await tool.post("Process Completed: Nightly build, I think", as_="U0ADA", thread_ts=root)
    await tool.post(COMPLETED, as_="U0ADA", thread_ts=root)
    assert await tool.processes() == {"Nightly build": "started"}
    await tool.post(":gear: Process Started: Unit tests", thread_ts=root)

    assert await tool.processes() == {"Nightly build": "started", "Unit tests": "started"}
    assert len({each.thread_id for each in await tool.found()}) == 1
    assert len(tool.baton.slack.roots()) == 1


async def test_unreadable_reports_get_one_reaction_and_no_reply(tool: Tool) -> None:
    broken = await tool.post(BROKEN)
    refused = await tool.meta({"process_id": "x", "status": "approved"})
    wordless = await tool.meta({"process_id": "x", "status": "fine?"})
    twice = await tool.post("```baton\nstatus: ok\n``` and ```baton\nstatus: ok\n```")
    await tool.baton.advance(minutes=11)

    for ts in (broken, refused, wordless, twice):
        assert tool.warned(ts) == ["warning"]
    assert len(tool.baton.slack.calls("reactions.add")) == 4
    assert await tool.found() == []
    assert len(tool.messages()) == 4
    why = [each["why"] for each in tool.baton.logs if each["event"] == "bus_message_refused"]
    assert len(why) == 4
    assert "is not JSON" in why[0]
    assert "approved" in why[1]


async def test_what_was_posted_while_baton_was_down_is_read_when_it_is_back(tool: Tool) -> None:
    root = await tool.post(STARTED)
    await tool.baton.advance(minutes=11)
    mark = await tool.baton.life.baton.coordinator.bus_mark(CHANNEL_ID)
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
    await marked(tool.baton, after=str(mark))
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
    await early.post(STARTED)
    bus = {BUS: BusConfig(senders={"A0OTHER": "pager"})}
    baton._birth = replace(baton._birth, bus=bus)
    await baton.restart()
    await marked(baton)
    await baton.advance(minutes=11)
    assert await early.found() == []
    await early.post(COMPLETED)

    assert await early.processes() == {"Nightly build": "completed"}


async def test_a_lost_event_is_made_good_within_ten_minutes_even_if_slack_is_slow(
    tool: Tool,
) -> None:
    before = await tool.baton.life.baton.coordinator.bus_mark(CHANNEL_ID)
    await tool.baton.slack.fault("drop_event", type="message")
    await tool.post(STARTED)
    assert await tool.found() == []
    await tool.baton.slack.fault("ratelimit_next", method="conversations.history", retry_after=30)
    await tool.baton.advance(minutes=10)
    assert await tool.found() == []
    await tool.baton.advance(seconds=31)
    await marked(tool.baton, after=str(before))
    await tool.baton.quiet()

    assert await tool.processes() == {"Nightly build": "started"}


async def test_more_than_a_page_is_read_in_its_order(tool: Tool) -> None:
    before = await tool.baton.life.baton.coordinator.bus_mark(CHANNEL_ID)
    await tool.baton.slack.fault("drop_event", count=None, type="message")
    for step in range(250):
        await tool.meta(
            {"process_id": "long", "status": "running", "progress.current": step}, wait=False
        )
    await tool.post("✅ Process Completed: Long\nProcess ID: long", wait=False)
    await tool.baton.quiet()
    await tool.baton.slack.well()
    await tool.baton.advance(minutes=10)
    await marked(tool.baton, after=str(before))
    await tool.baton.quiet()

    (process,) = await tool.found()
    assert process.status == "completed"
    assert [each.effect for each in await tool.events()] == ["created"] + ["updated"] * 250


async def test_a_retired_source_and_one_that_signs_are_not_spoken_for(tool: Tool) -> None:
    await tool.post(STARTED)
    life = tool.baton.life
    now = life.world.clock.now()
    await life.door.write(lambda tx: tokens.retire_source(tx, "pager", now=now))
    ts = await tool.post(COMPLETED)

    assert await tool.processes() == {"Nightly build": "started"}
    assert tool.warned(ts) == ["warning"]


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


HOSTILE = "<!channel> &lt;!here&gt; \u202etxt.exe \u200b*bold* `x` " + "A" * 5_000


async def test_hostile_text_stays_text(tool: Tool) -> None:
    await tool.post(f":x: Process Failed: {HOSTILE}\nProcess ID: h-1\n{HOSTILE}\n" + "line\n" * 900)

    (process,) = await tool.found()
    assert process.process_id == "h-1"
    assert len(process.name) <= 200
    assert "\u202e" not in process.name
    (card,) = tool.baton.slack.roots()
    for text in card.markup:
        assert "<!channel>" not in text
        assert "<!here>" not in text
    assert tool.baton.slack.pings("ada") == ["channel_mention"]  # by the tool itself, and not again
