"""Which thread a place in Slack belongs to, and which threads have none."""

from datetime import datetime

from coordination.database import (
    Reader,
    bindparam,
    exists,
    keys,
    or_,
    outbox,
    select,
    slots,
    threads,
)

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
_HOMELESS = (
    select(outbox.c.thread_key)
    .join(threads, threads.c.key == outbox.c.thread_key)
    .where(
        outbox.c.state.in_(  # as the partial index has it
            bindparam(None, ["queued", "leased", "parked"], expanding=True, literal_execute=True)
        ),
        outbox.c.state == "parked",
        outbox.c.recipient.is_(None),
        threads.c.channel.is_(None),
        ~exists().where(slots.c.thread_key == outbox.c.thread_key, slots.c.slot == "root"),
    )
    .group_by(outbox.c.thread_key)
    .order_by(outbox.c.thread_key)
)


async def of_key(reader: Reader, name: str, *, now: datetime) -> int | None:
    """Return the key of the thread that a strong key leads to."""
    row = await reader.fetch_one(_BY_KEY, name=name, now=now)
    return None if row is None else int(row.thread_key)


async def of_message(reader: Reader, channel: str, ts: str) -> int | None:
    """Return the key of the thread of which a message shows a slot."""
    row = await reader.fetch_one(_BY_MESSAGE, channel=channel, stamp=ts)
    return None if row is None else int(row.thread_key)


async def homeless(reader: Reader) -> list[int]:
    """Return the threads that have something to say, and neither a channel nor a card."""
    return [row.thread_key for row in await reader.fetch_all(_HOMELESS)]
