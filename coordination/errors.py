"""What coordination refuses, each with its code and its status; the facts stay on the object.

Refused (BatonError)
├── NotFound · NotAllowed
├── Conflict ── AlreadyDecided · Superseded · Outdated
└── CommentRequired · InvalidChoice · InvalidInputs · InvalidDefinition · IdempotencyMismatch

`Unavailable` is the database's own and stands here too, so that an edge finds all of them.
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

from coordination.database.errors import Unavailable
from coordination.questions import Approval, mention
from coordination.refusals import InvalidDefinition, InvalidInputs, Refused


class NotFound(Refused):
    """There is no such thing, or nobody may know that there is."""

    code = "not-found"
    status = 404

    def __init__(self, kind: str, ref: str, *, known: Iterable[str] = ()) -> None:
        self.kind, self.ref = kind, ref
        self.near = tuple(get_close_matches(ref, list(known), n=1))
        hint = f" Did you mean {self.near[0]!r}?" if self.near else ""
        super().__init__(f"There is no {kind} {ref[:100]!r}.{hint}")


class NotAllowed(Refused):
    """Whoever asks has no right to it: a scope or a role is missing, or they are not asked."""

    code = "forbidden-scope"
    status = 403

    def __init__(
        self, sentence: str, *, code: Literal["forbidden-scope", "not-eligible"] = "forbidden-scope"
    ) -> None:
        self.code = code
        super().__init__(sentence)


class Conflict(Refused):
    """The thing is not in a state in which this can be done."""

    code = "conflict"
    status = 409


class AlreadyDecided(Conflict):
    """Somebody, or the clock, was first; `approval` says who, when and how."""

    code = "already-decided"

    def __init__(self, approval: Approval) -> None:
        self.approval = approval
        super().__init__(decided_sentence(approval))


class Superseded(Conflict):
    """The answer is to an older version of the question than `approval`."""

    code = "superseded"

    def __init__(self, approval: Approval) -> None:
        self.approval = approval
        super().__init__(
            f"{approval.label} changed after you opened it. Look at it again, then answer."
        )


class Outdated(Conflict):
    """Somebody changed the thing after whoever asks had looked at it."""

    code = "precondition-failed"
    status = 412


class CommentRequired(Refused):
    """This choice needs a reason."""

    code = "comment-required"
    status = 422

    def __init__(self, approval: Approval, choice: str) -> None:
        self.approval, self.choice = approval, choice
        super().__init__(
            f"To {choice} {approval.label} takes a reason. Say in a sentence why, then send it again."
        )


class InvalidChoice(Refused):
    """The question does not offer this answer."""

    code = "invalid-event"
    status = 422

    def __init__(self, approval: Approval, sentence: str) -> None:
        self.approval = approval
        super().__init__(sentence)


class IdempotencyMismatch(Refused):
    """The same key came with another request before."""

    code = "idempotency-mismatch"
    status = 422

    def __init__(self, key: str) -> None:
        self.key = key
        super().__init__(
            f"The key {key[:100]!r} was used for a different request. Take a new one for this."
        )


_WORDS = {
    "approved": "approved",
    "rejected": "rejected",
    "answered": "answered",
    "expired": "expired",
    "withdrawn": "withdrawn",
    "superseded": "replaced by a newer question",
}


def decided_sentence(approval: Approval) -> str:
    """Say how an approval that has ended was decided: what, by whom, when, why."""
    word = _WORDS.get(approval.state, approval.state)
    if approval.state == "answered" and approval.decision not in (None, "answer"):
        word = f"answered with {approval.decision!r}"
    parts = [f"{approval.label} was already {word}"]
    if approval.decided_by:
        parts.append(f"by {mention(approval.decided_by)}")
    if approval.decided_at:
        parts.append(f"at {approval.decided_at:%H:%M} UTC on {approval.decided_at:%Y-%m-%d}")
    why = approval.comment or approval.note
    return " ".join(parts) + (f": {why}" if why else ".")


__all__ = [
    "AlreadyDecided",
    "CommentRequired",
    "Conflict",
    "IdempotencyMismatch",
    "InvalidChoice",
    "InvalidDefinition",
    "InvalidInputs",
    "NotAllowed",
    "NotFound",
    "Outdated",
    "Refused",
    "Superseded",
    "Unavailable",
    "decided_sentence",
]
