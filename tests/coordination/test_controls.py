"""What people make a whole run do: durable decisions of those who may, each told once."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from coordination.database import audit as audit_table
from coordination.database import outbox as outbox_table
from coordination.database import wakeups as wakeups_table
from coordination.errors import Conflict, IdempotencyMismatch, InvalidInputs, NotAllowed
from coordination.policy import Principal
from coordination.ports import RunStatus
from tests.coordination.orders import RUN_ID, WAITING, Steering, plain
from tests.coordination.scene import Scene, machine, open_scene, person


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


@pytest.fixture
def steer(scene: Scene) -> Steering:
    return Steering(scene)


async def test_a_cancel_is_a_row_an_audit_row_and_a_line(scene: Scene, steer: Steering) -> None:
    told = await steer.cancel("ada", reason="wrong <branch>")
    assert await steer.told() == [
        ("cancel", {"by": "UADA", "reason": "wrong <branch>", "mode": "now"})
    ]
    assert told.wakeup == (await scene.rows(wakeups_table))[0].key
    (audited,) = await scene.rows(audit_table)
    assert (audited.actor, audited.action, audited.object) == ("UADA", "run.cancel", RUN_ID)
    (line,) = await scene.rows(outbox_table)
    assert line.body == {"text": "Cancelled by <@UADA>: wrong &lt;branch&gt;"}


async def test_a_repeat_changes_nothing_even_after_the_run_has_ended(
    scene: Scene, steer: Steering
) -> None:
    first = await steer.cancel("ada", reason="x")
    await steer.drain()
    await steer.put(RunStatus.CANCELLED)
    assert await steer.cancel("ada", reason="x") == first
    assert len(await scene.rows(wakeups_table)) == 1
    assert len(await scene.rows(audit_table)) == 1
    assert len(await scene.rows(outbox_table)) == 1


async def test_a_request_id_belongs_to_one_order_of_one_person(
    scene: Scene, steer: Steering
) -> None:
    await steer.put(RunStatus.FAILED)
    await steer.retry("olga", "same")
    with pytest.raises(IdempotencyMismatch):
        await steer.cancel("olga", "same")
    with pytest.raises(Conflict, match="being retried already, by <@UOLGA>"):
        await steer.retry("ada", "same")
    assert len(await scene.rows(wakeups_table)) == 1


@pytest.mark.parametrize("who", ["olga", "ada", "grace", "linus"])
async def test_operators_the_starter_and_approvers_may_steer(
    scene: Scene, steer: Steering, who: str
) -> None:
    await scene.ask()
    await steer.cancel(who)
    assert [kind for kind, _ in await steer.told()] == ["cancel"]


@pytest.mark.parametrize(
    "who",
    [
        person("mallory"),
        person("guest"),
        person("gone"),
        person("stranger"),
        machine("ci", "run"),
        machine("ci", "approve", human="UADA"),
        Principal("system", "system"),
    ],
)
async def test_nobody_else_may(scene: Scene, steer: Steering, who: Principal) -> None:
    await scene.ask()
    for give in (*plain(steer), steer.skip, steer.signal):
        with pytest.raises(NotAllowed):
            await give(who)
    assert await steer.told() == []


async def test_an_approver_of_another_run_is_nobody_here(steer: Steering) -> None:
    with pytest.raises(NotAllowed):
        await steer.cancel("grace")


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED])
async def test_what_has_ended_cannot_be_cancelled(steer: Steering, status: RunStatus) -> None:
    await steer.put(status)
    with pytest.raises(Conflict, match=f"R-3 has ended already: {status} at 12:00 UTC"):
        await steer.cancel("olga")


async def test_a_halted_run_takes_no_orders(steer: Steering) -> None:
    await steer.put(RunStatus.FAULTED, deploy="unknown")
    await steer.define(WAITING)
    for give in (*plain(steer), steer.resolve, steer.skip, steer.signal):
        with pytest.raises(Conflict, match="halted"):
            await give("olga")


async def test_a_pause_and_a_resume_are_told_in_the_thread(scene: Scene, steer: Steering) -> None:
    await steer.pause("ada", "q1")
    await steer.resume("olga", "q2")
    assert await steer.told() == [("pause", {"by": "UADA"}), ("resume", {"by": "UOLGA"})]
    assert [row.action for row in await scene.rows(audit_table)] == ["run.pause", "run.resume"]
    assert [row.body["text"] for row in await scene.rows(outbox_table)] == [
        "Paused by <@UADA>",
        "Resumed by <@UOLGA>",
    ]


async def test_what_is_paused_is_not_paused_again_nor_resumed_twice(steer: Steering) -> None:
    with pytest.raises(Conflict, match="R-3 is not paused, it is waiting"):
        await steer.resume("olga", "q0")
    for heard in (False, True):
        await steer.pause("olga", f"p{heard}")
        if heard:
            await steer.drain()
            await steer.put(RunStatus.PAUSED)
        with pytest.raises(Conflict, match="R-3 is paused already"):
            await steer.pause("ada", f"r{heard}")
        await steer.resume("olga", f"q{heard}")
        with pytest.raises(Conflict, match="not paused"):
            await steer.resume("ada", f"s{heard}")
    assert [kind for kind, _ in await steer.told()] == ["pause", "resume"] * 2


async def test_a_paused_run_with_an_unknown_step_can_be_resumed(steer: Steering) -> None:
    await steer.pause("olga", "q1")
    await steer.drain()
    await steer.put(RunStatus.UNKNOWN)
    with pytest.raises(Conflict, match="paused already"):
        await steer.pause("olga", "q2")
    await steer.resume("olga", "q3")
    assert len(await steer.told()) == 2


async def test_a_cancel_ends_a_pause(steer: Steering) -> None:
    await steer.pause("olga", "q1")
    await steer.cancel("olga", "q2")
    with pytest.raises(Conflict, match="not paused"):
        await steer.resume("olga", "q3")


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.FAILED, RunStatus.CANCELLED])
async def test_what_has_ended_is_not_paused_resumed_or_signalled(
    steer: Steering, status: RunStatus
) -> None:
    await steer.put(status)
    await steer.define(WAITING)
    for give in (steer.pause, steer.resume, steer.signal):
        with pytest.raises(Conflict, match=f"R-3 has ended already: {status} at 12:00 UTC"):
            await give("olga")
    assert await steer.told() == []


async def test_a_cancel_may_take_back_first_what_was_done(scene: Scene, steer: Steering) -> None:
    await steer.cancel("ada", mode="compensate", reason="no")
    (told,) = await steer.told()
    assert told == ("cancel", {"by": "UADA", "reason": "no", "mode": "compensate"})
    (line,) = await scene.rows(outbox_table)
    assert line.body["text"] == "Cancelled by <@UADA>, and what it did is taken back: no"


async def test_there_is_no_third_way_to_cancel(steer: Steering) -> None:
    with pytest.raises(InvalidInputs, match="'later' is none of compensate, now"):
        await steer.cancel("olga", mode="later")
    assert await steer.told() == []


async def test_only_who_says_now_cuts_a_cancel_short_and_only_once_it_was_heard(
    steer: Steering,
) -> None:
    await steer.cancel("ada", "q1")
    for mode in (None, "compensate", "now"):
        with pytest.raises(Conflict, match="being cancelled already, by <@UADA>"):
            await steer.cancel("olga", f"q-{mode}", mode=mode)
    await steer.drain()
    with pytest.raises(Conflict, match="with the mode `now`"):
        await steer.cancel("olga", "q2")
    await steer.cancel("olga", "q3", mode="now")
    assert [payload["mode"] for _, payload in await steer.told()] == ["now", "now"]


async def test_a_run_that_takes_back_what_it_did_is_only_cancelled_now(steer: Steering) -> None:
    await steer.put(RunStatus.COMPENSATING)
    with pytest.raises(Conflict, match="is taking back what it did already"):
        await steer.cancel("olga", "q1", mode="compensate")
    await steer.cancel("olga", "q2", mode="now")
    assert len(await steer.told()) == 1


async def test_a_cancel_from_before_a_retry_is_forgotten(steer: Steering) -> None:
    await steer.cancel("olga", "q1", mode="compensate")
    await steer.drain()
    await steer.put(RunStatus.FAILED)
    await steer.retry("olga", "q2")
    await steer.drain()
    await steer.put(RunStatus.RUNNING)
    await steer.cancel("olga", "q3")
    assert [kind for kind, _ in await steer.told()] == ["cancel", "retry", "cancel"]


@pytest.mark.parametrize(
    "status", [RunStatus.RUNNING, RunStatus.FAILED, RunStatus.COMPLETED, RunStatus.CANCELLED]
)
async def test_a_run_is_rolled_back_while_it_goes_on_and_after(
    scene: Scene, steer: Steering, status: RunStatus
) -> None:
    await steer.define(WAITING)
    await steer.put(status, build="completed", deploy="completed")
    await steer.rollback("olga", reason="it leaks")
    assert await steer.told() == [("rollback", {"by": "UOLGA", "reason": "it leaks"})]
    (line,) = await scene.rows(outbox_table)
    assert line.body["text"] == "Rolled back by <@UOLGA>: it leaks"
    with pytest.raises(Conflict, match="is being rolled back already, by <@UOLGA>"):
        await steer.rollback("ada", "q2")


@pytest.mark.parametrize(
    ("status", "deploy", "why"),
    [
        (RunStatus.CANCELLED, "compensated", "Nothing that R-3 did is left"),
        (RunStatus.FAILED, "compensated", "Nothing that R-3 did is left"),
        (RunStatus.COMPLETED, "skipped", "Nothing that R-3 did is left"),
        (RunStatus.COMPENSATING, "completed", "is taking back what it did already"),
    ],
)
async def test_what_cannot_be_taken_back_is_said(
    steer: Steering, status: RunStatus, deploy: str, why: str
) -> None:
    await steer.define(WAITING)
    await steer.put(status, build="completed", deploy=deploy)
    with pytest.raises(Conflict, match=why):
        await steer.rollback("olga")
    assert await steer.told() == []


async def test_a_workflow_that_takes_nothing_back_cannot_be_rolled_back(steer: Steering) -> None:
    with pytest.raises(Conflict, match=r"No step of `pipeline` says .* Cancel it instead"):
        await steer.rollback("olga")


async def test_a_signal_carries_what_it_is_given_and_the_audit_does_not(
    scene: Scene, steer: Steering
) -> None:
    await steer.define(WAITING)
    await steer.signal("ada", payload={"sha": "abc"})
    assert await steer.told() == [
        ("signal", {"by": "UADA", "name": "go", "payload": {"sha": "abc"}})
    ]
    (audited,) = await scene.rows(audit_table)
    assert audited.detail == {"by": "UADA", "name": "go", "via": "slack", "request_id": "q1"}
    (line,) = await scene.rows(outbox_table)
    assert line.body["text"] == "<@UADA> sent the signal `go`"


@pytest.mark.parametrize(
    ("body", "name", "why"),
    [
        (WAITING, "goo", "no step of `pipeline` waits for a signal 'goo'. Did you mean 'go'"),
        (WAITING, "stop_it", "It waits for 'go'"),
        ({"name": "pipeline"}, "go", "It waits for none"),
    ],
)
async def test_a_signal_that_no_step_names_is_refused(
    steer: Steering, body: Any, name: str, why: str
) -> None:
    await steer.define(body)
    with pytest.raises(InvalidInputs, match=why) as refused:
        await steer.signal("olga", name)
    assert [problem[0] for problem in refused.value.problems] == ["name"]
    assert await steer.told() == []


async def test_a_signal_is_no_way_to_send_a_file(steer: Steering) -> None:
    await steer.define(WAITING)
    await steer.signal("olga", request="q1", payload="x" * (64 * 1024 - 2))
    with pytest.raises(InvalidInputs, match="64 KiB at most"):
        await steer.signal("olga", request="q2", payload="x" * (64 * 1024))
    assert len(await steer.told()) == 1


async def test_a_run_that_has_not_begun_hears_signals_and_is_cancelled_and_no_more(
    steer: Steering,
) -> None:
    await steer.define(WAITING)
    await steer.put(RunStatus.QUEUED)
    for give in (steer.pause, steer.rollback, steer.skip):
        with pytest.raises(Conflict, match="R-3 has not begun yet"):
            await give("olga")
    await steer.signal("olga", request="q1")
    await steer.cancel("olga", request="q2")
    assert [kind for kind, _ in await steer.told()] == ["signal", "cancel"]
