"""Where messages go: channels by name or id, and the direct messages with people."""

import contextlib
from collections.abc import Mapping

from bot.slack.client import Meaning, SlackCalls, SlackTrouble, Trouble
from bot.slack.text import PERSON

MANY = 1_000  # of one page of channels
PAGES = 20
KEPT = 10_000


class Places:
    """Remembers what it asked Slack. Only for this life of the process."""

    def __init__(self, slack: SlackCalls) -> None:
        self._slack = slack
        self._ids: dict[str, str] = {}
        self._direct: dict[str, str] = {}
        self._listed = False

    async def of_recipient(self, recipient: str) -> str:
        """Return the channel in which somebody, or a channel, is told something.

        Raises:
            SlackTrouble: they cannot be told.
        """
        if PERSON.fullmatch(recipient) is None:
            return recipient
        if recipient not in self._direct:
            answer = await self._slack.call("conversations.open", users=recipient)
            if len(self._direct) >= KEPT:
                self._direct.clear()
            self._direct[recipient] = str(answer["channel"]["id"])
        return self._direct[recipient]

    async def id_of(self, place: str) -> str | None:
        """Return the id of a channel that may be given by its name.

        Raises:
            SlackTrouble: Slack did not say.
        """
        if not place.startswith("#"):
            return place
        if place not in self._ids:
            await self._read()
        return self._ids.get(place)

    async def name_if_read(self, channel_id: str) -> str | None:
        """Return the ``#name`` of a channel; Slack is asked for all of them once, at the first one.

        None where Slack does not show it to us.
        """
        if not self._listed:
            self._listed = True  # the names are for the policy alone; it has a default
            with contextlib.suppress(SlackTrouble):
                await self._read()
        return next((name for name, known in self._ids.items() if known == channel_id), None)

    def known(self, place: str) -> str:
        """Return the id of a channel where it is known already, else the name."""
        return self._ids.get(place, place)

    def names(self) -> Mapping[str, list[str]]:
        """Return the names that are known of each channel."""
        found: dict[str, list[str]] = {}
        for name, channel_id in self._ids.items():
            found.setdefault(channel_id, []).append(name)
        return found

    def note(self, place: str, channel_id: str) -> None:
        """Remember what a name stood for when something was posted there."""
        if place.startswith("#"):
            self._ids[place] = channel_id

    async def _read(self) -> None:
        cursor = ""
        for _ in range(PAGES):
            answer = await self._slack.call(
                "conversations.list",
                limit=MANY,
                types="public_channel,private_channel",
                cursor=cursor,
            )
            for channel in answer.get("channels", ()):
                self._ids[f"#{channel.get('name')}"] = str(channel["id"])
            cursor = str((answer.get("response_metadata") or {}).get("next_cursor") or "")
            if not cursor:
                return


def nowhere(why: str) -> SlackTrouble:
    """Return the trouble of something that has no place to go to."""
    return SlackTrouble(Trouble(Meaning.NO_PLACE, why))
