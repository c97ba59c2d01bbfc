"""Slack's rate limits, off unless they are asked for.

Source: https://docs.slack.dev/apis/web-api/rate-limits
"""

import math
from collections import defaultdict, deque
from collections.abc import Mapping

from devslack.clock import Clock
from devslack.shapes import Json

TIER_2, TIER_3, TIER_4 = 20, 50, 100
# Calls per minute. What is not here is in the most generous tier.
PER_MINUTE: Mapping[str, int] = {
    **dict.fromkeys(
        (
            *("apps.connections.open", "conversations.create", "conversations.list"),
            *("conversations.setTopic", "users.list", "users.conversations", "usergroups.list"),
            *("usergroups.users.list", "reactions.remove", "pins.add", "pins.remove", "pins.list"),
            *("bookmarks.add", "chat.startStream", "chat.stopStream"),
        ),
        TIER_2,
    ),
    **dict.fromkeys(
        (
            *("chat.update", "chat.delete", "chat.scheduleMessage", "chat.deleteScheduledMessage"),
            *("chat.scheduledMessages.list", "conversations.info", "conversations.history"),
            *("conversations.replies", "conversations.open", "conversations.join"),
            *("conversations.invite", "conversations.leave", "reactions.add", "reactions.get"),
            *("bots.info", "assistant.threads.setSuggestedPrompts", "assistant.threads.setTitle"),
        ),
        TIER_3,
    ),
}
OTHERWISE = TIER_4
# Methods that are counted by channel instead: posts, and those of incoming webhooks.
POSTS = ("chat.postMessage", "webhook")
POSTS_A_SECOND = 1.0
BURST = 5.0
MINUTE = 60.0


class Limits:
    """Counts calls in the last minute, and posts to each channel with a small burst."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.enabled = False
        self.burst = BURST
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def clear(self) -> None:
        """Forget what was called, and settings."""
        self.enabled, self.burst = False, BURST
        self._calls.clear()
        self._posts.clear()

    def wait(self, method: str, channel: str) -> int:
        """Count one call; return 0, or the whole seconds to wait if it is one too many."""
        if not self.enabled:
            return 0
        if method in POSTS:
            return self._post(channel)
        now, calls = self._clock.now(), self._recent(method)
        if len(calls) >= PER_MINUTE.get(method, OTHERWISE):
            return max(1, math.ceil(calls[0] + MINUTE - now))
        calls.append(now)
        return 0

    def _recent(self, method: str) -> deque[float]:
        now, calls = self._clock.now(), self._calls[method]
        while calls and calls[0] <= now - MINUTE:
            calls.popleft()
        return calls

    def _tokens(self, channel: str) -> float:
        now = self._clock.now()
        tokens, since = self._posts.get(channel, (self.burst, now))
        return min(self.burst, tokens + (now - since) * POSTS_A_SECOND)

    def _post(self, channel: str) -> int:
        now, tokens = self._clock.now(), self._tokens(channel)
        if tokens < 1:
            self._posts[channel] = (tokens, now)
            return max(1, math.ceil((1 - tokens) / POSTS_A_SECOND))
        self._posts[channel] = (tokens - 1, now)
        return 0

    def public(self) -> list[Json]:
        """Return the buckets that were used, for the inspector: what is left of how many."""
        methods: list[Json] = [
            {"method": name, "left": most - len(self._recent(name)), "most": most, "seconds": 60}
            for name in sorted(self._calls)
            for most in [PER_MINUTE.get(name, OTHERWISE)]
        ]
        posts: list[Json] = [
            {
                "method": POSTS[0],
                "channel": channel,
                "left": math.floor(self._tokens(channel)),
                "most": math.floor(self.burst),
                "seconds": 1,
            }
            for channel in sorted(self._posts)
        ]
        return [*methods, *posts]
