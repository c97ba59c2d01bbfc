"""What tools may do: show their token, report, and log a person in."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from baton.masking import mask
from baton.reading import Reading
from coordination import accept, identities, tokens
from coordination.accept import Accepted, Incoming
from coordination.database import Transaction
from coordination.errors import NotAllowed
from coordination.footing import Footing
from coordination.identities import Identity
from coordination.tokens import Credential

NOTE_USE_EVERY = timedelta(hours=1)


class _DryRun(Exception):
    """Carries out of a unit what it would have done, so that nothing of it is stored."""

    def __init__(self, accepted: tuple[Accepted, ...]) -> None:
        self.accepted = accepted
        super().__init__()


class Reporting(Footing):
    """The verbs of tools."""

    async def authenticate(self, bearer: str) -> Credential | None:
        """Return whose token *bearer* is, or None; every reason for None looks the same."""
        now = self._world.clock.now()
        found = await self._door.read(lambda reader: tokens.authenticate(reader, bearer, now=now))
        if found is not None:
            self._note_use(found.token_id, now)
        return found

    async def accept(
        self,
        credential: Credential,
        items: Sequence[Reading],
        *,
        raw: bytes,
        idempotency_key: str | None = None,
        dry_run: bool = False,
    ) -> tuple[Accepted, ...]:
        """Store what a tool reports: all of it, in this order, or nothing.

        Args:
            credential: whose report it is.
            items: the events, as they were read.
            raw: the body as it came; kept for 7 days, masked.
            idempotency_key: the client's; under several items each is told apart by its place.
            dry_run: says what would come of it and stores nothing.

        Raises:
            NotAllowed: the token cannot report, or an event wants to decide something.
            IdempotencyMismatch: the key came with another body before.
        """
        if not credential.scopes & {"notify", "admin"}:
            raise NotAllowed("This token cannot report: it lacks the scope 'notify'.")
        incoming = self._incoming(credential, items, raw, idempotency_key)
        if dry_run:  # what came before is no repeat of a rehearsal, and the other way round
            incoming = [replace(each, identity=None) for each in incoming]
        now, ids = self._world.clock.now(), self._world.ids

        def unit(tx: Transaction) -> tuple[Accepted, ...]:
            done = tuple(accept.record(tx, each, now=now, ids=ids).accepted for each in incoming)
            if dry_run:
                raise _DryRun(done)
            return done

        try:
            return await self._door.write(unit)
        except _DryRun as dry:
            return dry.accepted

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

    def _incoming(
        self, credential: Credential, items: Sequence[Reading], raw: bytes, key: str | None
    ) -> list[Incoming]:
        """Put to each event what its credential says; the body is kept with the first one."""
        masked = mask(raw.decode("utf-8", "replace")).encode()
        keys = [key] if len(items) == 1 else [key and f"{key}#{n}" for n in range(len(items))]
        return [
            Incoming(
                event=item.event,
                identity=identities.identity_of(item.event, key=own_key),
                channel=credential.channel or self.rules.channel,
                owner=credential.owner,
                approvers=self.rules.approvers,
                raw=None if place else masked,
            )
            for place, (item, own_key) in enumerate(zip(items, keys, strict=True))
        ]

    def _note_use(self, token_id: str, now: datetime) -> None:
        """Note that a token was used, at most once an hour and beside the request."""
        if now - self._noted.get(token_id, now - NOTE_USE_EVERY) < NOTE_USE_EVERY:
            return
        self._noted[token_id] = now
        noting = self._door.write(lambda tx: tokens.note_use(tx, token_id, now=now))
        self._world.tasks.start(f"note the use of {token_id}", noting)
