"""What the server says about an event that it took."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

__all__ = ["Result"]


@dataclass(frozen=True, slots=True)
class Result:
    """What became of one event; *status* is that of the process after it.

    *effect* is one of created, updated, duplicate, late, ignored and stored.
    """

    event_id: str = ""
    id: str = ""
    namespace: str = ""
    process_id: str | None = None
    attempt: int | None = None
    thread_id: str | None = None
    run_id: str | None = None
    status: str | None = None
    effect: str = ""
    duplicate: bool = False
    approval_id: str | None = None
    thread_url: str | None = None
    warnings: tuple[str, ...] = ()
    problem: str | None = None

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> "Result":
        """Read one of the ``results`` of a reply, a refused one too."""
        refused = body.get("problem")
        if isinstance(refused, Mapping):
            return cls(problem=str(refused.get("detail") or refused.get("title") or "refused"))
        known = {each.name for each in fields(cls)} - {"warnings", "problem"}
        values = {name: value for name, value in body.items() if name in known}
        return cls(**values, warnings=tuple(str(each) for each in body.get("warnings") or ()))
