"""The parts of an event that are objects of their own. Facts only; nothing here checks."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

__all__ = [
    "Actor",
    "Adapter",
    "ApprovalRequest",
    "ErrorInfo",
    "Link",
    "NextStep",
    "Option",
    "Parent",
    "Progress",
    "Subject",
]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a process has come: counted (``current`` of ``total``) or as a fraction of 1."""

    current: float | None = None
    total: float | None = None
    unit: str | None = None
    fraction: float | None = None

    @property
    def ratio(self) -> float | None:
        """Return the share that is done, from 0.0 to 1.0, or None where only a count is known."""
        if self.fraction is not None:
            return min(self.fraction, 1.0)
        if self.current is None or not self.total:
            return None
        return min(self.current / self.total, 1.0)


@dataclass(frozen=True, slots=True)
class ErrorInfo:
    """Why a process failed; the type ``timeout`` stands for running out of time."""

    message: str | None = None
    type: str | None = None
    url: str | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """A web address that belongs to a process."""

    rel: str
    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class NextStep:
    """Something a person may do next; ``action`` names a workflow trigger, never a command."""

    label: str
    url: str | None = None
    action: str | None = None


@dataclass(frozen=True, slots=True)
class Parent:
    """The process that this one is a part of; it may not have been seen yet."""

    process_id: str
    namespace: str | None = None
    attempt: int | None = None


@dataclass(frozen=True, slots=True)
class Subject:
    """What the work is about: a revision, a pull request, an environment.

    ``repo`` is where a pull request is asked for; ``head_repo`` is the fork that it comes from, and
    then has the branch and the revision. ``default_branch`` ties nothing together: all work meets
    there.
    """

    type: str | None = None
    id: str | None = None
    url: str | None = None
    title: str | None = None
    repo: str | None = None
    sha: str | None = None
    ref: str | None = None
    pr: int | None = None
    environment: str | None = None
    service: str | None = None
    version: str | None = None
    head_repo: str | None = None
    default_branch: str | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """Who caused an event, in the words of the tool that reports it."""

    id: str | None = None
    name: str | None = None
    email: str | None = None
    kind: Literal["user", "bot"] = "user"


@dataclass(frozen=True, slots=True)
class Option:
    """One possible answer to an approval."""

    id: str
    label: str
    style: Literal["primary", "danger"] | None = None


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """A question that a process asks people; an answer comes through the decision function only.

    *sealed* is the digest of the body as it came, where a secret in it is masked: the answer is bound
    to all of it.
    """

    prompt: str | None = None
    id: str | None = None
    kind: Literal["decision", "choice", "text"] = "decision"
    scope: Literal["process", "step"] = "process"
    options: tuple[Option, ...] = ()
    approvers: tuple[str, ...] = ()
    require_reason: Literal["reject", "always", "never"] = "reject"
    expires_at: datetime | None = None
    on_timeout: str = "reject"
    body: Any = None
    sealed: str | None = None


@dataclass(frozen=True, slots=True)
class Adapter:
    """What turned a delivery into events."""

    kind: str
    version: int = 1
