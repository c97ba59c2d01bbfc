"""Any history of answers gives one verdict, once, by somebody entitled, told to the run once.

People click, from second accounts too, hand their votes on and take them back; groups change, people
leave, the directory grows old, the question changes, more people are asked, the time runs out.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from coordination import deadlines, delegations, directory, votes
from coordination import timers as timer_rows
from coordination.database import audit as audit_table
from coordination.database import timers as timers_table
from coordination.database import votes as votes_table
from coordination.database import waits as waits_table
from coordination.database import wakeups as wakeups_table
from coordination.delegations import Handing
from coordination.errors import Refused
from coordination.policy import Principal
from coordination.ports import Group, Person
from coordination.questions import Approval, Escalation, outcome
from coordination.timers import Due
from tests.coordination.scene import (
    PEOPLE,
    QUESTION,
    T0,
    Scene,
    machine,
    open_scene,
    person,
    someone,
)

MAIL = "grace@example.com"
EVERYBODY = (
    *(each for each in PEOPLE if each.handle not in ("grace", "ada")),
    someone("ada", email="ada@example.com"),
    someone("ada2", email="ada@example.com"),
    someone("grace", email=MAIL),
    someone("grace2", email=MAIL),
    someone("zoe"),
    someone("sre1"),
)
SRE = Group("S0SRE", "sre", "Site reliability", ("UGRACE", "UGRACE2", "USRE1", "UADA2", "UBOT"))
ASKERS = {"UADA", "UADA2"}
NEVER = {*ASKERS, "UBOT", "UGUEST", "UGONE", "source:ci"}
QUESTION_ASKED = replace(
    QUESTION,
    approvers=("@sre", "<@ULINUS>", "role:operator", "source:policy", "@ada", "@ada2", "@bot"),
    decisions=("approve", "reject", "ship"),
    expires_at=T0 + timedelta(minutes=15),
    remind=(timedelta(minutes=2),),
    escalate=(Escalation(timedelta(minutes=4), ("@mallory", "@gone", "@guest")),),
)
HUMANS = [each.handle for each in EVERYBODY]
VOTERS = [
    *(person(handle) for handle in HUMANS),
    machine("policy", "approve"),
    machine("ci", "approve"),
    machine("cli", "approve", human="UGRACE"),
    machine("cli", "run", human="UGRACE"),
    Principal("timer", "timer"),
]
ASKED = [person(handle) for handle in ("grace", "grace2", "linus", "olga", "sre1", "ada2")]
MOSTLY = ("approve", "approve", "approve", "approve", "ship", "reject")  # most histories go on
happenings = st.one_of(
    st.tuples(
        st.just("click"),
        st.sampled_from(ASKED),
        st.sampled_from(MOSTLY),
        st.none(),
    ),
    st.tuples(
        st.just("click"),
        st.sampled_from(VOTERS),
        st.sampled_from(MOSTLY),
        st.sampled_from([None, 1, 2]),
    ),
    st.tuples(st.just("hand"), st.sampled_from(HUMANS), st.sampled_from(HUMANS)),
    st.tuples(st.just("back"), st.sampled_from(HUMANS)),
    st.tuples(st.just("later"), st.integers(1, 400)),
    st.tuples(st.just("directory"), st.sets(st.sampled_from(HUMANS), max_size=2), st.booleans()),
    st.tuples(st.just("timers")),
    st.tuples(st.just("changed")),
)


@dataclass
class Watched:
    """Plays a history, and keeps what was true the first time the approval had ended."""

    scene: Scene
    asked: Approval
    verdict: Approval | None = None
    known: Mapping[str, Person] = field(default_factory=dict)

    async def play(self, happening: tuple[Any, ...]) -> None:
        with suppress(Refused):
            await getattr(self, happening[0])(*happening[1:])
        await self.look()

    async def click(self, who: Principal, choice: str, version: int | None) -> None:
        await self.scene.answer(who, self.asked, choice, version=version)

    async def hand(self, who: str, to: str) -> None:
        order = Handing(person(who), self.asked.id, person(to).id, None, "test")
        await self.scene.door.write(lambda tx: delegations.hand(tx, order, self.scene.judging))

    async def back(self, who: str) -> None:
        order = Handing(person(who), self.asked.id, None, None, "test")
        await self.scene.door.write(lambda tx: delegations.take_back(tx, order, self.scene.judging))

    async def later(self, seconds: int) -> None:
        self.scene.now += timedelta(seconds=seconds)

    async def directory(self, left: set[str], readable: bool) -> None:  # noqa: FBT001  # drawn
        people = [each for each in EVERYBODY if each.handle not in left]
        await self.scene.know(people, [SRE] if readable else None)
        await self.scene.door.write(lambda tx: votes.settle(tx, self.scene.judging))

    async def timers(self) -> None:
        scene = self.scene
        due = [row for row in await scene.rows(timers_table) if row.due_at <= scene.now]
        for row in sorted(due, key=lambda row: (row.due_at, row.slot)):
            one = Due(row.owner_kind, row.owner_key, row.slot, row.due_at)

            def unit(tx: Any, one: Due = one) -> None:
                timer_rows.clear(tx, one.owner_kind, one.owner_key, one.slot)
                deadlines.fire(tx, one, scene.judging)

            await scene.door.write(unit)

    async def changed(self) -> None:
        if self.verdict is None:
            digest = f"d{self.scene.ids.made}"
            await self.scene.ask(replace(self.asked.question, digest=digest))

    async def look(self) -> None:
        now = await self.scene.door.write(lambda tx: votes.find(tx, self.asked.id))
        if self.verdict is None and now.ended:
            self.verdict = now
        elif self.verdict is not None:
            assert now == self.verdict
        check(now, await self.scene.door.read(directory.read_all))


def check(now: Approval, known: Mapping[str, Person]) -> None:
    """Every vote that counts is of somebody entitled, no human and no seat has two of them."""
    voters = [vote.person for vote in now.counted]
    assert not NEVER & set(voters)
    humans = [known[each].human if each in known else each for each in voters]
    assert len(humans) == len(set(humans))
    seats = [vote.for_person or vote.person for vote in now.counted]
    assert len(seats) == len(set(seats))
    assert not ASKERS & set(seats)
    assert "UMALLORY" not in seats or now.escalated
    assert "UZOE" not in seats
    if not now.ended or now.decided_by == "timer":
        return
    assert now.decided_by in voters
    assert now.state == outcome(now.decision or "")
    same = [vote for vote in now.counted if vote.choice == now.decision]
    assert now.decision == "reject" or len(same) >= now.question.quorum


async def history(quorum: int, happened: list[tuple[Any, ...]], path: Path) -> None:
    scene = await open_scene(path / "baton.db")
    await scene.know(EVERYBODY, [SRE])
    watched = Watched(scene, await scene.ask(replace(QUESTION_ASKED, quorum=quorum)))
    for happening in happened:
        await watched.play(happening)
    await told_once(scene, watched)
    await recorded(scene)
    await scene.door.close()


async def told_once(scene: Scene, watched: Watched) -> None:
    told = await scene.rows(wakeups_table)
    assert len(told) == (watched.verdict is not None)
    (wait,) = [row for row in await scene.rows(waits_table) if row.key == watched.asked.key]
    if watched.verdict is not None:
        assert told[0].payload["decision"] == watched.verdict.decision
        assert wait.state == watched.verdict.state
        assert await scene.rows(timers_table) == []


async def recorded(scene: Scene) -> None:
    """Each vote is one row of its version and person, and stands in the audit as it ended up."""
    cast = await scene.rows(votes_table)
    names = [(row.version, row.person) for row in cast]
    assert len(names) == len(set(names))
    said = {
        (row.detail["version"], row.actor, row.detail["decision"])
        for row in await scene.rows(audit_table)
        if row.action.startswith("vote.")
    }
    assert {(row.version, row.person, row.choice) for row in cast} <= said


@example(  # whose first account is gone does not approve from the second
    quorum=1,
    happened=[("directory", {"ada"}, False), ("click", person("ada2"), "approve", None)],
)
@given(quorum=st.sampled_from([1, 2, 3, 3, 4]), happened=st.lists(happenings, max_size=25))
@settings(max_examples=max(60, settings().max_examples))
def test_any_history_of_answers_gives_one_verdict(
    quorum: int, happened: list[tuple[Any, ...]]
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(history(quorum, happened, Path(folder)))
