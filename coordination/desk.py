"""What one person finds on their desk: who they are to Baton, what waits for them, how runs go.

Everything here is a look; each is made for one screen, so it reads few rows and in one snapshot.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from coordination import directory, hook_secrets, outbox, run_views, threads_view, unheard
from coordination.correlation import slack_key
from coordination.database import Reader, Row
from coordination.definitions import all_workflows
from coordination.eligibility import Standing, refusal
from coordination.errors import NotAllowed
from coordination.footing import Footing
from coordination.policy import Principal, Role, is_active, require_scope
from coordination.ports import Person, RunStatus, RunView
from coordination.questions import Approval
from coordination.store import approvals as approval_store
from coordination.store import events as event_store
from coordination.store import places
from coordination.store import runs as run_store
from coordination.store import threads as thread_store
from coordination.store import tokens as token_store
from coordination.store.runs import RunFilter
from coordination.threads_view import ThreadView

LOOKED_AT = 100  # open approvals, the newest
LATE = timedelta(minutes=1)
MOST = 10  # problems of one kind
ADMINS_ONLY = "Only an admin of Baton can see what is wrong with it. Ask one."
ADMINS_ONLY_BUT_NONE = (
    "Only an admin of Baton can see what is wrong with it, and there is none: `roles.admin` in "
    "baton.yaml names them. On the server `python -m bot doctor` tells the same."
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Who somebody is to Baton; *person* is None for somebody the directory does not know."""

    id: str
    person: Person | None
    roles: frozenset[Role]

    @property
    def active(self) -> bool:
        """Whether they take part at all: no guest, no bot, and still there."""
        return is_active(self.person)

    @property
    def admin(self) -> bool:
        return Role.ADMIN in self.roles


@dataclass(frozen=True, slots=True)
class Desk:
    """What one person wants to see first: *waiting* for their answer, their runs, what has ended."""

    profile: Profile
    waiting: tuple[Approval, ...]
    others: int  # open approvals that wait for other people
    running: tuple[RunView, ...]
    results: tuple[RunView, ...]


@dataclass(frozen=True, slots=True)
class SourceView:
    """A source as people look at it. *scheme*: of signed requests, where it signs them."""

    name: str
    kind: str
    channel: str | None
    scheme: str | None
    used_at: datetime | None


class Desks(Footing):
    """The looks of one person."""

    async def profile(self, principal: Principal) -> Profile:
        """Return who *principal* is, as the directory and the roles say."""
        now, roles = self._world.clock.now(), self.rules.roles
        standing = await self._door.read(
            lambda reader: directory.read_standing(reader, principal.human, roles, now=now)
        )
        return _profile(principal, standing)

    async def desk(self, principal: Principal, *, most: int, skip: int = 0) -> Desk:
        """Return what is on the desk of *principal*, at most *most* of each kind after *skip*."""
        now, roles = self._world.clock.now(), self.rules.roles

        async def query(reader: Reader) -> Desk:
            standing = await directory.read_standing(reader, principal.human, roles, now=now)
            asked = await approval_store.latest(reader, "open", limit=LOOKED_AT)
            waiting = [each for each in asked if waits_for(each, principal, standing)]
            going = await run_store.open_of(reader, principal.actor, limit=skip + most)
            ended = await run_store.newest_ended(reader, limit=skip + most)
            return Desk(
                _profile(principal, standing),
                tuple(waiting[skip : skip + most]),
                len(asked) - len(waiting),
                *await _runs(reader, going[skip:], ended[skip:]),
            )

        return await self._door.read(query)

    async def thread_at(self, channel: str, ts: str) -> ThreadView | None:
        """Return the thread of which a Slack message is the root or a part; None: it is nobody's."""
        now = self._world.clock.now()

        async def query(reader: Reader) -> ThreadView | None:
            key = await places.of_key(reader, slack_key(channel, ts), now=now)
            if key is None:
                key = await places.of_message(reader, channel, ts)
            return None if key is None else await threads_view.thread_by_key(reader, key)

        return await self._door.read(query)

    async def sources(self, principal: Principal) -> tuple[SourceView, ...]:
        """Return who reports to Baton, by name, without any secret. Raises: NotAllowed."""
        await self.authorize(principal, "read")

        async def query(reader: Reader) -> tuple[SourceView, ...]:
            used = _last_used(await token_store.all_tokens(reader))
            rows = await token_store.all_sources(reader)
            return tuple(
                SourceView(row.name, row.kind, row.channel, row.scheme, used.get(row.name))
                for row in rows
                if row.retired_at is None
            )

        return await self._door.read(query)

    async def problems(self, principal: Principal) -> tuple[str, ...]:
        """Return a sentence for each thing in the store that somebody has to look at.

        Raises:
            NotAllowed: *principal* is no admin.
        """
        require_scope(principal, "read")
        people = [*(await self._door.read(directory.read_all)).values()]
        led = unheard.has_admin(people, self.rules.roles)
        if not (principal.admin or (await self.profile(principal)).admin):
            raise NotAllowed(ADMINS_ONLY if led else ADMINS_ONLY_BUT_NONE)
        now = self._world.clock.now()
        channel = self.rules.channel
        found = await self._door.read(lambda reader: _problems(reader, now, channel))
        alone = () if led else (unheard.NO_ADMIN,)
        return (
            *await self._door.read(unheard.problems),
            *found,
            *await self._door.read(hook_secrets.problems),
            *alone,
            *await self._unanswerable(),
        )

    async def _unanswerable(self) -> list[str]:
        """Say which open approvals wait for people who are not there."""
        found = []
        for approval in await self.approvals(state="open", limit=MOST):
            asked = approval.question
            problems = await self.approver_problems(asked.approvers, quorum=asked.quorum)
            found += [f"{approval.label}: {each}" for each in problems]
        return [*found[:MOST], *(await self.staffing_problems())[:MOST]]


