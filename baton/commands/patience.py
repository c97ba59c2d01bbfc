"""Waiting for the server to have news, through its restarts and for as long as somebody wants to."""

import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

from baton.commands.talk import Away, ask, say

if TYPE_CHECKING:
    from baton.wire import Wire

__all__ = ["Patience", "poll", "reconnecting"]

_HELD = 50.0  # s that the server holds a request; proxies cut at 60
_SLACK = 10.0  # s more until the connection counts as dead
_FIRST, _LONGEST = 0.5, 5.0  # s between tries to reach it


class Patience:
    """How long somebody waits: so many seconds from now on, or for ever."""

    def __init__(self, seconds: float | None) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float:
        """How many seconds are left; infinity where nobody minds."""
        return float("inf") if self._until is None else max(0.0, self._until - time.monotonic())

    @property
    def over(self) -> bool:
        return self.left <= 0


def poll(
    wire: "Wire",
    path: str,
    patience: Patience,
    enough: Callable[[Any], bool],
    *,
    known: Any = None,
) -> tuple[Any, bool]:
    """Return what is at *path* once it is *enough*, and whether it is.

    Args:
        wire: the way to the server.
        path: of something that takes ``wait``; its query stands in it already.
        patience: when it is over, what there is has to do.
        enough: whether the wait is over.
        known: what was there a moment ago; without it the server has to be there now.

    Raises:
        Stop: the first try does not reach the server, or it refuses.
    """
    joint = "&" if "?" in path else "?"
    found = ask(wire, "GET", path) if known is None else known
    while not enough(found):
        if patience.over:
            return found, False
        wait = min(_HELD, patience.left)
        began = time.monotonic()
        asked = f"{path}{joint}wait={wait:.1f}"
        look = partial(ask, wire, "GET", asked, timeout=wait + _SLACK)
        found = reconnecting(look, patience, found)
        if not enough(found) and time.monotonic() - began < min(wait, _FIRST):
            time.sleep(_FIRST)  # a server that is about to stop holds nobody
    return found, True


def reconnecting(look: Callable[[], Any], patience: Patience, known: Any) -> Any:
    """Return what *look* finds, trying for as long as the server is away; *known* in the end."""
    pause = _FIRST
    told = False
    while True:
        try:
            return look()
        except Away as away:
            if patience.over:
                return known
            if not told:
                say(f"{away}; waiting for it to come back")
                told = True
            time.sleep(min(pause, patience.left))
            pause = min(_LONGEST, pause * 2)
