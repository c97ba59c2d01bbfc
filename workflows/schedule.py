"""When a schedule is due: five fields of cron, or a form as ``@daily``, on the clock of a zone.

A local time that clocks skip, or have twice, gives one slot.
"""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

__all__ = ["InvalidSchedule", "check_schedule", "check_zone", "explain", "next_slot", "slots"]

FORMS: Final[Mapping[str, str]] = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
SOME_DAY: Final = datetime(2024, 1, 1, tzinfo=UTC)
"""From where on a first slot is looked for, where only its being there counts."""
LONGEST: Final = 200  # characters
HINT: Final = (
    "Write five fields (minute, hour, day, month, weekday), as `0 9 * * 1-5`, or `@daily`."
)


class InvalidSchedule(ValueError):
    """A text that is no schedule, or a zone that is none; *hint* says what to write."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(f"{message}. {hint}")
        self.message = message
        self.hint = hint


def next_slot(expression: str, zone: str, *, after: datetime) -> datetime:
    """Return the first slot after *after*, in UTC.

    Args:
        expression: five fields, or one of the forms.
        zone: whose clock counts, as ``Europe/Berlin``.
        after: any time with an offset.

    Raises:
        InvalidSchedule: either of them is wrong, or no slot ever comes.
    """
    slot = next(slots(expression, zone, after=after), None)
    if slot is None:
        raise InvalidSchedule(f"{expression[:60]!r} is never due", "Is there such a day?")
    return slot


def slots(expression: str, zone: str, *, after: datetime) -> Iterator[datetime]:
    """Yield the slots after *after*, in UTC, as long as there are any.

    Raises:
        InvalidSchedule: *expression* or *zone* is wrong.
    """
    start = after.astimezone(UTC)
    try:
        found = CronSim(_fields(expression), start.astimezone(check_zone(zone)))
    except CronSimError as error:
        reason = str(error)[:1].lower() + str(error)[1:]
        raise InvalidSchedule(f"{expression[:60]!r} is no schedule: {reason}", HINT) from None
    # In the hour that clocks have twice, a slot may come out that is over already.
    return (slot for each in found if (slot := each.astimezone(UTC)) > start)


def check_schedule(expression: str, zone: str) -> None:
    """Refuse a schedule that cannot be read, or is never due.

    Raises:
        InvalidSchedule: with a sentence that says what to write.
    """
    next_slot(expression, zone, after=SOME_DAY)


def check_zone(zone: str) -> ZoneInfo:
    """Return the zone of this name.

    Raises:
        InvalidSchedule: there is none.
    """
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        message = f"there is no time zone {zone[:60]!r}"
        raise InvalidSchedule(message, "Write `UTC`, or a name as `Europe/Berlin`.") from None


def explain(expression: str) -> str:
    """Return the sentence that says when it is due, as ``At 09:00 on Monday``.

    Raises:
        InvalidSchedule: it cannot be read.
    """
    check_schedule(expression, "UTC")
    return CronSim(_fields(expression), SOME_DAY).explain()


def _fields(expression: str) -> str:
    """Return the five fields that *expression* stands for."""
    written = expression.strip().lower()
    if written.startswith("@"):
        if written not in FORMS:
            raise InvalidSchedule(
                f"there is no form {expression[:60]!r}", f"There are {', '.join(FORMS)}."
            )
        return FORMS[written]
    if len(expression) > LONGEST or len(expression.split()) != 5:
        raise InvalidSchedule(f"{expression[:60]!r} is no schedule", HINT)
    return expression
