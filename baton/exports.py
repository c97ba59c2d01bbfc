"""What running processes put into the environment, so that programs started by them join them."""

import os
import threading
from collections.abc import Mapping
from functools import cache

__all__ = ["Exports", "exports"]


class Exports:
    """The exports of all processes that run now, the newest last, and what was there before them.

    Processes of tasks and threads side by side end in any order. A variable shows the newest that
    is left, and after the last one what it held at first. A child that is forked while another
    thread is in here finds the door open.
    """

    def __init__(self) -> None:
        self._live: list[Mapping[str, str]] = []
        self._before: dict[str, str | None] = {}
        self._open_again()
        if hasattr(os, "register_at_fork"):
            os.register_at_fork(after_in_child=self._open_again)

    def _open_again(self) -> None:
        self._lock = threading.RLock()

    def enter(self, own: Mapping[str, str]) -> None:
        """Show *own* until it leaves, or a newer one comes."""
        with self._lock:
            for name in own:
                if name not in self._before:
                    self._before[name] = os.environ.get(name)
            self._live.append(own)
            os.environ.update(own)

    def leave(self, own: Mapping[str, str]) -> None:
        """Take *own* back; what somebody else has put in its place meanwhile stays."""
        with self._lock:
            self._live = [each for each in self._live if each is not own]
            for name, value in own.items():
                if os.environ.get(name) == value:
                    self._show(name)
            if not self._live:
                self._before.clear()

    def _show(self, name: str) -> None:
        newest = next((each[name] for each in reversed(self._live) if name in each), None)
        value = self._before.get(name) if newest is None else newest
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value


@cache
def exports() -> Exports:
    """Return the ledger of this program: the environment is one for all of it."""
    return Exports()
