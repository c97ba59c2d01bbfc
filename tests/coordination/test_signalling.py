"""What one run sends to another, inside the store: once, to all of them or to nobody."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from coordination.database import runs as runs_table
from coordination.database import update, wakeups
from coordination.errors import Conflict, InvalidInputs, NotFound
from coordination.ports import RunStatus
from coordination.signalling import Sent, send
from tests.coordination.shop import Shop, open_shop

WAITS = "triggers:\n  - event: build.completed\nfinally:\n  - id: go\n    wait_for: {signal: go}\n"
DEAF = "triggers:\n  - event: build.completed\nfinally:\n  - id: go\n    wait_for: {signal: stop}\n"
SENT = Sent(sender="run_x", number=99, request_id="rq", name="go", workflow="deploy", key="db-1")


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[Shop]:
    shop = open_shop(tmp_path)
    yield shop
    await shop.inbox.door.close()


async def two_runs(shop: Shop, text: str = WAITS) -> list[Any]:
    """Start two runs that count together."""
    await shop.publish(text, "deploy")
    for build in ("b1", "b2"):
        await shop.report(build, "completed", category="build")
        await shop.work()
    await shop.inbox.write(lambda tx: tx.execute(update(runs_table).values(concurrency_key="db-1")))
    return await shop.runs("deploy")


async def sends(shop: Shop, sent: Sent, named: int | None = None) -> tuple[str, ...]:
    ids = shop.inbox.ids
    found: tuple[str, ...] = await shop.inbox.write(
        lambda tx: send(tx, sent, named, now=shop.now, ids=ids)
    )
    return found


async def heard(shop: Shop) -> list[Any]:
    rows = await shop.inbox.rows(wakeups)
    return [row.run_key for row in rows if row.kind == "signal"]


async def test_all_runs_under_a_key_hear_it_once_whatever_happens_later(shop: Shop) -> None:
    first, second = await two_runs(shop)
    labels = await sends(shop, SENT)
    assert sorted(await heard(shop)) == sorted([first.key, second.key])
    await shop.end(first)
    assert await sends(shop, SENT) == labels  # as after a crash of the one who sends
    assert len(await heard(shop)) == 2
    assert await sends(shop, replace(SENT, request_id="other")) == (f"R-{second.number}",)


async def test_what_one_of_them_does_not_wait_for_nobody_hears(shop: Shop) -> None:
    await two_runs(shop)
    await shop.publish(DEAF, "deploy")
    await shop.report("b3", "completed", category="build")
    await shop.work()
    await shop.inbox.write(lambda tx: tx.execute(update(runs_table).values(concurrency_key="db-1")))
    with pytest.raises(InvalidInputs, match="waits for a signal 'go'"):
        await sends(shop, SENT)
    assert await heard(shop) == []


async def test_what_is_over_or_halted_or_too_large_is_refused(shop: Shop) -> None:
    first, second = await two_runs(shop)
    named = replace(SENT, run=first.id)
    with pytest.raises(InvalidInputs, match="64 KiB at most"):
        await sends(shop, replace(named, payload="x" * 70_000), first.key)
    await shop.end(first)
    with pytest.raises(Conflict, match="has ended already"):
        await sends(shop, named, first.key)
    halted = update(runs_table).where(runs_table.c.key == second.key)
    await shop.inbox.write(lambda tx: tx.execute(halted.values(status=RunStatus.FAULTED)))
    with pytest.raises(Conflict, match="is halted"):
        await sends(shop, replace(SENT, run=second.id), second.key)
    with pytest.raises(NotFound):
        await sends(shop, SENT)  # of those that go on none is left
    assert await heard(shop) == []
