"""The rows that tell where something that was said stands in Slack."""

from coordination.database import Reader, Row, Transaction, bindparam, outbox, select, slots

LINKED = "linked"  # in the body of a notice: somebody waits for the address of its message

_NOTICE = select(outbox.c.key, outbox.c.state, outbox.c.error).where(
    outbox.c.id == bindparam("notice")
)
_MESSAGE = select(slots.c.channel_id, slots.c.ts, slots.c.permalink).where(
    slots.c.thread_key == bindparam("thread"), slots.c.slot == bindparam("name")
)
_WAITING = (
    select(outbox.c.key)
    .where(
        outbox.c.thread_key == bindparam("thread"),
        outbox.c.slot == bindparam("name"),
        outbox.c.state.in_(("queued", "leased", "parked")),
    )
    .limit(1)
)


def known(tx: Transaction, notice_id: str, thread_key: int, slot: str) -> bool:
    """Say whether a notice was queued before, or its slot has a message already."""
    found = tx.fetch_one(_NOTICE, notice=notice_id)
    return found is not None or tx.fetch_one(_MESSAGE, thread=thread_key, name=slot) is not None


async def message(reader: Reader, thread_key: int, slot: str) -> Row | None:
    """Return channel, time and address of the message of a slot."""
    return await reader.fetch_one(_MESSAGE, thread=thread_key, name=slot)


async def notice(reader: Reader, notice_id: str) -> Row | None:
    """Return key, state and error of a notice."""
    return await reader.fetch_one(_NOTICE, notice=notice_id)


async def waits(reader: Reader, thread_key: int, slot: str) -> bool:
    """Say whether something in the slot is still to be said."""
    return await reader.fetch_one(_WAITING, thread=thread_key, name=slot) is not None
