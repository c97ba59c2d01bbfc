"""Which gates of a definition are weaker than those of the one before it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from coordination.ports import Gain
from workflows.language.written import as_map, written_steps

__all__ = ["weaker_gates"]

OWN: Final = "~approval"  # the question before a step with `requires_approval: true`


@dataclass(frozen=True, slots=True)
class _Gate:
    approvers: frozenset[str]
    quorum: int
    allow_self: bool
    falls_to: str  # what nobody's answer means
    covers: frozenset[str] | None
    always: bool  # it is asked, whatever holds


def weaker_gates(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Gain]:
    """Yield a sentence for each gate that fewer have to pass, or more may open."""
    old, new = _gates(before), _gates(after)
    for path, gate in old.items():
        now = new.get(path)
        said = ["is gone"] if now is None else [*_weaker(gate, now)]
        yield from (Gain("gate", path, f"the approval `{path}` {each}") for each in said)
    guarded, still = _guarded(before), _guarded(after)
    for path, before_it in guarded.items():
        if before_it and still.get(path) is False:
            yield Gain("gate", path, f"`{path}` waits for no approval any more")
    yield from _starters(before, after)


def _gates(body: Mapping[str, Any]) -> dict[str, _Gate]:
    default = as_map(body.get("settings")).get("approvers")
    found: dict[str, _Gate] = {}
    for step in written_steps(body):
        if isinstance(asked := step.body.get("approval"), Mapping):
            found[step.path] = _gate(asked, default, always="condition" not in step.body)
        elif step.body.get("requires_approval") is True:
            found[step.path + OWN] = _gate({}, default, always=True)
    return found


def _gate(asked: Mapping[str, Any], default: Any, *, always: bool) -> _Gate:
    escalated = [as_map(each).get("to") for each in _listed(asked.get("escalate"))]
    named = [asked.get("approvers") or default, *escalated]
    people = frozenset(str(one) for each in named for one in _listed(each))
    quorum, covers = asked.get("quorum", 1), asked.get("covers")
    return _Gate(
        approvers=people,
        quorum=quorum if isinstance(quorum, int) else 1,
        allow_self=asked.get("allow_self") is True,
        falls_to=str(asked.get("on_timeout", "reject")),
        covers=frozenset(map(str, covers)) if isinstance(covers, list) else None,
        always=always,
    )


def _weaker(old: _Gate, new: _Gate) -> Iterator[str]:
    if new.quorum < old.quorum:
        yield f"takes {new.quorum} instead of {old.quorum}"
    if more := sorted(new.approvers - old.approvers):
        yield f"may be given by {', '.join(more)} as well"
    if new.allow_self and not old.allow_self:
        yield "may be given by whoever started the run"
    if new.falls_to not in ("reject", "fail", old.falls_to):
        yield f"becomes `{new.falls_to}` if nobody answers"
    if old.covers and new.covers is not None and (lost := sorted(old.covers - new.covers)):
        yield f"does not cover {', '.join(f'`{each}`' for each in lost)} any more"
    if old.always and not new.always:
        yield "is only asked under a condition"


def _guarded(body: Mapping[str, Any]) -> dict[str, bool]:
    """Say of each action at the top whether an approval stands before it, on whatever way."""
    guarded: dict[str, bool] = {}
    actions: dict[str, bool] = {}
    previous: str | None = None
    for step in _listed(body.get("steps")):
        held = as_map(step)
        name = str(held.get("id", "?"))
        guarded[name] = "approval" in held or _behind(held, previous, guarded)
        if "action" in held:
            actions[name] = guarded[name] or held.get("requires_approval") is True
        previous = name
    return actions


def _behind(step: Mapping[str, Any], previous: str | None, guarded: Mapping[str, bool]) -> bool:
    """Say whether what *step* needs is behind an approval. What stands later in the file is not known."""
    needs = step.get("needs", [previous] if previous else [])
    if isinstance(needs, Mapping):
        return bool(ways := _names(needs.get("any"))) and all(guarded.get(way) for way in ways)
    return any(guarded.get(name) for name in _names(needs))


def _names(needs: Any) -> list[str]:
    return [str(as_map(each).get("step", each)) for each in _listed(needs)]


def _starters(before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Gain]:
    old, new = (
        frozenset(map(str, _listed(as_map(each.get("settings")).get("start_by"))))
        for each in (before, after)
    )
    if old and not new:
        yield Gain("gate", "", "everybody may start it")
    elif old and (more := sorted(new - old)):
        yield Gain("gate", "", f"{', '.join(more)} may start it as well")


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return list(value) if isinstance(value, list | tuple) else [value]
