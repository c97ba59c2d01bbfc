"""Slack's rate limits, off unless they are asked for."""

import math
from collections import defaultdict, deque
from collections.abc import Mapping

from devslack.clock import Clock

# Calls per minute. What is not here is in the most generous tier.
PER_MINUTE: Mapping[str, int] = {
    "apps.connections.open": 20,
    "chat.update": 50,
    "chat.delete": 50,
    "conversations.list": 20,
    "conversations.info": 50,
    "conversations.history": 50,
    "conversations.replies": 50,
    "conversations.open": 50,
    "conversations.join": 50,
    "users.list": 20,
    "users.conversations": 20,
    "usergroups.list": 20,
    "usergroups.users.list": 20,
    "reactions.add": 50,
    "reactions.remove": 20,
    "bots.info": 50,
}
OTHERWISE = 100
POSTS_A_SECOND = 1.0
BURST = 5.0


class Limits:
    """Counts calls in the last minute, and posts to each channel with a small burst."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.enabled = False
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)
        self._posts: dict[str, tuple[float, float]] = {}

    def clear(self) -> None:
        """Forget what was called."""
        self._calls.clear()
        self._posts.clear()

    def wait(self, method: str, channel: str) -> int:
        """Count one call; return 0, or the whole seconds to wait if it is one too many."""
        if not self.enabled:
            return 0
        if method == "chat.postMessage":
            return self._post(channel)
        now, calls = self._clock.now(), self._calls[method]
        while calls and calls[0] <= now - 60:
            calls.popleft()
        if len(calls) >= PER_MINUTE.get(method, OTHERWISE):
            return max(1, math.ceil(calls[0] + 60 - now))
        calls.append(now)
        return 0

    def _post(self, channel: str) -> int:
        now = self._clock.now()
        tokens, since = self._posts.get(channel, (BURST, now))
        tokens = min(BURST, tokens + (now - since) * POSTS_A_SECOND)
        if tokens < 1:
            self._posts[channel] = (tokens, now)
            return max(1, math.ceil((1 - tokens) / POSTS_A_SECOND))
        self._posts[channel] = (tokens - 1, now)
        return 0
