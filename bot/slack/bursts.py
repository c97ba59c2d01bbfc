"""Many failures of one cause in one channel: after the fifth within two minutes they are one card."""

import re
from collections import deque
from dataclasses import dataclass, field
from datetime import datetime

from bot.slack.blocks import Shown
from coordination.outbox import Lane, Notice

MOST = 5
SPAN = 120.0  # s
LISTED = 10
CAUSE = 300
DIFFERS = re.compile(r"\bR-\d+\b|\b[0-9a-f]{7,64}\b|\d+|https?://\S+|<[^<>]*>")
FENCE = re.compile(r"```\n?(.*?)\n?```", re.DOTALL)


@dataclass(slots=True)
class Burst:
    """What failed in one place for one reason."""

    times: deque[float] = field(default_factory=deque)
    count: int = 0  # of all that belong to it
    began: float = 0.0  # when it became a card; 0: it is none yet
    threads: dict[int, None] = field(default_factory=dict)  # of those without a reply of their own

    @property
    def carrier(self) -> int:
        """The thread to which the card belongs in the store."""
        return next(iter(self.threads))


class Bursts:
    """Counts failures by place and cause. Only for this life of the process."""

    def __init__(self) -> None:
        self._bursts: dict[tuple[str, str], Burst] = {}

    def note(self, place: str, cause: str, thread_key: int, now: float) -> Burst | None:
        """Count one failure; return the burst that it belongs to, or None: it is said by itself.

        *now* is in seconds on a clock that never goes backwards.
        """
        self._forget(now)
        burst = self._bursts.setdefault((place, cause), Burst())
        while burst.times and now - burst.times[0] > SPAN:
            burst.times.popleft()
        burst.times.append(now)
        burst.count = burst.count + 1 if burst.began else len(burst.times)
        if len(burst.times) <= MOST and not burst.began:
            return None
        burst.began = burst.began or now
        burst.threads[thread_key] = None
        return burst

    def _forget(self, now: float) -> None:
        over = [key for key, burst in self._bursts.items() if now - burst.times[-1] > SPAN]
        for key in over:
            del self._bursts[key]


def cause_of(shown: Shown) -> str:
    """Return what failures of one cause have in common: their words, without numbers and ids."""
    printed = [
        found[1].strip().splitlines()[-1:]
        for block in shown.blocks
        if (found := FENCE.search(str((block.get("text") or {}).get("text", ""))))
    ]
    last = "".join(line for lines in printed for line in lines)
    words = f"{shown.text} {last}".strip()
    return " ".join(DIFFERS.sub("…", words).split())[:CAUSE]


def rollup(burst: Burst, cause: str, place: str, newest: datetime) -> Notice:
    """Return the notice of the card of a burst."""
    body = {
        "cause": cause,
        "count": burst.count,
        "newest": newest.isoformat(),
        "threads": list(burst.threads)[-LISTED:],
    }
    slot = f"rollup:{burst.carrier}:{int(burst.began)}"
    return Notice(burst.carrier, slot, Lane.FAILURE, "rollup", body, recipient=place)
