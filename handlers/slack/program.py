"""What the running program tells of itself to those who ask in Slack; `bot/app.py` is it."""

from collections.abc import Mapping
from typing import Any, Protocol

from workflows.rehearsal import Rehearsal


class Program(Protocol):
    """The program around the listeners."""

    async def problems(self) -> tuple[str, ...]:
        """Return a sentence for each part that is not well."""

    async def rehearse(self, name: str, given: Mapping[str, Any]) -> Rehearsal:
        """Rehearse a workflow. Raises: Refused."""

    def login_link(self, person: str) -> str:
        """Return a link that logs *person* in on the web, once, within five minutes."""
