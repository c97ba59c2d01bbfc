"""Calls of other people's programs to a trigger of a workflow: signed, stored once, then dispatched."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from baton.masking import mask_json
from coordination import hook_secrets, identities
from coordination.database import Transaction
from coordination.errors import Conflict
from coordination.footing import Footing
from coordination.identities import Identity
from coordination.noting import note
from coordination.occasions import Occasion
from coordination.ports import TriggerSpec
from coordination.revisions import MENDS
from coordination.store import trigger_secrets as store
from coordination.store.triggers import spec_of

KIND = "webhook"


@dataclass(frozen=True, slots=True)
class Hook:
    """A webhook trigger of the revision in use; *status* is that of its workflow."""

    workflow: str
    status: str
    spec: TriggerSpec


@dataclass(frozen=True, slots=True)
class Called:
    """What became of a call: *event_id* tells what came of it; without one it was ignored."""

    event_id: str | None
    duplicate: bool = False
    ignored: str | None = None


class Webhooks(Footing):
    """The verbs of programs that call."""

    async def hook(self, workflow: str, trigger: str) -> tuple[Hook | None, tuple[str, ...]]:
        """Return the trigger that is called, if there is one, and the secrets to try.

        Who calls has not shown yet who they are, so both take the same work whatever is called.
        """
        row = await self._door.read(lambda reader: store.hook(reader, workflow, trigger))
        hook = None if row is None else Hook(workflow, row.status, spec_of(row))
        secrets = hook_secrets.opened(
            self._ports.secrets,
            None if row is None else row.secret,
            None if hook is None else hook.spec.keys.get("secret"),
            now=self._world.clock.now(),
        )
        return hook, secrets

    async def call(
        self, hook: Hook, delivery: str, *, headers: Mapping[str, str], body: Any
    ) -> Called:
        """Store what a caller sent whose signature is right; the same *delivery* again is one call.

        Raises:
            Conflict: the workflow is not active.
        """
        if hook.status != "active":
            raise Conflict(
                f"`{hook.workflow}` is {hook.status}: {MENDS.get(hook.status, 'it starts nothing')}."
            )
        if (why := _passed_over(hook.spec, body)) is not None:
            return Called(None, ignored=why)
        data = mask_json({"headers": dict(headers), "body": body})
        occasion = Occasion(workflow=hook.workflow, trigger_id=hook.spec.id, kind=KIND, data=data)
        identity = Identity(f"hook:{hook.workflow}/{hook.spec.id}", delivery)
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> Called:
            repeat = identities.repeated(tx, identity, now=now)
            if repeat is not None:
                return Called(repeat.result["event_id"], duplicate=True)
            event_id = note(tx, occasion, now=now, ids=ids)
            identities.remember(tx, identity, {"event_id": event_id}, now=now)
            return Called(event_id)

        return await self._door.write(unit)


def _passed_over(spec: TriggerSpec, body: Any) -> str | None:
    """Say why a call does not count: its type is none of those that the trigger names."""
    wanted = spec.keys.get("on")
    if wanted is None:
        return None
    said = body.get("type") if isinstance(body, Mapping) else None
    if said in wanted:
        return None
    return f"the trigger takes {', '.join(wanted)}, and `type` of the body is {str(said)[:100]!r}"
