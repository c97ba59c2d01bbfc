"""Files in threads: in their turn, once, and with a sentence where the app may not share any."""

from typing import Any

import pytest

from bot.slack.sharing import FILE_ID
from coordination.database import outbox as outbox_table
from coordination.outbox import Lane
from coordination.store import blobs
from tests.bot.slack.box import Box

DONE = "files.completeUploadExternal"
BYTES = b"# Report\n\xff\x00 all of it\n"


async def share(box: Box, content: bytes = BYTES, **more: Any) -> None:
    blob = await box.scene.door.write(lambda tx: blobs.put(tx, content))
    body = {"text": "", "name": "report.md", "title": None, "size": len(content), **more}
    await box.tell(f"file:{box.world.ids.new('nt')}", "file", Lane.RESULT, blob=blob, **body)


async def files(box: Box) -> list[Any]:
    """Return the files that stand in the thread, with what was said with each."""
    _, replies = await box.thread()
    return [(file, each["plain"]) for each in replies for file in each.get("files") or ()]


async def test_a_file_stands_in_the_thread_between_what_was_said_before_and_after(box: Box) -> None:
    await box.reply("before")
    await share(box, text="Here it is", title="The report")
    await box.reply("after")
    await box.deliver()

    _, replies = await box.thread()
    assert [bool(each.get("files")) for each in replies] == [False, True, False]
    ((file, said),) = await files(box)
    assert (file["name"], file["title"], file["size"]) == ("report.md", "The report", len(BYTES))
    assert "Here it is" in said
    assert box.slack.emulator.files.held[file["id"]].content == BYTES
    assert set(await box.states()) == {"sent"}


@pytest.mark.parametrize("at", ["files.getUploadURLExternal", DONE])
async def test_what_was_lost_on_the_way_is_sent_again(box: Box, at: str) -> None:
    await box.tell()
    await share(box)
    await box.fault("api_500", method=at)
    await box.deliver()
    assert await files(box) == []

    await box.later(seconds=11)
    assert len(await files(box)) == 1
    assert set(await box.states()) == {"sent"}


async def test_a_file_is_not_shared_twice_where_the_answer_was_lost(box: Box) -> None:
    await box.tell()
    await share(box)
    await box.fault("api_reset_after", method=DONE)
    await box.deliver()
    assert len(await files(box)) == 1
    (row,) = [each for each in await box.scene.rows(outbox_table) if each.kind == "file"]
    assert (row.state, row.body[FILE_ID]) == ("queued", (await files(box))[0][0]["id"])

    await box.later(seconds=11)
    assert len(await files(box)) == 1
    assert len(await box.calls(DONE)) == 1
    assert set(await box.states()) == {"sent"}


async def test_429_makes_it_wait_and_is_no_attempt(box: Box) -> None:
    await box.tell()
    await share(box)
    await box.fault("ratelimit_next", method=DONE, retry_after=30)
    await box.deliver()
    assert await files(box) == []
    await box.later(seconds=29)
    assert await files(box) == []
    await box.later(seconds=5)
    assert len(await files(box)) == 1


async def test_without_the_right_a_line_says_so_and_all_else_goes_on(box: Box) -> None:
    await box.do("POST", "config", scopes=["chat:write"])
    await share(box)
    await box.reply("after")
    await box.deliver()

    first, after = await box.said()
    assert "report.md" in first
    assert "lacks the scope files:write" in first
    assert after == "after"
    assert any("Sharing files is off" in each for each in box.delivery.problems)
    assert box.delivery.refused is None


async def test_what_is_not_there_any_more_is_given_up(box: Box) -> None:
    await box.tell()
    body = {"text": "", "name": "x", "title": None, "size": 1, "blob": "gone"}
    await box.tell("file:1", "file", Lane.RESULT, **body)
    await box.deliver()
    assert await box.states() == ["sent", "failed"]
