"""A tool that can do nothing but post into a channel, and a Baton that reads it there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from bot.configuration import BusConfig
from coordination.events_view import EventFilter, EventView
from coordination.threads_view import ProcessFilter, ProcessView
from devslack.payloads import Body, read_body
from devslack.state import Author
from tests.stories.box import BatonInABox
from tests.stories.slack import Message

BUS = "#alerts"
CHANNEL_ID = "C0ALERTS"
# The other app of the workspace, a person, and Baton itself, which is not heard all the same.
SENDERS = {"A0OTHER": "pager", "U0LINUS": "pager", "A0DEVSLACK": "pager", "U0BOTUSER": "pager"}
STARTED = ":rocket: *Process Started: Nightly build*\n*Source:* pager\n*Process ID:* `n-7`"
COMPLETED = (
    "✅ Process Completed: Nightly build\nProcess ID: n-7\n412 tests passed\n"
    "Results:\n• tests: 412\n• report: <https://ci.example/7|build 7>\n"
    "Next Steps:\n• Review &amp; merge\n• Deploy"
)


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


async def listening(baton: BatonInABox) -> Tool:
    """Begin a life in which Baton reads the channel."""
    baton._birth = replace(baton._birth, bus={BUS: BusConfig(senders=SENDERS)})
    await baton.restart()
    await marked(baton)
    return Tool(baton)


async def marked(baton: BatonInABox, *, upto: str = "0") -> None:
    """Wait until Baton has read the channel, up to the message *upto* at least."""
    for _ in range(1_000):
        if (await baton.life.baton.coordinator.bus_mark(CHANNEL_ID) or "") >= upto:
            return
        await baton.quiet()
    raise AssertionError("the channel was not read")