async def _runs(
    reader: Reader, going: Sequence[Row], ended: Sequence[Row]
) -> tuple[tuple[RunView, ...], tuple[RunView, ...]]:
    """Put runs together; those of one person may lie far apart among all others."""
    people = await directory.read_all(reader)
    steps = await run_store.read_steps_of(reader, [row.key for row in (*going, *ended)])
    asked = await approval_store.read_open_of_these(reader, [row.key for row in going])

    def view(row: Row) -> RunView:
        return run_views.build(row, steps[row.key], asked.get(row.key, ()), people)

    return tuple(view(row) for row in going), tuple(view(row) for row in ended)


def waits_for(approval: Approval, principal: Principal, standing: Standing) -> bool:
    """Say whether *approval* waits for an answer of *principal*: asked, and not answered yet."""
    if approval.vote_of(principal.actor) is not None:
        return False
    return refusal(approval, principal, standing) is None


async def _problems(reader: Reader, now: datetime, channel: str | None) -> tuple[str, ...]:
    homeless = await places.homeless(reader) if channel is None else []
    refused = [each for each in await outbox.parked(reader) if each[0] not in set(homeless)]
    found = [
        f"Slack does not take what thread {await _title(reader, key)!r} has to say "
        f"({why}, {count} waiting). Invite Baton to its channel, or open the channel again."
        for key, why, count in refused[:MOST]
    ]
    if homeless:
        more = f" and {len(homeless) - 1:,} more" if homeless[1:] else ""
        found.append(
            f"Thread {await _title(reader, homeless[-1])!r}{more} {'have' if more else 'has'} nowhere"
            " to go: set BATON_CHANNEL, or give the token of the source a channel."
        )
    found += [
        f"The file of `{view.name}` is broken, its last good revision is used. "
        f"`/baton describe {view.name}` says what is wrong."
        for view in await all_workflows(reader)
        if view.problems
    ]
    faulted = RunFilter(status=RunStatus.FAULTED.value, limit=MOST)
    found += [
        f"R-{row.number} {row.title} is halted: its journal does not add up."
        for row in await run_store.page(reader, faulted)
    ]
    late = await event_store.undispatched(reader, after=0, limit=1)
    if late and now - late[0].received_at > LATE:
        found.append(
            f"Nothing came of event {late[0].id} yet, which arrived at "
            f"{late[0].received_at:%Y-%m-%d %H:%M} UTC; the log says why."
        )
    return tuple(found)


async def _title(reader: Reader, thread_key: int) -> str:
    row = await thread_store.read_by_key(reader, thread_key)
    return "?" if row is None else str(row.title)[:80]


def _profile(principal: Principal, standing: Standing) -> Profile:
    known = standing.person
    return Profile(principal.actor, known, standing.roles.of(known))


def _last_used(rows: Iterable[Row]) -> dict[str, datetime]:
    """Return when a token of each source was last used."""
    found: dict[str, datetime] = {}
    for row in rows:
        if row.last_used_at is not None:
            found[row.source] = max(found.get(row.source, row.last_used_at), row.last_used_at)
    return found
