"""What one person finds on their desk, and which thread a place in Slack belongs to."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coordination import outbox
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import Transaction, insert, update
from coordination.database import runs as runs_table
from coordination.database import workflows as workflows_table
from coordination.errors import NotAllowed
from coordination.outbox import Slot
from coordination.policy import Role, Roles
from coordination.runs import RunFilter
from tests.coordination.scene import QUESTION, Scene, SmallWorld, machine, open_scene, person

ROLES = Roles({Role.ADMIN: ("@olga",)})


@pytest.fixture
async def scene(tmp_path: Path) -> Any:
    opened = await open_scene(tmp_path / "baton.db")
    yield opened
    await opened.door.close()


def desk_of(scene: Scene) -> Coordinator:
    return Coordinator(scene.door, SmallWorld(), Ports(None, None, None, None), Rules(ROLES))  # type: ignore[arg-type]


async def add_run(scene: Scene, number: int, **values: Any) -> None:
    def unit(tx: Transaction) -> None:
        tx.execute(
            insert(runs_table),
            **{
                "id": f"run_{number:026d}", "number": number, "workflow": "pipeline", "hash": "abc",
                "core_version": 1, "status": "running", "trigger": {}, "inputs": {},
                "started_by": "UADA", "requested_by": "UADA", "thread_key": scene.thread_key,
                "created_at": scene.now, "updated_at": scene.now, **values,
            },
        )  # fmt: skip

    await scene.door.write(unit)


async def test_a_desk_holds_what_waits_for_one_person_and_their_own_runs(scene: Scene) -> None:
    await scene.ask()
    await add_run(scene, 8, requested_by="UGRACE")
    await add_run(scene, 9, status="failed")
    coordinator = desk_of(scene)

    ada = await coordinator.desk(person("ada"), most=10)
    grace = await coordinator.desk(person("grace"), most=10)
    assert [each.label for each in ada.waiting] == []
    assert ada.others == 1
    assert [run.number for run in ada.running] == [3]
    assert [each.label for each in grace.waiting] == ["A-1"]
    assert [run.number for run in grace.running] == [8]
    assert [run.number for run in grace.results] == [run.number for run in ada.results] == [9]


async def test_what_somebody_has_answered_waits_for_them_no_more(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=2))
    await scene.answer("grace", asked)

    assert (await desk_of(scene).desk(person("grace"), most=10)).waiting == ()
    assert len((await desk_of(scene).desk(person("linus"), most=10)).waiting) == 1


async def test_a_desk_is_read_page_by_page(scene: Scene) -> None:
    for number in range(10, 15):
        await add_run(scene, number, status="completed")
    coordinator = desk_of(scene)

    pages = [await coordinator.desk(person("ada"), most=2, skip=skip) for skip in (0, 2, 4, 6)]
    assert [[run.number for run in page.results] for page in pages] == [
        [14, 13],
        [12, 11],
        [10],
        [],
    ]


async def test_a_thread_is_found_by_its_root_and_by_any_message_of_it(scene: Scene) -> None:
    def unit(tx: Transaction) -> None:
        for name, ts in (("root", "1.0"), ("approval:ap_1", "2.0")):
            slot = Slot(scene.thread_key, name, "C1", ts, "hash")
            outbox.put_slot(tx, slot, now=scene.now)

    await scene.door.write(unit)
    coordinator = desk_of(scene)
    for ts in ("1.0", "2.0"):
        found = await coordinator.thread_at("C1", ts)
        assert found is not None
        assert found.id == "th_1"
    assert await coordinator.thread_at("C1", "3.0") is None
    assert await coordinator.thread_at("C2", "1.0") is None


async def test_only_admins_see_problems_and_each_is_a_sentence(scene: Scene) -> None:
    def unit(tx: Transaction) -> None:
        wrong = [{"message": "no such action"}]
        tx.execute(
            update(workflows_table).where(workflows_table.c.name == "pipeline"), problems=wrong
        )

    await scene.door.write(unit)
    await add_run(scene, 9, status="faulted")
    coordinator = desk_of(scene)
    with pytest.raises(NotAllowed, match="Only an admin"):
        await coordinator.problems(person("grace"))

    found = await coordinator.problems(person("olga"))
    assert any("The file of `pipeline` is broken" in each for each in found)
    assert any(each.startswith("R-9 ") for each in found)


async def test_a_profile_says_what_somebody_is(scene: Scene) -> None:
    coordinator = desk_of(scene)

    olga, nobody = (
        await coordinator.profile(person("olga")),
        await coordinator.profile(person("zoe")),
    )
    assert (olga.admin, olga.active) == (True, True)
    assert (nobody.admin, nobody.active, nobody.roles) == (False, False, frozenset())


async def test_a_tool_without_the_right_to_read_learns_no_sources(scene: Scene) -> None:
    coordinator = desk_of(scene)
    assert await coordinator.sources(machine("ci", "read")) == ()
    with pytest.raises(NotAllowed):
        await coordinator.sources(machine("ci", "notify"))


async def test_runs_are_found_by_the_branch_of_their_trigger_or_their_inputs(scene: Scene) -> None:
    await add_run(scene, 8, trigger={"subject": {"ref": "refs/heads/main"}})
    await add_run(scene, 9, inputs={"branch": "main"})
    await add_run(scene, 10, trigger={"subject": {"ref": "main2"}})

    found = await desk_of(scene).runs(RunFilter(branch="main"))
    assert [run.number for run in found.items] == [9, 8]
