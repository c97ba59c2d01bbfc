"""The seam to everything that is not pure computation. Protocols only; `bot/world.py` implements them.

Production and simulation differ here and nowhere else. The database has a door of its own
(`coordination.database`), and Slack a client of its own (`bot.slack.client`).
"""

from collections.abc import Coroutine
from datetime import datetime, timedelta
from typing import Any, Protocol

from baton.connector import Files, Http, Processes


class Clock(Protocol):
    """Stored deadlines use wall time; durations within one life use the monotonic clock."""

    def now(self) -> datetime:
        """Return the wall time, aware, in UTC."""

    def monotonic(self) -> float:
        """Return seconds since an arbitrary start; never goes backwards."""

    async def sleep(self, duration: timedelta) -> None:
        """Return after *duration*."""


class Ids(Protocol):
    """Where identity comes from."""

    def new(self, prefix: str) -> str:
        """Return ``<prefix>_`` and a ULID, sortable by the time it was made."""

    def token(self) -> str:
        """Return 43 characters base62 from the operating system's randomness."""


class Rng(Protocol):
    """Jitter, and nothing that identity or secrecy hangs on."""

    def random(self) -> float:
        """Return a number from 0.0 up to, not including, 1.0."""


class Tasks(Protocol):
    """The only way to start something that goes on by itself; every task is owned and drained."""

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run *work*; an error in it is logged with *name* and reported to health."""


class World(Protocol):
    """One bundle per life of the program."""

    @property
    def clock(self) -> Clock: ...
    @property
    def ids(self) -> Ids: ...
    @property
    def rng(self) -> Rng: ...
    @property
    def tasks(self) -> Tasks: ...
    @property
    def http(self) -> Http: ...
    @property
    def processes(self) -> Processes: ...
    @property
    def files(self) -> Files: ...
