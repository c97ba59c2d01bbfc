"""Signals that one run sends to others: told once, whatever happens to the run that sends them.

Who may write a definition says what its runs do; nobody is asked a second time when they do it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from coordination import audit, identities, trail, wakeups
from coordination.controls import refuse_large, refuse_unnamed
from coordination.database import Door, Row, Transaction
from coordination.errors import Conflict, NotFound
from coordination.identities import Identity
from coordination.orders import refuse_ended, refuse_halted
from coordination.store import queues
from coordination.store import runs as store
from coordination.trail import escape
from coordination.world import Ids, World

SCOPE = "signal"  # of the identities under which a repeat is known


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """A signal on its way from one run to others.

    Args:
        sender: the id of the run that sends it, and *number* its number.
        number: of the sender.
        request_id: of the step that sends it: the same again tells nobody anything new.
        name: that a step waits for.
        payload: what it carries.
        run: the one that is to hear it, as ``R-7`` or by its id; None where *workflow* says who.
        workflow: every run of it that goes on under *key* is to hear it.
        key: what `settings.concurrency.key` of that workflow gave for them.
    """

    sender: str
    number: int
    request_id: str
    name: str
    payload: Any = None
    run: str | None = None
    workflow: str = ""
    key: str = ""


class Signalling:
    """Tells runs what other runs send them."""

    def __init__(self, door: Door, world: World) -> None:
        self._door = door
        self._world = world

    async def send(self, sent: Sent) -> tuple[str, ...]:
        """Tell a run, or several, a signal, and return their labels; a repeat returns the same.

        Raises:
            NotFound: there is no such run.
            InvalidInputs: none of its steps waits for a signal of that name, or it carries too much.
            Conflict: the run has ended, is halted, or is the sender itself.
            Unavailable: nothing can be stored at the moment.
        """
        named = None if sent.run is None else await self._named(sent.run)
        now, ids = self._world.clock.now(), self._world.ids
        return await self._door.write(lambda tx: send(tx, sent, named, now=now, ids=ids))

    async def _named(self, ref: str) -> int | None:
        found = () if ref == "last" else await self._door.read(lambda r: store.find(r, ref))
        keys = [int(row.key) for row in found if ref in (row.id, f"R-{row.number}")]
        return keys[0] if keys else None


def send(
    tx: Transaction, sent: Sent, named: int | None, *, now: datetime, ids: Ids
) -> tuple[str, ...]:
    """Tell all of them or nobody; see `Signalling.send`. *named* is the key of the run meant."""
    identity = Identity(SCOPE, f"{sent.sender}:{sent.request_id}")
    before = identities.repeated(tx, identity, now=now)
    if before is not None:
        return tuple(before.result["runs"])
    refuse_large(sent.payload)
    found = _meant(tx, sent, named)
    for run in found:
        refuse_unnamed(run, sent.name)
        refuse_halted(run)
        refuse_ended(run, "It hears no signals any more.")
    for run in found:
        _tell(tx, sent, run, now=now, ids=ids)
    labels = tuple(f"R-{run.number}" for run in found)
    identities.remember(tx, identity, {"runs": [*labels]}, now=now)
    return labels


def _meant(tx: Transaction, sent: Sent, named: int | None) -> Sequence[Row]:
    """Return the runs that are to hear it, the sender never among them. Raises: NotFound, Conflict."""
    if sent.run is not None:
        run = None if named is None else store.by_key(tx, named)
        if run is None:
            raise NotFound("run", sent.run)
        if run.id == sent.sender:
            raise Conflict("A run cannot signal itself. Keep what its steps need with `set`.")
        return [run]
    open_ones = queues.open_of(tx, sent.workflow, sent.key)
    others = [each for each in open_ones if each.id != sent.sender]
    found = [run for each in others if (run := store.by_key(tx, each.key)) is not None]
    if not found:
        key = f"the concurrency key {sent.key[:100]!r}"
        raise NotFound(f"run that goes on under {key} of the workflow", sent.workflow)
    return found


def _tell(tx: Transaction, sent: Sent, run: Row, *, now: datetime, ids: Ids) -> None:
    by = f"run:R-{sent.number}"
    wakeups.add(
        tx,
        run_key=run.key,
        kind="signal",
        payload={"by": by, "name": sent.name, "payload": sent.payload},
        delivery_id=f"{sent.sender}:{sent.request_id}",
        now=now,
    )
    audit.record(
        tx,
        at=now,
        actor=by,
        action="run.signal",
        object=run.id,
        detail={"by": by, "name": sent.name, "via": "workflow", "request_id": sent.request_id},
    )
    tx.touch("run", run.id, thread_id=run.thread_id)
    line = f"R-{sent.number} sent the signal `{escape(sent.name)}`"
    trail.line(tx, run.thread_key, line, now=now, ids=ids)
