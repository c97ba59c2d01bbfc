"""App Home: published when somebody opens it, and kept fresh for as long as they may look at it."""

import hashlib
import json
from collections import deque
from dataclasses import dataclass, field
from datetime import timedelta

import structlog

from bot.slack.blocks import Shown
from bot.slack.client import Meaning, SlackCalls, SlackTrouble
from bot.slack.views.home import HomeFacts, home_view
from coordination.changes import Changes, Subscription
from coordination.coordinator import Coordinator
from coordination.errors import Unavailable
from coordination.policy import Principal
from coordination.world import World
from handlers.slack.answers import ROWS, Followed
from handlers.slack.program import Program

log = structlog.get_logger()

LOOKS = 15 * 60.0  # s; so long after it was opened, somebody may still look at it
LINE = 120.0  # s that the sentence about a click stays
EVERY = 5.0  # s between two that nobody asked for
AGAIN = 1.0  # s, before one is tried again that is due
LATER = timedelta(seconds=30)  # where Slack does not say how long
MINUTE = 60.0
PUBLISHES = 60  # a minute, for everybody
RESERVE = 20  # more of them, for people's own clicks
NOT_ENABLED = (
    "App Home is switched off for this app, so nobody sees what waits for them there. "
    "Switch on its Home tab in the app's settings."
)


@dataclass
class Visitor:
    """Somebody who opened their Home: when, what it shows, and what is to be done about it."""

    opened_at: float
    published_at: float = float("-inf")
    shown: str = ""
    line: Shown | None = None
    line_until: float = 0.0
    stale: bool = False
    busy: bool = False
    again: bool = False


@dataclass
class Budget:
    """How many Homes may be published: Slack counts them for the whole workspace."""

    world: World
    _sent: deque[float] = field(default_factory=deque)
    _until: float = 0.0

    def take(self, *, own: bool) -> bool:
        """Say whether one may be published now, and count it; *own* is after a person's click."""
        now = self.world.clock.monotonic()
        while self._sent and now - self._sent[0] >= MINUTE:
            self._sent.popleft()
        if now < self._until or len(self._sent) >= PUBLISHES + (RESERVE if own else 0):
            return False
        self._sent.append(now)
        return True

    def pause(self, wait: timedelta) -> None:
        """Publish nothing for as long as Slack asks."""
        self._until = self.world.clock.monotonic() + wait.total_seconds()


@dataclass
class HomeTabs:
    """Everybody's Home. Nothing here is a record: what is lost is drawn anew when it is opened."""

    slack: SlackCalls
    coordinator: Coordinator
    program: Program
    world: World
    public_url: str
    problem: str | None = None
    _visitors: dict[str, Visitor] = field(default_factory=dict)
    _budget: Budget = field(init=False)

    def __post_init__(self) -> None:
        self._budget = Budget(self.world)

    async def opened(self, person: str) -> None:
        """Draw the Home of *person*, who looks at it now."""
        visitor = self._visit(person)
        visitor.line = None
        await self._publish(person, visitor, own=True)

    async def said(self, person: str, line: Shown) -> None:
        """Draw the Home of *person* with what became of their click at its top."""
        visitor = self._visit(person)
        visitor.line, visitor.line_until = line, self.world.clock.monotonic() + LINE
        await self._publish(person, visitor, own=True)

    async def run(self, changes: Changes) -> None:
        """Keep the Homes fresh that somebody may look at, for ever."""
        with changes.subscribe("approval", "run") as woken:
            while True:
                await self._wait(woken)
                self.round()

    def round(self) -> None:
        """Publish what is due; the others wait for their turn."""
        now = self.world.clock.monotonic()
        left = {who: one for who, one in self._visitors.items() if now - one.opened_at < LOOKS}
        self._visitors = left
        for person, visitor in left.items():
            if visitor.stale and not visitor.busy and now - visitor.published_at >= EVERY:
                visitor.stale = False
                work = self._publish(person, visitor, own=False)
                self.world.tasks.start(f"home of {person}", work)

    def changed(self) -> None:
        """Note that what Homes show may be different now."""
        for visitor in self._visitors.values():
            visitor.stale = True

    async def _wait(self, woken: Subscription) -> None:
        """Wait for a change, or until a Home may be published that had to wait."""
        now = self.world.clock.monotonic()
        left = [one.published_at + EVERY - now for one in self._visitors.values() if one.stale]
        wait = timedelta(seconds=min((max(each, AGAIN) for each in left), default=EVERY))
        if await woken.wait_on(self.world.clock, wait):
            self.changed()

    def _visit(self, person: str) -> Visitor:
        now = self.world.clock.monotonic()
        visitor = self._visitors.setdefault(person, Visitor(now))
        visitor.opened_at = now
        return visitor

    async def _publish(self, person: str, visitor: Visitor, *, own: bool) -> None:
        """Publish one Home at a time for each person, and once more if that came too early."""
        if visitor.busy:
            visitor.again = visitor.again or own
            return
        visitor.busy = True
        try:
            await self._send(person, visitor, own=own)
            while visitor.again:
                visitor.again = False
                await self._send(person, visitor, own=True)
        finally:
            visitor.busy = False

    async def _send(self, person: str, visitor: Visitor, *, own: bool) -> None:
        now = self.world.clock.monotonic()
        if visitor.line is not None and now >= visitor.line_until:
            visitor.line = None
        view = home_view(await self._facts(person, visitor.line), public_url=self.public_url)
        looks = hashlib.sha256(json.dumps(view, sort_keys=True).encode()).hexdigest()
        if looks == visitor.shown and not own:
            return
        if not self._budget.take(own=own):
            visitor.stale = True
            return
        visitor.published_at = now
        try:
            await self.slack.call("views.publish", user_id=person, view=view)
        except SlackTrouble as error:
            self._trouble(visitor, error)
        else:
            visitor.shown, self.problem = looks, None

    def _trouble(self, visitor: Visitor, error: SlackTrouble) -> None:
        trouble = error.trouble
        if trouble.word == "not_enabled":
            self.problem = NOT_ENABLED
        elif trouble.meaning is Meaning.LATER:
            self._budget.pause(trouble.retry_after or LATER)
            visitor.stale = True
        else:
            visitor.stale = trouble.meaning in (Meaning.NOT_SENT, Meaning.AMBIGUOUS)
        log.warning("home_not_published", error=trouble.word)

    async def _facts(self, person: str, line: Shown | None) -> HomeFacts:
        who = Principal("person", person, person, "slack")
        try:
            desk = await self.coordinator.desk(who, most=ROWS + 1)
            found = await self.coordinator.subscriptions(who)
            problems = None
            if desk.profile.admin:
                stored = await self.coordinator.problems(who)
                problems = (*await self.program.problems(), *stored)
            quiet = not (desk.waiting or desk.running or desk.results)
            demo = await self._demo() if quiet else None
        except Unavailable:
            return HomeFacts(None, line=line)
        followed = tuple(Followed(each.key, each.subject, each.filters) for each in found)
        return HomeFacts(desk, followed, problems, demo, line)

    async def _demo(self) -> str | None:
        """Return a workflow that is made to try things out with: its name or a tag says so."""
        for view in await self.coordinator.workflows():
            tags = view.definition.body.get("tags") or ()
            if view.status == "active" and (view.name == "demo" or "demo" in tags):
                return view.name
        return None
