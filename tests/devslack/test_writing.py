"""Streams, scheduled messages, files, pins, channels the app makes, and what it says of a session."""

from pathlib import Path
from typing import Any

import pytest
from slack_sdk.errors import SlackApiError

Json = dict[str, Any]
SCOPES = [
    *("chat:write", "files:write", "files:read", "pins:write", "pins:read", "reactions:read"),
    *("reactions:write", "im:write", "channels:manage", "groups:write", "assistant:write"),
    *("im:history", "channels:history", "channels:read"),
]


@pytest.fixture
async def slack(start: Any) -> Any:
    made = await start(clock="virtual")
    await made.do("config", scopes=SCOPES)
    return made


async def root(slack: Any) -> str:
    posted = await slack.api("chat.postMessage", channel="C0GENERAL", text="root")
    ts: str = posted["ts"]
    return ts


async def test_a_stream_is_written_piece_by_piece(slack: Any, bolt: Any) -> None:
    ts = await root(slack)
    people = {"recipient_team_id": "T0DEVSLACK", "recipient_user_id": "U0ADA"}
    stream = await bolt.web.chat_stream(channel="C0GENERAL", thread_ts=ts, buffer_size=1, **people)
    await stream.append(markdown_text="Looking")
    (_, half) = await slack.messages(thread_ts=ts)
    task = {"type": "task_update", "id": "1", "title": "Read logs", "status": "complete"}
    await stream.append(chunks=[task])
    await stream.stop(markdown_text=" Done.")

    (_, whole) = await slack.messages(thread_ts=ts)
    assert (half["plain"], half["streaming"]) == ("Looking", True)
    assert whole["plain"] == "Looking\n• Read logs (complete) Done."
    assert "streaming" not in whole
    with pytest.raises(SlackApiError, match="message_not_in_streaming_state"):
        await bolt.web.chat_appendStream(channel="C0GENERAL", ts=whole["ts"], markdown_text="x")


async def test_a_stream_in_a_channel_needs_its_reader(slack: Any) -> None:
    there = {"channel": "C0GENERAL", "thread_ts": await root(slack)}
    assert (await slack.api("chat.startStream", **there))["error"] == "missing_recipient_team_id"
    team = {**there, "recipient_team_id": "T0DEVSLACK"}
    assert (await slack.api("chat.startStream", **team))["error"] == "missing_recipient_user_id"
    assert len(await slack.messages(thread_ts=there["thread_ts"])) == 1


@pytest.mark.parametrize("chunks", [{}, ["x"], [{"type": "odd"}], [{"type": "markdown_text"}]])
async def test_odd_chunks_are_refused(slack: Any, chunks: Any) -> None:
    ts = (await slack.api("chat.postMessage", channel="U0ADA", text="hi"))["ts"]
    channel = (await slack.api("conversations.open", users="U0ADA"))["channel"]["id"]
    reply = await slack.api("chat.startStream", channel=channel, thread_ts=ts, chunks=chunks)

    assert reply["error"] == "invalid_chunks"
    assert len(await slack.messages(channel)) == 1


async def test_a_scheduled_message_is_posted_when_its_time_has_come(slack: Any) -> None:
    now = int((await slack.get("health"))["clock"]["now"])
    later: Json = {"channel": "C0GENERAL", "text": "later", "post_at": now + 60}
    kept = await slack.api("chat.scheduleMessage", **later)
    dropped = await slack.api("chat.scheduleMessage", **later)
    there = {"channel": "C0GENERAL", "scheduled_message_id": dropped["scheduled_message_id"]}
    assert (await slack.api("chat.deleteScheduledMessage", **there))["ok"]
    again = await slack.api("chat.deleteScheduledMessage", **there)
    listed = await slack.api("chat.scheduledMessages.list")
    await slack.do("clock", advance_s=59)
    before = await slack.messages()
    await slack.do("clock", advance_s=1)

    assert again["error"] == "invalid_scheduled_message_id"
    assert [m["id"] for m in listed["scheduled_messages"]] == [kept["scheduled_message_id"]]
    assert before == []
    assert [m["plain"] for m in await slack.messages()] == ["later"]
    past = await slack.api("chat.scheduleMessage", **{**later, "post_at": now})
    far = await slack.api("chat.scheduleMessage", **{**later, "post_at": now + 121 * 86_400})
    assert (past["error"], far["error"]) == ("time_in_past", "time_too_far")


async def test_a_file_is_uploaded_in_three_steps(slack: Any, bolt: Any, tmp_path: Path) -> None:
    log = tmp_path / "build.log"
    log.write_text("line\n" * 10)
    done = await bolt.web.files_upload_v2(
        channel="C0GENERAL", file=str(log), title="The log", initial_comment="It failed:"
    )

    (message,) = await slack.messages()
    assert message["plain"] == "It failed:\n[file: The log]"
    assert (message["subtype"], message["files"][0]["size"]) == ("file_share", 50)
    shown = await bolt.web.files_info(file=done["file"]["id"])
    path = shown["file"]["url_private"].replace(slack.server.url, "")
    content = await slack.http_call("GET", path)
    assert content.body == "line\n" * 10
    assert content.headers["content-disposition"] == "attachment"


