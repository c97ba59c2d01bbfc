"""Progress, in each of the forms in which tools write it."""

import math
import re
from typing import Any

from baton.parts import Progress
from baton.reading.members import Findings, Members

__all__ = ["read_progress"]

_COUNTED = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?/ ?(\d{1,15}(?:\.\d{1,15})?)", re.ASCII)
_PERCENT = re.compile(r"(\d{1,15}(?:\.\d{1,15})?) ?%", re.ASCII)
_NUMBER = re.compile(r"-?\d{1,15}(?:(\.\d{1,15}))?", re.ASCII)
_FORMS = 'is not progress; write 0.4, 40, "40%", "3/7" or {"current": 3, "total": 7}'


def read_progress(body: Members) -> tuple[Progress | None, str | None]:
    """Return the progress of *body*, and the message that some tools put inside it.

    A float up to 1 is a fraction, any other number is per cent: so 1 is 1 % and 1.0 is all of it.
    What cannot be shown (negative, not a number, of a total that is not positive) is dropped.
    """
    value = body.take("progress")
    if value is None:
        return None, None
    pointer, findings = body.at("progress"), body.findings
    if isinstance(value, dict):
        return _from_object(Members(value, pointer, findings), pointer)
    try:
        progress = _from_text(value.strip()) if isinstance(value, str) else _from_number(value)
    except TypeError:
        findings.problem(pointer, _FORMS)
        return None, None
    return _shown(progress, pointer, findings), None


def _from_text(text: str) -> Progress:
    if counted := _COUNTED.fullmatch(text):
        return Progress(current=_number(counted[1]), total=_number(counted[2]))
    if percent := _PERCENT.fullmatch(text):
        return Progress(fraction=float(percent[1]) / 100)
    if number := _NUMBER.fullmatch(text):
        return _from_number(float(text) if number[1] else int(text))
    raise TypeError


def _from_number(value: Any) -> Progress:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError
    if isinstance(value, float) and not value > 1:
        return Progress(fraction=value)
    if value > 10**15:
        return Progress(fraction=1.0)
    return Progress(fraction=value / 100)


def _from_object(body: Members, pointer: str) -> tuple[Progress | None, str | None]:
    body_message = body.text("message", 3000, lines=True)
    fraction = _member(body, "fraction")
    current = _member(body, "current")
    if (given := _member(body, "progress")) is not None and current is None:
        current = given
    total = _member(body, "total")
    unit = body.text("unit", 40)
    body.close()
    if fraction is None and current is None:
        return None, body_message
    progress = Progress(current=current, total=total, unit=unit, fraction=fraction)
    return _shown(progress, pointer, body.findings), body_message


def _member(body: Members, name: str) -> float | None:
    value = body.take(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        body.findings.problem(body.at(name), "is not a number")
        return None
    return value


def _number(text: str) -> float:
    return float(text) if "." in text else int(text)


def _shown(progress: Progress, pointer: str, findings: Findings) -> Progress | None:
    given = [progress.current, progress.total, progress.fraction]
    if not all(_countable(number) for number in given if number is not None):
        findings.drop(pointer, "is negative, too large or not a number; dropped")
        return None
    if progress.total is not None and progress.total <= 0:
        findings.drop(pointer, "has a total that is not above 0; dropped")
        return None
    if progress.fraction is not None and progress.current is None:
        return Progress(fraction=min(progress.fraction, 1.0), unit=progress.unit)
    return progress


def _countable(number: float) -> bool:
    return not math.isnan(number) and 0 <= number <= 10**15
