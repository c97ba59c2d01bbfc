"""What people write or do in channels, for the workflows that are started by it.

It is stored before Slack has its ack. What no workflow asks for is dropped in memory; Baton's own
messages and reactions, and those of other apps, are never heard, so no run can start the next one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Protocol

from baton.masking import mask
from baton.reading.lifecycle import plain_text
from coordination.coordinator import Coordinator
from coordination.slack_triggers import Listened
from coordination.spoken import Spoken, could_fit
from handlers.slack.clicks import Body
from handlers.slack.messages import Ours, is_ours, said_in

REACTED = "reaction_added"


class Looks(Protocol):
    """Asks Slack for what an event leaves out, and does not take long."""

    async def name_of(self, channel: str) -> str | None:
        """Return the ``#name`` of a channel; None: Slack does not show it to us.

        Raises:
            Unavailable: Slack did not say; it is to be delivered again.
        """

    def forget(self, channel: str) -> None:
        """Forget the name of a channel that has another one by now."""

    async def message(self, channel: str, ts: str) -> Body | None:
        """Return a message as it is now; None: Slack does not show it to us.

        Raises:
            Unavailable: Slack did not say; it is to be delivered again.
        """


@dataclass(slots=True)
class Overhearing:
    """Hears what people write or do in the channels that Baton is in."""

    coordinator: Coordinator
    looks: Looks

    async def hear(self, event: Body, channel: str, ours: Ours) -> None:
        """Store what an event tells of, for each workflow that it starts. Raises: Unavailable."""
        if event.get("type") == REACTED:
            await self._hear_reaction(event, ours)
        elif event.get("type") == "message" and event.get("subtype") != "message_changed":
            message = said_in(event)
            if message is not None:
                await self._hear_message(message, channel, ours)

    async def read_back(self, message: Body, channel: str, ours: Ours, *, new: bool) -> None:
        """Make good for what was missed of a message: itself if it is *new*, and its reactions.

        Raises:
            Unavailable: nothing can be stored at the moment.
        """
        if new:
            await self._hear_message(message, channel, ours, late=True)
        for reaction in message.get("reactions") or ():
            for user in reaction.get("users") or ():
                said = _reaction(ours, channel, str(message.get("ts")), str(user), reaction)
                if said.user != ours.user:
                    await self._store(_with_message(said, message), late=True)

    async def _hear_message(
        self, message: Body, channel: str, ours: Ours, *, late: bool = False
    ) -> None:
        if not _is_of_a_person(message) or is_ours(message, ours):
            return
        ts, user = str(message.get("ts") or ""), str(message["user"])
        if ts:
            said = Spoken(team=ours.team, channel=channel, ts=ts, user=user)
            await self._store(_with_message(said, message), late=late)

    async def _hear_reaction(self, event: Body, ours: Ours) -> None:
        item, user = event.get("item"), event.get("user")
        if not isinstance(item, Mapping) or item.get("type") != "message":
            return
        channel, ts = str(item.get("channel") or ""), str(item.get("ts") or "")
        if not (user and channel and ts) or user == ours.user or channel.startswith("D"):
            return
        said = _reaction(ours, channel, ts, str(user), {"name": event.get("reaction")})
        if not await self._asking(said):
            return
        message = await self.looks.message(channel, ts)
        await self._store(said if message is None else _with_message(said, message))

    async def _store(self, said: Spoken, *, late: bool = False) -> None:
        asking = await self._asking(said)
        if any(str(each.wanted.get("channel", "")).startswith("#") for each in asking):
            said = replace(said, name=await self.looks.name_of(said.channel))
        if asking:
            await self.coordinator.hear(said, late=late)

    async def _asking(self, said: Spoken) -> list[Listened]:
        listened = await self.coordinator.listened()
        return [each for each in listened if could_fit(each.wanted, said)]


def _reaction(ours: Ours, channel: str, ts: str, user: str, reaction: Mapping[str, Any]) -> Spoken:
    name = str(reaction.get("name") or "")
    return Spoken(team=ours.team, channel=channel, ts=ts, user=user, reaction=name)


def _with_message(said: Spoken, message: Body) -> Spoken:
    """Add what the message says, and where it stands."""
    thread_ts = message.get("thread_ts")
    text = mask(plain_text(str(message.get("text") or ""), references=True))
    reply = str(thread_ts) if thread_ts and thread_ts != said.ts else None
    return replace(said, text=text, thread_ts=reply)


def _is_of_a_person(message: Body) -> bool:
    """Say whether somebody typed it: what an app says, in whoever's name, starts nothing here."""
    apart = message.get("bot_id") or message.get("app_id") or message.get("bot_profile")
    return bool(message.get("user")) and not apart and message.get("subtype") != "bot_message"
