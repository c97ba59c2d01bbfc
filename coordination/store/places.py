"""Which thread a place in Slack belongs to."""

from datetime import datetime

from coordination.database import Reader, bindparam, keys, or_, select, slots

_BY_KEY = (
    select(keys.c.thread_key)
    .where(
        keys.c.key == bindparam("name"),
        keys.c.strong.is_(True),
        or_(keys.c.expires_at.is_(None), keys.c.expires_at > bindparam("now")),
    )
    .limit(1)
)
_BY_MESSAGE = (
    select(slots.c.thread_key)
    .where(slots.c.channel_id == bindparam("channel"), slots.c.ts == bindparam("stamp"))
    .limit(1)
)


async def of_key(reader: Reader, name: str, *, now: datetime) -> int | None:
    """Return the key of the thread that a strong key leads to."""
    row = await reader.fetch_one(_BY_KEY, name=name, now=now)
    return None if row is None else int(row.thread_key)


async def of_message(reader: Reader, channel: str, ts: str) -> int | None:
    """Return the key of the thread of which a message shows a slot."""
    row = await reader.fetch_one(_BY_MESSAGE, channel=channel, stamp=ts)
    return None if row is None else int(row.thread_key)
