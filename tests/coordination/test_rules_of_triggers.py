"""What a trigger looks at and what it holds: the sentences of the language, one by one."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from baton.status import Status
from tests.coordination.inbox import event
from tests.coordination.shop import Shop, open_shop

ENDED = {"completed", "failed", "rejected", "cancelled", "skipped"}


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = open_shop(tmp_path)
    yield shop
    await shop.inbox.door.close()


async def started(shop: Shop, process: str, status: str, **more: Any) -> int:
    """Report something, and return how many runs it started."""
    before = len(await shop.runs())
    await shop.report(process, status, **more)
    await shop.work()
    return len(await shop.runs()) - before


@pytest.mark.parametrize("status", [each.value for each in Status])
async def test_ended_stands_for_the_five_ends(shop: Shop, status: str) -> None:
    await shop.publish("triggers: [{event: build.ended}]\n")

    told = event("b", status, ids=shop.inbox.ids, category="build")
    await shop.inbox.accept(told, trusted=True)  # a person or an adapter may tell of a verdict too
    await shop.work()

    assert len(await shop.runs()) == (status in ENDED)


@pytest.mark.parametrize(
    ("name", "fits"),
    [
        ("process.failed", ["build.failed", "test.failed", ".failed"]),
        ("*.failed", ["build.failed", "test.failed", ".failed"]),
        ("test.*", ["test.completed", "test.failed"]),
        ("*.*", ["build.failed", "test.completed", "test.failed", ".failed"]),
        ("test.failed", ["test.failed"]),
        ("test.ended", ["test.completed", "test.failed"]),
        ("mcp_tool.failed", []),
    ],
)
async def test_a_star_stands_for_one_part(shop: Shop, name: str, fits: list[str]) -> None:
    await shop.publish(f"triggers: [{{event: '{name}'}}]\n")
    found = []
    for told in ("build.failed", "test.completed", "test.failed", ".failed"):
        category, _, status = told.partition(".")
        more = {"category": category} if category else {}
        if await started(shop, f"p-{told}", status, **more):
            found.append(told)

    assert found == fits


async def test_a_trigger_is_called_by_its_id_or_its_place(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n"
        "  - {event: test.failed}\n"
        "  - {event: build.failed, id: broken}\n"
        "  - {event: deploy.failed, enabled: false}\n"
        "  - {event: deploy.failed}\n"
    )
    for category in ("test", "build", "deploy"):
        await started(shop, category, "failed", category=category)

    assert [run.started_by for run in await shop.runs()] == [
        "trigger:0", "trigger:broken", "trigger:3",
    ]  # fmt: skip


async def test_of_an_event_a_run_sees_its_fields_with_type_and_data(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - event: test.failed\n    source: ci\n"
        "    where: trigger.kind == 'event' and trigger.result.failed > 1\n"
        "    inputs: {count: '{{ trigger.result.failed }}', who: '{{ trigger.name }}'}\n"
        "inputs: {count: {type: integer}, who: {type: string}}\n"
    )
    assert await started(shop, "t", "failed", category="test", result={"failed": 1}) == 0
    assert await started(
        shop, "u", "failed", category="test", result={"failed": 2}, name="Unit tests"
    )

    (run,) = await shop.runs()
    assert run.inputs == {"count": 2, "who": "Unit tests"}
    told = run.trigger
    assert (told["kind"], told["type"]) == ("event", "dev.baton.process.failed")
    assert (told["process_id"], told["status"], told["category"]) == ("u", "failed", "test")


async def test_a_failing_where_is_no_match_and_is_explained(shop: Shop) -> None:
    await shop.publish(
        "triggers:\n  - {event: test.failed, where: trigger.result.failed / trigger.result.all > 0}\n"
    )
    told = await shop.report("t", "failed", category="test", result={"failed": 1, "all": 0})
    await shop.work()

    assert await shop.runs() == []
    (why,) = await shop.why(told)
    assert why.startswith("where failed: in `trigger.result.failed / trigger.result.all > 0`")
    assert "divides by zero" in why


async def test_what_is_paused_archived_or_a_draft_is_started_by_nothing(shop: Shop) -> None:
    await shop.publish("triggers: [{event: test.failed}]\n")
    for status in ("paused", "archived", "draft"):
        await shop.become(status)
        assert await started(shop, status, "failed", category="test") == 0
    await shop.become("active")
    assert await started(shop, "active", "failed", category="test") == 1
