"""Slack's own HTTP mode: Slack calls us, instead of us holding a connection open to it."""

from collections.abc import Mapping
from datetime import timedelta

import structlog
from slack_bolt import BoltResponse
from slack_bolt.async_app import AsyncApp, AsyncBoltRequest

from bot.slack.app import Identity
from bot.slack.client import Meaning, SlackTrouble
from bot.slack.socket import Health, State
from coordination.retry import next_delay
from coordination.world import World
from handlers.http.edge import SlackAnswer

log = structlog.get_logger()

LOOK = timedelta(minutes=1)


class SlackCallsUs:
    """Takes what Slack sends, once the edge has checked its signature.

    Args:
        bolt: gets every request.
        signing_secret: what the edge checks signatures with.
        identity: asked at the beginning, so that a bad token is known as one.
        world: clock, chance and tasks.
    """

    def __init__(
        self, bolt: AsyncApp, signing_secret: str, identity: Identity, world: World
    ) -> None:
        self.signing_secret = signing_secret
        self._bolt = bolt
        self._identity = identity
        self._world = world
        self.health = Health("connecting", world.clock.now())

    async def connect(self) -> None:
        """Check the bot token. Raises: SlackTrouble."""
        try:
            await self._identity.read()
        except SlackTrouble as error:
            bad = error.trouble.meaning is Meaning.NO_TOKEN
            self._become("auth_failed" if bad else "reconnecting", error.trouble.word)
            raise
        self._become("connected")

    async def watch(self) -> None:
        """Run until cancelled: ask again who we are for as long as Slack does not say."""
        failures = 0
        while self.health.state != "closed":
            if self.health.state == "connected":
                await self._world.clock.sleep(LOOK)
                continue
            try:
                await self.connect()
                failures = 0
            except SlackTrouble as error:
                failures += 1
                jitter = self._world.rng.random()
                pause = next_delay(failures, jitter=jitter, retry_after=error.trouble.retry_after)
                await self._world.clock.sleep(pause)

    async def close(self) -> None:
        """Take no more requests: Slack tries those again that it may."""
        self._become("closed")

    async def answer(self, body: str, headers: Mapping[str, str]) -> SlackAnswer:
        """Hand a request to its listener and return what that said."""
        if self.health.state == "closed":
            return SlackAnswer(503, {"Retry-After": "5"}, "")
        try:
            request = AsyncBoltRequest(body=body, headers=dict(headers))
        except (ValueError, TypeError, AttributeError):  # the SDK's ways to say: no such body
            return SlackAnswer(400, {}, "This is nothing that Slack would send.")
        if not request.body:
            return SlackAnswer(400, {}, "There is nothing in it.")
        said: BoltResponse = await self._bolt.async_dispatch(request)
        return SlackAnswer(said.status, said.first_headers_without_set_cookie(), said.body or "")

    def _become(self, state: State, why: str | None = None) -> None:
        if self.health.state in ("closed", state):
            return
        log.info("slack_requests", state=state, why=why)
        self.health = Health(state, self._world.clock.now(), why)
