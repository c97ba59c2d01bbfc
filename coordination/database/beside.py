"""Work that a thread has done beside it, whenever it asks, and never twice at once."""

import queue
import threading
from collections.abc import Callable


class Beside:
    """Does one thing on a thread of its own, which lives from the first time it is asked to `close`.

    For one asking thread.

    Args:
        name: of the thread.
        work: records itself what goes wrong.
    """

    def __init__(self, name: str, work: Callable[[], None]) -> None:
        self._work = work
        self._asked: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._live, name=name, daemon=True)
        self._busy = threading.Event()

    @property
    def busy(self) -> bool:
        """Whether it is being done."""
        return self._busy.is_set()

    def ask(self) -> None:
        """Have it done soon; nothing more where it is being done already."""
        if self.busy:
            return
        self._busy.set()
        if not self._thread.is_alive():
            self._thread.start()
        self._asked.put(self._work)

    def close(self) -> None:
        """Wait for what is being done, and end the thread."""
        self._asked.put(None)
        if self._thread.is_alive():
            self._thread.join()

    def _live(self) -> None:
        while (work := self._asked.get()) is not None:
            try:
                work()
            finally:
                self._busy.clear()
