"""How much Slack lets us send: what it told us to wait, and a budget that keeps it from having to."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from bot.slack.budgets import Bucket, Budget, Promises, edits, posts, rested
from bot.slack.client import Meaning, SlackTrouble, Trouble
from coordination.outbox import Lane
from coordination.world import World

POST = "chat.postMessage"
EDIT = "chat.update"
MINUTE = 60.0
SPREAD = 0.5  # s; so that not everything comes back at the same moment
MARGIN = 0.05  # s
ROUND = 1_000  # channels; of more, those that rested are forgotten
DOWN_AT_MOST = 60.0  # s
DOUBTS = 5  # calls in a row without a clear answer: Slack is down


@dataclass(frozen=True, slots=True)
class Allowance:
    """What we allow ourselves.

    Args:
        edits: a minute, for everything; Slack takes at least 50.
        kept_edits: more of them, for decisions and results alone.
        posts: a second, in one channel.
        burst: posts at once, after a rest.
        kept_posts: the last of these, for decisions and results alone.
    """

    edits: int = 40
    kept_edits: int = 10
    posts: float = 1.0
    burst: int = 5
    kept_posts: int = 3


OURS = Allowance()


@dataclass(frozen=True, slots=True)
class Held:
    """How much a budget lets leave at once of what is not urgent, and when the rest may come back.

    Args:
        room: so much may leave now.
        wait: seconds until the first of the others may.
        apart: seconds between it and the next one.
    """

    room: int
    wait: float
    apart: float


class Limits:
    """Pauses for a method, or for one channel of it, and budgets. Only for this life of the process."""

    def __init__(self, world: World, allowance: Allowance = OURS) -> None:
        self._world = world
        self._allowance = allowance
        self._until: dict[str, float] = {}
        self._told: dict[str, float] = {}
        self._edits = edits(allowance.edits, allowance.kept_edits)
        self._posts: dict[str, Budget] = {}
        self._failures = 0
        self._doubts = 0
        self._down_since: float | None = None

    @property
    def held(self) -> Mapping[str, float]:
        """What is paused, and until when on the monotonic clock."""
        return dict(self._until)

    def enter(self, method: str, channel: str, lane: int, *, simpler: bool = False) -> None:
        """Return if *method* may be called now, and count it.

        What Slack refused and is drawn *simpler* waits for Slack alone and not for our own budget:
        else it would be drawn at its best again after each wait, and never arrive.

        Raises:
            SlackTrouble: LATER, with the time to wait.
        """
        wait = self._paused(method, channel) if simpler else self.wait(method, channel, lane)
        if wait > 0:
            raise later(wait)
        now = self._world.clock.monotonic()
        budget = self._budget(method, channel, now)
        if budget is not None:
            budget.take(now)

    def wait(self, method: str, channel: str, lane: int) -> float:
        """Return 0.0 if *method* may be called now, else the seconds after which to come back."""
        if (paused := self._paused(method, channel)) > 0:
            return paused
        now = self._world.clock.monotonic()
        budget = self._budget(method, channel, now)
        wait = budget.wait(now, urgent=lane <= Lane.RESULT) if budget is not None else 0.0
        return wait + MARGIN if wait > 0 else 0.0

    def held_edits(self) -> Held | None:
        """Say when the next edit about progress may come back; None: there is room."""
        now = self._world.clock.monotonic()
        wait, promises = self._edits.counter.wait(now, urgent=False), self._edits.promises
        return (
            Held(0, promises.next_after(now + wait) - now + MARGIN, promises.apart)
            if wait > 0
            else None
        )

    def held_posts(self) -> Mapping[str, Held]:
        """Say for how much progress there is room in each channel that was lately posted to."""
        now = self._world.clock.monotonic()
        return {
            channel: _held(budget.counter, budget.promises, now)
            for channel, budget in self._posts.items()
            if isinstance(budget.counter, Bucket) and not budget.counter.rested(now)
        }

    def promise(self, method: str, channel: str, count: int) -> None:
        """Note that *count* were told to come back, as is said here of what is held."""
        held = self.held_edits() if method == EDIT else self.held_posts().get(channel)
        budget = self._edits if method == EDIT else self._posts.get(channel)
        if held is not None and budget is not None:
            earliest = self._world.clock.monotonic() + held.wait
            for _ in range(count):
                budget.promises.after(earliest)

    def hold(self, method: str, channel: str, wait: timedelta) -> None:
        """Pause as Slack asked: a channel for posts, and after a second time the whole method."""
        now = self._world.clock.monotonic()
        again = now - self._told.get(method, -MINUTE) < MINUTE
        place = f"{method} {channel}" if method == POST and not again else method
        self._told[method] = now
        spread = self._world.rng.random() * SPREAD
        self._until[place] = now + wait.total_seconds() + spread

    def unreachable(self) -> timedelta:
        """Pause everything, since Slack cannot be reached: 1 s, 2 s, 4 s … 60 s; return how long."""
        now = self._world.clock.monotonic()
        if self._until.get("", 0.0) <= now:  # what was in flight together failed together
            self._failures += 1
            pause = min(DOWN_AT_MOST, 2.0 ** min(self._failures - 1, 10))
            self._until[""] = now + pause * (1 - self._world.rng.random() / 4)
        if self._down_since is None:
            self._down_since = now
        return timedelta(seconds=max(0.0, self._until[""] - now) + MARGIN)

    def out_of_reach(self) -> float:
        """Return the seconds for which nothing is tried, since Slack could not be reached."""
        return max(0.0, self._until.get("", 0.0) - self._world.clock.monotonic())

    def doubtful(self) -> None:
        """Note a call of which nobody knows whether it arrived; several in a row pause everything."""
        self._doubts += 1
        if self._down_since is None:
            self._down_since = self._world.clock.monotonic()
        if self._doubts >= DOUBTS:
            self.unreachable()

    def reached(self) -> timedelta | None:
        """Note that Slack answers; return how long it did not, the first time it does again."""
        self._failures = self._doubts = 0
        if self._down_since is None:
            return None
        down, self._down_since = self._world.clock.monotonic() - self._down_since, None
        return timedelta(seconds=down)

    def _paused(self, method: str, channel: str) -> float:
        now = self._world.clock.monotonic()
        for place in ("", method, f"{method} {channel}"):
            if (left := self._until.get(place, 0.0) - now) > 0:
                return left + MARGIN
            self._until.pop(place, None)
        return 0.0

    def _budget(self, method: str, channel: str, now: float) -> Budget | None:
        if method == EDIT:
            return self._edits
        if method != POST:
            return None
        if channel not in self._posts:
            if len(self._posts) >= ROUND:
                for name in rested(self._posts, now):
                    del self._posts[name]
            mine = self._allowance
            self._posts[channel] = posts(mine.posts, mine.burst, mine.kept_posts)
        return self._posts[channel]


def _held(bucket: Bucket, promises: Promises, now: float) -> Held:
    room = bucket.room(now)
    wait = bucket.wait(now, urgent=False, after=room)
    return Held(room, promises.next_after(now + wait) - now + MARGIN, promises.apart)


def later(seconds: float) -> SlackTrouble:
    return SlackTrouble(Trouble(Meaning.LATER, "ratelimited", timedelta(seconds=seconds)))
