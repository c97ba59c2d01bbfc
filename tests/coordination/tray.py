"""A bench for the outbox: short words for queueing, claiming and reporting back."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from coordination import outbox, threads, turns
from coordination.changes import Changes
from coordination.database import InlineDoor, Reader, Row, Transaction, select
from coordination.database import outbox as outbox_table
from coordination.outbox import Leased, Notice, Slot
from coordination.turns import Claim, Claimed, Floor
from tests.coordination.inbox import T0, CountingIds
from tests.coordination.twice import TwiceDoor

T = TypeVar("T")
SECOND = timedelta(seconds=1)
FIRST = 3 * SECOND  # until a card that was just posted is edited
LEASE = timedelta(seconds=30)


@dataclass
class Tray:
    """Short words for queueing, claiming and reporting back."""

    door: InlineDoor
    ids: CountingIds = field(default_factory=CountingIds)
    now: datetime = T0
    floor: Floor = field(default_factory=Floor)  # whose turn it is

    async def write(self, unit: Callable[[Transaction], T]) -> T:
        return await self.door.write(unit)

    async def thread(self, channel: str | None = "#x") -> int:
        return await self.write(
            lambda tx: (
                threads.open_thread(tx, title="t", channel=channel, now=self.now, ids=self.ids).key
            )
        )

    async def add(self, thread: int, slot: str, lane: int = 4, recipient: str | None = None) -> str:
        notice_id = self.ids.new("nt")
        notice = Notice(thread, slot, lane, "thread", {}, recipient)
        await self.write(lambda tx: outbox.add(tx, notice, id=notice_id, now=self.now))
        return notice_id

    async def claim(self, limit: int = 10, **more: Any) -> list[Leased]:
        return list((await self.round(limit, **more)).leased)

    async def round(self, limit: int = 10, **more: Any) -> Claimed:
        wanted = Claim(self.now, LEASE, limit, **{"floor": self.floor, **more})
        claimed = await self.write(lambda tx: turns.claim(tx, wanted))
        self.floor = claimed.floor
        return claimed

    async def post(self, leased: Leased, **more: Any) -> None:
        """Report that a notice became the message of its slot."""
        slot = Slot(leased.notice.thread_key, leased.notice.slot, "C1", leased.id, "hash", **more)

        def unit(tx: Transaction) -> None:
            outbox.put_slot(tx, slot, now=self.now)
            assert outbox.sent(tx, leased, now=self.now)

        await self.write(unit)

    async def rows(self) -> list[Row]:
        async def query(reader: Reader) -> list[Row]:
            return await reader.fetch_all(select(outbox_table).order_by(outbox_table.c.key))

        return await self.door.read(query)

    async def states(self) -> list[str]:
        return [row.state for row in await self.rows()]

    async def due(self) -> datetime | None:
        return await self.door.read(outbox.next_due)


@asynccontextmanager
async def open_tray(path: Path) -> AsyncIterator[Tray]:
    tray = Tray(TwiceDoor(path / "x.db", changes=Changes("t"), durable=False))
    yield tray
    await tray.door.close()


def slots(leased: list[Leased]) -> list[str]:
    return [each.notice.slot for each in leased]
