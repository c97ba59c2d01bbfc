"""What an app says about a conversation with it: prompts to begin with, a title, how far it is."""

from dataclasses import dataclass

from devslack.shapes import Json
from devslack.stream import Stream


@dataclass(slots=True)
class Session:
    """One conversation: a thread, or with an empty *thread_ts* the whole direct message."""

    channel: str
    thread_ts: str
    title: str = ""
    status: str = ""
    prompts_title: str = ""
    prompts: tuple[Json, ...] = ()

    def public(self) -> Json:
        """Return the ``Session`` of the control API."""
        return {
            "channel": self.channel,
            "thread_ts": self.thread_ts,
            "title": self.title,
            "status": self.status,
            "prompts_title": self.prompts_title,
            "prompts": list(self.prompts),
        }


class Sessions:
    """All of them, by channel and thread."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self.held: dict[tuple[str, str], Session] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self.held.clear()

    def of(self, channel: str, thread_ts: str) -> Session:
        """Return the session of a thread."""
        return self.held.setdefault((channel, thread_ts), Session(channel, thread_ts))

    def changed(self, session: Session) -> None:
        """Tell the page."""
        self._stream.tell("session", {"session": session.public()}, channel=session.channel)
