"""The end of one run starts another, and none starts itself again, not even through others."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from baton.events import Adapter
from coordination.database import audit, update
from coordination.database import runs as runs_table
from coordination.errors import NotAllowed
from coordination.ports import RunStatus
from tests.coordination.shop import Shop, open_shop

BUILD = "triggers:\n  - event: build.completed\n"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = open_shop(tmp_path)
    yield shop
    await shop.inbox.door.close()


async def first(shop: Shop) -> Any:
    """Start the workflow `build`, and return its run."""
    await shop.publish(BUILD, "build")
    await shop.report("b1", "completed", category="build")
    await shop.work()
    (run,) = await shop.runs("build")
    return run


async def test_the_end_of_a_run_starts_another_that_sees_its_outputs(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - workflow: build\n    inputs: {url: '{{ trigger.outputs.url }}'}\n"
        "inputs: {url: {type: string}}\n"
    )
    run = await first(shop)
    assert await shop.runs("tidy") == []
    await shop.end(run, outputs={"url": "https://example.com"})
    await shop.work()

    (after,) = await shop.runs("tidy")
    assert after.inputs == {"url": "https://example.com"}
    told = {name: after.trigger[name] for name in ("kind", "run_id", "status", "outputs")}
    assert told == {
        "kind": "workflow",
        "run_id": run.id,
        "status": "completed",
        "outputs": {"url": "https://example.com"},
    }
    assert (after.depth, after.thread_key) == (1, run.thread_key)


@pytest.mark.parametrize(
    ("wanted", "status", "count"),
    [
        ("", RunStatus.FAILED, 1),
        ("    status: [failed]\n", RunStatus.FAILED, 1),
        ("    status: [failed]\n", RunStatus.COMPLETED, 0),
        ("    status: [completed, failed]\n", RunStatus.CANCELLED, 0),
    ],
)
async def test_only_an_end_of_that_kind_counts(
    shop: Shop, wanted: str, status: RunStatus, count: int
) -> None:
    await shop.publish(f"triggers:\n  - workflow: build\n{wanted}")
    await shop.end(await first(shop), status)
    await shop.work()
    assert len(await shop.runs("tidy")) == count


async def test_another_workflow_s_end_starts_nothing(shop: Shop) -> None:
    await shop.publish("triggers:\n  - workflow: other\n")
    await shop.end(await first(shop))
    await shop.work()
    assert await shop.runs("tidy") == []


async def test_a_tool_cannot_pretend_that_a_run_ended(shop: Shop) -> None:
    await shop.publish("triggers:\n  - workflow: build\n")
    run = await first(shop)
    told = {"category": "run", "workflow": "build", "run_id": run.id}
    told["adapter"] = Adapter("generic", "1")
    for process in (run.id, "other"):
        await shop.report(process, "completed", source="ci", **told)
        for own in ({"source": "baton"}, {"namespace": "baton"}):
            with pytest.raises(NotAllowed, match="Only Baton itself"):
                await shop.report(process, "completed", **own, **told)
    await shop.work()
    assert await shop.runs("tidy") == []
    assert (await shop.inbox.rows(runs_table))[0].status == RunStatus.QUEUED


async def test_no_run_starts_itself_through_another(shop: Shop) -> None:
    await shop.publish("triggers:\n  - workflow: pong\n", "ping")
    await shop.publish("triggers:\n  - workflow: ping\n  - event: build.completed\n", "pong")
    await shop.report("b1", "completed", category="build")
    for _ in range(4):
        await shop.work()
        for run in await shop.runs():
            if run.status == "queued":
                await shop.end(run)
    assert [run.workflow for run in await shop.runs()] == ["pong", "ping"]


async def test_a_child_is_caused_by_its_parent(shop: Shop) -> None:
    """What a child's end would start again is the workflow of its parent."""
    parent = await first(shop)
    await shop.publish("triggers:\n  - workflow: child\n", "build")
    await shop.publish("triggers:\n  - event: task.completed\n", "child")
    await shop.report("x", "completed", category="task")
    await shop.work()
    (child,) = await shop.runs("child")
    change = update(runs_table).where(runs_table.c.key == child.key)
    await shop.inbox.write(
        lambda tx: tx.execute(change.values(parent_key=parent.key, trigger={"kind": "child"}))
    )
    await shop.end(child)
    await shop.work()
    assert len(await shop.runs("build")) == 1


async def test_more_than_eight_starts_in_a_chain_are_refused_with_one_record(shop: Shop) -> None:
    await shop.publish(BUILD, "w0")
    for number in range(1, 12):
        await shop.publish(f"triggers:\n  - workflow: w{number - 1}\n", f"w{number}")
    await shop.report("b1", "completed", category="build")
    for _ in range(12):
        await shop.work()
        for run in await shop.runs():
            if run.status == "queued":
                await shop.end(run)
    assert [run.workflow for run in await shop.runs()] == [f"w{number}" for number in range(8)]
    records = [row for row in await shop.inbox.rows(audit) if row.action == "run.refused"]
    assert [(row.object, row.detail["why"]) for row in records] == [
        ("w8", "more than 8 starts in one chain of causes")
    ]


async def test_a_combination_is_caused_by_all_that_it_is_made_of(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - all_of: [{workflow: build}, {event: task.completed}]\n    within: 1h\n",
        "both",
    )
    await shop.publish(f"{BUILD}  - workflow: both\n", "build")
    await shop.report("b1", "completed", category="build")
    await shop.report("t1", "completed", category="task")
    for _ in range(4):
        await shop.work()
        for run in await shop.runs():
            if run.status == "queued":
                await shop.end(run)
    assert [(run.workflow, run.depth) for run in await shop.runs()] == [("build", 0), ("both", 1)]
