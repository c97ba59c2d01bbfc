"""What every edge calls. It translates and delegates: one unit, a hint, the answer.

A decision that was returned is stored. Telling the runtime is a hint: it finds the row without it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import structlog

from baton.masking import mask
from baton.reading import Reading
from coordination import accept, controls, directory, identities, starting, tokens, votes, wakeups
from coordination.accept import Accepted, Incoming
from coordination.controls import Order, Told
from coordination.database import Door, Transaction
from coordination.eligibility import Ballot
from coordination.errors import NotAllowed
from coordination.identities import Identity
from coordination.lookups import Lookups, Page, Rules
from coordination.policy import Principal, require_scope
from coordination.ports import Directory, Inputs, Runtime, RunView
from coordination.questions import Approval
from coordination.starting import StartOrder
from coordination.tokens import Credential
from coordination.votes import Judging
from coordination.world import World

__all__ = ["Coordinator", "Page", "Ports", "Rules"]

log = structlog.get_logger(__name__)

NOTE_USE_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Ports:
    """What the layers above hand in.

    Args:
        runtime: told of starts and wake-ups.
        inputs: checks what a run is started with.
        people: where the directory comes from.
    """

    runtime: Runtime
    inputs: Inputs
    people: Directory


class _DryRun(Exception):
    """Carries out of a unit what it would have done, so that nothing of it is stored."""

    def __init__(self, accepted: tuple[Accepted, ...]) -> None:
        self.accepted = accepted
        super().__init__()


class Coordinator(Lookups):
    """The one face of coordination; every edge calls it, and nothing below does.

    Args:
        door: the database.
        world: the clock, ids and tasks.
        ports: what the layers above hand in.
        rules: replaced as a whole when the configuration is read again.
    """

    def __init__(self, door: Door, world: World, ports: Ports, rules: Rules) -> None:
        super().__init__(door, world, rules)
        self._ports = ports
        self._refreshing = False
        self._noted: dict[str, datetime] = {}

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

    async def claim_login(self, nonce: str) -> bool:
        """Take a login link's nonce, once; False if somebody took it before."""
        now = self._world.clock.now()
        identity = Identity("login", nonce, "")

        def unit(tx: Transaction) -> bool:
            if identities.repeated(tx, identity, now=now) is not None:
                return False
            identities.remember(tx, identity, {}, now=now)
            return True

        return await self._door.write(unit)

    async def decide(  # noqa: PLR0913  # all that a surface can send along with an answer
        self,
        principal: Principal,
        approval_id: str,
        choice: str,
        *,
        version: int | None = None,
        digest: str | None = None,
        comment: str | None = None,
        text: str | None = None,
        via: str,
    ) -> Approval:
        """Answer an approval: the one way to do so, for every surface.

        The same answer by the same person again gives the same result. A state ``checking`` means
        that the answer is stored, and who gave it is being looked up.

        Raises:
            NotFound, NotAllowed, AlreadyDecided, Superseded, InvalidChoice, CommentRequired
        """
        ballot = Ballot(principal, approval_id, choice, version, digest, comment, text, via)
        judging = self._judging()

        def unit(tx: Transaction) -> tuple[Approval, list[int]]:
            approval = votes.decide(tx, ballot, judging)
            return approval, _pending(tx, [approval])

        approval, due = await self._door.write(unit)
        self._hint(due)
        if approval.state == "checking":
            self._refresh_soon()
        return approval

    async def refresh_directory(self) -> int:
        """Read who there is, and settle the votes that waited for it; count the changed people.

        To be called every few minutes: an older directory makes answers wait.
        """
        found = await self._ports.people.people()
        judging = self._judging()

        def unit(tx: Transaction) -> tuple[int, list[int]]:
            changed = directory.replace(tx, found, now=judging.now)
            return changed, _pending(tx, votes.settle(tx, judging))

        changed, due = await self._door.write(unit)
        self._hint(due)
        return changed

    async def start(
        self,
        principal: Principal,
        workflow: str,
        inputs: Mapping[str, Any],
        *,
        request_id: str,
        via: str,  # noqa: ARG002  # the audit row names who; the way is the edge's
    ) -> RunView:
        """Start a run by hand; the same *request_id* again finds the same run.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
            InvalidInputs: with one problem for each input that does not fit.
        """
        require_scope(principal, "start")
        view = await self.workflow(workflow)
        checked = self._ports.inputs.check(view.definition, inputs)
        order = StartOrder(principal, view, checked, request_id, self.rules.channel)
        judging = self._judging()
        run_id = await self._door.write(lambda tx: starting.start(tx, order, judging))
        self._world.tasks.start(f"start {run_id}", self._ports.runtime.start(run_id))
        return await self.run(run_id)

    async def cancel(
        self, principal: Principal, run: str, *, reason: str, request_id: str, via: str
    ) -> RunView:
        """End a run.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order, lambda tx: controls.cancel(tx, order, reason=reason, judging=judging)
        )

    async def retry(
        self,
        principal: Principal,
        run: str,
        *,
        from_path: str | None = None,
        request_id: str,
        via: str,
    ) -> RunView:
        """Run again what failed, or everything from a step on.

        Raises:
            NotFound, NotAllowed, Conflict, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order, lambda tx: controls.retry(tx, order, from_path=from_path, judging=judging)
        )

    async def resolve(  # noqa: PLR0913  # all that a surface can send along with an answer
        self,
        principal: Principal,
        run: str,
        path: str,
        outcome: str,
        *,
        output: Any = None,
        request_id: str,
        via: str,
    ) -> RunView:
        """Say what became of a step that is unknown: ``retry``, ``done`` or ``fail``.

        Raises:
            NotFound, NotAllowed, Conflict, InvalidInputs, IdempotencyMismatch
        """
        order, judging = await self._order(principal, run, request_id, via), self._judging()
        return await self._told(
            order,
            lambda tx: controls.resolve(tx, order, path, outcome, output=output, judging=judging),
        )

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

    def _judging(self) -> Judging:
        return Judging(self.rules.roles, self._world.clock.now(), self._world.ids)

    async def _order(self, principal: Principal, ref: str, request_id: str, via: str) -> Order:
        row = await self._row_of(ref)
        return Order(principal, row.key, row.id, request_id, via)

    async def _told(self, order: Order, unit: Callable[[Transaction], Told]) -> RunView:
        told = await self._door.write(unit)
        self._hint([told.wakeup])
        return await self.run(order.run_id)

    def _hint(self, due: Sequence[int]) -> None:
        for key in due:
            self._world.tasks.start(f"deliver wake-up {key}", self._ports.runtime.deliver(key))

    def _refresh_soon(self) -> None:
        """Read the directory now, once for however many answers wait for it."""
        if not self._refreshing:
            self._refreshing = True
            self._world.tasks.start("read the directory", self._refresh_once())

    async def _refresh_once(self) -> None:
        try:
            await self.refresh_directory()
        except Exception as error:  # noqa: BLE001 - the edge of a task: the regular reading comes soon
            log.warning("directory_not_read", error=str(error))
        finally:
            self._refreshing = False


def _pending(tx: Transaction, decided: Sequence[Approval]) -> list[int]:
    """Return the wake-ups that the runs behind *decided* have not heard of."""
    keys = {approval.run_key for approval in decided if approval.ended}
    return [told.key for key in keys if key is not None for told in wakeups.pending(tx, key)]
