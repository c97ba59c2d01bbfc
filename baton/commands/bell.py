"""A bell that rings for every signal, so that waiting for a child misses none.

A signal that arrives after the interpreter has looked for signals, and before the system call that
waits has begun, is not seen until that call is over. What is written into a pipe is.
"""

import os
import select
import signal
from types import FrameType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

__all__ = ["Bell"]


class Bell:
    """``with`` this, :meth:`wait` returns as soon as a signal came in, the end of a child for one."""

    def __enter__(self) -> "Self":
        self._ear, self._clapper = os.pipe()
        os.set_blocking(self._ear, False)
        os.set_blocking(self._clapper, False)
        self._before = signal.set_wakeup_fd(self._clapper, warn_on_full_buffer=False)
        self._child = signal.signal(signal.SIGCHLD, _heard)
        return self

    def __exit__(self, *_: object) -> None:
        signal.signal(signal.SIGCHLD, self._child or signal.SIG_DFL)
        signal.set_wakeup_fd(self._before)
        os.close(self._ear)
        os.close(self._clapper)

    def wait(self) -> None:
        """Wait for a signal, a second at most: somebody may have blocked them all."""
        if select.select([self._ear], [], [], 1.0)[0]:
            os.read(self._ear, 512)


def _heard(number: int, frame: FrameType | None) -> None:
    """Be there: without a function of its own a signal rings no bell."""
