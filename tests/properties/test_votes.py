"""Any history of answers gives one verdict, once, by somebody entitled, told to the run once."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import given, settings
from hypothesis import strategies as st

from coordination import votes
from coordination.database import waits as waits_table
from coordination.database import wakeups as wakeups_table
from coordination.errors import Refused
from coordination.policy import Principal
from coordination.questions import Approval, outcome
from tests.coordination.scene import PEOPLE, QUESTION, T0, Scene, machine, open_scene, person

ENTITLED = {"UGRACE", "ULINUS", "UOLGA", "source:policy"}
VOTERS = [
    *(person(each.handle) for each in PEOPLE),
    machine("policy", "approve"),
    machine("ci", "approve"),
    machine("cli", "approve", human="UGRACE"),
    machine("cli", "run", human="UGRACE"),
]
clicks = st.tuples(
    st.just("click"),
    st.sampled_from(VOTERS),
    st.sampled_from(["approve", "reject", "ship"]),
    st.sampled_from([None, 1, 2]),
)
happenings = st.one_of(
    clicks,
    st.tuples(st.just("later"), st.integers(1, 400)),
    st.tuples(st.just("directory")),
    st.tuples(st.just("timer")),
    st.tuples(st.just("changed")),
)


class Watched:
    """Plays a history and keeps what was true the first time the approval had ended."""

    def __init__(self, scene: Scene, asked: Approval) -> None:
        self.scene = scene
        self.asked = asked
        self.verdict: Approval | None = None

    async def play(self, happening: tuple[object, ...]) -> None:
        try:
            match happening:
                case "click", Principal() as who, str(choice), version:
                    await self.scene.answer(who, self.asked, choice, version=version)
                case "later", int(seconds):
                    self.scene.now += timedelta(seconds=seconds)
                case ("directory",):
                    await self.scene.know()
                    await self.scene.door.write(lambda tx: votes.settle(tx, self.scene.judging))
                case ("timer",):
                    await self._timer()
                case ("changed",):
                    await self._change()
        except Refused:
            pass
        await self.look()

    async def _timer(self) -> None:
        scene, key = self.scene, self.asked.key
        await scene.door.write(lambda tx: votes.expire(tx, key, now=scene.now, ids=scene.ids))

    async def _change(self) -> None:
        if self.verdict is None:
            await self.scene.ask(replace(self.asked.question, digest=f"d{self.scene.ids.made}"))

    async def look(self) -> None:
        now = await self.scene.door.write(lambda tx: votes.find(tx, self.asked.id))
        if self.verdict is None and now.ended:
            self.verdict = now
        elif self.verdict is not None:
            assert now == self.verdict
        check(now)


def check(now: Approval) -> None:
    """Every vote that counts is of somebody entitled; the verdict is what they said."""
    people = [vote.person for vote in now.counted]
    assert set(people) <= ENTITLED
    assert len(people) == len(set(people))
    if not now.ended or now.decided_by == "timer":
        return
    assert now.decided_by in ENTITLED
    assert now.state == outcome(now.decision or "")
    same = [vote for vote in now.counted if vote.choice == now.decision]
    assert now.decision == "reject" or len(same) >= now.question.quorum


async def history(quorum: int, happened: list[tuple[object, ...]], path: Path) -> None:
    scene = await open_scene(path / "baton.db")
    question = replace(
        QUESTION,
        quorum=quorum,
        decisions=("approve", "reject", "ship"),
        expires_at=T0 + timedelta(minutes=15),
    )
    watched = Watched(scene, await scene.ask(question))
    for happening in happened:
        await watched.play(happening)
    told = await scene.rows(wakeups_table)
    assert len(told) == (watched.verdict is not None)
    (wait,) = [row for row in await scene.rows(waits_table) if row.key == watched.asked.key]
    if watched.verdict is not None:
        assert told[0].payload["decision"] == watched.verdict.decision
        assert wait.state == watched.verdict.state
    await scene.door.close()


@given(quorum=st.integers(1, 3), happened=st.lists(happenings, max_size=20))
@settings(max_examples=40, deadline=None)
def test_any_history_of_answers_gives_one_verdict(
    quorum: int, happened: list[tuple[object, ...]]
) -> None:
    with TemporaryDirectory() as folder:
        asyncio.run(history(quorum, happened, Path(folder)))
