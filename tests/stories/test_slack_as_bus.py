"""Tools that can post into Slack and nowhere else: what they say there becomes threads and starts."""

import json

import pytest
import pytest_asyncio

from baton.reading import Source
from baton.slack import message_of
from coordination import tokens
from coordination.database import Transaction
from tests.stories.box import BatonInABox
from tests.stories.bus import COMPLETED, STARTED, Tool, listening
from tests.stories.definitions import RELEASE
from tests.stories.slack import CHANNEL

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


@pytest_asyncio.fixture(loop_scope="session")
async def tool(baton: BatonInABox) -> Tool:
    return await listening(baton)


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


async def test_a_retired_source_and_one_that_signs_are_not_spoken_for(tool: Tool) -> None:
    await tool.post(STARTED)
    life = tool.baton.life
    now = life.world.clock.now()
    await life.door.write(lambda tx: tokens.retire_source(tx, "pager", now=now))
    ts = await tool.post(COMPLETED)

    assert await tool.processes() == {"Nightly build": "started"}
    assert tool.warned(ts) == ["warning"]

    def signs(tx: Transaction) -> None:
        tokens.restore_source(tx, "pager")
        own = Source("pager", "pager", "slack")
        tokens.put_source(tx, own, channel=None, now=now, scheme="standard-webhooks")

    await life.door.write(signs)
    ts = await tool.post(COMPLETED)
    assert await tool.processes() == {"Nightly build": "started"}
    assert tool.warned(ts) == ["warning"]


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
