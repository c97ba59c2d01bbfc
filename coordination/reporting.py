"""What tools may do: show their token, report, and log a person in."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from baton.reading import Reading
from coordination import accept, audit, identities, tokens, tracing
from coordination.accept import Accepted, Incoming
from coordination.credentials import Credential, Known, known
from coordination.database import Transaction
from coordination.errors import NotAllowed, NotFound
from coordination.explain import Explanation
from coordination.footing import Footing
from coordination.identities import Identity
from coordination.policy import Principal, require_scope
from coordination.raw_bodies import masked
from coordination.store import events as event_store
from coordination.store.events import Raw
from coordination.tokens import BEARER

NOTE_USE_EVERY = timedelta(hours=1)
MADE_UP = "an id that Baton made up, since none came"


class _Rehearsed(Exception):
    """Carries out of a unit what it would have done, so that nothing of it is stored."""

    def __init__(self, found: tuple[Explanation, ...]) -> None:
        self.found = found
        super().__init__()


@dataclass(frozen=True, slots=True)
class Told:
    """One event as a tool delivered it.

    Args:
        reading: the event.
        raw: what came; secrets are masked before it is kept.
        key: the client's own name for the request: under it nothing else can be said.
        delivery: the sender's name for it: what comes under it again is a repeat, whatever it says.
    """

    reading: Reading
    raw: Raw | None = None
    key: str | None = None
    delivery: str | None = None

    @property
    def identity(self) -> Identity:
        """Under what a repeat is known: the CloudEvent's own, the delivery's, the key, or the id."""
        return identities.identity_of(self.reading.event, key=self.key, known=self._known)

    @property
    def _known(self) -> tuple[str, str] | None:
        """Return what comes before the key, or takes the place of an id: a name and what gave it."""
        if self.reading.identity is not None:
            return self.reading.identity, "source and id of the CloudEvent"
        if self.delivery is not None:
            return self.delivery, "the webhook-id header"
        if self.key is None and self.reading.taken_from.get("id") == "":
            return self.reading.event.id, MADE_UP
        return None


@dataclass(frozen=True, slots=True)
class RawView:
    """What came for an event, and until when it is kept."""

    event_id: str
    source: str
    raw: Raw
    expires_at: datetime


class Reporting(Footing):
    """The verbs of tools."""

    async def authenticate(self, bearer: str) -> Credential | None:
        """Return whose token *bearer* is, or None; every reason for None looks the same."""
        now = self._world.clock.now()
        found = (await self._credentials()).holder(bearer, now=now)
        if found is not None:
            self._note_use(found.token_id, now)
        return found

    async def signer(
        self, source: str | None, scheme: str
    ) -> tuple[Credential | None, tuple[str, ...]]:
        """Return who says to have signed a request, and the secrets to try on it.

        Args:
            source: the name that came along; None for the only source of that scheme.
            scheme: one of `tokens.SCHEMES`.
        """
        known = await self._credentials()
        return known.signer(source, scheme, now=self._world.clock.now())

    async def accept(
        self,
        credential: Credential,
        items: Sequence[Reading],
        *,
        raw: bytes,
        idempotency_key: str | None = None,
    ) -> tuple[Accepted, ...]:
        """Store the events of one body, as `take` does; *raw* is kept with the first of them."""
        told = [
            Told(
                item,
                raw=Raw(raw, {}) if not place else None,
                key=idempotency_key
                and (f"{idempotency_key}#{place}" if items[1:] else idempotency_key),
            )
            for place, item in enumerate(items)
        ]
        return await self.take(credential, told)

    async def take(self, credential: Credential, told: Sequence[Told]) -> tuple[Accepted, ...]:
        """Store what a tool reports: all of it, in this order, or nothing.

        Args:
            credential: whose report it is.
            told: the events, each with what came along.

        Raises:
            NotAllowed: the token cannot report, or an event wants to decide something.
            IdempotencyMismatch: a client's key came with another body before.
        """
        _may_report(credential)
        if not told:
            return ()
        incoming = [self._incoming(credential, each) for each in told]
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> tuple[Accepted, ...]:
            return tuple(accept.record(tx, each, now=now, ids=ids).accepted for each in incoming)

        return await self._door.write(unit, patient=True)

    async def rehearse(
        self, credential: Credential, told: Sequence[Told]
    ) -> tuple[Explanation, ...]:
        """Say how `take` would take these events, in this order; nothing is stored.

        What came before makes no repeat of a rehearsal, and a rehearsal none of what comes.

        Raises:
            NotAllowed: the token cannot report, or an event wants to decide something.
        """
        _may_report(credential)
        return await self._rehearsed([self._incoming(credential, each) for each in told])

    async def raw(self, event_id: str) -> RawView:
        """Return what came for an event, masked, while it is kept. Raises: NotFound."""
        row = await self._door.read(lambda reader: event_store.read_raw(reader, event_id))
        if row is None:
            raise NotFound("raw body of the event", event_id)
        return RawView(row.id, row.source, Raw(row.body, row.headers or {}), row.expires_at)

    async def replay(
        self, principal: Principal, view: RawView, reading: Reading
    ) -> tuple[Accepted, ...]:
        """Accept again what came for an event, as a new event of the same source.

        Args:
            principal: who wants it; an admin.
            view: what came.
            reading: what it says, as it is read now.

        Raises:
            NotAllowed: it is not their right, or the event wants to decide something.
            NotFound: its source is gone.
        """
        incoming = await self._replayed(principal, view, reading)
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> tuple[Accepted, ...]:
            done = (accept.record(tx, incoming, now=now, ids=ids).accepted,)
            detail = {"as": done[0].event_id}
            audit.record(
                tx,
                at=now,
                actor=principal.actor,
                action="event.replay",
                object=view.event_id,
                detail=detail,
            )
            return done

        return await self._door.write(unit)

    async def rehearse_replay(
        self, principal: Principal, view: RawView, reading: Reading
    ) -> tuple[Explanation, ...]:
        """Say how `replay` would take what came; nothing is stored. Raises: as `replay`."""
        return await self._rehearsed([await self._replayed(principal, view, reading)])

    async def credential_of(self, source: str) -> Credential:
        """Return what a source reports with, whoever asks. Raises: NotFound."""
        found = (await self._credentials()).sources.get(source)
        if found is None:
            raise NotFound("source", source)
        return found

    async def claim(self, kind: str, nonce: str) -> bool:
        """Take what counts once, as the nonce of a login link; False if somebody took it before."""
        now = self._world.clock.now()
        identity = Identity(kind, nonce, "")

        def unit(tx: Transaction) -> bool:
            if identities.repeated(tx, identity, now=now) is not None:
                return False
            identities.remember(tx, identity, {}, now=now)
            return True

        return await self._door.write(unit)

    async def _replayed(self, principal: Principal, view: RawView, reading: Reading) -> Incoming:
        """Return what came for an event as one that comes now: under a new id, whatever it had."""
        require_scope(principal, "replay")
        credential = await self.credential_of(view.source)
        event = replace(reading.event, id=self._world.ids.new("id"))
        taken_from = {**reading.taken_from, "id": ""}
        fresh = replace(reading, event=event, taken_from=taken_from, identity=None)
        return self._incoming(credential, Told(fresh, raw=view.raw))

    async def _rehearsed(self, incoming: Sequence[Incoming]) -> tuple[Explanation, ...]:
        """Take events in a unit that is undone once it has explained them."""
        if not incoming:
            return ()
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> None:
            for each in incoming:
                accept.record(tx, replace(each, identity=None), now=now, ids=ids)
            raise _Rehearsed(tuple(tracing.rehearsed(tx, each.event.event_id) for each in incoming))

        try:
            await self._door.write(unit)
        except _Rehearsed as done:
            return done.found
        raise AssertionError("a rehearsal was stored")

    def _incoming(self, credential: Credential, told: Told) -> Incoming:
        """Put to an event what its credential says."""
        return Incoming(
            event=told.reading.event,
            identity=told.identity,
            channel=credential.channel or self.rules.channel,
            owner=credential.owner,
            approvers=self.rules.approvers,
            raw=told.raw and masked(told.raw, told.reading.harmless),
            origin={
                "token": credential.token_id,
                "scheme": credential.scheme or BEARER,
                "fields": dict(told.reading.taken_from),
            },
        )

    async def _credentials(self) -> Known:
        """Return every token and signing source; they are read again after they changed."""
        changes = self._door.changes
        if self._known is None or self._known[0] != changes.count("token"):
            async with self._reading:
                count = changes.count("token")
                if self._known is None or self._known[0] != count:
                    secrets = self._ports.secrets
                    found = await self._door.read(lambda reader: known(reader, secrets))
                    self._known = (count, found)
        return self._known[1]

    def _note_use(self, token_id: str, now: datetime) -> None:
        """Note that a token was used, at most once an hour and beside the request."""
        if now - self._noted.get(token_id, now - NOTE_USE_EVERY) < NOTE_USE_EVERY:
            return
        self._noted[token_id] = now
        noting = self._door.write(lambda tx: tokens.note_use(tx, token_id, now=now))
        self._world.tasks.start(f"note the use of {token_id}", noting)


def _may_report(credential: Credential) -> None:
    if not credential.scopes & {"notify", "admin"}:
        raise NotAllowed("This token cannot report: it lacks the scope 'notify'.")
