"""Reads the question that a process asks people."""

import hashlib
import json
import re
from collections.abc import Sequence
from typing import Any, Literal, cast

from baton.masking import mask_json
from baton.parts import ApprovalRequest, Option
from baton.reading.freeform import readable, stored
from baton.reading.members import Members, typed
from baton.status import Status

__all__ = ["read_approval"]

_OPTION_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,74}", re.ASCII)
_APPROVE_OR_REJECT = (
    Option(id="approve", label="Approve", style="primary"),
    Option(id="reject", label="Reject", style="danger"),
)


def read_approval(body: Members, status: Status | None) -> ApprovalRequest | None:
    """Take the question of a ``pending_approval``, or which approval a decision answers."""
    if status is not Status.PENDING_APPROVAL and body.has("approval"):
        return _answered(body, status)
    members = body.inside("approval")
    if members is None:
        return None
    prompt = members.text("prompt", 2000, lines=True)
    if prompt is None:
        body.findings.problem(members.at("prompt"), "is required")
    kind = members.choice("kind", ("decision", "choice", "text"), "decision")
    options = _options(members, kind)
    asked, sealed = _body(members)
    request = ApprovalRequest(
        prompt=prompt,
        id=members.name("id", 256),
        kind=cast(Literal["decision", "choice", "text"], kind),
        scope=cast(Any, members.choice("scope", ("process", "step"), "process")),
        options=options,
        approvers=_approvers(members),
        require_reason=cast(
            Any, members.choice("require_reason", ("reject", "always", "never"), "reject")
        ),
        expires_at=members.time("expires_at"),
        on_timeout=members.choice("on_timeout", _endings(options), "reject"),
        body=asked,
        sealed=sealed,
    )
    members.close()
    return request


def _answered(body: Members, status: Status | None) -> ApprovalRequest | None:
    if status not in (Status.APPROVED, Status.REJECTED):
        body.take("approval")
        body.findings.drop(body.at("approval"), "counts only with the status pending_approval")
        return None
    members = body.inside("approval")
    answered = members.name("id", 256) if members is not None else None
    return ApprovalRequest(id=answered) if answered else None


def _endings(options: Sequence[Option]) -> tuple[str, ...]:
    others = (option.id for option in options if option.id not in ("approve", "reject"))
    return ("reject", "fail", *others)


def _options(members: Members, kind: str) -> tuple[Option, ...]:
    if not members.has("options"):
        members.take("options")
        if kind == "choice":
            members.findings.problem(members.at("options"), "is required for a choice")
        return _APPROVE_OR_REJECT if kind == "decision" else ()
    options: dict[str, Option] = {}
    for place, (pointer, value) in enumerate(members.items("options", 2**31)):
        option = _option(value, pointer, members)
        if place == 10:
            members.findings.problem(members.at("options"), "has more than 10 options")
            break
        if option is not None and option.id in options:
            members.findings.problem(pointer, f"repeats the option {option.id!r}")
        elif option is not None:
            options[option.id] = option
    return tuple(options.values())


def _option(value: Any, pointer: str, members: Members) -> Option | None:
    if isinstance(value, str):
        value = {"id": value}
    if typed(value, dict, pointer, members.findings) is None:
        return None
    inside = Members(value, pointer, members.findings)
    if not inside.has("id"):
        members.findings.problem(inside.at("id"), "is required")
    option_id = inside.name("id", 75, _OPTION_ID)
    label = inside.text("label", 75)
    style = inside.choice("style", ("primary", "danger", "default"), "default")
    inside.close()
    if option_id is None:
        return None
    shown = None if style == "default" else cast(Literal["primary", "danger"], style)
    return Option(id=option_id, label=label or option_id, style=shown)


def _approvers(members: Members) -> tuple[str, ...]:
    value = members.take("approvers")
    values = [value] if isinstance(value, str) else value
    pointer = members.at("approvers")
    if typed(values, list, pointer, members.findings) is None:
        return ()
    if len(values) > 50:
        members.findings.problem(pointer, "has more than 50 approvers")
        return ()
    names = Members(
        {str(place): name for place, name in enumerate(values)}, pointer, members.findings
    )
    found = [names.name(str(place), 200) for place in range(len(values))]
    return tuple(name for name in found if name is not None)


def _body(members: Members) -> tuple[Any, str | None]:
    """Take what is approved, without secrets; where there is one, also the digest of the whole."""
    value = members.take("body")
    if value is None or not readable(value, members.at("body"), members.findings):
        return None, None
    if stored(value) != value:  # its digest is what people approve, so it is never repaired
        wrong = "holds a whole number beyond 2^53, or a character that cannot be stored"
        members.findings.problem(members.at("body"), wrong)
        return None, None
    masked = mask_json(value)
    if masked == value:
        return value, None
    written = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return masked, hashlib.sha256(written.encode()).hexdigest()
