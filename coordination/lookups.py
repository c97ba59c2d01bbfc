"""What there is to look at: every read that an edge asks for, each from one snapshot."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from coordination import (
    attempt_view,
    definitions,
    directory,
    events_view,
    run_views,
    threads_view,
    votes,
)
from coordination.database import Door, Reader, Row
from coordination.definitions import WorkflowView
from coordination.directory import Everybody
from coordination.eligibility import refusal
from coordination.errors import InvalidInputs, NotAllowed, NotFound, decided_sentence
from coordination.events_view import EventFilter, EventView, Found
from coordination.naming import approver_problems
from coordination.noise import ChannelPolicy
from coordination.orders import refuse_stranger
from coordination.policy import Principal, Roles, authorize, require_scope
from coordination.ports import RunStatus, RunView
from coordination.questions import Approval
from coordination.rates import Rate
from coordination.slack_bus import BusChannel
from coordination.store import approvals as approval_store
from coordination.store import people as people_store
from coordination.store import runs as run_store
from coordination.store.runs import RunFilter
from coordination.threads_view import (
    ProcessFilter,
    ProcessView,
    ThreadSummary,
    ThreadView,
)
from coordination.world import World

T = TypeVar("T")
MOST = 500  # of anything in one answer


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One answer of a long list; *next* is the cursor of the following page, None on the last."""

    items: tuple[T, ...]
    next: int | None


@dataclass(frozen=True, slots=True)
class Rules:
    """What the configuration says.

    Args:
        roles: who has which.
        approvers: who answers what a tool asks, where it names nobody.
        channel: where threads go that nothing else gives a channel.
        channels: how loud Baton may be, by id or ``#name``; ``default`` is for all others.
        rates: by source; None means without a limit, a source without an entry has `rates.DEFAULT`.
        bus: the channels that tools report into.
    """

    roles: Roles = field(default_factory=Roles)
    approvers: tuple[str, ...] = ()
    channel: str | None = None
    channels: Mapping[str, ChannelPolicy] = field(default_factory=dict)
    rates: Mapping[str, Rate | None] = field(default_factory=dict)
    bus: tuple[BusChannel, ...] = ()


