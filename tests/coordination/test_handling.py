"""A failed run that somebody has dealt with: told once, with a reason, until it fails again."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coordination import run_views
from coordination.database import audit as audit_table
from coordination.database import outbox as outbox_table
from coordination.database import runs as runs_table
from coordination.database import update
from coordination.database import wakeups as wakeups_table
from coordination.errors import Conflict, IdempotencyMismatch, InvalidInputs, NotAllowed
from coordination.handling import handle
from coordination.ports import RunStatus, RunView
from coordination.waiting_for import card_word, waiting_for
from tests.coordination.orders import RUN_ID, Steering
from tests.coordination.scene import Scene, open_scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


@pytest.fixture
def steer(scene: Scene) -> Steering:
    return Steering(scene)


async def marks(steer: Steering, who: str, reason: str = "by hand", request: str = "q1") -> None:
    order, judging = steer.order(who, request), steer.scene.judging
    await steer.scene.door.write(lambda tx: handle(tx, order, reason=reason, judging=judging))


async def seen(scene: Scene) -> RunView:
    async def query(reader: object) -> RunView:
        row = await run_views.row_of(reader, RUN_ID)  # type: ignore[arg-type]
        return await run_views.view(reader, row)  # type: ignore[arg-type]

    return await scene.door.read(query)


async def test_it_stays_failed_and_waits_for_nobody(scene: Scene, steer: Steering) -> None:
    await steer.put(RunStatus.FAILED, deploy="failed")
    assert waiting_for(await seen(scene)) is not None
    await marks(steer, "olga")

    run = await seen(scene)
    assert (waiting_for(run), card_word(run)) == (None, "Failed")
    assert run.handled is not None
    assert (run.handled.by, run.handled.reason) == ("@olga", "by hand")
    line, card = await scene.rows(outbox_table)
    assert line.body == {"text": "Handled by <@UOLGA>: by hand"}
    assert (card.kind, card.slot) == ("thread", "root")
    (told,) = await scene.rows(wakeups_table)
    assert told.done_at is not None  # the run itself hears nothing
    (row,) = [each for each in await scene.rows(audit_table) if each.action == "run.handled"]
    assert (row.actor, row.detail["reason"]) == ("UOLGA", "by hand")


async def test_a_repeat_changes_nothing_and_a_second_one_is_refused(
    scene: Scene, steer: Steering
) -> None:
    await steer.put(RunStatus.FAILED)
    await marks(steer, "olga")
    await marks(steer, "olga")
    with pytest.raises(IdempotencyMismatch):
        await marks(steer, "olga", "otherwise")
    with pytest.raises(Conflict, match="already, by <@UOLGA>"):
        await marks(steer, "olga", request="q2")
    assert len(await scene.rows(wakeups_table)) == 1


async def test_it_takes_a_reason_and_the_right_to(scene: Scene, steer: Steering) -> None:
    await steer.put(RunStatus.FAILED)
    for reason in ("", "  \n", "x" * 2001):
        with pytest.raises(InvalidInputs, match="what was done"):
            await marks(steer, "olga", reason)
    with pytest.raises(NotAllowed):
        await marks(steer, "mallory")
    assert await scene.rows(wakeups_table) == []


@pytest.mark.parametrize("status", [s for s in RunStatus if s is not RunStatus.FAILED])
async def test_only_a_failed_run_is_dealt_with(steer: Steering, status: RunStatus) -> None:
    await steer.put(status)
    with pytest.raises(Conflict, match="has not failed"):
        await marks(steer, "olga")


async def test_a_run_that_fails_again_is_dealt_with_again(scene: Scene, steer: Steering) -> None:
    await steer.put(RunStatus.FAILED)
    await marks(steer, "olga")
    later = scene.now.replace(hour=scene.now.hour + 1)
    change = update(runs_table).where(runs_table.c.key == scene.run_key)
    await scene.door.write(lambda tx: tx.execute(change.values(ended_at=later)))
    assert (await seen(scene)).handled is None
    scene.now = later
    await marks(steer, "olga", request="q2")
    assert (await seen(scene)).handled is not None
