"""What tools report by messages in Slack: stored as any other report, before Slack is told it came."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from baton.errors import BatonError, MalformedBody
from baton.events import Adapter, Event
from baton.reading import InvalidEvent, Source, read_event
from coordination import accept, identities, tokens
from coordination.accept import Accepted, Incoming, Recorded
from coordination.bus_reading import Posted, Said, dated, moment_of, placed, read_message
from coordination.credentials import Credential
from coordination.database import Row, Transaction
from coordination.errors import NotAllowed, NotFound, Refused
from coordination.identities import Identity
from coordination.reporting import Reporting, Told
from coordination.store import identities as identity_store
from coordination.store import sweeps
from coordination.store.events import Raw
from coordination.tokens import UnusableToken
from coordination.world import Ids

__all__ = ["BusReports", "Posted", "Unreadable"]

KIND = "slack"
SCOPE = "slack-message"  # of what each message last said; kept as long as identities
OF_SLACK = "the Slack message"
_ADAPTER = Adapter("slack")


class Unreadable(BatonError):
    """A message wants to report something that cannot be taken; the sentence says why."""


@dataclass(frozen=True, slots=True)
class _Report:
    """A message that reports something, ready to be stored."""

    posted: Posted
    said: Said
    incoming: Incoming


class BusReports(Reporting):
    """The verbs of channels that are read as a bus."""

    async def take_posted(self, posted: Posted) -> Accepted | None:
        """Store what a message reports; None: it reports nothing, or nothing new.

        Raises:
            Unreadable: it wants to report something that cannot be taken.
            Unavailable: nothing can be stored at the moment; it is to be delivered again.
        """
        try:
            said = read_message(posted)
            if said is None:
                return None
            report = self._report(posted, said, await self._sender(posted))
            now, ids = self._world.clock.now(), self._world.ids
            return await self._door.write(lambda tx: _take(tx, report, now=now, ids=ids))
        except (InvalidEvent, MalformedBody, Refused, UnusableToken) as error:
            raise Unreadable(str(error)) from error

    async def note_deleted(self, channel: str, ts: str, deleted: str) -> bool:
        """Note in the thread of a report that its message is gone; False if it reported nothing.

        Args:
            channel: its id.
            ts: of the message.
            deleted: when, as a ``ts``.
        """
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> bool:
            row = identity_store.find(tx, SCOPE, f"{channel}:{ts}", now=now)
            if row is None or row.result.get("thread_key") is None:
                return False
            event = _deletion(row.result, (ts, moment_of(deleted), now), ids.new("ev"))
            name = f"{channel}:{ts}:deleted"
            identity = Identity(f"source:{event.source}", name, "", origin=OF_SLACK)
            thread_key = int(row.result["thread_key"])
            incoming = Incoming(event=event, identity=identity, thread_key=thread_key)
            accept.record(tx, incoming, now=now, ids=ids)
            return True

        return await self._door.write(unit)

    async def bus_mark(self, channel: str) -> str | None:
        """Return up to which ``ts`` a channel was read; None: it never was."""
        return await self._door.read(lambda reader: sweeps.mark(reader, channel))

    async def note_bus_mark(self, channel: str, ts: str) -> None:
        """Note that all of a channel up to *ts* was read."""
        now = self._world.clock.now()
        await self._door.write(lambda tx: sweeps.put(tx, channel, ts, now=now))

    async def _sender(self, posted: Posted) -> Credential:
        """Return as whom a sender reports; a source that nobody made yet is made.

        Raises:
            NotAllowed: the source takes reports of another kind, or none.
            UnusableToken: no source can have that name.
        """
        try:
            found = await self.credential_of(posted.source)
        except NotFound:
            now = self._world.clock.now()
            source = Source(posted.source, posted.source, KIND)
            await self._door.write(lambda tx: tokens.put_source(tx, source, channel=None, now=now))
            found = await self.credential_of(posted.source)
        if found.retired:
            raise NotAllowed(f"The source {posted.source!r} was retired.")
        if found.scheme is not None:
            raise NotAllowed(f"The source {posted.source!r} reports with signatures and only so.")
        channel = found.channel or self.rules.channel or posted.channel
        return replace(
            found, token_id=f"slack:{posted.sender}", owner=posted.person, channel=channel
        )

    def _report(self, posted: Posted, said: Said, credential: Credential) -> _Report:
        """Read the event. Raises: InvalidEvent."""
        ids, fields = self._world.ids, dated(posted, said.fields)
        reading = read_event(
            fields,
            credential=credential.source,
            received_at=self._world.clock.now(),
            event_id=ids.new("ev"),
            new_id=lambda: posted.identity,
        )
        event = replace(placed(posted, reading.event), adapter=_ADAPTER)
        told = Told(replace(reading, event=event), raw=_raw(fields))
        incoming = self._incoming(credential, told)
        identity = incoming.identity
        if identity is not None and event.id == posted.identity:
            identity = replace(identity, origin=OF_SLACK)
        origin = {**incoming.origin, "scheme": f"{KIND} {said.form}"}
        return _Report(posted, said, replace(incoming, identity=identity, origin=origin))


def _take(tx: Transaction, report: _Report, *, now: datetime, ids: Ids) -> Accepted | None:
    """Store one report, and what its message says by now."""
    posted, said = report.posted, report.said
    row = identity_store.find(tx, SCOPE, f"{posted.channel}:{posted.ts}", now=now)
    if not _is_news(report, row, now):
        return None
    incoming = report.incoming
    if row is not None:
        incoming = replace(incoming, event=_same_process(report, row.result))
    recorded = accept.record(tx, incoming, now=now, ids=ids)
    identities.remember(
        tx,
        Identity(SCOPE, f"{posted.channel}:{posted.ts}", said.meaning),
        _remembered(report, recorded, row),
        now=now,
    )
    return recorded.accepted


def _is_news(report: _Report, row: Row | None, now: datetime) -> bool:
    """Say whether a message says something that it did not say before."""
    posted = report.posted
    if row is None:  # of old ones nobody remembers any more what they said before an edit
        return posted.edited is None or now - moment_of(posted.ts) < identities.KEPT
    if posted.edited is None or report.said.meaning == row.body_hash:
        return False
    return posted.edited > str(row.result.get("edited") or "")


def _same_process(report: _Report, before: Mapping[str, Any]) -> Event:
    """Let an edit speak of the process and the attempt of which its message spoke before."""
    event = report.incoming.event
    if event.kind != "process" or event.source != before["source"]:
        return event
    if not report.said.named and before["process_id"]:
        event = replace(event, process_id=before["process_id"])
    if event.process_id != before["process_id"] or event.attempt is not None:
        return event
    return replace(event, attempt=before["attempt"])


def _remembered(report: _Report, recorded: Recorded, row: Row | None) -> dict[str, Any]:
    accepted, event = recorded.accepted, report.incoming.event
    before = row.result if row is not None else {}
    return {
        "source": event.source,
        "namespace": event.namespace,
        "process_id": accepted.process_id,
        "attempt": accepted.attempt,
        "thread_key": recorded.thread_key or before.get("thread_key"),
        "edited": report.posted.edited,
    }


def _deletion(
    before: Mapping[str, Any], at: tuple[str, datetime, datetime], event_id: str
) -> Event:
    """Return the note that a message is gone: it ends nothing, starts nothing and wakes nobody."""
    ts, deleted, now = at
    about = before["process_id"] or "something"
    return Event(
        event_id=event_id,
        id=f"{ts}:deleted",
        kind="event",
        type=f"{KIND}.message_deleted",
        source=before["source"],
        namespace=before["namespace"],
        occurred_at=min(deleted, now),
        received_at=now,
        message=f"The message that reported {about} was deleted in Slack.",
        adapter=_ADAPTER,
        expired=True,  # history, and nothing else
    )


def _raw(fields: Mapping[str, Any]) -> Raw:
    body = json.dumps(fields, ensure_ascii=False).encode("utf-8", "surrogatepass")
    return Raw(body, {"content-type": "application/json"})
