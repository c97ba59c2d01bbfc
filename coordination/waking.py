"""Which waits an event answers, and which event a wait has missed: outside the writer.

Conditions come through a port and are asked here, on the few waits that the index finds; what holds
is written by `waits`, which asks again whether the wait still stands.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeAlias

import structlog

from baton.events import Event, matches_name
from baton.status import Status
from coordination import waits
from coordination.database import Door, Reader, Row, Transaction
from coordination.keys import keys_of
from coordination.ports import Expressions
from coordination.secrets import Secrets
from coordination.store import waits as store
from coordination.wait_keys import Mark, holds, keys_for, names_of
from coordination.wait_veils import SEALED, marking, taken_along
from coordination.world import World

__all__ = ["NOBODY", "Fit", "Met", "Waker", "Woken", "meet"]

WINDOW = 2_000  # events of one look back
LOOKS = 50  # waits that look back at the same time
EXPLAINED = 50  # waits that the explanation of an event tells of; those that fit come first
COMPILED = 10_000  # conditions that are kept compiled

Predicate: TypeAlias = Callable[[Mapping[str, Any]], bool]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Fit:
    """A wait that an event was judged for. *why_not* is empty where it fits."""

    wait_key: int
    run_id: str
    path: str
    why_not: str = ""
    failed: bool = False  # its `where` could not be asked


@dataclass(frozen=True, slots=True)
class Woken:
    """What an event means to those who wait: to be written with `write`."""

    fits: tuple[Fit, ...] = ()

    def write(self, tx: Transaction, event_id: str, *, now: datetime) -> list[dict[str, Any]]:
        """Answer the waits that the event fits, in its unit; return the lines that explain it."""
        lines = [_write(tx, fit, event_id, now) for fit in self.fits]
        return lines[:EXPLAINED]


NOBODY = Woken()


@dataclass(frozen=True, slots=True)
class Met:
    """An event, as it was reported and as expressions see it, and the waits that an index finds for it."""

    event: Event
    told: Mapping[str, Any]
    waits: Sequence[Row]


async def meet(reader: Reader, row: Row, shapes: Sequence[str], mark: Mark | None = None) -> Met:
    """Look up what may wait for the event of *row*, among what waits in *shapes*.

    Args:
        reader: the database.
        row: the event, with its thread.
        shapes: of what waits.
        mark: hashes what must not be seen; without it, nobody is found who waits for that.

    Raises:
        ValueError, TypeError, KeyError: it is no event.
    """
    event, told = Event.from_json(row.body), waits.told(row)
    if not shapes:
        return Met(event, told, ())
    names, special = names_of(event), _special(row, event)
    keys = [key for shape in shapes for key in keys_for(shape, names, told, special, mark)]
    found = [each for key in keys for each in await store.candidates(reader, key)]
    return Met(event, told, found)


def _write(tx: Transaction, fit: Fit, event_id: str, now: datetime) -> dict[str, Any]:
    outcome = fit.why_not
    if fit.failed:
        waits.noted(tx, fit.wait_key, 1, fit.why_not)
    elif not outcome:
        outcome = waits.answer(tx, fit.wait_key, event_id, now=now)
    return {"run": fit.run_id, "path": fit.path, "outcome": outcome}


class Waker:
    """Finds what events answer.

    Args:
        door: the database.
        world: its clock.
        expressions: evaluates ``where``.
        secrets: hashes and opens what a wait compares with and nobody may see.
    """

    def __init__(
        self, door: Door, world: World, expressions: Expressions, secrets: Secrets | None = None
    ) -> None:
        self._door = door
        self._world = world
        self._expressions = expressions
        self._secrets = secrets
        self._mark = marking(secrets)
        self._compiled: dict[str, Predicate] = {}
        self._looked: dict[int, tuple[int, int, str]] = {}  # by wait: next place, failures, why

    async def meet(self, reader: Reader, row: Row, shapes: Sequence[str]) -> Met:
        """Do as `meet`, of what must not be seen too."""
        return await meet(reader, row, shapes, self._mark)

    def woken(self, row: Row, met: Met, *, again: bool = False) -> Woken:
        """Judge who waits for an event that was taken by the fold.

        *again*: its place was given to it before that, so who looked back has missed it.
        """
        mine = [wait for wait in met.waits if again or wait.until_seq < row.seq]
        judged = (self._judge(wait, row, met.told) for wait in mine)
        return Woken(tuple(sorted(judged, key=lambda fit: (bool(fit.why_not), not fit.failed))))

    async def look_back(self) -> bool:
        """Let each wait that has not seen what was there before it look at a window of that.

        Returns whether there is more to look at.
        """
        rows = await self._door.read(lambda reader: store.looking(reader, limit=LOOKS))
        standing = {row.key for row in rows}
        self._looked = {key: at for key, at in self._looked.items() if key in standing}
        return any(await asyncio.gather(*(self._guarded(row) for row in rows)))

    async def _guarded(self, wait: Row) -> bool:
        try:
            return await self._look(wait)
        except Exception:  # one bad wait must not stop the others
            log.exception("wait_not_looked_back", run_id=wait.run_id, path=wait.path)
            return False

    async def _look(self, wait: Row) -> bool:
        first, failures, why = self._looked.get(wait.key, (wait.since_seq, 0, ""))
        rows, following = await self._window(wait, first)
        for row in rows:
            fit = self._fit(wait, row)
            if fit is not None and not fit.why_not and not await self._had(wait, row.id):
                await self._close_look(wait, failures, why, row.id)
                return True
            if fit is not None and fit.failed:
                failures, why = failures + 1, fit.why_not
        if following <= wait.until_seq:
            self._looked[wait.key] = (following, failures, why)
            return True
        await self._close_look(wait, failures, why, None)
        return True

    async def _had(self, wait: Row, event_id: str) -> bool:
        """Say whether the step of *wait* was given that event before, in whichever turn."""
        delivery = waits.delivery_of(event_id, wait.path)
        return await self._door.read(lambda reader: store.had(reader, wait.run_key, delivery))

    async def _window(self, wait: Row, first: int) -> tuple[list[Row], int]:
        """Return the next events to look at, and the place after them."""
        asked = wait.filter
        likely = _likely(asked["event"])
        thread = next((t for place, t in asked.get("wanted", ()) if place == ["run"]), None)
        if not isinstance(thread, str):  # none is wanted, or only its hash is known
            span = (first, min(first + WINDOW - 1, wait.until_seq))
            rows = await self._door.read(partial(store.window, span=span, likely=likely))
            return rows, span[1] + 1
        rows = await self._door.read(
            lambda reader: store.window_of_thread(
                reader, (first, wait.until_seq), likely, thread, limit=WINDOW
            )
        )
        return rows, rows[-1].seq + 1 if len(rows) == WINDOW else wait.until_seq + 1

    async def _close_look(self, wait: Row, failures: int, why: str, event_id: str | None) -> None:
        now = self._world.clock.now()

        def unit(tx: Transaction) -> None:
            if failures:
                waits.noted(tx, wait.key, failures, why)
            if event_id is not None:
                waits.answer(tx, wait.key, event_id, now=now, looked=True)
            else:
                waits.found_nothing(tx, wait.key, now=now)

        await self._door.write(unit)
        self._looked.pop(wait.key, None)

    def _fit(self, wait: Row, row: Row) -> Fit | None:
        """Judge an event for a wait that looks back; None where it is about something else."""
        wanted = [(tuple(place), text) for place, text in wait.filter.get("wanted", ())]
        told = waits.told(row)
        if not holds(wanted, told, {"run": _threads(row)}, self._mark):
            return None
        event = Event.from_json(row.body)
        named = matches_name(wait.filter["event"], names_of(event))
        if event.too_old or not named:
            return None
        if not holds(wanted, told, _special(row, event), self._mark):
            return None
        return self._judge(wait, row, told)

    def _judge(self, wait: Row, row: Row, told: Mapping[str, Any]) -> Fit:
        fit = partial(Fit, wait.key, wait.run_id, wait.path)
        if row.process_id == wait.run_id:
            return fit("no run waits for itself")
        where = wait.filter.get("where")
        if where is None:
            return fit()
        try:
            names = taken_along(wait.filter, self._secrets)
            holds = self._predicate(where)({**names, "event": told})
        except ValueError as error:
            why = f"on what must not be seen: {where}" if SEALED in wait.filter else str(error)
            return fit(f"where failed: {why}", failed=True)
        return fit("" if holds else f"where is false: {where}")

    def _predicate(self, where: str) -> Predicate:
        if where not in self._compiled:
            if len(self._compiled) >= COMPILED:
                self._compiled.clear()
            self._compiled[where] = self._expressions.predicate(where)
        return self._compiled[where]


def _threads(row: Row) -> tuple[str, ...]:
    return () if row.thread_id is None else (str(row.thread_id),)


def _special(row: Row, event: Event) -> Mapping[str, Sequence[str]]:
    """Return what an event is found by beside its fields: its thread and its keys."""
    return {"run": _threads(row), "key": tuple(keys_of(event))}


def _likely(pattern: str) -> dict[str, str]:
    """Return what the store can tell of events that *pattern* may stand for, before it reads them."""
    parts = pattern.split(".")
    statuses: list[str] = []
    if len(parts) == 2:
        statuses = [
            status.value
            for status in Status
            if parts[1] in ("*", status.value) or (parts[1] == "ended" and status.terminal)
        ]
    padded = (statuses + ["-"] * store.STATUSES)[: store.STATUSES]
    like = "%" if pattern == "webhook" else ".".join(_liked(part) for part in parts)
    return {f"status_{number}": status for number, status in enumerate(padded)} | {"like": like}


def _liked(part: str) -> str:
    if part == "*":
        return "%"
    return part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
