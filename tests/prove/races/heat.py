"""One heat: many races at once on one store, and a look at every row that they left behind.

Four kinds. *Opening*: a step begins to wait while its event is published, and looks back to the start of
its run. *Join*: the same, for what comes from now on. *Timeout*: a step waits, and its event comes while its time runs out. *Click*: people answer a question, both ways,
while its time runs out. Who wins is chance; that exactly one does is the promise.
"""

import asyncio
import random
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
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

LIMIT = timedelta(seconds=30)  # after which what waits has waited long enough
PATIENCE = 240.0  # s; a sweep that mends what was missed comes sooner, and is no loss
SPREAD = 0.8  # s within which all begin
CLICKERS = (("UGRACE", "approve"), ("ULINUS", "reject"))
_LEFT = (
    select(waits_table.c.key).where(waits_table.c.state == "looking").limit(1),
    select(events.c.seq).where(events.c.dispatched_at.is_(None)).limit(1),
    select(timers_table.c.slot).limit(1),
)


@dataclass(frozen=True)
class Size:
    """How many races of each kind, and how many waits share an event."""

    openings: int = 400
    joins: int = 1500
    timeouts: int = 500
    clicks: int = 100
    shared: int = 100  # waits of one run, for one event
    few: int = 20  # of those whose time runs out
    asked: int = 10  # questions of one run
    together: int = 10  # waits that open in one unit

    @property
    def races(self) -> int:
        return self.openings + self.joins + self.timeouts + self.clicks


@dataclass(frozen=True)
class Wait:
    """One step that waits: of which run, where, and for what is told of which commit."""

    kind: str
    run_key: int
    path: str
    sha: str


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
    refused: Counter[str] = field(default_factory=Counter)

    end: float = field(init=False)  # when all time is over: a share of the heat

    def __post_init__(self) -> None:
        self.end = self.chance.uniform(0.3, 0.7)

    async def run(self) -> tuple[Counter[str], list[str]]:
        """Run it; return who won how often, and what must not have happened."""
        await self._prepare()
        work = [*self._openings(), *self._timeouts(), *self._clicks()]
        work.append(self._end_of_time())
        self.track.door.jostling = True
        await asyncio.gather(*work)
        self.track.door.jostling = False
        await self._settled()
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
        for group in range(0, count, shared):
            run_key = self.track.new_run(tx, f"run_{kind}_{group}")
            sha = f"{run_key:010x}"
            for number in range(min(shared, count - group)):
                wait = Wait(kind, run_key, f"w{number}", sha)
                if kind == "timeout":
                    self._open(tx, wait)
                yield wait

    def _open(self, tx: Transaction, wait: Wait) -> None:
        due = T0 + LIMIT if wait.kind == "timeout" else None
        place = (("subject", "sha"), wait.sha)
        since = "now" if wait.kind == "join" else "start"
        wanted = Wanted(correlate=(place,), path=wait.path, since=since, expires_at=due)
        now, ids = self.track.world.clock.now(), self.track.world.ids
        waits.open(tx, wanted, run_key=wait.run_key, now=now, ids=ids)
        if due is not None:
            timers.set(tx, "run", wait.run_key, f"event:{wait.path}", due)

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
            expires_at=T0 + LIMIT,
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
            yield self._publish(sha, 0.3, 1.0, times=2)

    def _timeouts(self) -> Iterator[Any]:
        for sha in sorted({wait.sha for wait in self.waits if wait.kind == "timeout"}):
            yield self._publish(sha, self.end - 0.05, self.end + 0.15)

    def _clicks(self) -> Iterator[Any]:
        """Half of the questions are answered by two people at once, both ways."""
        for number, question in enumerate(self.questions):
            for who, choice in CLICKERS[: 1 + number % 2]:
                yield self._click(question, who, choice)

    async def _sometime(self, first: float = 0.0, last: float = 1.0) -> None:
        """Wait until chance has it, between two moments; the heat lasts from 0 to 1."""
        await asyncio.sleep(SPREAD * self.chance.uniform(first, last))

    async def _begin_to_wait(self, waits: Sequence[Wait]) -> None:
        await self._sometime()

        def unit(tx: Transaction) -> None:
            for wait in waits:
                self._open(tx, wait)

        await self.track.door.write(unit)

    async def _publish(self, sha: str, first: float, last: float, times: int = 1) -> None:
        await self._sometime(first, last)
        self.events[sha] = await asyncio.gather(*(self.track.report(sha) for _ in range(times)))

    async def _click(self, question: Approval, who: str, choice: str) -> None:
        await self._sometime(self.end - 0.02, self.end + 0.005)
        comment = "not today" if choice == "reject" else None
        person = Principal("person", who, who, "slack")
        try:
            answer = await self.track.coordinator.decide(
                person, question.id, choice, version=question.version, comment=comment, via="test"
            )
        except AlreadyDecided as error:
            self.refused[f"{question.id} {error.approval.decided_by}"] += 1
        else:
            self.won.setdefault(question.id, []).append(f"{who} {answer.state}")

    async def _end_of_time(self) -> None:
        await self._sometime(self.end, self.end)
        self.track.pass_time(LIMIT)

    async def _settled(self) -> None:
        """Wait until nobody has anything left to do."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE
        while await self._left() and loop.time() < end:
            await asyncio.sleep(0.01)

    async def _left(self) -> bool:
        return any([await self.track.rows(each) for each in _LEFT])
