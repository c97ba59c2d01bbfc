"""Events that a fault keeps back: for a while, or until another one has gone first."""

from collections import deque
from collections.abc import Callable

from devslack.clock import Clock
from devslack.faults import Faults

# Clock seconds after which an event goes that waited for another one in vain.
LONGEST_WAIT = 10.0


class Late:
    """One event kept back; it goes once, whoever asks first."""

    def __init__(self, send: Callable[[], None]) -> None:
        self._send: Callable[[], None] | None = send

    def go(self) -> None:
        """Send it, unless it is gone."""
        send, self._send = self._send, None
        if send is not None:
            send()


class Holding:
    """What is kept back now."""

    def __init__(self, faults: Faults, clock: Clock) -> None:
        self._faults = faults
        self._clock = clock
        self._behind: deque[Late] = deque()

    def clear(self) -> None:
        """Forget what is kept back."""
        self._behind.clear()

    def keep(self, kind: str, send: Callable[[], None]) -> str:
        """Keep an event back if a fault strikes; return why, or nothing when it may go now."""
        if (delay := self._faults.take("delay_event", type=kind)) is not None:
            seconds = float(delay.args["seconds"])
            self._clock.call_in(seconds, send)
            return f"the fault delay_event holds it for {seconds:g} s"
        if self._faults.take("reorder_events", type=kind) is not None:
            late = Late(send)
            self._behind.append(late)
            self._clock.call_in(LONGEST_WAIT, late.go)
            return "the fault reorder_events lets the next event go first"
        return ""

    def passed(self) -> None:
        """Send what waited for another event to go first."""
        while self._behind:
            self._behind.popleft().go()
