"""Questions that nobody was told of: their channel takes nothing, and nobody was there to tell instead."""

from coordination import outbox, votes
from coordination.database import Reader, Row
from coordination.errors import NotFound
from coordination.outbox import COPY, Lane
from coordination.policy import Role, Roles
from coordination.ports import Person
from coordination.questions import Approval
from coordination.store import outbox as store

MOST = 10
TITLE = 80
NO_ADMIN = (
    "Nobody is an admin of Baton, so nobody is told where a channel fails: name somebody under "
    "`roles.admin` in baton.yaml."
)


async def problems(reader: Reader) -> list[str]:
    """Return a sentence for each open question that has not reached anybody in Slack."""
    found: list[str] = []
    for row in await store.parked_urgent(reader, Lane.DECISION, after=0):
        asked = await _asked(reader, row)
        if asked is not None and len(found) < MOST and not await _told(reader, row):
            found.append(_sentence(asked, str(row.error)))
    return found


def has_admin(people: list[Person], roles: Roles) -> bool:
    """Say whether anybody is there who sees what is wrong with Baton."""
    return any(roles.allow(each, Role.ADMIN) for each in people)


async def _asked(reader: Reader, row: Row) -> Approval | None:
    """Return the approval whose card waits, while people can answer it."""
    if row.kind != "approval":
        return None
    try:
        approval = await votes.read(reader, str(row.body["approval_id"]))
    except NotFound:
        return None
    return None if approval.ended else approval


async def _told(reader: Reader, row: Row) -> bool:
    """Say whether it was shown anywhere: in its thread before, or to somebody else instead."""
    said = await outbox.slots(reader, row.thread_key)
    return any(each.slot == row.slot or each.slot.startswith(f"{row.slot}{COPY}") for each in said)


def _sentence(asked: Approval, why: str) -> str:
    return (
        f"{asked.label} {asked.title[:TITLE]!r} has reached nobody in Slack ({why}): there is no "
        "`fallback` or `owners` for its channel, and no admin. Who is asked finds it on Home and with "
        "/baton approvals; mend the channel, or name one of these in baton.yaml."
    )
