"""Runs: started once, shown as processes, read back as people look at them."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from baton.status import Status
from coordination import run_views, runs, threads_view
from coordination.database import Reader, Transaction, insert, update
from coordination.database import audit as audit_table
from coordination.database import events as events_table
from coordination.database import outbox as outbox_table
from coordination.database import processes as processes_table
from coordination.database import runs as runs_table
from coordination.database import steps as steps_table
from coordination.database import threads as threads_table
from coordination.errors import NotFound
from coordination.ports import Person, RunView
from coordination.run_views import with_names
from coordination.runs import NewRun, RunFilter
from coordination.waiting_for import card_word, waiting_for
from tests.coordination.scene import MINUTE, QUESTION, T0, Scene, open_scene

ADD_STEP = insert(steps_table)
SET_RUN = update(runs_table)

NEW = NewRun(
    id="run_0000000000000000000000000B",
    workflow="pipeline",
    hash="abc",
    inputs={"target": "staging"},
    trigger={"kind": "manual", "by": "UADA"},
    started_by="UADA",
    requested_by="UADA",
    channel="#releases",
)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    scene = await open_scene(tmp_path / "baton.db")
    yield scene
    await scene.door.close()


async def start(scene: Scene, new: NewRun = NEW) -> int:
    return await scene.door.write(lambda tx: runs.start(tx, new, now=scene.now, ids=scene.ids))


async def report(scene: Scene, key: int, status: Status, error: Any = None) -> None:
    await scene.door.write(
        lambda tx: runs.report(tx, key, status, now=scene.now, ids=scene.ids, error=error)
    )


async def view(scene: Scene, ref: str) -> RunView:
    async def query(reader: Reader) -> RunView:
        return await run_views.view(reader, await run_views.row_of(reader, ref))

    return await scene.door.read(query)


async def step(scene: Scene, path: str, status: str, position: int = 0, **more: Any) -> None:
    values = {"attempts": 1, "redo": 0, "name": path, "kind": "action"} | more

    def unit(tx: Transaction) -> None:
        tx.execute(
            ADD_STEP,
            run_key=scene.run_key,
            path=path,
            position=position,
            status=status,
            **values,
        )

    await scene.door.write(unit)


async def test_a_start_opens_a_thread_and_shows_as_a_queued_process(scene: Scene) -> None:
    key = await start(scene)
    row = next(row for row in await scene.rows(runs_table) if row.key == key)
    assert (row.status, row.number, row.core_version) == ("queued", 1, 1)
    (process,) = await scene.rows(processes_table)
    assert (process.namespace, process.process_id, process.status) == ("baton", NEW.id, "queued")
    assert (process.run_key, process.thread_key) == (key, row.thread_key)
    thread = next(t for t in await scene.rows(threads_table) if t.key == row.thread_key)
    assert (thread.title, thread.channel) == ("Pipeline", "#releases")
    assert [row.kind for row in await scene.rows(outbox_table)] == ["thread"]
    assert [row.action for row in await scene.rows(audit_table)] == ["run.start"]


async def test_the_same_id_starts_nothing_twice(scene: Scene) -> None:
    key = await start(scene)
    assert await start(scene, replace(NEW, inputs={"target": "other"})) == key
    assert len(await scene.rows(events_table)) == 1
    assert (await view(scene, NEW.id)).inputs == {"target": "staging"}


async def test_a_run_joins_the_thread_of_what_started_it(scene: Scene) -> None:
    key = await start(scene, replace(NEW, thread_key=scene.thread_key))
    row = next(row for row in await scene.rows(runs_table) if row.key == key)
    assert row.thread_key == scene.thread_key
    assert len(await scene.rows(threads_table)) == 1


@pytest.mark.parametrize(("channel", "threads"), [("#releases", 1), ("#deploys", 2)])
async def test_a_definition_with_another_channel_gets_a_thread_there(
    scene: Scene, channel: str, threads: int
) -> None:
    new = replace(NEW, thread_key=scene.thread_key, channel=channel, own_channel=True)
    await start(scene, new)
    assert len(await scene.rows(threads_table)) == threads


async def test_reports_follow_the_run_and_a_retry_is_a_new_attempt(scene: Scene) -> None:
    key = await start(scene)
    await report(scene, key, Status.IN_PROGRESS)
    await report(scene, key, Status.PENDING_APPROVAL)
    scene.now += MINUTE
    await report(scene, key, Status.REJECTED, {"type": "rejected", "message": "no"})
    (process,) = await scene.rows(processes_table)
    assert (process.status, process.attempt) == ("rejected", 1)
    assert process.state["error"] == {"type": "rejected", "message": "no"}
    scene.now += MINUTE
    await report(scene, key, Status.IN_PROGRESS)
    (process,) = await scene.rows(processes_table)
    assert (process.status, process.attempt) == ("in_progress", 2)
    await report(scene, key, Status.COMPLETED)
    (process,) = await scene.rows(processes_table)
    assert (process.status, process.attempt) == ("completed", 2)
    assert {row.caused_by_run for row in await scene.rows(events_table)} == {key}
    assert all(row.effect != "stored" for row in await scene.rows(events_table))


async def test_a_view_has_all_of_a_run_and_hides_secret_inputs(scene: Scene) -> None:
    await step(scene, "unit", "completed", 0, output={"code": 0})
    await step(scene, "gate", "waiting", 1, kind="approval")
    await scene.ask()
    found = await view(scene, "R-3")
    assert [each.path for each in found.steps] == ["unit", "gate"]
    assert found.inputs == {"key": "••••••", "target": "production"}
    assert found.thread_id == "th_1"
    (question,) = found.questions
    assert question.approvers == ("@grace", "@linus", "the operators", "source:policy")
    waits = waiting_for(found)
    assert waits is not None
    assert waits.text.startswith("Waiting for 1 of @grace, @linus, the operators")
    assert card_word(found) == "Needs you"


async def test_the_sentence_counts_the_votes_there_are(scene: Scene) -> None:
    asked = await scene.ask(replace(QUESTION, quorum=2))
    await scene.answer("grace", asked)
    found = waiting_for(await view(scene, "last"))
    assert found is not None
    assert found.text.startswith("Waiting for 1 more of @grace")
    await scene.answer("linus", asked)
    assert (await view(scene, "last")).questions == ()


@pytest.mark.parametrize("ref", ["R-3", "r-3", "last", "run_00000", NEW.id.replace("B", "A")])
async def test_a_run_is_found_by_every_kind_of_ref(scene: Scene, ref: str) -> None:
    assert (await view(scene, ref)).number == 3


@pytest.mark.parametrize(
    "ref", ["R-4", "R-", "R-x", "", "run_", "run_1", "3", "R-٣", "%", "run_%", "R-" + "9" * 30]
)
async def test_another_ref_is_not_found(scene: Scene, ref: str) -> None:
    with pytest.raises(NotFound, match="There is no run"):
        await view(scene, ref)


async def test_a_short_ref_of_two_runs_is_refused_with_a_sentence(scene: Scene) -> None:
    await start(scene)
    with pytest.raises(NotFound, match="stands for several"):
        await view(scene, "run_000")


async def test_lists_are_newest_first_filtered_and_know_what_each_waits_for(scene: Scene) -> None:
    await step(scene, "unit", "running")
    await step(scene, "done", "completed", 1)
    await start(scene)
    first, second = await scene.door.read(lambda r: run_views.page(r, RunFilter()))
    assert (first.number, second.number) == (3, 1)
    assert [each.path for each in first.steps] == ["unit"]
    assert second.steps == ()
    for wanted, numbers in [
        (RunFilter(status="queued"), [1]),
        (RunFilter(workflow="other"), []),
        (RunFilter(thread="th_1"), [3]),
        (RunFilter(before=3), [1]),
        (RunFilter(limit=1), [3]),
        (RunFilter(since=T0 + MINUTE), []),
    ]:
        found = await scene.door.read(lambda r, wanted=wanted: run_views.page(r, wanted))  # type: ignore[misc]
        assert [each.number for each in found] == numbers


async def test_a_thread_shows_its_processes_runs_and_approvals(scene: Scene) -> None:
    await start(scene, replace(NEW, thread_key=scene.thread_key))
    asked = await scene.ask()
    whole = await scene.door.read(lambda r: threads_view.thread(r, "th_1"))
    assert [each.process_id for each in whole.processes] == [NEW.id]
    assert [each.run_id for each in whole.processes] == [NEW.id]
    assert [each.number for each in whole.runs] == [3, 1]
    assert [each.id for each in whole.approvals] == [asked.id]
    assert whole.url is None
    with pytest.raises(NotFound):
        await scene.door.read(lambda r: threads_view.thread(r, "th_2"))


async def test_children_stand_below_their_parents_and_a_ring_loses_nobody(scene: Scene) -> None:
    add = insert(processes_table)
    change = update(processes_table)

    def unit(tx: Transaction) -> None:
        keys: list[int] = []
        for name, parent in (("a", None), ("b", 0), ("c", 1), ("x", None), ("y", 3)):
            keys.append(
                tx.insert(
                    add,
                    namespace="ci",
                    process_id=name,
                    attempt=1,
                    source="ci",
                    name=name,
                    status="in_progress",
                    state={"status": "in_progress"},
                    thread_key=scene.thread_key,
                    parent_key=None if parent is None else keys[parent],
                    created_at=T0,
                    updated_at=T0,
                )
            )
        tx.execute(change.where(processes_table.c.key == keys[3]), parent_key=keys[4])

    await scene.door.write(unit)
    whole = await scene.door.read(lambda r: threads_view.thread(r, "th_1"))

    def shape(processes: tuple[threads_view.ProcessView, ...]) -> Any:
        return {each.process_id: shape(each.children) for each in processes}

    assert shape(whole.processes) == {"a": {"b": {"c": {}}}, "x": {"y": {}}}


def test_a_rejection_names_people_as_they_are_known() -> None:
    grace = Person(
        id="UGRACE",
        handle="grace",
        name="Grace",
        is_bot=False,
        deleted=False,
        is_admin=False,
        restricted=False,
    )
    people = {"UGRACE": grace}
    error = {"type": "rejected", "message": "Rejected by UGRACE: ask UGRACE"}
    assert with_names(error, people)["message"] == "Rejected by @grace: ask UGRACE"
    other = {"type": "failed", "message": "Rejected by UGRACE"}
    assert with_names(other, people) == other
    assert with_names(None, people) is None
