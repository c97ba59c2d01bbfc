"""What Baton's own actions return when they also tell Slack something."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

__all__ = ["Result"]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Result(Generic[T]):
    """An output, and what is told beside it. Actions of connectors return their output alone.

    The host writes the *notices* in the same commit as the *output*. With *when_sent* it writes them
    at once, waits until each stands in Slack, and then asks that function for the output: it is given
    one `Sent` for each notice.
    """

    output: T
    notices: tuple[Any, ...] = ()
    when_sent: Callable[[tuple[Any, ...]], T] | None = None
