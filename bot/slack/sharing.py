"""Shares a file in a thread: its address is asked for, its bytes are sent, and then it is shown."""

from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import structlog

from bot.slack.blocks import context, fit
from bot.slack.client import Meaning, SlackCalls, SlackTrouble, Trouble
from bot.slack.limits import POST, Limits
from bot.slack.telling import Message, Telling, Where, fingerprint
from coordination.database import Door
from coordination.outbox import Leased, Slot
from coordination.store import blobs
from coordination.store import outbox as store

log = structlog.get_logger()

FILE_ID = "file_id"  # in the body of a notice whose bytes Slack has, and may show already


class FileCalls(SlackCalls, Protocol):
    """What sharing a file needs of Slack. Raises: SlackTrouble."""

    async def send(self, url: str, content: bytes) -> None:
        """Send the bytes of a file to the address that Slack gave for them."""


@dataclass(slots=True)
class Sharing:
    """Every method raises SlackTrouble where Slack does not take it.

    A file is shown by the last of three calls. Its id is stored before that one, so that after an
    answer that was lost Slack is asked whether the file is shown already. *missing* is the scope
    without which files cannot be shared, once that is known.
    """

    door: Door
    slack: FileCalls
    limits: Limits
    telling: Telling
    missing: str | None = field(default=None, init=False)

    async def post(self, message: Message, where: Where) -> Slot:
        """Share the file of a notice in its thread; without the right to, say so there."""
        try:
            slot = await self._post(message, where)
        except SlackTrouble as error:
            trouble = error.trouble
            if trouble.meaning is Meaning.LATER and trouble.retry_after is not None:
                self.limits.hold(POST, where.channel, trouble.retry_after)
            if trouble.meaning is not Meaning.NO_SCOPE:
                raise
            self.missing = trouble.needed or "files:write"
            return await self.telling.post(unshared(message, self.missing), where)
        self.missing = None
        return slot

    async def _post(self, message: Message, where: Where) -> Slot:
        leased = message.leased
        known = leased.notice.body.get(FILE_ID)
        if known is not None and (ts := await self._shown(str(known), where.channel)) is not None:
            log.info("file_found", slot=message.slot, file=known)
            return slot_of(message, where, ts)
        file_id = await self._send(leased)
        self.limits.enter(POST, where.channel, leased.urgency)
        body = leased.notice.body
        thread = {"thread_ts": where.root.ts} if where.root else {}
        said = {"initial_comment": str(body["text"])} if body.get("text") else {}
        await self.slack.call(
            "files.completeUploadExternal",
            files=[{"id": file_id, "title": str(body.get("title") or body["name"])}],
            channel_id=where.root.channel_id if where.root else where.channel,
            **thread,
            **said,
        )
        return slot_of(message, where, await self._shown(file_id, where.channel, certain=True))

    async def _send(self, leased: Leased) -> str:
        """Send the bytes, and store the id that Slack gave the file."""
        body = leased.notice.body
        content = await self.door.read(lambda reader: blobs.get(reader, str(body["blob"])))
        if content is None:
            raise SlackTrouble(Trouble(Meaning.NEVER, "no_content"))
        answer = await self.slack.call(
            "files.getUploadURLExternal", filename=str(body["name"]), length=len(content)
        )
        await self.slack.send(str(answer["upload_url"]), content)
        file_id = str(answer["file_id"])
        noted = {**body, FILE_ID: file_id}
        if not await self.door.write(lambda tx: store.note(tx, leased.key, leased.attempt, noted)):
            raise SlackTrouble(Trouble(Meaning.LATER, "lease_ran_out"))
        return file_id

    async def _shown(self, file_id: str, channel: str, *, certain: bool = False) -> str | None:
        """Return the ``ts`` of the message that shows a file, its id where Slack does not tell.

        None: it is not shown. What is *certain* to be shown is so whether or not we may look.
        """
        try:
            answer = await self.slack.call("files.info", file=file_id)
        except SlackTrouble as error:
            looks = error.trouble.meaning in (Meaning.NEVER, Meaning.NO_SCOPE)
            if certain:
                return file_id
            if looks:  # Slack does not know it any more, or does not let us see it
                return None
            raise
        file: dict[str, Any] = answer.get("file") or {}
        shares = [each for kind in (file.get("shares") or {}).values() for each in kind.items()]
        found = [str(one["ts"]) for place, several in shares for one in several if place == channel]
        if found:
            return max(found)
        told = [*file.get("channels", ()), *file.get("groups", ()), *file.get("ims", ())]
        return file_id if told or certain else None


def slot_of(message: Message, where: Where, ts: str | None) -> Slot:
    """Return the message of a file; where Slack did not tell which it is, the file's id stands for it."""
    channel = where.root.channel_id if where.root else where.channel
    key = message.leased.notice.thread_key
    return Slot(key, message.slot, channel, ts or "", fingerprint(message.shown))


def unshared(message: Message, scope: str) -> Message:
    """Return the message that stands for a file which could not be shared."""
    why = f"It could not be shared here: the app lacks the scope {scope}."
    shown = fit(f"{message.shown.text} {why}", [*message.shown.blocks, context(why, "f")])
    return replace(message, shown=shown)
