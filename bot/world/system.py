"""Time, identity and chance, from the operating system."""

import asyncio
import os
import random
import secrets
import string
import time
from collections import deque
from datetime import UTC, datetime, timedelta

ALPHABET = string.digits + string.ascii_letters
BASE_32 = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's, in which a ULID is written
TWO_OF_32 = tuple(one + other for one in BASE_32 for other in BASE_32)
SHIFTS = range(120, -1, -10)  # 26 digits of 5 bits hold 128 bits, and two more that stay 0
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
        return f"{prefix}_{ulid(stamp + self._drawn())}"

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


def ulid(raw: bytes) -> str:
    """Write 16 bytes as a ULID, two digits at a time: every event takes several.

    Source: https://github.com/ulid/spec
    """
    number = int.from_bytes(raw, "big")
    return "".join([TWO_OF_32[number >> shift & 1023] for shift in SHIFTS])


class SystemRng:
    def random(self) -> float:
        return random.random()  # noqa: S311 - jitter, and nothing that secrecy hangs on
