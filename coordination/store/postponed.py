"""The rows of notices that have to wait: for another try, or for the time that they are promised for."""

from datetime import datetime, timedelta

from coordination.database import Transaction, bindparam, case, outbox, update

PROMISED = ("mention", "digest")  # kinds that come up only when they are due

_MICROSECONDS = outbox.c.key.type  # as a moment is kept
_HELD = outbox.c.state.in_(
    bindparam(None, ["queued", "leased", "parked"], expanding=True, literal_execute=True)
)
_PUT_OFF = outbox.c.kind.not_in(bindparam(None, PROMISED, expanding=True, literal_execute=True))
_BY = bindparam("by", type_=_MICROSECONDS)
_PULL_IN = (
    update(outbox)
    .where(_HELD, _PUT_OFF, outbox.c.due_at > bindparam("now"))
    .values(
        due_at=outbox.c.due_at - _BY,
        created_at=case(  # what seems to come from the future was there before the clock was set
            (outbox.c.created_at > bindparam("now"), outbox.c.created_at - _BY),
            else_=outbox.c.created_at,
        ),
    )
)
_SHORTEN = (
    update(outbox)
    .where(outbox.c.state == "leased", outbox.c.lease_until > bindparam("until"))
    .values(lease_until=bindparam("until"))
)


def pull_in(tx: Transaction, by: timedelta, *, now: datetime) -> int:
    """Let what was put off come *by* so much earlier, but for what is promised; count it."""
    return tx.execute(_PULL_IN, now=now, by=by // timedelta(microseconds=1))


def shorten(tx: Transaction, until: datetime) -> int:
    """Let every lease end at *until*, at the latest; count those that were longer."""
    return tx.execute(_SHORTEN, until=until)
