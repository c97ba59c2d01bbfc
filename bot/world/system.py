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
DIGIT_OF_BYTE = bytes(
    ord(BASE_32[byte & 31]) for byte in range(256)
)  # each digit by 8 of 256 bytes
SHIFTS = range(45, -1, -5)  # 10 digits of 5 bits hold the 48 bits of the time
DRAWN = 16  # digits of chance in an id: 80 bits
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
    """Makes ids, for any thread: a ULID each, which begins with the time in milliseconds.

    Randomness is fetched for many at a time, since each call lets threads change.

    Source: https://github.com/ulid/spec
    """

    def __init__(self) -> None:
        self._chance: deque[str] = deque()
        self._stamp = (0, written(0))

    def new(self, prefix: str) -> str:
        now = time.time_ns() // 1_000_000
        at, stamp = self._stamp
        if at != now:  # an event takes several ids in one millisecond
            stamp = written(now)
            self._stamp = (now, stamp)
        return f"{prefix}_{stamp}{self._drawn()}"

    def _drawn(self) -> str:
        """Return 16 random digits that nobody else gets."""
        while True:
            try:
                return self._chance.pop()
            except IndexError:
                fresh = os.urandom(DRAWN * FETCHED).translate(DIGIT_OF_BYTE).decode("ascii")
                self._chance.extend(fresh[at : at + DRAWN] for at in range(0, len(fresh), DRAWN))

    def token(self) -> str:
        return "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LENGTH))


def written(milliseconds: int) -> str:
    """Write a time since 1970 as the ten digits with which a ULID begins."""
    return "".join([BASE_32[milliseconds >> shift & 31] for shift in SHIFTS])


class SystemRng:
    def random(self) -> float:
        return random.random()  # noqa: S311 - jitter, and nothing that secrecy hangs on
