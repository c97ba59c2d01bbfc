"""``baton.yaml`` read again whenever it changes; a file with a mistake changes nothing."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import structlog
from watchfiles import awatch

from baton.reading import Source
from bot.configuration import Configuration, read_configuration, rules_of
from bot.settings import InvalidSettings
from coordination import tokens
from coordination.database import Door, Transaction
from coordination.lookups import Rules
from coordination.world import World

log = structlog.get_logger()

DEBOUNCE = 200  # ms in which further changes count as one
FIRST_LOOK = 5000  # ms at most until a change is found that came before anybody watched


class Rereading:
    """The rules in force, and the file they come from.

    Args:
        place: where the file is, or will be.
        configuration: what was read at the start.
        channel: for threads that nothing else gives a channel.
        door: the database, which knows the sources.
        world: its clock.
    """

    def __init__(
        self,
        place: Path,
        configuration: Configuration,
        *,
        channel: str | None,
        door: Door,
        world: World,
    ) -> None:
        self.place = place
        self.rules = rules_of(configuration, channel=channel)
        self.problem: str | None = None
        self._configuration = configuration
        self._channel = channel
        self._door = door
        self._world = world
        self._text = content(place)

    async def begin(self) -> None:
        """Let the database know the sources that the file names."""
        await self._keep_sources(self._configuration)

    async def watch(self, told: Callable[[Rules], None]) -> None:
        """Read the file when it changes, until cancelled, and hand on what it says."""
        folder = self.place.parent.resolve()
        async for _ in awatch(
            folder,
            watch_filter=lambda _, name: Path(name).name == self.place.name,
            debounce=DEBOUNCE,
            rust_timeout=FIRST_LOOK,
            yield_on_timeout=True,
            recursive=False,
        ):
            text = await asyncio.to_thread(content, self.place)
            if text != self._text:
                self._text = text
                await self.read_again(told)

    async def read_again(self, told: Callable[[Rules], None]) -> None:
        """Take over what the file says now, all of it or nothing."""
        try:
            configuration = await asyncio.to_thread(self._read)
            rules = rules_of(configuration, channel=self._channel)
            await self._keep_sources(configuration)
        except (InvalidSettings, tokens.UnusableToken) as error:
            self.problem = str(error)
            log.warning("configuration_refused", error=self.problem)
            return
        self.rules, self.problem = rules, None
        told(rules)
        log.info("configuration_read", place=self.place.name)

    def _read(self) -> Configuration:
        if self._text is None:
            raise InvalidSettings(f"{self.place} is gone; what it said last stays in force")
        return read_configuration(self.place)

    async def _keep_sources(self, configuration: Configuration) -> None:
        now = self._world.clock.now()

        def unit(tx: Transaction) -> None:
            for name, said in configuration.sources.items():
                source = Source(
                    name,
                    said.namespace or name,
                    said.kind,
                    may_choose_channel=said.may_choose_channel,
                )
                tokens.put_source(tx, source, channel=said.channel, now=now)

        if configuration.sources:
            await self._door.write(unit)


def content(place: Path) -> bytes | None:
    """Return what a file holds, or None where there is none that could be read."""
    try:
        return place.read_bytes()
    except OSError:
        return None
