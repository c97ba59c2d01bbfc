"""The story of the shipped synthesis: numbers from several places become one table and one message."""

import json
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from coordination.database import outbox, select
from coordination.policy import Principal
from coordination.ports import RunView
from tests.prove.simulation.loop import simulate
from tests.workflows.runtimes.bench import Bench, sight, statuses
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.definition import to_definition
from workflows.runtimes.memory import memory_runtime

FILE = Path(__file__).parents[2] / "workflows/library/data_synthesis.yaml"
SOURCES = [{"name": each, "url": f"https://{each}.example.com"} for each in ("sales", "support")]
WRITER = "https://models.example.com/write"
Play = Callable[[Callable[[Bench], Awaitable[None]]], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    def run(story: Callable[[Bench], Awaitable[None]]) -> None:
        async def main() -> None:
            bench = await Bench(tmp_path / "baton.db", None, memory_runtime).begin()
            registry = Registry(built_in(environment={}))
            checked = check(FILE.read_text("utf-8"), registry, file=FILE.name)
            await bench.host.publish_definition(to_definition(checked), by="UADA")
            await story(bench)
            assert bench.world.tasks.failures == []

        simulate(main)

    return run


def serves(bench: Bench, name: str, *amounts: Any) -> None:
    rows = [{"category": "a", "amount": amount} for amount in amounts]
    bench.http.pages[f"https://{name}.example.com"] = lambda: json.dumps(rows).encode()


async def begin(bench: Bench, **inputs: Any) -> RunView:
    by = Principal("person", "UADA", "UADA", "slack")
    given = {"sources": SOURCES, "writer": "", "channel": "#numbers", **inputs}
    return await bench.coordinator.start(by, FILE.stem, given, request_id="r", via="t")


async def said(bench: Bench) -> list[tuple[str | None, str]]:
    rows = await bench.door.read(
        lambda reader: reader.fetch_all(select(outbox).where(outbox.c.kind == "reply"))
    )
    return [(row.body.get("channel"), row.body["text"]) for row in rows]


def test_the_numbers_are_put_together_kept_and_told(play: Play) -> None:
    async def story(bench: Bench) -> None:
        serves(bench, "sales", 2, 3.5)
        serves(bench, "support", 40)
        bench.http.pages[WRITER] = lambda: b"A good day."
        view = await bench.until("completed", (await begin(bench, writer=WRITER)).id)

        folder = f"runs/{view.id}"
        assert view.outputs == {
            "report": f"{folder}/report.md",
            "table": f"{folder}/numbers.csv",
            "missing": [],
        }
        assert bench.files.written[f"{folder}/numbers.csv"].decode() == (
            "source,rows,total\nsupport,1,40\nsales,2,5.5\n"
        )
        told = "A good day.\nsupport: 40 in 1 rows\nsales: 5.5 in 2 rows\nEvery source answered.\n"
        assert [(channel, " ".join(text.split())) for channel, text in await said(bench)] == [
            ("#numbers", " ".join(told.split()))
        ]
        assert bench.files.written[f"{folder}/report.md"].decode().startswith("# The numbers of 20")

    play(story)


def test_a_source_that_is_away_or_tells_no_numbers_is_named(play: Play) -> None:
    async def story(bench: Bench) -> None:
        serves(bench, "sales", 2)
        serves(bench, "support", "many")
        sources = [*SOURCES, {"name": "away", "url": "https://away.example.com"}]
        view = await bench.until("completed", (await begin(bench, sources=sources)).id)

        assert view.outputs["missing"] == ["support", "away"]
        assert sight(view, "gather[away].fetch").status == "failed"
        assert sight(view, "gather[support].tally").status == "failed"
        assert statuses(view)["words"] == "skipped"
        ((channel, text),) = await said(bench)
        assert channel == "#numbers"
        assert "sales: 2 in 1 rows" in text
        assert "No answer from support, away." in text

    play(story)


def test_without_any_source_there_is_still_a_message(play: Play) -> None:
    async def story(bench: Bench) -> None:
        view = await bench.until("completed", (await begin(bench, writer=WRITER)).id)

        assert view.outputs["missing"] == ["sales", "support"]
        assert sight(view, "words").status == "failed"
        ((_, text),) = await said(bench)
        assert "No source answered." in text

    play(story)
