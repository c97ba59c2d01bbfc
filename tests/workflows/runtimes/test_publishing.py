"""Definitions are stored for ever, and a workflow is on the last good one."""

from typing import Any

from coordination.database import select, update
from coordination.database import workflows as workflow_table
from coordination.ports import TriggerSpec
from tests.workflows.runtimes.bench import Bench, Play, chain, does, step

PLAN = chain(step("only", does("again")))


def test_a_new_workflow_is_active_unless_it_is_a_draft(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.host.publish_definition(bench.definition(), by="UADA", draft=True)
        assert await workflow(bench) == ("draft", "hash-demo", None)
        await bench.host.publish_definition(bench.definition(), by="UADA")
        assert await workflow(bench) == ("active", "hash-demo", None)
        await bench.host.publish_definition(bench.definition(), by="UADA", draft=True)
        assert await workflow(bench) == ("active", "hash-demo", None)

    play(PLAN, story)


def test_a_paused_workflow_stays_paused_when_its_file_changes(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await bench.host.publish_definition(bench.definition(), by="UADA")
        pause = update(workflow_table).values(status="paused")
        await bench.door.write(lambda tx: tx.execute(pause))
        await bench.host.publish_definition(bench.definition(hash="hash-two"), by="UADA")
        assert await workflow(bench) == ("paused", "hash-two", None)

    play(PLAN, story)


def test_the_triggers_are_those_of_the_revision_in_use(play: Play) -> None:
    def trigger(name: str) -> TriggerSpec:
        return TriggerSpec(name, "event", "process.completed", None, "true", {})

    async def story(bench: Bench) -> None:
        two = bench.definition(triggers=(trigger("a"), trigger("b")))
        await bench.host.publish_definition(two, by="UADA")
        one = bench.definition(hash="hash-two", triggers=(trigger("b"),))
        await bench.host.publish_definition(one, by="UADA")
        view = await bench.coordinator.workflow("demo")

        assert [each.id for each in view.definition.triggers] == ["b"]
        assert view.revision == 2

    play(PLAN, story)


async def workflow(bench: Bench) -> tuple[str, str, Any]:
    row = await bench.door.read(lambda reader: reader.fetch_one(select(workflow_table)))
    assert row is not None
    return row.status, row.hash, row.problems
