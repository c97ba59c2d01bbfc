"""Who did what: a chain in which nothing can be changed or left out unseen."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from coordination import audit
from coordination.changes import Changes
from coordination.database import InlineDoor, Reader, Transaction, delete, select, update
from coordination.database import audit as audit_table
from tests.coordination.inbox import T0

ROW = audit_table.c.seq == 3


@pytest.fixture
async def door(tmp_path: Path) -> AsyncIterator[InlineDoor]:
    door = InlineDoor(tmp_path / "x.db", changes=Changes("t"), durable=False)

    def unit(tx: Transaction) -> None:
        for place in range(5):
            audit.record(
                tx,
                at=T0 + timedelta(microseconds=place),
                actor="UADA",
                action="approval.approve",
                object=f"ap_{place}",
                detail={"version": place, "comment": None, "text": "ü 🎉"},
            )

    await door.write(unit)
    yield door
    await door.close()


async def test_an_untouched_chain_verifies(door: InlineDoor) -> None:
    assert await door.read(audit.verify) is None


async def test_an_empty_chain_verifies(tmp_path: Path) -> None:
    door = InlineDoor(tmp_path / "y.db", changes=Changes("t"), durable=False)
    assert await door.read(audit.verify) is None
    await door.close()


@pytest.mark.parametrize(
    "values",
    [
        {"actor": "UEVE"},
        {"action": "approval.reject"},
        {"object": "ap_9"},
        {"detail": {"version": 9}},
        {"at": T0},
        {"sum": "0" * 64},
        {"previous": "0" * 64},
    ],
)
async def test_an_edited_row_is_found(door: InlineDoor, values: dict[str, object]) -> None:
    await door.write(lambda tx: tx.execute(update(audit_table).where(ROW).values(**values)))
    assert await door.read(audit.verify) == 3


async def test_rows_of_an_earlier_version_name_the_sum_before_them(door: InlineDoor) -> None:
    async def sums(reader: Reader) -> list[str]:
        rows = await reader.fetch_all(select(audit_table.c.sum).order_by(audit_table.c.seq))
        return [row.sum for row in rows]

    before = [audit.START, *await door.read(sums)]

    def older(tx: Transaction) -> None:
        for place in (1, 2, 3):
            one = update(audit_table).where(audit_table.c.seq == place)
            tx.execute(one.values(previous=before[place - 1]))

    await door.write(older)
    assert await door.read(audit.verify) is None
    other = update(audit_table).where(ROW).values(previous=audit.START)
    await door.write(lambda tx: tx.execute(other))
    assert await door.read(audit.verify) == 3


async def test_a_deleted_row_is_found(door: InlineDoor) -> None:
    await door.write(lambda tx: tx.execute(delete(audit_table).where(ROW)))
    assert await door.read(audit.verify) == 4
