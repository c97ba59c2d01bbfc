"""Slack as one part: the connection, the listeners on it, the directory, and Delivery."""

from datetime import timedelta

import structlog
from slack_bolt.async_app import AsyncApp

from bot.settings import Settings, process_environment
from bot.slack.app import Identity, build_bolt, forget_proxies
from bot.slack.client import SlackClient, SlackTrouble, open_session, open_web
from bot.slack.delivery import Delivery
from bot.slack.directory import SlackDirectory
from bot.slack.drawings import SlackDrawings
from bot.slack.home import HomeTabs
from bot.slack.http_mode import SlackCallsUs
from bot.slack.looks import SlackLooks
from bot.slack.screens import SlackScreens
from bot.slack.socket import SlackSocket
from bot.slack.sweep import Marks, Sweep
from bot.world import SystemWorld
from coordination.coordinator import Coordinator
from coordination.database import Door
from handlers.slack import register
from handlers.slack.bus import Bus
from handlers.slack.overhearing import Overhearing
from handlers.slack.program import Program

log = structlog.get_logger()

FLUSH = timedelta(seconds=5)  # at a stop, for decisions and results


class SlackConnection:
    """Made with the tokens; `begin` connects and delivers, `close` ends both.

    *requests* is where Slack's calls go in HTTP mode; in Socket Mode there is nothing to call.
    """

    def __init__(self, settings: Settings, tokens: tuple[str, str], world: SystemWorld) -> None:
        bot_token, app_token = tokens
        if settings.local_slack:
            forget_proxies(process_environment())  # the SDK reads them there by itself
        self._session = open_session()
        self._world = world
        self._public_url = settings.address
        api_url = settings.slack_api_url
        self._client = SlackClient(open_web(self._session, api_url=api_url, token=bot_token))
        self._identity = identity = Identity(self._client, bot_token)
        self._bolt: AsyncApp = build_bolt(self._session, identity, api_url=api_url)
        self.requests: SlackCallsUs | None = None
        self._intake: SlackSocket | SlackCallsUs
        if settings.slack_mode == "http" and settings.slack_signing_secret is not None:
            secret = settings.slack_signing_secret.get_secret_value()
            self._intake = self.requests = SlackCallsUs(self._bolt, secret, identity, world)
        else:
            self._intake = SlackSocket(self._bolt, app_token, identity, world)
        self._delivery: Delivery | None = None
        self._homes: HomeTabs | None = None
        self._sweep: Sweep | None = None
        self._coordinator: Coordinator | None = None
        self._looks = SlackLooks(self._client)
        self.directory = SlackDirectory(self._client)

    @property
    def problem(self) -> str | None:
        """Say what is wrong with the connection, or None."""
        if self._delivery is not None and self._delivery.refused:
            return self._delivery.refused
        health = self._intake.health
        return None if health.state == "connected" else f"{health.state}: {health.why or ''}"

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what people miss though the connection is well."""
        found = self._homes.problem if self._homes is not None else None
        told = self._delivery.problems if self._delivery is not None else ()
        unread = self._sweep.problems if self._sweep is not None else ()
        return (*((found,) if found else ()), *told, *unread)

    async def rights(self) -> tuple[frozenset[str], str | None]:
        """Return the scopes that were granted, and Slack's time. Raises: SlackTrouble."""
        return await self._client.rights()

    async def unheard(self) -> tuple[str, ...]:
        """Return a sentence for each channel of a trigger in which nothing is heard. Raises: SlackTrouble."""
        if self._coordinator is None:
            return ()
        asked: dict[str, set[str]] = {}
        for each in await self._coordinator.listened():
            if channel := each.wanted.get("channel"):
                asked.setdefault(channel, set()).add(f"`{each.workflow}`")
        away = [each for each in sorted(asked) if not await self._looks.is_in(each)]
        return tuple(
            f"{', '.join(sorted(asked[each]))} waits for what is said in {each}, and I am not in it: "
            "type `/invite @Baton` there"
            for each in away
        )

    async def begin(self, coordinator: Coordinator, door: Door, program: Program) -> None:
        """Listen and deliver; a Slack that cannot be reached is tried again for as long as it takes."""
        homes = HomeTabs(self._client, coordinator, program, self._world, self._public_url)
        screens = SlackScreens(self._client, public_url=self._public_url, homes=homes)
        self._coordinator = coordinator
        others = Overhearing(coordinator, self._looks)
        bus = Bus(coordinator, self._world, Marks(self._client), others)
        register(self._bolt, coordinator, screens, self._world, program, bus)
        self._homes = homes
        self._world.tasks.keep("homes", lambda: homes.run(door.changes))
        drawings = SlackDrawings(
            door, public_url=self._public_url, channel=lambda: coordinator.rules.channel
        )
        self._delivery = Delivery(door, self._world, self._client, drawings, coordinator)
        self._world.tasks.keep("delivery", self._delivery.run)
        try:
            await self._intake.connect()
        except SlackTrouble as error:
            log.warning("slack_not_connected", error=error.trouble.word)
        self._world.tasks.keep("slack socket", self._intake.watch)
        self._sweep = Sweep(
            self._client, bus, coordinator, self._identity, self._world, lambda: self._intake.health
        )
        self._world.tasks.keep("bus sweep", self._sweep.run)

    async def close(self) -> None:
        """Take nothing in any more."""
        await self._intake.close()

    async def flush(self) -> None:
        """Say what is urgent and due, before nothing can be said any more."""
        if self._delivery is not None:
            await self._delivery.flush(FLUSH)

    async def release(self) -> None:
        """Close the session; nothing is sent after it."""
        await self._session.close()
        await self._world.clock.sleep(timedelta(0))  # lets the transports close
