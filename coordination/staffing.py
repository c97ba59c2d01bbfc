"""Whether everybody whom workflows, settings and roles name can be found: looked at as things load."""

from collections.abc import Iterator, Mapping
from typing import Any

from coordination import directory
from coordination.database import Reader
from coordination.naming import approver_problems
from coordination.policy import Roles
from coordination.store import definitions as workflow_store
from coordination.store import people as store


async def problems(reader: Reader, roles: Roles, approvers: tuple[str, ...]) -> tuple[str, ...]:
    """Return a sentence for each place that names somebody who cannot be found, or too few people.

    Args:
        reader: of the database.
        roles: who has which.
        approvers: who answers what a tool asks, as the settings say.
    """
    known, readable = await directory.read_all(reader), await store.groups_readable(reader)
    found = []
    for place, forms, quorum in (*_of_settings(roles, approvers), *await _of_workflows(reader)):
        wrong = approver_problems(forms, known, roles, readable=readable, quorum=quorum)
        found += [f"{place}: {each}" for each in wrong]
    return tuple(found)


def _of_settings(
    roles: Roles, approvers: tuple[str, ...]
) -> Iterator[tuple[str, tuple[str, ...], int]]:
    for role, forms in roles.named.items():
        yield f"baton.yaml roles.{role}", tuple(forms), 0
    yield "baton.yaml approvers", approvers, 0


async def _of_workflows(reader: Reader) -> list[tuple[str, tuple[str, ...], int]]:
    found = []
    idle = await workflow_store.idle(reader)
    for name, body in (await workflow_store.bodies(reader)).items():
        if name in idle:
            continue
        general = _forms((body.get("settings") or {}).get("approvers"))
        for step in _steps(body.get("steps") or ()):
            asked = step.get("approval") or ({} if step.get("requires_approval") else None)
            if asked is None:
                continue
            forms = _forms(asked.get("approvers")) or general
            if not any("{{" in form for form in forms):  # a template may become anybody
                place = f"{name}, step {step.get('id')}"
                found.append((place, forms, int(asked.get("quorum") or 1)))
    return found


def _steps(steps: Any) -> Iterator[Mapping[str, Any]]:
    for step in steps:
        if isinstance(step, Mapping):
            yield step
            handlers = step.get("on_error")
            yield from _steps(handlers if isinstance(handlers, list) else ())


def _forms(written: Any) -> tuple[str, ...]:
    if isinstance(written, str):
        return (written,)
    return tuple(str(each) for each in written or ())
