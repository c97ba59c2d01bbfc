"""What can be refused: by the emulated Slack, and by the control API."""

from collections.abc import Iterable
from typing import Any

from devslack.shapes import Json


class ApiError(Exception):
    """A Web API method refuses, with one of Slack's error codes."""

    def __init__(self, error: str, *, messages: Iterable[str] = (), **extra: Any) -> None:
        self.error = error
        self.messages = tuple(messages)
        self.extra = extra
        super().__init__(error, *self.messages)

    def body(self) -> Json:
        """Return the answer's JSON."""
        answer: Json = {"ok": False, "error": self.error, **self.extra}
        if self.messages:
            answer["response_metadata"] = {"messages": list(self.messages)}
        return answer


class ControlError(Exception):
    """The control API was used wrongly, or the person may not do what was asked."""

    def __init__(self, status: int, error: str, detail: str, **extra: Any) -> None:
        self.status = status
        self.error = error
        self.detail = detail
        self.extra = extra
        super().__init__(f"{error}: {detail}")

    def body(self) -> Json:
        """Return the answer's JSON."""
        return {"ok": False, "error": self.error, "detail": self.detail, **self.extra}


class StartError(Exception):
    """A file or an option that devslack was started with cannot be used."""


def missing(*fields: str) -> ApiError:
    """Return the refusal for required arguments that were not sent."""
    return ApiError(
        "invalid_arguments", messages=[f"[ERROR] missing required field: {f}" for f in fields]
    )


def invalid(phrase: str, pointer: str = "") -> ApiError:
    """Return the refusal for an argument of the wrong kind."""
    where = f" [json-pointer:{pointer}]" if pointer else ""
    return ApiError("invalid_arguments", messages=[f"[ERROR] {phrase}{where}"])
