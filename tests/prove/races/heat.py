"""One heat: many races at once on one store, and a look at every row that they left behind.

Four kinds. *Opening*: a step begins to wait while its event is published, and looks back to the start of
its run. *Join*: the same, for what comes from now on. *Timeout*: steps wait, and their event comes at the
moment when their time is over. *Click*: people answer a question, both ways, at the moment when its time
is over. Who wins is chance; that exactly one does is the promise.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from coordination import approvals, timers, waits
from coordination.database import Transaction, events, select
from coordination.database import timers as timers_table
from coordination.database import waits as waits_table
from coordination.errors import AlreadyDecided
from coordination.policy import Principal
from coordination.questions import Approval, Question
from tests.coordination.hall import Wanted
from tests.coordination.scene import T0
from tests.prove.races.findings import wrong
from tests.prove.races.track import Track

APART = timedelta(seconds=1)  # from the end of one time to that of the next
PATIENCE = 240.0  # s; a sweep that mends what was missed comes sooner, and is no loss
TIMER_LATE = "click: the timer was on its way when a click won"
CLICK_LATE = "click: a click was on its way when the timer won"
NEAR = (4, 40, 400)  # turns of the loop by which one is later than the other, at most
CLICKERS = (("UGRACE", "approve"), ("ULINUS", "reject"))
_LEFT = (
    select(waits_table.c.key).where(waits_table.c.state == "looking").limit(1),
    select(events.c.seq).where(events.c.dispatched_at.is_(None)).limit(1),
    select(timers_table.c.slot).limit(1),
)


@dataclass(frozen=True)
class Size:
    """How many races of each kind, and how many waits share an event."""

    openings: int = 200
    joins: int = 3500
    timeouts: int = 200
    clicks: int = 100
    shared: int = 100  # waits of one run, for one event
    few: int = 5  # of those whose time runs out
    asked: int = 5  # questions of one run
    together: int = 10  # waits that open in one unit

    spread: float = 2.0  # s within which all begin

    @property
    def races(self) -> int:
        return self.openings + self.joins + self.timeouts + self.clicks

    @property
    def groups(self) -> int:
        """How many times run out for waits."""
        return -(-self.timeouts // self.few)

    @property
    def ends(self) -> int:
        """How many times run out; the questions of a run share one."""
        return self.groups + -(-self.clicks // self.asked)


@dataclass(frozen=True)
class Wait:
    """One step that waits: of which run, where, and for what is told of which commit."""

    kind: str
    run_key: int
    path: str
    sha: str
    group: int  # of those who wait for the same event


@dataclass
class Heat:
    """What was let loose, and what those who took part were told."""

    track: Track
    chance: random.Random
    size: Size
    waits: list[Wait] = field(default_factory=list)
    questions: list[Approval] = field(default_factory=list)
    events: dict[str, list[str]] = field(default_factory=dict)  # of each commit
    won: dict[str, list[str]] = field(default_factory=dict)  # of each question: who was told Yes
    met: Counter[str] = field(
        default_factory=Counter
    )  # who came when somebody else was there already

    def __post_init__(self) -> None:
        count = self.size.ends
        self.places = self.chance.sample(range(count), k=count)  # of each end among all of them
        self.moments = sorted(self.chance.random() for _ in range(count))  # from 0 to 1

    async def run(self) -> tuple[Counter[str], list[str]]:
        """Run it; return who won how often, and what must not have happened."""
        await self._prepare()
        work = [*self._openings(), *self._ends()]
        self.track.door.jostling = True
        await asyncio.gather(*work)
        self.track.door.jostling = False
        await self._settled()
        self.met[TIMER_LATE] = self.track.came_late
        return await wrong(self)

    async def _prepare(self) -> None:
        """Make the runs, the waits that are to run out of time, and the questions."""

        def unit(tx: Transaction) -> tuple[list[Wait], list[Approval]]:
            found = [*self._furnish(tx, "opening", self.size.openings)]
            found += self._furnish(tx, "join", self.size.joins)
            found += self._furnish(tx, "timeout", self.size.timeouts)
            return found, [*self._ask_all(tx)]

        self.waits, self.questions = await self.track.write(unit)

    def _furnish(self, tx: Transaction, kind: str, count: int) -> Iterator[Wait]:
        shared = self.size.few if kind == "timeout" else self.size.shared
        for group, at in enumerate(range(0, count, shared)):
            run_key = self.track.new_run(tx, f"run_{kind}_{group}")
            sha = f"{run_key:010x}"
            for number in range(min(shared, count - at)):
                wait = Wait(kind, run_key, f"w{number}", sha, group)
                if kind == "timeout":
                    self._open(tx, wait)
                yield wait

    def _open(self, tx: Transaction, wait: Wait) -> None:
        due = self._due(wait.group) if wait.kind == "timeout" else None
        place = (("subject", "sha"), wait.sha)
        since = "now" if wait.kind == "join" else "start"
        wanted = Wanted(correlate=(place,), path=wait.path, since=since, expires_at=due)
        now, ids = self.track.world.clock.now(), self.track.world.ids
        waits.open(tx, wanted, run_key=wait.run_key, now=now, ids=ids)
        if due is not None:
            timers.set(tx, "run", wait.run_key, f"event:{wait.path}", due)

    def _due(self, end: int) -> datetime:
        return T0 + APART * (1 + self.places[end])

    def _ask_all(self, tx: Transaction) -> Iterator[Approval]:
        for number in range(self.size.clicks):
            if number % self.size.asked == 0:
                run_key = self.track.new_run(tx, f"run_asking_{number}")
            yield self._ask(tx, run_key, number)

    def _ask(self, tx: Transaction, run_key: int, number: int) -> Approval:
        question = Question(
            title="Go on?",
            approvers=("@grace", "<@ULINUS>"),
            digest=f"d{number}",
            expires_at=self._due(self.size.groups + number // self.size.asked),
        )
        now, ids = self.track.world.clock.now(), self.track.world.ids
        return approvals.open(tx, question, run_key=run_key, path=f"gate{number}", now=now, ids=ids)

    # What races

    def _openings(self) -> Iterator[Any]:
        """Waits open a few at a time, and their event is published twice: the first one counts."""
        opening = [wait for wait in self.waits if wait.kind != "timeout"]
        for at in range(0, len(opening), self.size.together):
            yield self._begin_to_wait(opening[at : at + self.size.together])
        for sha in sorted({wait.sha for wait in opening}):
            yield self._publish_twice(sha)

    def _ends(self) -> Iterator[Any]:
        """At one moment a time is over, and the event comes, or people click: one or two for each question."""
        shas = sorted({(wait.group, wait.sha) for wait in self.waits if wait.kind == "timeout"})
        for group, sha in shas:
            yield self._end(group, [self._publish(sha)])
        for group in range(self.size.groups, self.size.ends):
            first = (group - self.size.groups) * self.size.asked
            asked = enumerate(self.questions[first : first + self.size.asked])
            clicks = [self._click(q, *each) for n, q in asked for each in CLICKERS[: 1 + n % 2]]
            yield self._end(group, clicks)

    async def _end(self, end: int, others: Sequence[Any]) -> None:
        await asyncio.sleep(self.size.spread * self.moments[self.places[end]])
        over = self._pass_time(self._due(end))
        await asyncio.gather(*(self._soon(each) for each in (over, *others)))

    async def _soon(self, work: Awaitable[None]) -> None:
        """Begin a few turns of the loop later, as chance has it."""
        for _ in range(self.chance.randrange(self.chance.choice(NEAR))):
            await asyncio.sleep(0)
        await work

    async def _pass_time(self, until: datetime) -> None:
        self.track.pass_time(until)

    async def _sometime(self, first: float = 0.0, last: float = 1.0) -> None:
        """Wait until chance has it, between two moments; the heat lasts from 0 to 1."""
        await asyncio.sleep(self.size.spread * self.chance.uniform(first, last))

    async def _begin_to_wait(self, waits: Sequence[Wait]) -> None:
        await self._sometime()

        def unit(tx: Transaction) -> None:
            for wait in waits:
                self._open(tx, wait)

        await self.track.door.write(unit)

    async def _publish_twice(self, sha: str) -> None:
        await self._sometime(0.3, 1.0)
        await self._publish(sha, times=2)

    async def _publish(self, sha: str, times: int = 1) -> None:
        self.events[sha] = await asyncio.gather(*(self.track.report(sha) for _ in range(times)))

    async def _click(self, question: Approval, who: str, choice: str) -> None:
        comment = "not today" if choice == "reject" else None
        person = Principal("person", who, who, "slack")
        try:
            answer = await self.track.coordinator.decide(
                person, question.id, choice, version=question.version, comment=comment, via="test"
            )
        except AlreadyDecided as error:
            timed = error.approval.decided_by == "timer"
            self.met[CLICK_LATE] += timed and question.key not in self.track.expired
        else:
            self.won.setdefault(question.id, []).append(f"{who} {answer.state}")

    async def _settled(self) -> None:
        """Wait until nobody has anything left to do."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while await self._left() and loop.time() < end:
            await asyncio.sleep(0.01)

    async def _left(self) -> bool:
        return any([await self.track.rows(each) for each in _LEFT])
