"""What people do about single steps: try again, leave out, say what became of one; each told once."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from coordination.database import outbox as outbox_table
from coordination.errors import Conflict, InvalidInputs, NotAllowed, NotFound
from coordination.ports import RunStatus
from tests.coordination.orders import COVERING, RUN_ID, WAITING, Steering
from tests.coordination.scene import Scene, machine, open_scene


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


@pytest.fixture
def steer(scene: Scene) -> Steering:
    return Steering(scene)


@pytest.mark.parametrize("status", [s for s in RunStatus if s is not RunStatus.FAILED])
async def test_only_a_failed_run_is_retried(steer: Steering, status: RunStatus) -> None:
    await steer.put(status)
    with pytest.raises(Conflict):
        await steer.retry("olga")
    assert await steer.told() == []


async def test_a_retry_may_name_a_step_and_it_has_to_exist(steer: Steering) -> None:
    await steer.put(RunStatus.FAILED, deploy="failed")
    with pytest.raises(NotFound, match="Did you mean 'deploy'"):
        await steer.retry("olga", from_path="deplyo")
    await steer.retry("olga", from_path="deploy")
    assert await steer.told() == [("retry", {"by": "UOLGA", "from_path": "deploy"})]


async def test_after_a_retry_failed_too_there_may_be_another(steer: Steering) -> None:
    await steer.put(RunStatus.FAILED)
    await steer.retry("olga", "q1")
    await steer.drain()
    await steer.retry("olga", "q2")
    assert len(await steer.told()) == 2


async def test_resolving_is_a_row_a_line_and_a_new_card(scene: Scene, steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    await steer.resolve("olga", "done", output={"url": "x"})
    payload = {"by": "UOLGA", "path": "deploy", "outcome": "done", "output": {"url": "x"}}
    assert await steer.told() == [("resolve", payload)]
    line, card = await scene.rows(outbox_table)
    assert line.body == {"text": "<@UOLGA> says of `deploy`: done"}
    assert (card.kind, card.slot) == ("unknown", f"unknown:{RUN_ID}:deploy:1")


async def test_who_approved_the_step_may_resolve_it_and_the_starter_may_not(
    scene: Scene, steer: Steering
) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown", other="unknown")
    await scene.ask(COVERING)
    for who, path in [("ada", "deploy"), ("mallory", "deploy"), ("grace", "other")]:
        with pytest.raises(NotAllowed):
            await steer.resolve(who, path=path)
    await steer.resolve("grace")
    assert len(await steer.told()) == 1


async def test_a_token_resolves_only_with_the_scope_to_approve(steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    with pytest.raises(NotAllowed, match="scope 'approve'"):
        await steer.resolve(machine("cli", "run", human="UOLGA"))
    await steer.resolve(machine("cli", "approve", human="UOLGA"))


async def test_the_second_to_resolve_hears_who_did_and_how(steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    await steer.resolve("olga", "fail")
    said = "<@UOLGA> said of `deploy` at 12:00 UTC: fail"
    with pytest.raises(Conflict, match=said):
        await steer.resolve("olga", "done", request="q2")
    await steer.drain()
    await steer.put(RunStatus.RUNNING, unit="completed")
    with pytest.raises(Conflict, match="`unit` is completed, not unknown"):
        await steer.resolve("olga", path="unit", request="q3")
    assert len(await steer.told()) == 1


async def test_a_step_that_is_unknown_again_is_asked_about_again(steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    await steer.resolve("olga", "retry", request="q1")
    await steer.drain()
    await steer.resolve("olga", "done", request="q2")
    assert [payload["outcome"] for _, payload in await steer.told()] == ["retry", "done"]


async def test_all_that_is_wrong_with_an_answer_is_said(steer: Steering) -> None:
    await steer.put(RunStatus.UNKNOWN, deploy="unknown")
    with pytest.raises(InvalidInputs) as wrong:
        await steer.resolve("olga", "maybe", output=1)
    assert [name for name, _ in wrong.value.problems] == ["outcome", "output"]
    with pytest.raises(NotFound, match="no step 'nowhere'"):
        await steer.resolve("olga", path="nowhere")


@pytest.mark.parametrize("status", ["pending", "running", "waiting", "unknown"])
async def test_a_step_to_come_or_at_work_is_left_out(
    scene: Scene, steer: Steering, status: str
) -> None:
    await steer.put(RunStatus.RUNNING, deploy=status)
    await steer.skip("ada")
    assert await steer.told() == [("skip", {"by": "UADA", "path": "deploy"})]
    (line,) = await scene.rows(outbox_table)
    assert line.body["text"] == "`deploy` is left out by <@UADA>"
    with pytest.raises(Conflict, match="is left out already, by <@UADA>"):
        await steer.skip("olga")


@pytest.mark.parametrize(
    "status", ["completed", "failed", "skipped", "not_taken", "cancelled", "compensated"]
)
async def test_a_step_that_has_ended_is_not_left_out(steer: Steering, status: str) -> None:
    await steer.put(RunStatus.RUNNING, deploy=status)
    with pytest.raises(Conflict, match=f"`deploy` is {status.replace('_', ' ')} already"):
        await steer.skip("olga")
    with pytest.raises(NotFound, match="Did you mean 'deploy'"):
        await steer.skip("olga", "deplyo")
    assert await steer.told() == []


async def test_what_failed_a_run_is_left_out_and_nothing_else_of_it(steer: Steering) -> None:
    await steer.put(RunStatus.FAILED, build="completed", deploy="failed", tell="not_taken")
    for path in ("build", "tell"):
        with pytest.raises(Conflict, match="did not fail the run"):
            await steer.skip("olga", path)
    await steer.skip("olga", request="q1")
    for give in (steer.retry, steer.skip):
        with pytest.raises(Conflict, match="R-3 is going on already, by <@UOLGA>"):
            await give("ada", request="q2")
    assert len(await steer.told()) == 1


async def test_a_failure_that_was_handled_did_not_fail_the_run(steer: Steering) -> None:
    handled = {"id": "build", "action": "test.work", "on_error": "continue"}
    await steer.define({"steps": [handled, *WAITING["steps"][1:]]})
    await steer.put(RunStatus.FAILED, build="failed", deploy="failed")
    with pytest.raises(Conflict, match="`build` failed without failing the run"):
        await steer.skip("olga", "build")
    await steer.skip("olga", "deploy")
    assert len(await steer.told()) == 1


async def test_a_question_is_answered_and_not_left_out(steer: Steering) -> None:
    await steer.put(RunStatus.WAITING, deploy="waiting")
    await steer.kind("deploy", "approval")
    with pytest.raises(Conflict, match="asks people: answer it"):
        await steer.skip("olga")


@pytest.mark.parametrize("status", [RunStatus.COMPLETED, RunStatus.CANCELLED])
async def test_nothing_is_left_out_of_a_run_that_is_over(
    steer: Steering, status: RunStatus
) -> None:
    await steer.put(status, deploy="pending")
    with pytest.raises(Conflict, match="Nothing is left out"):
        await steer.skip("olga")


@pytest.mark.parametrize(
    ("path", "status", "why"),
    [
        ("deploy", "completed", None),
        ("deploy", "compensated", None),
        ("deploy", "cancelled", None),
        ("deploy", "skipped", "was left out"),
        ("deploy", "not_taken", "was never reached"),
        ("deploy~undo", "completed", "belongs to the end of the run"),
        ("finally.tidy", "completed", "belongs to the end of the run"),
    ],
)
async def test_a_retry_begins_with_any_step_that_ran(
    steer: Steering, path: str, status: str, why: str | None
) -> None:
    await steer.define(WAITING)
    await steer.put(RunStatus.FAILED, **{path: status})
    if why is None:
        await steer.retry("olga", from_path=path)
    else:
        with pytest.raises(Conflict, match=why):
            await steer.retry("olga", from_path=path)
    assert len(await steer.told()) == (why is None)
