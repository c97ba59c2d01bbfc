"""When something was last written, for who has to know whether the clock was set back since."""

from datetime import datetime

from coordination.database import Reader, outbox, select, wakeups

_NOTICE = select(outbox.c.created_at).order_by(outbox.c.key.desc()).limit(1)
_WAKEUP = select(wakeups.c.created_at).order_by(wakeups.c.key.desc()).limit(1)


async def notice(reader: Reader) -> datetime | None:
    """Return when the newest notice came up."""
    row = await reader.fetch_one(_NOTICE)
    return row.created_at if row is not None else None


async def wakeup(reader: Reader) -> datetime | None:
    """Return when a run was last told something."""
    row = await reader.fetch_one(_WAKEUP)
    return row.created_at if row is not None else None
