"""What happened out there, whatever became of the server: effects, answers, and who was told what."""

import asyncio
import hashlib
import random
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from baton.connector import ActionContext, Failed, NotStarted, Unknown
from coordination.ports import Group, Person
from tests.prove.simulation.faults import Faults
from tests.prove.simulation.plans import GROUP

MOST_TALK = 4_000
NEWCOMER = "UNEW"
LEFT_FOR_GOOD = 300.0  # s after which everybody knows that somebody left


@dataclass(frozen=True)
class Effect:
    """Something an action did. *attempt* is what the action was told, *place* its place in time."""

    run: str
    workflow: str
    path: str
    key: str
    attempt: int
    repeatable: bool
    place: int
    at: float


@dataclass
class Trace:
    """A hash over all that a history did with the world, for comparing two plays of one seed."""

    wanted: bool
    _sum: Any = field(default_factory=hashlib.sha256)
    count: int = 0

    def note(self, *what: object) -> None:
        if self.wanted:
            self.count += 1
            self._sum.update(repr(what).encode())

    @property
    def sum(self) -> str:
        return f"{self.count}:{self._sum.hexdigest()}"


@dataclass
class Crew:
    """The user group that some questions are put to; people drop out of it, and new ones join it.

    Args:
        members: who is in it now.
        ever: who has been in it.
        gone: who is not any more: place in time.
        known: the place up to which Baton has certainly read who is in it.
        barred: questions and those who first answered them when they were known to be out of it.
    """

    members: list[str] = field(default_factory=lambda: ["UGRACE", "UMAYA", "UKIT"])
    ever: set[str] = field(default_factory=lambda: {"UGRACE", "UMAYA", "UKIT"})
    gone: dict[str, int] = field(default_factory=dict)
    known: int = 0
    barred: set[tuple[str, str]] = field(default_factory=set)
    seen: set[tuple[str, str]] = field(default_factory=set)  # questions, and who answered them

    def drop(self, who: str, place: int) -> None:
        self.members.remove(who)
        self.gone[who] = place

    def join(self, who: str) -> None:
        self.members.append(who)
        self.ever.add(who)

    def answers(self, approval: str, who: str) -> None:
        """Note that *who* is about to answer a question."""
        if self.gone.get(who, self.known) < self.known and (approval, who) not in self.seen:
            self.barred.add((approval, who))
        self.seen.add((approval, who))


class Canaries(dict[str, str]):
    """Secrets by name, and which of them somebody was told: only those can come to light.

    >>> canaries = Canaries(TOKEN="5f", INPUT="a0")
    >>> canaries["TOKEN"], canaries.told
    ('5f', {'TOKEN': '5f'})
    """

    def __init__(self, **secrets: str) -> None:
        super().__init__(secrets)
        self.told: dict[str, str] = {}

    def __getitem__(self, name: str) -> str:
        self.told[name] = secret = super().__getitem__(name)
        return secret


@dataclass
class Outside:
    """The world of one history.

    *places* orders what happened: effects, acknowledgements, departures.
    """

    faults: Faults
    trace: Trace
    people: tuple[Person, ...]
    secrets: Canaries
    rng: random.Random = field(init=False)
    effects: list[Effect] = field(default_factory=list)
    begun: list[Effect] = field(default_factory=list)  # before it was known whether they would be
    acknowledged: dict[str, str] = field(default_factory=dict)  # key of a report: event id
    started: dict[str, str] = field(default_factory=dict)  # request id: run
    answered: list[tuple[str, str, str, int]] = field(default_factory=list)
    tried: set[tuple[str, str, str]] = field(default_factory=set)  # answers that may have arrived
    cancelled: dict[str, int] = field(default_factory=dict)  # run: place of the acknowledgement
    reordered: dict[str, int] = field(default_factory=dict)  # run: place of the newest retry
    left: dict[str, float] = field(default_factory=dict)  # person: when
    crew: Crew = field(default_factory=Crew)
    retried: Counter[str] = field(default_factory=Counter)
    reached: Counter[str] = field(default_factory=Counter)
    talk: list[str] = field(default_factory=list)  # what HTTP said
    places: int = 0
    crashes: int = 0

    def __post_init__(self) -> None:
        self.rng = self.faults.rng_of("world")

    def chance(self, share: float) -> bool:
        return self.rng.random() < share

    def next_place(self) -> int:
        self.places += 1
        return self.places

    async def perform(self, params: Any, ctx: ActionContext, *, repeatable: bool) -> Any:
        """Do something out there: at once or late, and not always well."""
        rng, now = self.rng, asyncio.get_running_loop().time
        fate = rng.random() if not self.faults.healed else 1.0
        place = (ctx.run.id, ctx.run.workflow, ctx.run.step)
        effect = Effect(
            *place, ctx.idempotency_key, ctx.attempt, repeatable, self.next_place(), now()
        )
        self.trace.note("performs", effect)
        self.begun.append(effect)
        if fate < 0.03:
            raise NotStarted("no such host")
        await asyncio.sleep(rng.choice((0, 0, 0.2, 3)))
        if fate < 0.06:
            raise Failed(f"the answer was no, {params.say}")
        self.effects.append(effect)
        await asyncio.sleep(rng.choice((0, 0, 0.2, 3)))
        if fate < 0.08:
            raise Unknown("the connection was lost")
        ctx.log.info("performed", attempt=ctx.attempt)
        return {"n": len(self.effects), "said": params.say}

    def leave(self, person: str) -> None:
        """Let somebody leave the workspace."""
        self.left[person] = asyncio.get_running_loop().time()
        self.reached["somebody left"] += 1

    def here(self) -> tuple[Person, ...]:
        """Return who is in the workspace; a newcomer is there from the day that they join the group."""
        new = {NEWCOMER} - self.crew.ever
        return tuple(
            each for each in self.people if each.id not in self.left and each.id not in new
        )

    def knows(self, place: int) -> None:
        """Note that Baton knows who was in the group at *place*."""
        self.crew.known = max(self.crew.known, place)

    def groups(self) -> tuple[Group, ...]:
        return (Group(GROUP, "ship", "Ship it", tuple(self.crew.members)),)


__all__ = ["NEWCOMER", "Canaries", "Crew", "Effect", "Outside", "Trace"]
