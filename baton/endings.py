"""Where a program splits in two, and where it ends: whoever sends in the background has to know."""

import atexit
import os
import sys
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Protocol

    class Watched(Protocol):
        """What is told. It may be gone by then: the interpreter keeps these hooks for ever."""

        def hold(self) -> bool:
            """Bring yourself into a state that a child can use, and say whether you did."""

        def release(self) -> None:
            """Go on: the fork is over."""

        def reset(self) -> None:
            """You are in a child now."""

        def finish(self) -> None:
            """The program ends."""


__all__ = ["watch"]


def watch(me: "Callable[[], Watched | None]") -> None:
    """Tell what *me* returns, a weak reference, of each fork and of the end."""
    if hasattr(os, "register_at_fork"):
        _watch_forks(me)

    def at_exit() -> None:
        watched = me()
        if watched is not None:
            watched.finish()
            _die_as_before()

    atexit.register(at_exit)


def _die_as_before() -> None:
    """Let a program that was interrupted end as one that was: by the signal, and not with 1.

    CPython forgets it where anything runs code from a text meanwhile, as the making of a named tuple
    in an import does; and it is reminded in the same way.
    """
    if getattr(sys, "last_type", None) is not KeyboardInterrupt or hasattr(sys, "ps1"):
        return
    try:
        exec("raise KeyboardInterrupt", {})  # noqa: S102 - the text is ours
    except KeyboardInterrupt:
        return


def _watch_forks(me: "Callable[[], Watched | None]") -> None:
    held: set[int] = set()  # the threads that fork at this moment

    def before() -> None:
        watched = me()
        if watched is not None and watched.hold():
            held.add(threading.get_ident())

    def in_parent() -> None:
        watched = me()
        if threading.get_ident() in held and watched is not None:
            watched.release()
        held.discard(threading.get_ident())

    def in_child() -> None:
        held.clear()
        watched = me()
        if watched is not None:
            watched.reset()

    os.register_at_fork(before=before, after_in_parent=in_parent, after_in_child=in_child)
