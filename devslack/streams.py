"""Messages that an app writes piece by piece, until it stops or Slack has waited long enough."""

from devslack.clock import Clock
from devslack.model import Message

SECONDS = 300.0


class Streams:
    """Ends streams. *seconds* are those of the clock that one may last."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.seconds = SECONDS

    def clear(self) -> None:
        """Forget settings."""
        self.seconds = SECONDS

    def begin(self, message: Message) -> None:
        """Let the app write more into *message* for a while."""
        message.streaming = True

        def end() -> None:
            message.streaming = False

        self._clock.call_in(self.seconds, end)
