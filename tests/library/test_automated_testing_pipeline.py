"""The story of the shipped pipeline: a build comes in, people decide, and the site serves it or not."""

from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from baton.connector import Finished
from coordination.database import outbox, select
from coordination.lookups import RunFilter
from coordination.ports import RunView
from tests.prove.simulation.loop import simulate
from tests.workflows.runtimes.bench import Bench, sight, statuses
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.definition import to_definition
from workflows.runtimes.memory import memory_runtime

PIPELINE = Path(__file__).parents[2] / "workflows/library/automated_testing_pipeline.yaml"
SHA = "1f2e3d4c5b6a"
SITE = "http://127.0.0.1:9999"
BUILT = {"failed": 0, "sha": SHA, "site": SITE}
TESTED = ["unit_tests", "integration_tests", "report", "save_report"]


class Shop:
    """The project that is built: its programs, and the site that serves it."""

    def __init__(self) -> None:
        self.ran: list[str] = []
        self.served = "000000000000"
        self.failing = ""

    async def python(self, argv: Sequence[str]) -> Finished:
        command = " ".join(argv)
        self.ran.append(command)
        if self.failing and self.failing in command:
            return Finished(1, "F\n1 failed, 2 passed in 0.01s\n", "")
        if argv[1] == "deploy.py":
            self.served = argv[2]
        return Finished(0, "...\n3 passed in 0.01s\n", "")

    def page(self) -> bytes:
        return f"{self.served}\n".encode()

    @property
    def deployed(self) -> bool:
        return any("deploy.py" in command for command in self.ran)


Play = Callable[[Callable[[Bench, Shop], Awaitable[None]]], None]


@pytest.fixture
def play(tmp_path: Path) -> Play:
    (tmp_path / "webshop").mkdir()

    def run(story: Callable[[Bench, Shop], Awaitable[None]]) -> None:
        async def main() -> None:
            shop = Shop()
            bench = Bench(tmp_path / "baton.db", None, memory_runtime)
            bench.files.root = tmp_path
            bench.processes.programs["python3"] = shop.python
            bench.http.pages[f"{SITE}/current/sha.txt"] = shop.page
            await bench.begin()
            registry = Registry(built_in(environment={}))
            checked = check(PIPELINE.read_text("utf-8"), registry, file=PIPELINE.name)
            await bench.host.publish_definition(to_definition(checked), by="UADA")
            await story(bench, shop)
            assert bench.world.tasks.failures == []

        simulate(main)

    return run


def test_a_build_is_tested_approved_deployed_verified_and_told(play: Play) -> None:
    async def story(bench: Bench, shop: Shop) -> None:
        await bench.report(process_id="b-1", name="build web", status="completed", result=BUILT)
        view = await waiting(bench)
        assert not shop.deployed
        assert view.questions[0].title == f"Deploy {SHA} to releases?"
        await bench.decide("approve")
        view = await bench.until("completed", view.id)

        assert statuses(view) == {
            **dict.fromkeys([*TESTED, "gate", "deploy", "verify"], "completed"),
            "right_build": "skipped",
            "summary": "completed",
        }
        assert shop.ran == [
            "python3 -m pytest -q tests/unit",
            "python3 -m pytest -q tests/integration",
            f"python3 deploy.py {SHA} releases",
        ]
        assert view.outputs == {
            "sha": SHA,
            "url": f"{SITE}/current/",
            "report": f"runs/{view.id}/report.md",
        }
        report = bench.files.written[f"runs/{view.id}/report.md"].decode()
        assert report.splitlines()[2:] == [
            "Unit tests: 3 passed in 0.01s",
            "Integration tests: 3 passed in 0.01s",
        ]
        assert any("approved by <@UGRACE>, deployed" in said for said in await replies(bench))

    play(story)


def test_a_rejected_release_is_never_deployed(play: Play) -> None:
    async def story(bench: Bench, shop: Shop) -> None:
        await bench.report(process_id="b-1", name="build web", status="completed", result=BUILT)
        view = await waiting(bench)
        await bench.decide("reject", by="UMAYA", comment="the freeze ends on Monday")
        view = await bench.until("failed", view.id)
        await bench.rest(3600)

        assert view.error["type"] == "rejected"
        assert not shop.deployed
        assert shop.served != SHA
        assert {path: statuses(view)[path] for path in ("gate", "deploy", "verify", "summary")} == {
            "gate": "failed",
            "deploy": "not_taken",
            "verify": "not_taken",
            "summary": "not_taken",
        }
        assert await replies(bench) == ["Rejected by <@UMAYA>: the freeze ends on Monday"]

    play(story)


def test_nobody_is_asked_about_a_build_whose_tests_fail(play: Play) -> None:
    async def story(bench: Bench, shop: Shop) -> None:
        shop.failing = "tests/unit"
        await bench.report(process_id="b-1", name="build web", status="completed", result=BUILT)
        view = await the_run(bench)
        view = await bench.until("failed", view.id)

        assert view.error["path"] == "unit_tests"
        assert "1 failed, 2 passed" in view.error["message"]
        assert statuses(view)["gate"] == "not_taken"
        assert not shop.deployed

    play(story)


def test_a_site_that_serves_another_build_fails_the_run(play: Play) -> None:
    async def story(bench: Bench, shop: Shop) -> None:
        bench.http.pages[f"{SITE}/current/sha.txt"] = lambda: b"000000000000\n"
        await bench.report(process_id="b-1", name="build web", status="completed", result=BUILT)
        view = await waiting(bench)
        await bench.decide("approve")
        view = await bench.until("failed", view.id)

        assert view.error["message"] == f"{SITE} serves 000000000000, not {SHA}."
        assert sight(view, "summary").status == "not_taken"

    play(story)


@pytest.mark.parametrize(
    "event",
    [
        {"name": "build web", "status": "failed", "result": BUILT},
        {"name": "build web", "status": "completed", "result": {**BUILT, "failed": 1}},
        {"name": "build web", "status": "completed"},
        {"name": "build docs", "status": "completed", "result": BUILT},
    ],
)
def test_other_events_start_nothing(play: Play, event: dict[str, Any]) -> None:
    async def story(bench: Bench, shop: Shop) -> None:
        await bench.report(process_id="b-1", **event)
        await bench.rest(60)
        assert (await bench.coordinator.runs(RunFilter())).items == ()
        assert shop.ran == []

    play(story)


async def the_run(bench: Bench) -> RunView:
    await bench.rest(1)
    (view,) = (await bench.coordinator.runs(RunFilter())).items
    return view


async def waiting(bench: Bench) -> RunView:
    return await bench.until("waiting", (await the_run(bench)).id)


async def replies(bench: Bench) -> list[str]:
    said = select(outbox).where(outbox.c.kind == "reply")
    rows = await bench.door.read(lambda reader: reader.fetch_all(said))
    return [row.body["text"] for row in rows]
