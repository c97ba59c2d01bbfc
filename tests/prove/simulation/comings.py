"""Who comes and goes while a history lasts: people leave the workspace, and drop out of a group or join it."""

import asyncio

from tests.prove.simulation.outside import NEWCOMER, Outside

DROPS_OUT = "UKIT"
LIKELY = 0.6
SOON = 5.0  # s within which a group changes: before its question, or while that is open


async def leave(outside: Outside, who: str | None, heals_at: float) -> None:
    """Let *who* leave the workspace in the midst of it, before the faults end at *heals_at*."""
    await asyncio.sleep(outside.rng.uniform(0.1, 0.6) * heals_at)
    if who is not None and who not in outside.left and not outside.faults.healed:
        outside.leave(who)


async def regroup(outside: Outside) -> None:
    """Let somebody drop out of the group that is asked, and somebody new join it."""
    rng, crew = outside.rng, outside.crew
    await asyncio.sleep(rng.uniform(0, SOON))
    if DROPS_OUT in crew.members and rng.random() < LIKELY:
        crew.drop(DROPS_OUT, outside.next_place())
        outside.reached["somebody dropped out of the group"] += 1
    await asyncio.sleep(rng.uniform(0, SOON))
    if NEWCOMER not in crew.ever and rng.random() < LIKELY:
        crew.join(NEWCOMER)
        outside.reached["a newcomer joined the group"] += 1


__all__ = ["leave", "regroup"]
