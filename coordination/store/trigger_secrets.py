"""What webhooks of workflows are signed with: closed, one row for each trigger."""

from datetime import datetime

from coordination.database import (
    Reader,
    Row,
    Transaction,
    and_,
    bindparam,
    select,
    trigger_secrets,
    triggers,
    upsert,
    workflows,
)

_HELD = select(trigger_secrets.c.secret).where(
    trigger_secrets.c.workflow == bindparam("called"),
    trigger_secrets.c.trigger_id == bindparam("trigger"),
)
_OF = select(trigger_secrets.c.trigger_id).where(trigger_secrets.c.workflow == bindparam("called"))
_PUT = upsert(trigger_secrets, key=("workflow", "trigger_id"), update=("secret", "created_at"))
_HOOK = (
    select(triggers, workflows.c.status, trigger_secrets.c.secret)
    .select_from(
        triggers.join(workflows, workflows.c.name == triggers.c.workflow).outerjoin(
            trigger_secrets,
            and_(
                trigger_secrets.c.workflow == triggers.c.workflow,
                trigger_secrets.c.trigger_id == triggers.c.trigger_id,
            ),
        )
    )
    .where(
        triggers.c.workflow == bindparam("called"),
        triggers.c.trigger_id == bindparam("trigger"),
        triggers.c.kind == "webhook",
        triggers.c.hash == workflows.c.hash,
    )
)
_LACKING = (
    select(triggers.c.workflow, triggers.c.trigger_id, triggers.c.spec)
    .select_from(
        triggers.join(workflows, workflows.c.name == triggers.c.workflow).outerjoin(
            trigger_secrets,
            and_(
                trigger_secrets.c.workflow == triggers.c.workflow,
                trigger_secrets.c.trigger_id == triggers.c.trigger_id,
            ),
        )
    )
    .where(
        triggers.c.kind == "webhook",
        workflows.c.status == "active",
        trigger_secrets.c.secret.is_(None),
    )
    .order_by(triggers.c.key)
)


def held(tx: Transaction, workflow: str, trigger: str) -> str | None:
    """Return what is held for a trigger, closed."""
    row = tx.fetch_one(_HELD, called=workflow, trigger=trigger)
    return None if row is None else str(row.secret)


async def made(reader: Reader, workflow: str) -> frozenset[str]:
    """Return the triggers of a workflow that have a secret of Baton's."""
    return frozenset(row.trigger_id for row in await reader.fetch_all(_OF, called=workflow))


def put(tx: Transaction, workflow: str, trigger: str, closed: str, *, now: datetime) -> None:
    tx.execute(_PUT, workflow=workflow, trigger_id=trigger, secret=closed, created_at=now)


async def hook(reader: Reader, workflow: str, trigger: str) -> Row | None:
    """Return a webhook trigger of the revision in use, with the status of its workflow and the secret."""
    return await reader.fetch_one(_HOOK, called=workflow, trigger=trigger)


async def lacking(reader: Reader) -> list[tuple[str, str]]:
    """Return workflow and id of each trigger that is called and has no secret, of Baton's or its own."""
    return [
        (row.workflow, row.trigger_id)
        for row in await reader.fetch_all(_LACKING)
        if (row.spec.get("keys") or {}).get("secret") is None
    ]
