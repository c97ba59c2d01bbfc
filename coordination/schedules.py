"""When a trigger by the clock is due: its slots, how late each starts, which are made up for. Pure."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from coordination.ports import Calendar, TriggerSpec

__all__ = ["KINDS", "MOST", "Due", "Schedule", "clocked", "is_clocked", "upcoming"]

KINDS = ("schedule", "every")
MOST = 100  # slots that are made up for at once
LATE = timedelta(minutes=1)  # from when on a slot counts as passed while nobody was there
_SPANS = (
    timedelta(hours=1),
    timedelta(days=1),
    timedelta(days=31),
    timedelta(days=366),
    timedelta(days=3660),
)


@dataclass(frozen=True, slots=True)
class Due:
    """The slots that are due by now, oldest first, and the one after them."""

    slots: tuple[datetime, ...]
    following: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """The slots of one trigger.

    Args:
        name: tells its chance from that of others.
        keys: of the trigger: `schedule` and `timezone`, or `every`; `catch_up` and `jitter`.
        calendar: knows cron.
    """

    name: str
    keys: Mapping[str, Any]
    calendar: Calendar

    @property
    def what(self) -> Mapping[str, Any]:
        """What its slots depend on: while that stays the same, it goes on as it was."""
        return {name: self.keys[name] for name in ("schedule", "timezone", "every", "jitter")
                if name in self.keys}  # fmt: skip

    def after(self, moment: datetime, *, origin: datetime | None = None) -> datetime:
        """Return the first slot after *moment*.

        Args:
            moment: any time.
            origin: a slot of an `every`; by default *moment* counts as one.

        Raises:
            ValueError: the schedule is wrong, or never due again.
        """
        if "every" not in self.keys:
            return self.calendar(
                self.keys["schedule"], self.keys.get("timezone", "UTC"), after=moment
            )
        length, first = timedelta(seconds=self.keys["every"]), origin or moment
        return first + length * ((moment - first) // length + 1)

    def starts_at(self, slot: datetime) -> datetime:
        """Return when *slot* starts its run: up to `jitter` later, and before the next one."""
        jitter = timedelta(seconds=self.keys.get("jitter") or 0)
        if not jitter:
            return slot
        jitter = min(jitter, self.after(slot, origin=slot) - slot)
        digest = hashlib.sha256(
            f"{self.name}\n{slot.astimezone(UTC).isoformat()}".encode()
        ).digest()
        return slot + jitter * (int.from_bytes(digest[:4], "big") / 2**32)

    def due(self, slot: datetime, now: datetime) -> Due:
        """Return what is to be started of all slots from *slot* on, and what comes after that.

        A slot that passed long ago passed while nobody was there: `catch_up` says what of such.
        """
        passed = [each for each in self._passed(slot, now) if self.starts_at(each) <= now]
        if not passed:
            return Due((), slot)
        following = self.after(passed[-1], origin=slot)
        rule = self.keys.get("catch_up", "latest")
        if rule == "all":
            return Due(tuple(passed[-MOST:]), following)
        missed = now - self.starts_at(passed[-1]) > LATE
        return Due(() if rule == "none" and missed else (passed[-1],), following)

    def _passed(self, slot: datetime, now: datetime) -> list[datetime]:
        """Return the newest slots from *slot* to *now*: enough of them, and not much more."""
        if "every" in self.keys:
            length = timedelta(seconds=self.keys["every"])
            last = (now - slot) // length
            return [slot + length * number for number in range(max(0, last - MOST), last + 1)]
        found: list[datetime] = []
        for span in _SPANS:
            begin = max(slot, now - span)
            found = self._between(slot, begin, now)
            if begin == slot or len(found) > MOST:
                break
        return found

    def _between(self, slot: datetime, begin: datetime, end: datetime) -> list[datetime]:
        current = slot if begin == slot else self.after(begin, origin=slot)
        found: list[datetime] = []
        while current <= end:
            found.append(current)
            current = self.after(current, origin=slot)
        return found


def is_clocked(spec: TriggerSpec) -> bool:
    return spec.kind in KINDS


def clocked(triggers: Iterable[TriggerSpec]) -> list[TriggerSpec]:
    """Return those of *triggers*, and of their parts, that wait for the clock."""
    specs = (each for trigger in triggers for each in (trigger, *trigger.parts))
    return [spec for spec in specs if is_clocked(spec)]


def upcoming(
    spec: TriggerSpec, calendar: Calendar, *, after: datetime, pending: datetime | None = None,
    count: int = 3,
) -> list[datetime]:  # fmt: skip
    """Return the next times at which a trigger by the clock is due, without its jitter.

    Args:
        spec: the trigger.
        calendar: knows cron.
        after: now.
        pending: the slot that is set already, if one is.
        count: how many.
    """
    schedule = Schedule("", spec.keys, calendar)
    first = pending if pending is not None and pending > after else schedule.after(after)
    found = [first]
    while len(found) < count:
        found.append(schedule.after(found[-1], origin=first))
    return found