class Lookups:
    """The half of the Coordinator that only looks.

    Args:
        door: the database.
        world: its clock.
        rules: replaced as a whole when the configuration is read again.
    """

    def __init__(self, door: Door, world: World, rules: Rules) -> None:
        self.rules = rules
        self._door = door
        self._world = world

    async def run(self, ref: str) -> RunView:
        """Return a run: ``R-3``, ``run_…``, how that begins, or ``last``. Raises: NotFound."""

        async def query(reader: Reader) -> RunView:
            return await run_views.view(reader, await run_views.row_of(reader, ref))

        return await self._door.read(query)

    async def runs(self, wanted: RunFilter) -> Page[RunView]:
        """Return runs, newest first, with as many steps as it takes to say what each waits for.

        Raises:
            InvalidInputs: there is no such status.
            NotFound: there is no such thread.
        """
        if wanted.status is not None and wanted.status not in {*RunStatus}:
            raise InvalidInputs([("status", f"use one of {', '.join(RunStatus)}")])
        found = await self._door.read(lambda reader: run_views.page(reader, wanted))
        full = len(found) == wanted.limit
        return Page(found, found[-1].number if full else None)

    async def step_log(self, ref: str, path: str) -> bytes:
        """Return the whole output of a step. Raises: NotFound."""

        async def query(reader: Reader) -> bytes:
            row = await run_views.row_of(reader, ref)
            log_bytes = await run_store.log(reader, row.key, path)
            if log_bytes is None:
                known = [step.path for step in await run_store.read_steps(reader, row.key)]
                raise NotFound("output of the step", path, known=known)
            return log_bytes

        return await self._door.read(query)

    async def approval(self, ref: str) -> Approval:
        """Return an approval: ``A-2`` or ``ap_…``. Raises: NotFound."""
        return await self._door.read(lambda reader: votes.read(reader, ref))

    async def approvals(
        self,
        *,
        state: str | None = None,
        for_person: str | None = None,
        run: str | None = None,
        limit: int = 50,
    ) -> tuple[Approval, ...]:
        """Return approvals, the newest first; those of one run the oldest first.

        Args:
            state: one of the states; ``open`` stands for all that can still be answered.
            for_person: only what this person may answer.
            run: only those of a run.
            limit: how many, at most.

        Raises:
            NotFound: there is no such run.
        """

        async def query(reader: Reader) -> list[Approval]:
            if run is None:
                return await approval_store.latest(reader, state, limit=min(limit, MOST))
            row = await run_views.row_of(reader, run)
            found = await approval_store.read_of_run(reader, row.key)
            return [each for each in found if state in (None, each.state)][:limit]

        found = await self._door.read(query)
        if for_person is None:
            return tuple(found)
        who = Principal("person", for_person)
        return tuple([each for each in found if await self.can_decide(who, each) is None])

    async def can_decide(self, principal: Principal, approval: Approval) -> str | None:
        """Say why *principal* cannot answer *approval*; None: they can."""
        try:
            require_scope(principal, "decide")
        except NotAllowed as refused:
            return str(refused)
        if approval.ended:
            return decided_sentence(approval)
        now, roles = self._world.clock.now(), self.rules.roles
        standing = await self._door.read(
            lambda reader: directory.read_standing(reader, principal.human, roles, now=now)
        )
        return refusal(approval, principal, standing)

    async def can_steer(
        self, principal: Principal, action: str, run: str, *, path: str | None = None
    ) -> str | None:
        """Say why *principal* cannot do *action* to a run, or to its step at *path*; None: they can.

        Whether the run is in a state for it is another question. Raises: NotFound.
        """
        now, roles = self._world.clock.now(), self.rules.roles

        async def query(reader: Reader) -> str | None:
            row = await run_views.row_of(reader, run)
            asked = await approval_store.read_of_run(reader, row.key)
            standing = await directory.read_standing(reader, principal.human, roles, now=now)
            try:
                refuse_stranger(principal, action, (row, asked, standing), path)
            except NotAllowed as refused:
                return str(refused)
            return None

        return await self._door.read(query)

    async def authorize(self, principal: Principal, action: str) -> None:
        """Return if *principal* may do *action* at all. Raises: NotAllowed."""
        now, roles = self._world.clock.now(), self.rules.roles
        standing = await self._door.read(
            lambda reader: directory.read_standing(reader, principal.human, roles, now=now)
        )
        authorize(principal, action, person=standing.person, roles=roles)

    async def workflows(self) -> tuple[WorkflowView, ...]:
        """Return every workflow, by name."""
        return await self._door.read(definitions.all_workflows)

    async def workflow(self, name: str) -> WorkflowView:
        """Return one workflow. Raises: NotFound, with the nearest name."""
        return await self._door.read(lambda reader: definitions.workflow(reader, name))

    async def thread(self, ref: str) -> ThreadView:
        """Return a thread with all that is in it. Raises: NotFound."""
        return await self._door.read(lambda reader: threads_view.thread(reader, ref))

    async def threads(
        self, *, before: int | None = None, limit: int = 50
    ) -> tuple[ThreadSummary, ...]:
        """Return threads, the newest first; *before* is the key of the last one seen."""
        most = min(limit, MOST)
        return await self._door.read(
            lambda reader: threads_view.threads(reader, before=before, limit=most)
        )

    async def thread_url(self, thread_id: str | None) -> str | None:
        """Return where a thread's card stands in Slack, once it does."""
        if thread_id is None:
            return None
        return await self._door.read(lambda reader: threads_view.url(reader, thread_id))

    async def process(self, namespace: str, process_id: str) -> ProcessView:
        """Return a process with its children. Raises: NotFound."""
        return await self._door.read(
            lambda reader: threads_view.process(reader, namespace, process_id)
        )

    async def attempt(self, namespace: str, process_id: str, number: int) -> ProcessView:
        """Return a process as one of its attempts left it. Raises: NotFound, Conflict."""
        return await self._door.read(
            lambda reader: attempt_view.attempt(reader, namespace, process_id, number)
        )

    async def processes(self, wanted: ProcessFilter) -> tuple[ProcessView, ...]:
        """Return processes, the newest first, without their children."""
        return await self._door.read(lambda reader: threads_view.processes(reader, wanted))

    async def event(self, event_id: str) -> EventView:
        """Return one event. Raises: NotFound."""
        return await self._door.read(lambda reader: events_view.event(reader, event_id))

    async def events(
        self, wanted: EventFilter, *, after: int = 0, limit: int = 50
    ) -> tuple[EventView, ...]:
        """Return events in the order in which they came. Raises: NotFound."""
        return (await self.search(wanted, after=after, limit=limit)).events

    async def search(self, wanted: EventFilter, *, after: int = 0, limit: int = 50) -> Found:
        """Return events in the order in which they came, and from where to look on. Raises: NotFound."""
        most = min(limit, MOST)
        return await self._door.read(
            lambda reader: events_view.events(reader, wanted, after=after, limit=most)
        )

    async def latest_events(
        self, wanted: EventFilter, *, limit: int
    ) -> tuple[tuple[EventView, ...], int]:
        """Return the newest events in their order, and the seq of the newest of all. Raises: NotFound."""
        most = min(limit, MOST)
        found = await self._door.read(lambda reader: events_view.latest(reader, wanted, limit=most))
        return found.events, found.cursor

    async def name_of(self, principal: Principal) -> str:
        """Return how people call *principal*: a handle, or the name of a source."""
        people = await self._door.read(directory.read_all)
        return directory.shown(principal.actor, people)

    async def readable(self, text: str) -> str:
        """Write handles for the mentions in *text*: for surfaces that are not Slack."""
        people = await self._door.read(directory.read_all)
        return directory.with_handles(text, people)

    async def approver_problems(
        self, approvers: Sequence[str], *, quorum: int = 1
    ) -> tuple[str, ...]:
        """Return a sentence for each approver nobody can be found for, and one if they are too few."""
        known, readable = await self._door.read(_known)
        return approver_problems(
            approvers, known, self.rules.roles, readable=readable, quorum=quorum
        )

    async def _row_of(self, ref: str) -> Row:
        """Return the row of a run, for those who mean it and not what it looks like."""
        return await self._door.read(lambda reader: run_views.row_of(reader, ref))


async def _known(reader: Reader) -> tuple[Everybody, bool]:
    """Return everybody, and whether groups can be read."""
    return await directory.read_all(reader), await people_store.groups_readable(reader)
