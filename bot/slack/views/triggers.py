"""Triggers in Slack: what each waits for, in words, and when the clock is due next."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta

from bot.slack.text import code, escape, head, time
from coordination.ports import TriggerSpec

__all__ = ["Times", "starts_on"]

Times = Mapping[str, Sequence[datetime]]
_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))


def starts_on(trigger: TriggerSpec, upcoming: Times | None = None) -> str:
    """Say what *trigger* waits for; *upcoming* are the next times of those by the clock, by id."""
    where = f" where {code(head(trigger.where, 120))}" if trigger.where else ""
    off = "" if trigger.enabled else " (off)"
    return f"{_what(trigger)}{where}{off}{_next(trigger, upcoming or {})}"


def _what(trigger: TriggerSpec) -> str:
    return _WORDS.get(trigger.kind, _event)(trigger)


def _next(trigger: TriggerSpec, upcoming: Times) -> str:
    times = upcoming.get(trigger.id, ())
    return f": next {', '.join(time(at) for at in times)}" if times else ""


def _event(trigger: TriggerSpec) -> str:
    source = f" from {escape(trigger.source)}" if trigger.source else ""
    return f"{code(trigger.event)}{source}"


def _schedule(trigger: TriggerSpec) -> str:
    zone = escape(str(trigger.keys.get("timezone", "UTC")))
    return f"the clock, {code(trigger.keys['schedule'])} {zone}{_jitter(trigger)}"


def _every(trigger: TriggerSpec) -> str:
    return f"the clock, every {_length(trigger.keys['every'])}{_jitter(trigger)}"


def _jitter(trigger: TriggerSpec) -> str:
    jitter = trigger.keys.get("jitter")
    return f", up to {_length(jitter)} later" if jitter else ""


def _file(trigger: TriggerSpec) -> str:
    changes = " or ".join(trigger.keys.get("changes", ()))
    return f"files {code(trigger.keys['file'])}" + (f" ({escape(changes)})" if changes else "")


def _workflow(trigger: TriggerSpec) -> str:
    status = " or ".join(trigger.keys.get("status", ()))
    return f"the end of {code(trigger.keys['workflow'])}" + (f" ({status})" if status else "")


def _webhook(trigger: TriggerSpec) -> str:
    return f"its webhook {code(trigger.id)}"


def _slack(trigger: TriggerSpec) -> str:
    post = trigger.keys["slack"]
    reaction, message, channel = (post.get(key) for key in ("reaction", "message", "channel"))
    said = f" {code(message)}" if message else ""
    where = f" in {escape(channel)}" if channel else ""
    if reaction:
        return f"the reaction {code(reaction)} to a message{said}{where}"
    return f"a message{said}{where}"


def _all_of(trigger: TriggerSpec) -> str:
    parts = " and ".join(starts_on(each) for each in trigger.parts)
    return f"all within {_length(trigger.keys['within'])}: {parts}"


def _absence(trigger: TriggerSpec) -> str:
    expected, after = (starts_on(each) for each in trigger.parts)
    return f"no {expected} within {_length(trigger.keys['within'])} after {after}"


def _length(seconds: float) -> str:
    """Write a length of time as definitions do, as ``1h30m``."""
    left, said = timedelta(seconds=seconds), ""
    for unit, size in _UNITS:
        count, left = divmod(left, timedelta(seconds=size))
        said += f"{count}{unit}" if count else ""
    return said + (f"{left // timedelta(milliseconds=1)}ms" if left else "")


_WORDS: Mapping[str, Callable[[TriggerSpec], str]] = {
    "schedule": _schedule,
    "every": _every,
    "file": _file,
    "workflow": _workflow,
    "webhook": _webhook,
    "slack": _slack,
    "all_of": _all_of,
    "absence": _absence,
}
