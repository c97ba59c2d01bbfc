"""What a definition may do, and what a newer one may do beyond it: shown wherever one is published.

Definitions are compared as data, since the older one may stem from an older version of the language.
Who may do more, or is asked less, shows; what only reads differently does not.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from coordination.ports import Gain
from workflows.language.checks.shell import SHELLS, WRAPPERS
from workflows.language.expressions import has_template
from workflows.language.gates import weaker_gates
from workflows.language.written import Written, as_map, written_steps

__all__ = ["gains"]

HARMLESS: Final = frozenset({"baton", "data"})
REACHING: Final = frozenset({"baton.signal"})  # of these, what other runs feel
SHOWN: Final = 120
_SECRET: Final = re.compile(r"\bsecrets\s*(?:\.\s*|\[\s*['\"])([A-Za-z_][A-Za-z0-9_]*)")
_ADDRESS: Final = re.compile(r"\s*https?://([^/?#]*)", re.IGNORECASE)

Kind = Literal["program", "host", "secret", "gate", "repeat", "action"]


@dataclass(frozen=True, slots=True)
class _Power:
    """Something that a step may do; those with one *kind* and *key* are the same power."""

    kind: Kind
    key: str
    text: str


def gains(before: Any, after: Any) -> tuple[Gain, ...]:
    """Say what the definition *after* may do that *before* could not.

    Args:
        before: the body in use until now; None where there is none, and everything is new.
        after: the body that is published.
    """
    had = {(power.kind, power.key) for _, power in _powers(before)}
    found: dict[tuple[str, str], Gain] = {}
    for path, power in _powers(after):
        place = (power.kind, power.key)
        if place not in had:
            found.setdefault(place, Gain(power.kind, path, power.text))
    weaker = () if before is None else weaker_gates(as_map(before), as_map(after))
    return (*found.values(), *weaker)


def _powers(body: Any) -> Iterator[tuple[str, _Power]]:
    known = as_map(body)
    programs = as_map(known.get("settings")).get("programs")
    for step in written_steps(known):
        for name, params in _calls(step.body):
            for power in _of_call(name, params, programs):
                yield step.path, power
            for secret in dict.fromkeys(_secrets(params)):
                yield step.path, _Power("secret", secret, f"uses the secret `{secret}`")
        yield from ((step.path, power) for power in _of_step(step))
    for trigger in known.get("triggers") or ():
        if isinstance(named := as_map(trigger).get("secret"), str):
            yield "", _Power("secret", named, f"uses the secret `{named}`")


def _calls(step: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the actions of a step: its own, and the one that takes it back."""
    for held in (step, as_map(step.get("compensate"))):
        name = held.get("action")
        if isinstance(name, str):
            yield name, as_map(held.get("params"))


def _of_call(name: str, params: Mapping[str, Any], programs: Any) -> Iterator[_Power]:
    argv, url = params.get("argv"), params.get("url")
    if isinstance(argv, list) and argv:
        for program in _programs(argv, programs):
            yield _Power("program", program, f"runs the program `{_cut(program)}`")
    elif isinstance(url, str):
        yield _host(url)
    elif name in REACHING or name.partition(".")[0] not in HARMLESS:
        yield _Power("action", name, f"uses `{name}`")


def _programs(argv: Sequence[Any], allowed: Any) -> list[str]:
    """Return what may be run. Of what runs other programs the whole line counts."""
    first = str(argv[0])
    if has_template(first):
        return [str(each) for each in allowed] if isinstance(allowed, list) else [first]
    name = first.replace("\\", "/").rpartition("/")[2].lower().removesuffix(".exe")
    if name in SHELLS | WRAPPERS:
        return [" ".join(str(each) for each in argv)]
    return [first]


def _host(url: str) -> _Power:
    found = _ADDRESS.match(url)
    host = found[1].rpartition("@")[2].lower() if found else url
    if found is None or has_template(host) or "{{" in host:
        return _Power("host", host, f"calls whatever host `{_cut(url)}` gives")
    return _Power("host", host, f"calls the host `{_cut(host)}`")


def _of_step(step: Written) -> Iterator[_Power]:
    body = step.body
    if isinstance(body.get("workflow"), str):
        child = body["workflow"]
        yield _Power("action", f"workflow {child}", f"starts the workflow `{child}`")
    if body.get("repeatable") is True:
        said = f"runs `{step.path}` again after a crash: `repeatable: true`"
        yield _Power("repeat", f"repeatable {step.path}", said)
    if as_map(body.get("params")).get("honours_key") is True:
        said = f"sends `{step.path}` again after a crash: `honours_key: true`"
        yield _Power("repeat", f"honours_key {step.path}", said)


def _secrets(value: Any) -> Iterator[str]:
    match value:
        case str() if "{{" in value:
            yield from _SECRET.findall(value)
        case Mapping():
            for each in value.values():
                yield from _secrets(each)
        case list():
            for each in value:
                yield from _secrets(each)


def _cut(text: str) -> str:
    plain = text.replace("`", "'")
    return plain if len(plain) <= SHOWN else f"{plain[: SHOWN - 1]}…"
