"""The connection to Slack: opened once checked, watched, and built anew when it goes dead.

The SDK reconnects by itself and is wrong about it in ways that cannot be seen from inside: it tries
an address that was used up for ever, and notices a silent loss late.
"""

import asyncio
import contextlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import structlog
from slack_bolt.adapter.socket_mode.async_handler import AsyncSocketModeHandler
from slack_bolt.async_app import AsyncApp
from slack_sdk.errors import SlackApiError
from slack_sdk.web.async_client import AsyncWebClient

from bot.slack.app import Identity
from bot.slack.client import MEANINGS, Meaning, SlackTrouble, Trouble, of_answer
from coordination.retry import next_delay
from coordination.world import World

log = structlog.get_logger()

PING = 5.0  # s
LOOK = timedelta(seconds=5)
STALE = 6 * PING  # without an echo
LOST = 30.0  # s without a connection
CONNECT = 20.0
CLOSE = 5.0

State = Literal["connecting", "connected", "reconnecting", "auth_failed", "closed"]


@dataclass(frozen=True, slots=True)
class Health:
    """How the connection is, since when, and why."""

    state: State
    since: datetime
    why: str | None = None


class SlackSocket:
    """One connection at a time, over Socket Mode.

    Args:
        bolt: gets every request.
        app_token: of the app, ``xapp-…``.
        identity: asked before a connection, so that a bad token is known as one.
        world: clock, chance and tasks.
    """

    def __init__(self, bolt: AsyncApp, app_token: str, identity: Identity, world: World) -> None:
        self._bolt = bolt
        self._token = app_token
        self._identity = identity
        self._world = world
        self._live: AsyncSocketModeHandler | None = None
        self.health = Health("connecting", world.clock.now())

    async def connect(self) -> None:
        """Check both tokens, then connect.

        Raises:
            SlackTrouble: a token is no good, or Slack does not answer within 20 s.
        """
        try:
            await self._identity.read()
            await self._check_app_token()
            live = AsyncSocketModeHandler(self._bolt, self._token, ping_interval=PING)
            await self._within_limit(live)
        except SlackTrouble as error:
            bad = error.trouble.meaning is Meaning.NO_TOKEN
            self._become("auth_failed" if bad else "reconnecting", error.trouble.word)
            raise
        self._live = live
        self._become("connected")

    async def watch(self) -> None:
        """Run until cancelled: look every five seconds, and connect anew where that is needed."""
        failures = 0
        lost_at: float | None = None
        while self.health.state != "closed":
            await self._world.clock.sleep(LOOK)
            if await self._is_fine():
                lost_at, failures = None, 0
                self._become("connected")
                continue
            now = self._world.clock.monotonic()
            lost_at = now if lost_at is None else lost_at
            if self.health.state == "connected":
                self._become("reconnecting", "no connection")
            if self._live is None or now - lost_at >= LOST or self._is_silent():
                failures += 1
                await self._anew(failures)

    async def close(self) -> None:
        """Take no more requests."""
        self._become("closed")
        await self._drop()

    async def _anew(self, failures: int) -> None:
        """Close what there is and connect afresh; wait longer after each failure."""
        await self._drop()
        try:
            await self.connect()
        except SlackTrouble as error:
            log.warning("slack_not_connected", error=error.trouble.word, failures=failures)
            jitter = self._world.rng.random()
            delay = next_delay(failures, jitter=jitter, retry_after=error.trouble.retry_after)
            await self._world.clock.sleep(delay)

    async def _drop(self) -> None:
        live, self._live = self._live, None
        if live is not None:
            await shut(live)

    async def _check_app_token(self) -> None:
        """Ask for an address: the SDK itself would try a bad token for ever."""
        web: AsyncWebClient = self._bolt.client
        try:
            await web.apps_connections_open(app_token=self._token)
        except SlackApiError as error:
            trouble = of_answer(error)
            known = MEANINGS.get(trouble.word)
            bad = known is Meaning.NO_TOKEN or trouble.word == "not_allowed_token_type"
            meaning = Meaning.NO_TOKEN if bad else trouble.meaning
            raise SlackTrouble(
                Trouble(meaning, f"{trouble.word} (app token)", trouble.retry_after)
            ) from error
        except (OSError, TimeoutError) as error:
            raise SlackTrouble(Trouble(Meaning.NOT_SENT, type(error).__name__)) from error

    async def _within_limit(self, live: AsyncSocketModeHandler) -> None:
        try:
            await asyncio.wait_for(live.client.connect(), CONNECT)  # type: ignore[no-untyped-call]  # the SDK's
        except TimeoutError as error:
            await shut(live)
            raise SlackTrouble(Trouble(Meaning.NOT_SENT, "no connection in 20 s")) from error
        except asyncio.CancelledError:
            await shut(live)
            raise

    async def _is_fine(self) -> bool:
        return self._live is not None and await self._live.client.is_connected()

    def _is_silent(self) -> bool:
        """Say whether our pings have had no echo for too long."""
        echo = self._live.client.last_ping_pong_time if self._live is not None else None
        return echo is not None and self._world.clock.now().timestamp() - echo > STALE

    def _become(self, state: State, why: str | None = None) -> None:
        if self.health.state in ("closed", state):
            return
        log.info("slack_connection", state=state, why=why)
        self.health = Health(state, self._world.clock.now(), why)


async def shut(live: AsyncSocketModeHandler) -> None:
    """Close a connection and wait for its tasks, which the SDK only cancels."""
    client = live.client
    tasks = (client.message_processor, client.current_session_monitor, client.message_receiver)
    left = [task for task in tasks if task is not None]
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(client.close(), CLOSE)  # type: ignore[no-untyped-call]  # the SDK's
    finally:  # a peer that never answers the goodbye makes the SDK stop before it is done
        for task in left:
            task.cancel()
        await asyncio.wait_for(asyncio.gather(*left, return_exceptions=True), CLOSE)
        await client.aiohttp_client_session.close()
