"""Makes the identity of an event before its first try, so that a second try changes nothing."""

import os
import time

__all__ = ["new_id", "now"]


def new_id() -> str:
    """Return a UUID of version 7: sortable by time, and no two alike.

    Source: https://www.rfc-editor.org/rfc/rfc9562#name-uuid-version-7
    """
    number = int.from_bytes(os.urandom(10), "big")
    head = f"{time.time_ns() // 1_000_000 & 0xFFFF_FFFF_FFFF:012x}"
    random = f"{number & 0xFFF:03x}", f"{0x8000 | (number >> 12) & 0x3FFF:04x}", number >> 32
    return f"{head[:8]}-{head[8:]}-7{random[0]}-{random[1]}-{random[2]:012x}"


def now() -> str:
    """Return the time as RFC 3339, in UTC, to the microsecond."""
    seconds, rest = divmod(time.time_ns(), 1_000_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest // 1000:06d}Z"
