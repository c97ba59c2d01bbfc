"""The addresses of incoming webhooks: which channel each posts to, and as whom."""

from dataclasses import dataclass

from devslack.ids import Ids
from devslack.state import Author


@dataclass(frozen=True, slots=True)
class Webhook:
    """One incoming webhook."""

    path: str
    channel: str
    author: Author


class Webhooks:
    """All of them, by path."""

    def __init__(self, ids: Ids, team: str) -> None:
        self._ids = ids
        self._team = team
        self.held: dict[str, Webhook] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self.held.clear()

    def make(self, channel: str, author: Author) -> Webhook:
        """Make an address."""
        path = f"/services/{self._team}/{author.bot_id}/{self._ids.secret(24)}"
        self.held[path] = Webhook(path, channel, author)
        return self.held[path]
