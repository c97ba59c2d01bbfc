"""Children that end with this process, also when it is killed and cannot tell them.

A deploy that outlived Baton would still be at work while a person is asked whether it happened.
"""

import ctypes
import signal
import sys
from collections.abc import Callable
from functools import cache

PR_SET_PDEATHSIG = 1


@cache
def leash() -> Callable[[], None] | None:
    """Return what a child calls before it becomes its program, or None where there is no such thing.

    It is looked up before the fork: the child only makes one call into the kernel. Only Linux has
    it, and only for the child itself, not for what that starts in turn.

    Source: prctl(2)
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl
    return lambda: prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
