"""How much Slack lets us send: what it told us to wait, and a budget that keeps it from having to."""

from collections import deque
from collections.abc import Mapping
from datetime import timedelta

from bot.slack.client import Meaning, SlackTrouble, Trouble
from coordination.outbox import Lane
from coordination.world import World

POST = "chat.postMessage"
EDIT = "chat.update"
MINUTE = 60.0
EDITS = 40  # a minute, for everything
RESERVE = 10  # more of them, for decisions and results alone
SPREAD = 0.5  # s; so that not everything comes back at the same moment


class Limits:
    """Pauses for a method, or for one channel of it. Only for this life of the process."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._until: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._edits: deque[float] = deque()

    @property
    def held(self) -> Mapping[str, float]:
        """What is paused, and until when on the monotonic clock."""
        return dict(self._until)

    def enter(self, method: str, channel: str, lane: int) -> None:
        """Return if *method* may be called now, and count it.

        Raises:
            SlackTrouble: LATER, with the time to wait.
        """
        now = self._world.clock.monotonic()
        for place in (method, f"{method} {channel}"):
            if (left := self._until.get(place, 0.0) - now) > 0:
                raise later(left)
            self._until.pop(place, None)
        if method == EDIT:
            self._enter_edit(now, lane)

    def hold(self, method: str, channel: str, wait: timedelta) -> None:
        """Pause as Slack asked: a channel for posts, and after a second time the whole method."""
        now = self._world.clock.monotonic()
        again = now - self._told.get(method, -MINUTE) < MINUTE
        place = f"{method} {channel}" if method == POST and not again else method
        self._told[method] = now
        spread = self._world.rng.random() * SPREAD
        self._until[place] = now + wait.total_seconds() + spread

    def _enter_edit(self, now: float, lane: int) -> None:
        while self._edits and now - self._edits[0] >= MINUTE:
            self._edits.popleft()
        room = EDITS + (RESERVE if lane <= Lane.RESULT else 0)
        if len(self._edits) >= room:
            raise later(self._edits[len(self._edits) - room] + MINUTE - now)
        self._edits.append(now)


def later(seconds: float) -> SlackTrouble:
    return SlackTrouble(Trouble(Meaning.LATER, "ratelimited", timedelta(seconds=seconds + 0.05)))
