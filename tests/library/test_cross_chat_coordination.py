"""The story of the shipped coordination: three tools report in three places, and one thread has it all."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from coordination.database import outbox, select
from coordination.lookups import RunFilter
from coordination.policy import Principal
from coordination.ports import RunView
from coordination.waiting_for import waiting_for
from tests.prove.simulation.loop import simulate
from tests.workflows.runtimes.bench import Bench, statuses
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.definition import to_definition
from workflows.runtimes.embedded import embedded_runtime

FILE = Path(__file__).parents[2] / "workflows/library/cross_chat_coordination.yaml"
TEXT = FILE.read_text("utf-8").replace("default: []", 'default: ["#team", "#support"]')
TEXT = TEXT.replace("    source: claude-code\n", "")  # the bench has one source

Play = Callable[[Callable[[Bench], Awaitable[None]]], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(story: Callable[[Bench], Awaitable[None]]) -> None:
        async def main() -> None:
            bench = await Bench(tmp_path / "baton.db", None, embedded_runtime).begin()
            checked = check(TEXT, Registry(built_in(environment={})), file=FILE.name)
            await bench.host.publish_definition(to_definition(checked), by="UADA")
            await story(bench)
            assert bench.world.tasks.failures == []

        simulate(main)

    return run


async def agent(bench: Bench, **more: Any) -> None:
    told = {"category": "task", "status": "completed", "message": "7 files\nAll done"}
    await bench.report(process_id="s-1/task/1", name="Write the parser", **{**told, **more})


async def ide(bench: Bench, run: str, **more: Any) -> None:
    told = {"category": "job", "status": "completed", "name": "IDE check"}
    await bench.report(process_id="ide-1", run_id=run, **{**told, **more})


async def tool(bench: Bench, run: str, **more: Any) -> None:
    told = {"category": "mcp_tool", "status": "completed", "message": "3 pages read"}
    await bench.report(process_id="mcp-1", run_id=run, **{**told, **more})


async def the_run(bench: Bench) -> RunView:
    await bench.rest(2)
    (view,) = (await bench.coordinator.runs(RunFilter())).items
    return await bench.run(view.id)


async def replies(bench: Bench) -> list[tuple[str | None, str]]:
    said = select(outbox).where(outbox.c.kind == "reply")
    rows = await bench.door.read(lambda reader: reader.fetch_all(said))
    return [(row.body.get("channel"), row.body["text"]) for row in rows]


def test_three_reports_become_one_outcome_in_every_channel(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await agent(bench)
        view = await the_run(bench)
        assert waiting_for(view).text.startswith(  # type: ignore[union-attr]
            "Waiting for `process.ended` with name IDE check in its thread, and 1 more event, since"
        )
        await tool(bench, view.id)
        await bench.rest(2)
        await ide(bench, view.id, status="failed", message="E\n1 failed, 2 passed")
        view = await bench.until("completed", view.id)

        synthesis = (
            "*Write the parser*\n"
            "Coding agent: completed, All done\n"
            "IDE: failed, 1 failed, 2 passed\n"
            "Third tool: completed, 3 pages read\n"
            "Nothing is missing.\n"
        )
        assert view.outputs == {"synthesis": synthesis, "missing": []}
        (asked, *told) = await replies(bench)
        line = f"`BATON_RUN={view.id} baton run --name 'IDE check' -- pytest -q`"
        assert asked[0] is None
        assert line in asked[1]
        assert told == [(None, synthesis), ("#team", synthesis), ("#support", synthesis)]
        assert statuses(view)["agent"] == "skipped"

    play(story)


def test_a_report_that_comes_before_its_wait_is_found(play: Play) -> None:
    async def story(bench: Bench) -> None:
        by = Principal("person", "UADA", "UADA", "slack")
        start = bench.coordinator.start
        given = {"task": "x", "command": "make", "channels": []}
        view = await start(by, FILE.stem, given, request_id="r", via="t")
        await bench.rest(2)
        await ide(bench, view.id)
        await tool(bench, view.id)
        await bench.rest(2)
        assert (await bench.run(view.id)).status == "waiting"
        await agent(bench, run_id=view.id, message="early bird")
        view = await bench.until("completed", view.id)

        assert view.outputs["missing"] == []  # type: ignore[index]
        assert "Coding agent: completed, early bird\n" in view.outputs["synthesis"]  # type: ignore[index]
        assert len(await replies(bench)) == 3
        assert statuses(view)["tell_channels"] == "skipped"
        assert len((await bench.coordinator.runs(RunFilter())).items) == 1

    play(story)


def test_what_never_comes_is_named_and_the_run_goes_on(play: Play) -> None:
    async def story(bench: Bench) -> None:
        await agent(bench)
        view = await the_run(bench)
        await tool(bench, view.id)
        await bench.rest(3 * 3600)
        assert (await bench.run(view.id)).status == "waiting"
        await bench.rest(2 * 3600)
        view = await bench.run(view.id)
        await ide(bench, view.id)  # too late for anything
        await bench.rest(60)

        assert view.status == "completed"
        assert view.outputs["missing"] == ["the IDE"]  # type: ignore[index]
        assert "IDE: no report\n" in view.outputs["synthesis"]  # type: ignore[index]
        assert "Missing: the IDE.\n" in view.outputs["synthesis"]  # type: ignore[index]
        assert len(await replies(bench)) == 4

    play(story)


def test_reports_that_come_twice_change_nothing(play: Play) -> None:
    async def story(bench: Bench) -> None:
        for _ in range(2):
            await agent(bench, id="once")
        view = await the_run(bench)
        for _ in range(2):
            await tool(bench, view.id, id="tool once")
            await ide(bench, view.id, id="ide once")
        await bench.until("completed", view.id)
        await bench.rest(60)

        assert len((await bench.coordinator.runs(RunFilter())).items) == 1
        assert len(await replies(bench)) == 4

    play(story)
