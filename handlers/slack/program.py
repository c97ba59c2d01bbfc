"""What the running program tells of itself to those who ask in Slack; `bot/app.py` is it."""

from typing import Protocol


class Program(Protocol):
    """The program around the listeners."""

    async def problems(self) -> tuple[str, ...]:
        """Return a sentence for each part that is not well."""

    def login_link(self, person: str) -> str:
        """Return a link that logs *person* in on the web, once, within five minutes."""