async def test_a_file_that_was_not_sent_cannot_be_shared(slack: Any) -> None:
    asked = await slack.api("files.getUploadURLExternal", filename="x.txt", length=3)
    files = [{"id": asked["file_id"]}]
    reply = await slack.api("files.completeUploadExternal", files=files, channel_id="C0GENERAL")
    path = asked["upload_url"].replace(slack.server.url, "")
    first = await slack.http_call("POST", path, data=b"abc")
    second = await slack.http_call("POST", path, data=b"abc")

    assert reply["error"] == "file_not_found"
    assert (first.status, second.status) == (200, 404)
    assert await slack.messages() == []


async def test_messages_are_pinned_and_reactions_read(slack: Any, bolt: Any) -> None:
    ts = await root(slack)
    where = {"channel": "C0GENERAL", "timestamp": ts}
    await bolt.web.pins_add(**where)
    await bolt.web.reactions_add(name="eyes", **where)
    with pytest.raises(SlackApiError, match="already_pinned"):
        await bolt.web.pins_add(**where)
    listed = await bolt.web.pins_list(channel="C0GENERAL")
    read = await bolt.web.reactions_get(**where)
    await bolt.web.pins_remove(**where)

    assert listed["items"][0]["message"]["ts"] == ts
    assert read["message"]["reactions"][0]["users"] == ["U0BOTUSER"]
    with pytest.raises(SlackApiError, match="no_pin"):
        await bolt.web.pins_remove(**where)


async def test_an_app_makes_and_changes_a_channel(slack: Any, bolt: Any) -> None:
    made = await bolt.web.conversations_create(name="incident-1")
    key = made["channel"]["id"]
    await bolt.web.conversations_invite(channel=key, users="U0ADA,U0GRACE")
    await bolt.web.conversations_setTopic(channel=key, topic="It burns")
    await bolt.web.conversations_rename(channel=key, name="incident-2")
    await bolt.web.conversations_archive(channel=key)
    posted = await slack.api("chat.postMessage", channel=key, text="x")

    (shown,) = [c for c in (await slack.get("channels"))["channels"] if c["id"] == key]
    assert (shown["name"], shown["topic"], shown["archived"]) == ("incident-2", "It burns", True)
    assert shown["members"] == ["U0BOTUSER", "U0ADA", "U0GRACE"]
    assert posted["error"] == "is_archived"
    for name, error in (("general", "name_taken"), ("No Way", "invalid_name_specials")):
        assert (await slack.api("conversations.create", name=name))["error"] == error


async def test_a_session_has_prompts_a_title_and_a_state(slack: Any, bolt: Any) -> None:
    channel = (await bolt.web.conversations_open(users="U0ADA"))["channel"]["id"]
    prompts = [{"title": "Status", "message": "What runs?"}]
    await bolt.web.assistant_threads_setSuggestedPrompts(channel_id=channel, prompts=prompts)
    await bolt.web.agents_sessions_setStatus(channel_id=channel, status="suspended", title="R-1")
    session = (await slack.get("messages", channel=channel))["session"]

    assert (session["prompts"], session["status"], session["title"]) == (
        prompts,
        "suspended",
        "R-1",
    )
    with pytest.raises(SlackApiError, match="no more than 4 items"):
        await bolt.web.assistant_threads_setSuggestedPrompts(
            channel_id=channel, prompts=prompts * 5
        )
    with pytest.raises(SlackApiError, match="invalid_status"):
        await bolt.web.agents_sessions_setStatus(channel_id=channel, status="asleep")


async def test_what_changed_is_there_after_a_restart(start: Any, tmp_path: Path) -> None:
    state = tmp_path / "state"
    first = await start(state=state, seed=None)
    await first.do("groups", handle="ops", users=["U0ADA"])
    await first.do("users/U0SAM", method="PATCH", deleted=True)
    made = await first.do("webhooks", channel="#general", as_app="Reporter")
    path = made["url"].replace(first.server.url, "")
    await first.http_call("POST", path, json={"text": "kept"})
    await first.server.stop()
    second = await start(state=state, seed=None)

    groups = {g["handle"]: g["users"] for g in (await second.get("users"))["groups"]}
    assert groups["ops"] == ["U0ADA"]
    people = {u["id"]: u["deleted"] for u in (await second.get("users"))["users"]}
    assert (people["U0SAM"], people["U0ADA"]) == (True, False)
    (message,) = await second.messages()
    assert (message["plain"], message["username"]) == ("kept", "reporter")
    assert (await second.api("bots.info", bot=message["bot_id"]))["bot"]["name"] == "Reporter"
