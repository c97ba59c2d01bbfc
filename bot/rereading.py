"""``baton.yaml`` read again whenever it changes; a file with a mistake changes nothing."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog

from baton.reading import Source
from bot.configuration import Configuration, read_configuration, rules_of
from bot.settings import InvalidSettings
from coordination import tokens
from coordination.database import Door, Transaction
from coordination.lookups import Rules
from coordination.slack_bus import note_named
from coordination.world import World

log = structlog.get_logger()

# The file is looked at, rather than its folder watched: the database stands there too, and each of its
# writes would wake the watcher.
LOOK = timedelta(milliseconds=300)


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
        self._since = world.clock.now()  # when the file was last seen as it had been before

    async def begin(self) -> None:
        """Let the database know the sources and the channels that the file names."""
        self._since = self._world.clock.now()
        await self._keep(self._configuration, self.rules)

    async def watch(self, told: Callable[[Rules], None]) -> None:
        """Read the file when it changes, until cancelled, and hand on what it says."""
        seen = None  # what changed before anybody watched is found by the first look
        while True:
            found, looked = state(self.place), self._world.clock.now()
            await self._world.clock.sleep(LOOK)
            if found not in (seen, state(self.place)):  # it is still being written
                continue
            if found != seen:
                seen = found
                await self._look_into(told)
            self._since = looked

    async def _look_into(self, told: Callable[[Rules], None]) -> None:
        text = await asyncio.to_thread(content, self.place)
        if text != self._text:
            self._text = text
            await self.read_again(told)

    async def read_again(self, told: Callable[[Rules], None]) -> None:
        """Take over what the file says now, all of it or nothing."""
        try:
            configuration = await asyncio.to_thread(self._read)
            rules = rules_of(configuration, channel=self._channel)
            await self._keep(configuration, rules)
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

    async def _keep(self, configuration: Configuration, rules: Rules) -> None:
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
            note_named(tx, rules.bus, since=self._since, now=now)

        if configuration.sources or rules.bus:
            await self._door.write(unit)


def state(place: Path) -> tuple[int, int, int] | None:
    """Return what is different once a file was written, None for one that is not there."""
    try:
        found = place.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size, found.st_ino


def content(place: Path) -> bytes | None:
    """Return what a file holds, or None where there is none that could be read."""
    try:
        return place.read_bytes()
    except OSError:
        return None
