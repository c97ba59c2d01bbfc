"""Children of the demo that end with it, also when it is killed and cannot tell them."""

import ctypes
import signal
import sys

PR_SET_PDEATHSIG = 1


def on_a_leash() -> None:
    """Ask the kernel, in the child, to end it with its parent. Linux has this; others do without.

    Source: prctl(2)
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
