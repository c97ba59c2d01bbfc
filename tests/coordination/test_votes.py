"""What time and the directory do to answers: deadlines, late look-ups, people who left."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coordination import approvals, votes
from coordination.database import timers as timers_table
from coordination.database import votes as votes_table
from coordination.database import wakeups as wakeups_table
from coordination.errors import AlreadyDecided, NotAllowed
from coordination.questions import Covered
from tests.coordination.scene import MINUTE, PEOPLE, QUESTION, T0, Scene, open_scene, someone


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


@pytest.mark.parametrize(
    ("on_timeout", "state", "decision"),
    [
        ("reject", "rejected", "reject"),
        ("fail", "expired", "expired"),
        ("later", "answered", "later"),
    ],
)
async def test_nobody_answering_is_an_answer_by_the_clock(
    scene: Scene, on_timeout: str, state: str, decision: str
) -> None:
    question = replace(QUESTION, expires_at=T0 + MINUTE, on_timeout=on_timeout)
    asked = await scene.ask(question)
    early = await scene.door.write(
        lambda tx: votes.expire(tx, asked.key, now=scene.now, ids=scene.ids)
    )
    assert early is None
    scene.now += MINUTE
    expired = await scene.door.write(
        lambda tx: votes.expire(tx, asked.key, now=scene.now, ids=scene.ids)
    )
    assert expired is not None
    assert (expired.state, expired.decision, expired.decided_by) == (state, decision, "timer")
    (wakeup,) = await scene.rows(wakeups_table)
    assert wakeup.payload["state"] == state
    again = await scene.door.write(
        lambda tx: votes.expire(tx, asked.key, now=scene.now, ids=scene.ids)
    )
    assert again is None
    assert len(await scene.rows(wakeups_table)) == 1


async def test_a_click_after_the_deadline_loses_even_before_the_timer_ran(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, expires_at=T0 + MINUTE))
    scene.now += MINUTE
    with pytest.raises(AlreadyDecided, match="rejected by timer"):
        await scene.answer("grace", asked)
    assert await scene.rows(votes_table) == []


async def test_a_click_before_the_deadline_wins_over_the_timer(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, expires_at=T0 + MINUTE))
    await scene.answer("grace", asked)
    late = T0 + 2 * MINUTE
    none = await scene.door.write(lambda tx: votes.expire(tx, asked.key, now=late, ids=scene.ids))
    assert none is None
    assert len(await scene.rows(wakeups_table)) == 1


async def test_what_a_run_takes_back_cannot_be_answered(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, expires_at=T0 + MINUTE))

    def withdraw(tx: Any) -> object:
        return approvals.close(
            tx, run_key=scene.run_key, path="gate", note="the run ended", now=T0, ids=scene.ids
        )

    assert await scene.door.write(withdraw) is not None
    assert await scene.door.write(withdraw) is None
    with pytest.raises(AlreadyDecided, match=r"withdrawn.*the run ended"):
        await scene.answer("grace", asked)
    assert await scene.rows(wakeups_table) == []
    assert await scene.rows(timers_table) == []


async def test_a_vote_under_an_old_directory_waits_for_a_fresh_one(scene: Scene) -> None:
    asked = await scene.ask()
    scene.now += timedelta(minutes=6)
    checking = await scene.answer("grace", asked)
    assert (checking.state, checking.counted) == ("checking", ())
    assert await scene.rows(wakeups_table) == []
    assert (await scene.answer("grace", asked)).state == "checking"
    await scene.know()
    (settled,) = await scene.door.write(lambda tx: votes.settle(tx, scene.judging))
    assert (settled.state, settled.decided_by) == ("approved", "UGRACE")
    assert await scene.door.write(lambda tx: votes.settle(tx, scene.judging)) == []


async def test_a_vote_of_somebody_who_left_meanwhile_is_refused_and_it_stays_open(
    scene: Scene,
) -> None:
    asked = await scene.ask()
    scene.now += timedelta(minutes=6)
    await scene.answer("grace", asked)
    await scene.know([*(each for each in PEOPLE if each.handle != "grace"), someone("zoe")])
    (settled,) = await scene.door.write(lambda tx: votes.settle(tx, scene.judging))
    assert settled.state == "open"
    assert [row.state for row in await scene.rows(votes_table)] == ["refused"]
    assert await scene.rows(wakeups_table) == []
    with pytest.raises(NotAllowed, match="deactivated"):
        await scene.answer("grace", asked)
    assert (await scene.answer("linus", asked)).state == "approved"


async def test_the_asker_is_refused_at_once_even_under_an_old_directory(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, approvers=("@ada",)))
    scene.now += timedelta(minutes=6)
    with pytest.raises(NotAllowed, match="You asked"):
        await scene.answer("ada", asked)


async def test_when_the_time_runs_out_a_vote_that_is_still_checked_does_not_count(
    scene: Scene,
) -> None:
    asked = await scene.ask(replace(QUESTION, expires_at=T0 + 10 * MINUTE))
    scene.now += 6 * MINUTE
    await scene.answer("grace", asked)
    scene.now += 6 * MINUTE
    expired = await scene.door.write(
        lambda tx: votes.expire(tx, asked.key, now=scene.now, ids=scene.ids)
    )
    assert expired is not None
    assert expired.state == "rejected"
    await scene.know()
    assert await scene.door.write(lambda tx: votes.settle(tx, scene.judging)) == []


async def test_an_effect_is_covered_by_these_bytes_and_by_people_who_still_may(
    scene: Scene,
) -> None:
    question = replace(QUESTION, covers=(Covered("deploy", "shell.run", {}, "d2"),))
    asked = await scene.ask(question)

    async def why(digest: str = "d2", path: str = "deploy") -> str | None:
        return await scene.door.write(
            lambda tx: votes.still_covers(tx, scene.run_key, path, digest, scene.roles)
        )

    assert "no approval covers" in (await why() or "")
    await scene.answer("grace", asked)
    assert await why() is None
    assert "no approval covers" in (await why(digest="d3") or "")
    assert "no approval covers" in (await why(path="other") or "")
    await scene.know([someone("grace", deleted=True)])
    assert "may not any more" in (await why() or "")


async def test_a_no_covers_nothing(scene: Scene) -> None:
    question = replace(QUESTION, covers=(Covered("deploy", "shell.run", {}, "d2"),))
    await scene.answer("grace", await scene.ask(question), "reject")
    refused = await scene.door.write(
        lambda tx: votes.still_covers(tx, scene.run_key, "deploy", "d2", scene.roles)
    )
    assert refused is not None
