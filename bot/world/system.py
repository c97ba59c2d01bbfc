"""Time, identity and chance, from the operating system."""

import asyncio
import random
import secrets
import string
import time
from datetime import UTC, datetime, timedelta

from ulid import ULID

ALPHABET = string.digits + string.ascii_letters
TOKEN_LENGTH = 43  # 62 ** 43 is a little more than 2 ** 256


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    async def sleep(self, duration: timedelta) -> None:
        await asyncio.sleep(duration.total_seconds())


class SystemIds:
    def new(self, prefix: str) -> str:
        return f"{prefix}_{ULID()}"

    def token(self) -> str:
        return "".join(secrets.choice(ALPHABET) for _ in range(TOKEN_LENGTH))


class SystemRng:
    def random(self) -> float:
        return random.random()  # noqa: S311 - jitter, and nothing that secrecy hangs on
