"""One event on its way, and what came of one attempt to deliver some."""

import os
import threading
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from baton.answers import Result

__all__ = ["LAST", "REPLACEABLE", "USUAL", "Delivery", "Item", "rank_of"]

REPLACEABLE, USUAL, LAST = 0, 1, 2  # which events are lost first where there is no room


class Item:
    """One event in the queue.

    *rank* says what is lost first where there is no room: progress that newer progress may replace,
    then what is on its way, and ends and questions last. *where* is the folder in which it was
    reported, from which the sender's thread finds out what the work is about.
    """

    __slots__ = ("answer", "body", "encoded", "kept", "process_id", "rank", "settled", "where")

    def __init__(self, body: dict[str, object], *, rank: int, where: str | None = None) -> None:
        self.body = body
        self.rank = rank
        self.where = where
        self.process_id = body.get("process_id")
        self.encoded: bytes | None = None
        self.answer: Result | None = None
        self.settled: threading.Event | None = None
        self.kept = False  # on disk already

    @classmethod
    def written(cls, encoded: bytes, *, rank: int) -> "Item":
        """Return an event that was written as JSON before."""
        item = cls({}, rank=rank)
        item.encoded = encoded
        return item

    def bytes(self) -> bytes:
        """Return the event as JSON, written once."""
        if self.encoded is None:
            from baton.encoding import encode  # noqa: PLC0415 - keeps ``import baton`` fast

            body = self.body
            if self.where is not None:
                from baton.collected.surroundings import with_surroundings  # noqa: PLC0415

                body = with_surroundings(body, self.where, os.environ)
            self.encoded = encode(body)
        return self.encoded

    def replace(self, newer: "Item") -> None:
        """Take over what *newer* says; what it does not say stays."""
        self.body = {**self.body, **newer.body}
        self.encoded = None

    def settle(self, answer: "Result | None") -> None:
        """Tell whoever waits what became of the event."""
        self.answer = answer
        if self.settled is not None:
            self.settled.set()


class Delivery:
    """What came of one attempt.

    *left* is to be tried again after *pause* seconds, or as long as the sender thinks right;
    *reached* says whether anybody answered at all. *failed* is false where the attempt went well
    and merely did not take all. *denied* stands for a server that does not know us, and *refused*
    counts the events that it did not want.
    """

    __slots__ = ("denied", "failed", "left", "pause", "reached", "refused")

    def __init__(
        self,
        left: Sequence[Item] = (),
        *,
        pause: float | None = None,
        reached: bool = True,
        failed: bool | None = None,
    ) -> None:
        self.left = left
        self.pause = pause
        self.reached = reached
        self.failed = bool(left) if failed is None else failed
        self.denied = False
        self.refused = 0


def rank_of(body: dict[str, object]) -> int:
    """Say how hard the loss of an event would be: that of an end or a question most."""
    return USUAL if body.get("status") in ("queued", "started", "in_progress") else LAST
