"""Whatever goes wrong in here stays in here: it is counted, told once, and never raised."""

import sys
from types import TracebackType

__all__ = ["Quietly"]


class Quietly:
    """``with`` this, nothing that goes wrong reaches the program: it is counted, and told once.

    It is told to the logger ``baton``, and with *debug* each time to stderr.
    """

    def __init__(self, *, debug: bool) -> None:
        self._debug = debug
        self.count = 0

    def __enter__(self) -> None:
        return None

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> bool:
        if not isinstance(error, Exception):
            return False
        self.note(f"{type(error).__name__}: {error}" if self._debug else error)
        return True

    def note(self, trouble: object) -> None:
        """Count *trouble*, and tell the first."""
        self.count += 1
        try:
            self._tell(trouble)
        except Exception:  # noqa: BLE001 - a broken stderr or log of the program is its own affair
            self.count += 1

    def _tell(self, trouble: object) -> None:
        if self._debug and sys.stderr is not None:
            print(f"baton: {trouble}", file=sys.stderr)
        if self.count > 1:
            return
        logging = sys.modules.get("logging")
        if logging is None:  # then nobody listens
            return
        logger = logging.getLogger("baton")
        logger.addHandler(logging.NullHandler())  # silent unless the program listens
        logger.warning("could not report: %s; the program goes on", trouble)
