"""Triggers on what people write or do in Slack: it is stored for each that asks for it, once.

Who may not start the workflow starts nothing. That is judged in the same unit, and kept: nobody is
told in the channel, and whoever asks why is shown it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from coordination.database import Reader, Row, Transaction
from coordination.errors import NotAllowed
from coordination.footing import Footing
from coordination.identities import KEPT
from coordination.keys import slack_key
from coordination.noting import note
from coordination.occasions import Occasion
from coordination.policy import Principal
from coordination.ports import TriggerSpec
from coordination.spoken import Spoken, fits
from coordination.starting import allow
from coordination.store import definitions as definition_store
from coordination.store import identities as identity_store
from coordination.store import places
from coordination.store import triggers as store
from coordination.votes import Judging

__all__ = ["Listened", "SlackTriggers"]

KIND = "slack"
SCOPE = "slack-trigger"  # of what was heard once


@dataclass(frozen=True, slots=True)
class Listened:
    """A trigger on Slack, or a part of one, of a revision in use.

    Args:
        workflow: whose it is.
        hash: of the revision.
        trigger_id: of the trigger or the part.
        wanted: what stands under its key ``slack``.
        since: when the workflow last changed: what was said before that is not made up for.
    """

    workflow: str
    hash: str
    trigger_id: str
    wanted: Mapping[str, str]
    since: datetime


class SlackTriggers(Footing):
    """The verbs of what people write or do in Slack."""

    async def listened(self) -> tuple[Listened, ...]:
        """Return what is asked for now; read again only when a workflow has changed."""
        count = self._door.changes.count("workflow")
        if self._listened is None or self._listened[0] != count:
            rows = await self._door.read(store.active)
            found = tuple(
                _listened(row, spec) for row in rows for spec in _parts(store.spec_of(row))
            )
            self._listened = count, found
        return self._listened[1]

    async def hear(self, said: Spoken, *, late: bool = False) -> int:
        """Store what somebody wrote or did for each trigger that asks for it; count those.

        Args:
            said: as it came.
            late: it is read back after a gap: then it counts only for what was in use when the
                message was posted.

        Raises:
            Unavailable: nothing can be stored at the moment; it is to be delivered again.
        """
        fitting = [
            each
            for each in await self.listened()
            if fits(each.wanted, said) and not (late and said.at < each.since)
        ]
        if not fitting:
            return 0
        thread_key = await self._door.read(lambda reader: _thread(reader, said, self._now()))
        judging = self._judging()
        return await self._door.write(lambda tx: _take(tx, said, fitting, thread_key, judging))

    def _now(self) -> datetime:
        return self._world.clock.now()


def _parts(whole: TriggerSpec) -> list[TriggerSpec]:
    if not whole.enabled:
        return []
    return [each for each in (whole, *whole.parts) if each.kind == KIND]


def _listened(row: Row, spec: TriggerSpec) -> Listened:
    return Listened(row.workflow, row.hash, spec.id, spec.keys[KIND], row.since)


async def _thread(reader: Reader, said: Spoken, now: datetime) -> int | None:
    """Return the thread of ours in which something was said, or to whose message somebody reacted."""
    for ts in dict.fromkeys((said.thread_ts or said.ts, said.ts)):
        key = await places.of_key(reader, slack_key(said.channel, ts), now=now)
        if key is None:
            key = await places.of_message(reader, said.channel, ts)
        if key is not None:
            return key
    return None


def _take(
    tx: Transaction,
    said: Spoken,
    fitting: list[Listened],
    thread_key: int | None,
    judging: Judging,
) -> int:
    now, ids = judging.now, judging.ids
    asking = [each for each in fitting if _is_in_use(tx, each)]
    if not asking:
        return 0
    name = (SCOPE, said.identity)
    if not identity_store.take(tx, name, "", ids.new("ev"), now=now, kept=KEPT):
        return 0
    for each in asking:
        occasion = Occasion(
            workflow=each.workflow,
            trigger_id=each.trigger_id,
            kind=KIND,
            data=said.told(),
            thread_key=thread_key,
            refusal=_refusal(tx, each, said.user, judging),
        )
        note(tx, occasion, now=now, ids=ids)
    return len(asking)


def _is_in_use(tx: Transaction, listened: Listened) -> bool:
    """Say whether it is still asked for: another revision may be in use by now."""
    spec = store.one(tx, listened.workflow, listened.trigger_id)
    return spec is not None and spec.keys.get(KIND) == listened.wanted


def _refusal(tx: Transaction, listened: Listened, user: str, judging: Judging) -> str | None:
    """Say why *user* may not start the workflow; None: they may."""
    row = definition_store.by_hash(tx, listened.hash)
    if row is None:
        return None
    start_by = definition_store.definition(row, []).start_by
    who = Principal("person", user, user, KIND)
    try:
        allow(tx, who, listened.workflow, start_by, judging)
    except NotAllowed as error:
        return f"<@{user}> may not start it: {error}"
    return None
