"""How many runs of a workflow go on, and what becomes of one more."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from coordination import queues
from coordination.admission import Outcome, Terms, start, terms_of
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import Row, audit, outbox, wakeups
from coordination.database import events as events_table
from coordination.errors import Conflict
from coordination.ports import RunStatus
from coordination.runs import NewRun
from tests.coordination.floor import Workspace
from tests.coordination.inbox import T0
from tests.coordination.scene import ROLES, SmallWorld, person
from tests.coordination.shop import Shop, open_shop
from workflows.language.definition import InputCheck
from workflows.language.expressions import Evaluator

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = open_shop(tmp_path)
    yield shop
    await shop.inbox.door.close()


def together(policy: str = "queue", limit: int = 1, key: str = "{{ trigger.result.env }}") -> str:
    return (
        "triggers:\n  - event: build.completed\n"
        f'settings:\n  concurrency: {{key: "{key}", limit: {limit}, policy: {policy}}}\n'
    )


async def build(shop: Shop, number: int, env: Any = "prod") -> str:
    told = await shop.report(f"b{number}", "completed", category="build", result={"env": env})
    await shop.work()
    return told


async def held(shop: Shop) -> list[int]:
    return [run.number for run in await shop.runs() if run.held_since is not None]


async def standing(shop: Shop, run: Row) -> str | None:
    found = await shop.inbox.door.read(lambda reader: queues.standing(reader, run))
    return None if found is None else found.text


async def test_one_more_waits_for_a_place_and_gets_it_with_the_end_of_the_other(shop: Shop) -> None:
    await shop.publish(together())
    await build(shop, 1)
    told = await build(shop, 2)
    first, second = await shop.runs()
    assert (first.held_since, first.concurrency_key) == (None, "prod")
    assert (second.held_since, second.status) == (shop.now, "queued")
    assert shop.hints.started == [first.id]
    assert await shop.why(told) == ["queued behind R-1"]

    with shop.inbox.door.changes.subscribe("start") as begun:
        await shop.end(first)
        assert [change.id for change in await begun.wait(0)] == [str(second.key)]
    assert await held(shop) == []


async def test_places_are_given_in_order_and_no_more_than_there_are(shop: Shop) -> None:
    await shop.publish(together(limit=2))
    for number in range(5):
        await build(shop, number)
    runs = await shop.runs()
    assert await held(shop) == [3, 4, 5]
    assert await standing(shop, runs[2]) == "Queued behind R-1 and 1 more, place 1"
    assert await standing(shop, runs[4]) == "Queued behind R-1 and 1 more, place 3"
    assert await standing(shop, runs[0]) is None

    await shop.end(runs[1], RunStatus.FAILED)
    assert await held(shop) == [4, 5]
    await shop.end(runs[3], RunStatus.CANCELLED)  # it never began
    assert await held(shop) == [5]
    await shop.end(runs[0])
    assert await held(shop) == []


async def test_only_runs_with_the_same_key_count_together(shop: Shop) -> None:
    await shop.publish(together())
    await build(shop, 1, "prod")
    await build(shop, 2, "staging")
    await build(shop, 3, 7)
    assert await held(shop) == []
    assert [run.concurrency_key for run in await shop.runs()] == ["prod", "staging", "7"]


async def test_without_a_key_all_of_the_workflow_count(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - event: build.completed\nsettings: {concurrency: {limit: 1}}\n"
    )
    await build(shop, 1, "prod")
    await build(shop, 2, "staging")
    assert await held(shop) == [2]


async def test_a_key_that_gives_nothing_refuses_the_start(shop: Shop) -> None:
    await shop.publish(together(key="{{ trigger.result.nothing }}"))
    await build(shop, 1)
    assert await shop.runs() == []
    (said,) = [row.body["text"] for row in await shop.inbox.rows(outbox) if row.kind == "reply"]
    assert said.startswith("`tidy` did not start: ")


async def test_one_more_is_left_out(shop: Shop) -> None:
    await shop.publish(together("skip"))
    await build(shop, 1)
    told = await build(shop, 2)
    assert len(await shop.runs()) == 1
    assert await shop.why(told) == ["left out, since R-1 of `tidy` goes on"]
    (left,) = [row for row in await shop.inbox.rows(events_table) if row.status == "skipped"]
    assert (left.body["category"], left.body["workflow"]) == ("run", "tidy")
    assert left.body["message"] == "left out, since R-1 of `tidy` goes on"
    assert len(await shop.inbox.threads()) == 2  # those of the builds, and no other

    (run,) = await shop.runs()
    await shop.end(run)
    await build(shop, 3)
    assert len(await shop.runs()) == 2


async def test_one_that_was_left_out_can_start_another_and_never_itself(shop: Shop) -> None:
    again = "triggers:\n  - event: build.completed\n  - event: run.skipped\n"
    rest = "settings: {concurrency: {limit: 1, policy: skip}}\n"
    await shop.publish(again + rest, "one")
    await shop.publish("triggers:\n  - event: run.skipped\n" + rest, "two")
    await build(shop, 1)
    await build(shop, 2)
    await build(shop, 3)
    assert [run.workflow for run in await shop.runs()] == ["one", "two"]
    left = [row for row in await shop.inbox.rows(events_table) if row.status == "skipped"]
    assert [row.body["workflow"] for row in left] == ["one", "one", "two"]


async def test_the_oldest_makes_room_with_compensation(shop: Shop) -> None:
    await shop.publish(together("cancel_running"))
    for number in (1, 2):
        await build(shop, number)
    first, second = await shop.runs()
    assert await held(shop) == [2]
    (told,) = await shop.inbox.rows(wakeups)
    assert (told.run_key, told.kind) == (first.key, "cancel")
    assert told.payload == {"by": "baton", "reason": "R-2 takes its place", "mode": "compensate"}

    await build(shop, 3)  # and so does the one that never began
    assert [row.run_key for row in await shop.inbox.rows(wakeups)] == [first.key, second.key]
    await shop.end(second, RunStatus.CANCELLED)
    await shop.end(first, RunStatus.CANCELLED)
    (last,) = [run for run in await shop.runs() if run.status == "queued"]
    assert (last.number, last.held_since) == (3, None)


async def test_starts_within_an_hour_are_counted(shop: Shop) -> None:
    await shop.publish("triggers:\n  - event: build.completed\nsettings: {max_runs_per_hour: 2}\n")
    for number in range(3):
        told = await build(shop, number)
        await shop.pass_time(20 * MINUTE)
    assert len(await shop.runs()) == 2
    sentence = "`tidy` starts at most 2 runs within an hour: the next one may start at 11:00 UTC"
    assert await shop.why(told) == [sentence]
    (record,) = [row for row in await shop.inbox.rows(audit) if row.action == "run.refused"]
    assert record.detail == {"event_id": told, "why": sentence}
    assert any(sentence in row.body.get("text", "") for row in await shop.inbox.rows(outbox))

    await build(shop, 9)  # an hour after the first
    assert len(await shop.runs()) == 3


async def test_a_start_that_is_repeated_finds_its_run(shop: Shop) -> None:
    definition = await shop.publish(together(key="x"))
    terms = terms_of(definition, Evaluator(), {})
    assert terms == Terms(key="x")

    async def begin(run_id: str) -> Outcome:
        new = NewRun(
            id=run_id, workflow="tidy", hash=definition.hash, inputs={}, trigger={"kind": "manual"},
            started_by="UADA", requested_by="UADA",
        )  # fmt: skip
        return await shop.inbox.write(
            lambda tx: start(tx, new, terms, now=shop.now, ids=shop.inbox.ids)
        )

    first = await begin("run_1")
    assert (first.kind, (await begin("run_2")).kind) == ("started", "held")
    again = await begin("run_1")
    assert again.run_key == first.run_key
    assert len(await shop.runs()) == 2


async def test_what_is_not_normal_of_its_priority_is_kept(shop: Shop) -> None:
    await shop.publish("triggers:\n  - event: build.completed\nsettings: {priority: high}\n")
    await build(shop, 1)
    (run,) = await shop.runs()
    assert (run.priority, run.concurrency_key) == ("high", None)


# By hand


@pytest.fixture
def desk(shop: Shop) -> Coordinator:
    ports = Ports(shop.hints, InputCheck(), Workspace(), expressions=Evaluator())  # type: ignore[arg-type]
    world = SmallWorld()
    world.ids = shop.inbox.ids  # type: ignore[assignment]
    world.clock.at = T0
    return Coordinator(shop.inbox.door, world, ports, Rules(ROLES, (), "#general"))  # type: ignore[arg-type]


async def by_hand(desk: Coordinator, request: str, env: str = "prod") -> Any:
    await desk.refresh_directory()
    run = await desk.start(person("ada"), "tidy", {"env": env}, request_id=request, via="slack")
    desk._world.tasks.drop()
    return run


BY_HAND = (
    "inputs: {env: {type: string}}\n"
    'settings: {concurrency: {key: "{{ inputs.env }}", policy: POLICY}}\n'
)


async def test_a_start_by_hand_waits_as_any_other(shop: Shop, desk: Coordinator) -> None:
    await shop.publish(BY_HAND.replace("POLICY", "queue"))
    await by_hand(desk, "r1")
    second = await by_hand(desk, "r2")
    assert (await by_hand(desk, "r3", "staging")).queue is None
    assert (second.status, second.queue) == ("queued", "Queued behind R-1, place 1")
    assert await held(shop) == [2]


async def test_a_start_by_hand_that_is_left_out_says_why(shop: Shop, desk: Coordinator) -> None:
    await shop.publish(BY_HAND.replace("POLICY", "skip"))
    first = await by_hand(desk, "r1")
    with pytest.raises(Conflict, match="The run was left out, since R-1 of `tidy` goes on"):
        await by_hand(desk, "r2")
    assert [row.status for row in await shop.inbox.rows(events_table)][-1] == "skipped"
    assert (await by_hand(desk, "r1")).id == first.id
    assert len(await shop.runs()) == 1


async def test_a_start_by_hand_beyond_an_hour_s_number_is_refused(
    shop: Shop, desk: Coordinator
) -> None:
    await shop.publish("inputs: {env: {type: string}}\nsettings: {max_runs_per_hour: 1}\n")
    await by_hand(desk, "r1")
    with pytest.raises(Conflict, match="starts at most one run within an hour"):
        await by_hand(desk, "r2")
    assert len(await shop.runs()) == 1
