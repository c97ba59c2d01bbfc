"""Troubles inside the database itself, on the golden scenario: it may not grow, or not be written."""

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import Sequence
from typing import Any

from coordination.database.writer import Session
from tests.prove.golden.checks import found, wrong
from tests.prove.golden.outside import EVENTS, Outside
from tests.prove.golden.stage import Stage

FULL, READ_ONLY = "no more pages", "read-only"
BEGIN = {  # what the connection is told when the trouble begins
    FULL: "PRAGMA max_page_count = 1",  # no less than it has
    READ_ONLY: "PRAGMA query_only = 1",
}
END = {FULL: "PRAGMA max_page_count = 4294967294", READ_ONLY: "PRAGMA query_only = 0"}
LASTS = 0.6  # s
MOST = 0.5  # s after the port is there at which it begins
PATIENCE = 60.0
LONG = {  # events that do not fit into what is free within the file
    key: {**body, "text": "x" * 60_000} if "run_id" in body else body
    for key, body in EVENTS.items()
}


class Switch:
    """Planted in a life: the one connection that writes is told what a signal asks for."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._wanted: str | None = None

    def plant(self) -> None:
        execute = Session.execute

        def told(session: Session, sql: str, parameters: Sequence[Any] = (), /) -> Any:
            if sql == "BEGIN IMMEDIATE" and self._wanted is not None:
                session._raw.execute(self._wanted)
                self._wanted = None
            return execute(session, sql, parameters)

        Session.execute = told  # type: ignore[method-assign]  # in this life alone
        signal.signal(signal.SIGUSR1, lambda *_: self._want(BEGIN))
        signal.signal(signal.SIGUSR2, lambda *_: self._want(END))

    def _want(self, words: dict[str, str]) -> None:
        self._wanted = words[self._kind]


class Troubled(Outside):
    """The world outside, in which the trouble begins some time after the server is there."""

    calm = False

    def beset(self, pid: int, delay: float) -> None:
        self._pid, self._delay = pid, delay

    async def _play(self, port: int) -> None:
        if self.calm:
            await super()._play(port)
            return
        trouble = asyncio.ensure_future(self._trouble())
        await asyncio.sleep(0)
        await super()._play(port)
        await trouble

    async def _trouble(self) -> None:
        if self._delay:
            await asyncio.sleep(self._delay)
        os.kill(self._pid, signal.SIGUSR1)
        await asyncio.sleep(LASTS)
        os.kill(self._pid, signal.SIGUSR2)


def endured(stage: Stage, kind: str, seed: int) -> tuple[list[str], Counter[str]]:
    """Live the scenario once with this trouble in it; return what is wrong, and what was seen."""
    rng = random.Random(seed)  # noqa: S311 - a moment
    whole = stage.outside()
    outside, data = Troubled(whole.token, whole.decider, events=LONG), stage.fresh()
    delay = rng.choice((0.0, rng.uniform(0, MOST)))
    ended = stage.play(
        data,
        outside,
        patience=PATIENCE,
        plant=Switch(kind).plant,
        born=lambda pid: outside.beset(pid, delay),
    )
    outside.calm = True  # what was said and could not be noted is looked for by the next life
    stage.play(data, outside)
    problems = wrong(found(data, outside, stage.warm.compiled[0]))
    if ended.code or ended.stuck:
        problems.append(f"P9: {kind}: it did not heal without a restart: {ended.said[-600:]}")
    if outside.seen["answers 500"] or outside.seen["503 without Retry-After"]:
        problems.append(f"P9: {kind}: it was answered with {dict(outside.seen)}")
    counts = Counter({f"{kind}: lives": 1, f"{kind}: refused": outside.seen["answers 503"]})
    return [f"{each}  (seed {seed})" for each in problems], counts
