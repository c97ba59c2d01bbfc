"""Baton forgets what has served its time while a history goes on, and nothing else."""

import asyncio
import sqlite3
from typing import Any

from bot.housekeeping import Housekeeping
from coordination.errors import Unavailable
from tests.prove.simulation.life import Life
from tests.prove.simulation.outside import Outside
from tests.prove.simulation.world import FIRST

OLD = (
    "SELECT 'run', id FROM runs WHERE created_at < ?1 UNION"
    " SELECT 'event', id FROM events WHERE received_at < ?1 UNION"
    " SELECT 'thread', id FROM threads WHERE updated_at < ?1"
)
NEW = (
    "SELECT 'runs', count(*) FROM runs WHERE created_at >= ?1 UNION"
    " SELECT 'events', count(*) FROM events WHERE received_at >= ?1 UNION"
    " SELECT 'steps', count(*) FROM steps JOIN runs ON runs.key = run_key WHERE created_at >= ?1"
)


async def tidy(life: Life, outside: Outside) -> None:
    """Look for what is over again and again, however often the life ends in the midst of it.

    What a crash left half forgotten the next round forgets, so one comes after the last fault too.
    """
    last = False
    while not last:
        last = outside.faults.healed
        await asyncio.sleep(outside.rng.uniform(1, 30))
        try:
            await Housekeeping(life.door, life.world).round()
        except Unavailable:
            outside.reached["housekeeping was put off"] += 1
        else:
            outside.reached["housekeeping while runs went on"] += 1


async def tidied(life: Life, raw: sqlite3.Connection) -> None:
    """Check that a last round leaves nothing of what is old, and that nothing hangs in the air."""
    before = raw.execute(NEW, (FIRST,)).fetchall()
    await Housekeeping(life.door, life.world).round()
    left: list[Any] = raw.execute(OLD, (FIRST,)).fetchall()
    assert not left, f"what has served its time is still there: {left}"
    after = raw.execute(NEW, (FIRST,)).fetchall()
    assert before == after, f"P1: {before}, and after housekeeping {after}"
    torn = raw.execute("PRAGMA foreign_key_check").fetchall()
    assert not torn, f"rows whose other half was forgotten: {torn}"


__all__ = ["tidied", "tidy"]
