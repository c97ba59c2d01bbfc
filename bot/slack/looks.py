"""Asks Slack for what its events leave out, within the time in which an event is acknowledged."""

import asyncio
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import structlog

from bot.slack.client import Meaning, SlackCalls, SlackTrouble
from bot.slack.places import Places
from coordination.errors import Unavailable

log = structlog.get_logger()

PATIENCE = 1.2  # s; Slack wants its ack after three, and there may be two questions
KEPT = 2_000
AGAIN = (Meaning.LATER, Meaning.NOT_SENT, Meaning.AMBIGUOUS)


class SlackLooks:
    """Remembers the names of channels, until one is renamed. Only for this life of the process."""

    def __init__(self, slack: SlackCalls) -> None:
        self._slack = slack
        self._names: OrderedDict[str, str] = OrderedDict()

    async def name_of(self, channel: str) -> str | None:
        """Return the ``#name`` of a channel; None: Slack does not show it to us.

        Raises:
            Unavailable: Slack did not say.
        """
        if channel not in self._names:
            found = (await self._ask("conversations.info", channel=channel)).get("channel") or {}
            if not found.get("name"):
                return None
            self._names[channel] = f"#{found['name']}"
            while len(self._names) > KEPT:
                self._names.popitem(last=False)
        return self._names[channel]

    def forget(self, channel: str) -> None:
        """Forget the name of a channel that has another one by now."""
        self._names.pop(channel, None)

    async def message(self, channel: str, ts: str) -> Mapping[str, Any] | None:
        """Return a message, or a reply, as it is now; None: Slack does not show it to us.

        Raises:
            Unavailable: Slack did not say.
        """
        found = await self._ask("conversations.replies", channel=channel, ts=ts, limit=1)
        return next((each for each in found.get("messages", ()) if each.get("ts") == ts), None)

    async def is_in(self, place: str) -> bool:
        """Say whether Baton is in a channel, which may be given by its name. Raises: SlackTrouble."""
        channel = await Places(self._slack).id_of(place)
        if channel is None:
            return False
        try:
            found = await self._slack.call("conversations.info", channel=channel)
        except SlackTrouble as error:
            if error.trouble.meaning is Meaning.NO_PLACE:
                return False
            raise
        return bool((found.get("channel") or {}).get("is_member"))

    async def _ask(self, method: str, **asked: Any) -> Mapping[str, Any]:
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._slack.call(method, **asked)
        except TimeoutError as error:
            raise Unavailable(f"Slack did not answer {method}") from error
        except SlackTrouble as error:
            if error.trouble.meaning in AGAIN:
                raise Unavailable(f"Slack did not answer {method}: {error}") from error
            log.info("not_shown_by_slack", method=method, error=error.trouble.word, **asked)
            return {}
