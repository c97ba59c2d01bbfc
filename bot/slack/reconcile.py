"""Finds the message that an earlier try may have left behind, by the ids it carries."""

from collections.abc import AsyncIterator, Mapping
from datetime import datetime
from typing import Any

import structlog

from bot.slack.client import Meaning, SlackCalls, SlackTrouble
from coordination.world import Clock

log = structlog.get_logger()

BEFORE = 60.0  # s; clocks differ: look back a little further than the first try
PAGE = 50
PAGES = 20


class CannotLook(Exception):
    """Slack does not let us read what was said: a scope is missing."""


class Finder:
    """Reads back what was said. *missing* is the scope without which it cannot, once that is known.

    Messages bear the time of Slack's clock. How late it is there is known from the last one that was
    posted, and from then on by our monotonic clock: the one on our wall may be wrong, or be set.
    """

    def __init__(self, slack: SlackCalls, clock: Clock) -> None:
        self._slack = slack
        self._clock = clock
        self._heard: tuple[float, float] | None = None  # Slack's time, and ours when it was told
        self.missing: str | None = None

    def hear(self, ts: str) -> None:
        """Note the ``ts`` of a message that was posted just now."""
        self._heard = float(ts), self._clock.monotonic()

    async def find(
        self,
        mark: Mapping[str, str],
        *,
        channel: str,
        thread_ts: str | None,
        since: datetime,
        passed_over: frozenset[str] = frozenset(),
    ) -> str | None:
        """Return the ``ts`` of the newest message that bears *mark*, if there is one.

        Args:
            mark: the ids in the metadata.
            channel: its id.
            thread_ts: of the thread it would stand in; None for the channel itself.
            since: when it was first tried, at the earliest, by the clock on our wall.
            passed_over: messages that do not count, since they cannot be edited any more.

        Raises:
            CannotLook: the right to read is missing.
            SlackTrouble: Slack did not say.
        """
        found = [
            str(message["ts"])
            async for message in self._said(channel, thread_ts, self._there(since) - BEFORE)
            if bears(message, mark) and str(message["ts"]) not in passed_over
        ]
        return max(found, default=None)

    def _there(self, moment: datetime) -> float:
        """Return what Slack's clock showed when ours showed *moment*, as far as we know."""
        if self._heard is None:
            return moment.timestamp()
        told, at = self._heard
        ago = (self._clock.now() - moment).total_seconds()
        return told + self._clock.monotonic() - at - max(0.0, ago)

    async def _said(
        self, channel: str, thread_ts: str | None, oldest: float
    ) -> AsyncIterator[Mapping[str, Any]]:
        asked: dict[str, Any] = {
            "channel": channel,
            "oldest": f"{oldest:.6f}",
            "limit": PAGE,
            "include_all_metadata": True,
        }
        method = "conversations.history"
        if thread_ts is not None:
            method, asked["ts"] = "conversations.replies", thread_ts
        for _ in range(PAGES):
            answer = await self._read(method, asked)
            for message in answer.get("messages", ()):
                yield message
            asked["cursor"] = (answer.get("response_metadata") or {}).get("next_cursor")
            if not asked["cursor"]:
                return

    async def _read(self, method: str, asked: Mapping[str, Any]) -> Mapping[str, Any]:
        try:
            answer = await self._slack.call(method, **asked)
        except SlackTrouble as error:
            if error.trouble.meaning is not Meaning.NO_SCOPE:
                raise
            self.missing = error.trouble.needed or f"the one of {method}"
            log.warning("cannot_look_back", method=method, needed=self.missing)
            raise CannotLook(self.missing) from error
        self.missing = None
        return answer


def tagged(mark: Mapping[str, str]) -> dict[str, Any]:
    """Return the metadata by which a message is found again; ids only, since all apps can read it."""
    return {"event_type": "baton.notice", "event_payload": dict(mark)}


def bears(message: Mapping[str, Any], mark: Mapping[str, str]) -> bool:
    """Say whether *message* is the one of a slot: the notice that posted it may be another by now."""
    says = (message.get("metadata") or {}).get("event_payload") or {}
    return says.get("s") == mark["s"] and says.get("t") == mark["t"]
