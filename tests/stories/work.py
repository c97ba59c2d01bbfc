"""What workflows of the stories do: an effect that is only noted, and that fails or hangs on demand."""

import asyncio
from dataclasses import dataclass

from pydantic import Field

from baton.connector import ActionContext, ActionFailure, Connector, Failed, Params, action


@dataclass(frozen=True, slots=True)
class Done:
    """One effect, as the world out there has seen it."""

    what: str
    attempt: int
    key: str


class Job(Params):
    what: str = Field(min_length=1, description="What is done.")


class Work:
    """The world that actions act upon. It goes on when the program is killed."""

    def __init__(self) -> None:
        self.done: list[Done] = []
        self.hanging: set[str] = set()
        self._failing: dict[str, list[ActionFailure]] = {}
        self._hangs: dict[str, asyncio.Event] = {}

    @property
    def performed(self) -> list[str]:
        return [each.what for each in self.done]

    def fail(self, what: str, why: str | ActionFailure = "it broke", *, times: int = 1) -> None:
        """Let the next *times* attempts at *what* fail."""
        failure = Failed(why) if isinstance(why, str) else why
        self._failing[what] = [failure] * times

    def hang(self, what: str) -> None:
        """Let *what* take until `finish`; its effect is there as soon as it begins."""
        self._hangs[what] = asyncio.Event()

    def finish(self, what: str) -> None:
        self._hangs.pop(what).set()

    async def act(self, job: Job, ctx: ActionContext) -> dict[str, str]:
        if left := self._failing.get(job.what):
            raise left.pop()
        self.done.append(Done(job.what, ctx.attempt, ctx.idempotency_key))
        if (hang := self._hangs.get(job.what)) is not None:
            self.hanging.add(job.what)
            try:
                await hang.wait()
            finally:
                self.hanging.discard(job.what)
        return {"did": job.what}

    def connector(self) -> Connector:
        @action("test.work", repeatable=True)
        async def work(params: Job, ctx: ActionContext) -> dict[str, str]:
            """Do something that may well be done twice."""
            return await self.act(params, ctx)

        @action("test.deploy", repeatable=False)
        async def deploy(params: Job, ctx: ActionContext) -> dict[str, str]:
            """Do something that must never be done twice by accident."""
            return await self.act(params, ctx)

        return Connector("test", (work, deploy))
