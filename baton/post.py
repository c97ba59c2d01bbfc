"""Where events go: the server or a Slack webhook, and the spool where neither can be reached."""

import os
from collections.abc import Sequence

from baton.environment import Environment
from baton.item import Delivery, Item
from baton.quietly import Quietly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from baton.posting import Posting
    from baton.replay import Replay
    from baton.slack import SlackPosting

__all__ = ["Post"]


class Post:
    """What the sender delivers through. Nothing in here raises: it is noted and counted."""

    def __init__(self, environment: Environment, quietly: Quietly, *, spool: bool) -> None:
        self._environment = environment
        self._quietly = quietly
        self._spooling = spool
        self._made: Posting | SlackPosting | None = None
        self._replay: Replay | None = None

    def load(self) -> None:
        """Import what delivering needs."""
        with self._quietly:
            import baton.collected.surroundings  # noqa: PLC0415 - all of these are slow
            import baton.encoding  # noqa: PLC0415, F401

            self._posting().prepare()

    def deliver(self, items: Sequence[Item], timeout: float) -> Delivery:
        """Send *items*; what cannot be sent at all, for a bad address or a bug, is dropped."""
        with self._quietly:
            return self._posting()(items, timeout)
        for item in items:
            item.settle(None)
        return Delivery()

    def keep(self, items: Sequence[Item]) -> None:
        """Store *items*, but for signs of life, on disk."""
        with self._quietly:
            if not self._spooling:
                return
            from baton.spool import Spool  # noqa: PLC0415

            kept = [(each.rank, each.bytes()) for each in items if not each.body.get("heartbeat")]
            spool = Spool(self._environment.spool_folder)
            secret = self._environment.token
            spool.keep(self._posting().destination, kept, secret=secret)

    def catch_up(self, timeout: float) -> bool:
        """Deliver a batch of what earlier programs kept; return whether there is more."""
        with self._quietly:
            if self._replay is not None and self._replay.inherited:
                self._replay.abandon()
                self._replay = None
            self._replay = self._replay or self.replay()
            if self._replay is None:
                return False
            if self._replay.step(timeout):
                return True
        with self._quietly:
            if self._replay is not None:
                self._replay.close()
        self._replay = None
        return False

    def replay(self) -> "Replay | None":
        """Return a way through what is kept for us, or None where nothing is, or another is at it."""
        with self._quietly:
            folder = self._environment.spool_folder
            if not self._spooling or not _holds_anything(f"{folder}/spool.ndjson"):
                return None
            from baton.replay import Replay  # noqa: PLC0415
            from baton.spool import Spool  # noqa: PLC0415

            posting = self._posting()
            replay = Replay(Spool(folder), posting.destination, posting)
            return replay if replay.begin() else None
        return None

    def _posting(self) -> "Posting | SlackPosting":
        if self._made is None:
            self._made = _posting(self._environment, self._quietly)
        return self._made


def _posting(environment: Environment, quietly: Quietly) -> "Posting | SlackPosting":
    if environment.webhook is not None:
        from baton.slack import SlackPosting  # noqa: PLC0415

        return SlackPosting(environment.webhook, quietly)
    from baton.posting import Posting  # noqa: PLC0415

    return Posting(environment.url or "", environment.token, quietly)


def _holds_anything(path: str) -> bool:
    try:
        return os.stat(path).st_size > 0  # noqa: PTH116 - pathlib is slow to import
    except OSError:
        return False
