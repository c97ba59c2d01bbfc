"""Messages that are to be posted later."""

from collections.abc import Callable
from dataclasses import dataclass

from devslack.clock import Clock, Timer
from devslack.ids import Ids
from devslack.payloads import Body
from devslack.shapes import Json


@dataclass(frozen=True, slots=True)
class Scheduled:
    """One message that waits. *post_at* is in Unix seconds."""

    id: str
    channel: str
    post_at: int
    created: int
    body: Body
    timer: Timer

    def slack(self) -> Json:
        """Return the object of ``chat.scheduledMessages.list``."""
        return {
            "id": self.id,
            "channel_id": self.channel,
            "post_at": self.post_at,
            "date_created": self.created,
            "text": self.body.text,
        }


class Schedules:
    """All that wait, by id."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self.waiting: dict[str, Scheduled] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self.waiting.clear()

    def add(self, channel: str, post_at: int, body: Body, post: Callable[[], object]) -> Scheduled:
        """Have *post* called at its time."""
        name = self._ids.make("Q")

        def due() -> None:
            if self.waiting.pop(name, None) is not None:
                post()

        now = self._clock.now()
        timer = self._clock.call_in(post_at - now, due)
        kept = Scheduled(name, channel, post_at, int(now), body, timer)
        self.waiting[name] = kept
        return kept

    def remove(self, name: str) -> None:
        """Let one not happen."""
        self.waiting.pop(name).timer.cancel()
