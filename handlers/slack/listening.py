"""What every listener is given."""

from dataclasses import dataclass

from baton.errors import BatonError
from coordination.coordinator import Coordinator
from coordination.errors import Superseded, Unavailable
from coordination.policy import Principal
from coordination.world import World
from handlers.slack.answers import Answer
from handlers.slack.clicks import Place
from handlers.slack.program import Program
from handlers.slack.refusals import EXPECTED, answer_to
from handlers.slack.screens import Expired, Screens

__all__ = ["EXPECTED", "Edge"]


@dataclass(frozen=True, slots=True)
class Edge:
    """The Slack edge: whom it calls, where it answers, what time it is, and what it is part of."""

    coordinator: Coordinator
    screens: Screens
    world: World
    program: Program

    async def admit(self, who: Principal) -> None:
        """Let in who may look at what is here: no guests, no bots, nobody who has left.

        Raises:
            NotAllowed: the sentence says what they are.
        """
        await self.coordinator.authorize(who, "read")

    async def refusal(self, error: BatonError, *, stored: bool = False) -> Answer:
        """Return what *error*, an expected one, means to whoever caused it."""
        url = None
        if isinstance(error, Superseded):
            url = await self.thread_url(error.approval.thread_id)
        return answer_to(error, url=url, stored=stored)

    async def thread_url(self, thread_id: str | None) -> str | None:
        """Return where a thread stands in Slack; to have no link is no harm."""
        try:
            return await self.coordinator.thread_url(thread_id)
        except Unavailable:
            return None

    def tell(self, place: Place, answer: Answer) -> None:
        """Say it without making anybody wait for it."""
        self.world.tasks.start(f"tell {place.user}", self.screens.tell(place, answer))

    async def may_open(self, trigger_id: str, title: str) -> str | None:
        """Open a modal that is still empty, or return None where Slack did not take it."""
        try:
            return await self.screens.open_loading(trigger_id, title)
        except Expired:
            return None
