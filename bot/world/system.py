"""Time, identity and chance, from the operating system."""

import asyncio
import os
import random
import secrets
import string
import time
from collections import deque
from datetime import UTC, datetime, timedelta

from ulid import ULID

ALPHABET = string.digits + string.ascii_letters
FETCHED = 256  # ids for which randomness is fetched at once
TOKEN_LENGTH = 43  # 62 ** 43 is a little more than 2 ** 256


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds())


class SystemIds:
    """Makes ids, for any thread. Randomness is fetched for many at a time: each call lets threads change."""

    def __init__(self) -> None:
        self._chance: deque[bytes] = deque()

    def new(self, prefix: str) -> str:
        stamp = (time.time_ns() // 1_000_000).to_bytes(6, "big")
        return f"{prefix}_{ULID(stamp + self._drawn())}"

    def _drawn(self) -> bytes:
        """Return 10 random bytes that nobody else gets."""
        while True:
            try:
                return self._chance.pop()
            except IndexError:
                fresh = os.urandom(10 * FETCHED)
                self._chance.extend(fresh[at : at + 10] for at in range(0, len(fresh), 10))

    def token(self) -> str:
        return "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LENGTH))


class SystemRng:
    def random(self) -> float:
        return random.random()  # noqa: S311 - jitter, and nothing that secrecy hangs on
