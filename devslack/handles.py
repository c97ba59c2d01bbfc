"""What Slack hands out for a short while: trigger ids and response URLs."""

from dataclasses import dataclass
from typing import Literal

from devslack.clock import Clock
from devslack.errors import ApiError
from devslack.ids import Ids
from devslack.shapes import Json

RESPONSE_USES = 5
RESPONSE_SECONDS = 30 * 60


@dataclass(slots=True)
class Trigger:
    """Allows one modal to be opened for one person."""

    user: str
    until: float
    view_id: str = ""
    used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Allows a few answers to one interaction; *ts* is the message that was clicked, if any."""

    kind: Literal["actions", "commands"]
    user: str
    channel: str
    until: float
    ts: str = ""
    thread_ts: str = ""
    ephemeral: bool = False
    used: int = 0


class Handles:
    """Makes and redeems them."""

    def __init__(self, clock: Clock, ids: Ids, team: str) -> None:
        self._clock = clock
        self._ids = ids
        self._team = team
        self.trigger_seconds = 3.0
        self._triggers: dict[str, Trigger] = {}
        self._urls: dict[str, ResponseUrl] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self._triggers.clear()
        self._urls.clear()

    def trigger(self, user: str, view_id: str = "") -> str:
        """Make a trigger id; *view_id* is the modal it comes from, which allows a push."""
        until = self._clock.now() + self.trigger_seconds
        name = f"{int(self._clock.now() * 1000)}.{self._ids.pick(10**10)}.{self._ids.secret()}"
        self._triggers[name] = Trigger(user, until, view_id)
        return name

    def redeem(self, name: str) -> Trigger:
        """Use a trigger id up.

        Raises:
            ApiError: ``invalid_``, ``exchanged_`` or ``expired_trigger_id``.
        """
        trigger = self._triggers.get(name)
        if trigger is None:
            raise ApiError("invalid_trigger_id")
        if trigger.used:
            raise ApiError("exchanged_trigger_id")
        if self._clock.now() > trigger.until:
            raise ApiError("expired_trigger_id")
        trigger.used = True
        return trigger

    def response_path(self, url: ResponseUrl) -> str:
        """Keep a response URL and return its path."""
        path = f"/{url.kind}/{self._team}/{self._ids.pick(10**12)}/{self._ids.secret(24)}"
        url.until = self._clock.now() + RESPONSE_SECONDS
        self._urls[path] = url
        return path

    def use(self, path: str) -> ResponseUrl:
        """Count one use of a response URL.

        Raises:
            ApiError: ``used_url`` or ``expired_url``, which goes out as 404.
        """
        url = self._urls.get(path)
        if url is None or self._clock.now() > url.until:
            raise ApiError("expired_url")
        if url.used >= RESPONSE_USES:
            raise ApiError("used_url")
        url.used += 1
        return url


def error_json(error: ApiError) -> Json:
    """Return the body of a refused response URL."""
    return {"ok": False, "error": error.error}
