"""A real database with one thread and one run, some people, and a clock that stands still."""

from collections.abc import Coroutine, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

from coordination import approvals, directory
from coordination.changes import Changes
from coordination.database import InlineDoor, Row, Transaction, insert
from coordination.database import definitions as definitions_table
from coordination.database import runs as runs_table
from coordination.database import threads as threads_table
from coordination.database import workflows as workflows_table
from coordination.database.statements import Statements
from coordination.eligibility import Ballot
from coordination.policy import Principal, Role, Roles
from coordination.ports import Group, Person
from coordination.questions import Approval, Question
from coordination.votes import Judging, decide
from tests.coordination.inbox import rows_of
from tests.coordination.twice import TwiceDoor

T = TypeVar("T")
T0 = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ROLES = Roles({Role.OPERATOR: ("@olga",)})
QUESTION = Question(
    title="Deploy to production?",
    approvers=("@grace", "<@ULINUS>", "role:operator", "source:policy"),
    digest="d1",
)

_THREAD = insert(threads_table)
_DEFINITION = insert(definitions_table)
_WORKFLOW = insert(workflows_table)
_RUN = insert(runs_table)


def someone(handle: str, **more: Any) -> Person:
    facts = {"is_bot": False, "deleted": False, "is_admin": False, "restricted": False} | more
    return Person(id=f"U{handle.upper()}", handle=handle, name=handle.title(), **facts)


PEOPLE = (
    someone("ada"),
    someone("grace"),
    someone("linus"),
    someone("olga"),
    someone("mallory"),
    someone("guest", restricted=True),
    someone("bot", is_bot=True),
    someone("gone", deleted=True),
)


class CountingIds:
    """Ids that say in which order they were made."""

    def __init__(self) -> None:
        self.made = 0

    def new(self, prefix: str) -> str:
        self.made += 1
        return f"{prefix}_{self.made:026d}"

    def token(self) -> str:
        self.made += 1
        return f"{self.made:043d}"


class StillClock:
    """A clock that moves when a test moves it."""

    def __init__(self) -> None:
        self.at = T0

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return (self.at - T0).total_seconds()

    async def sleep(self, duration: timedelta) -> None:
        self.at += duration


class HeldTasks:
    """Keeps what was started until a test lets it run."""

    def __init__(self) -> None:
        self.held: list[tuple[str, Coroutine[Any, Any, None]]] = []

    def start(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        self.held.append((name, work))

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.held]

    async def run(self) -> None:
        while self.held:
            await self.held.pop(0)[1]

    def drop(self) -> None:
        for _, work in self.held:
            work.close()
        self.held.clear()


class SmallWorld:
    """As much of a World as coordination uses."""

    def __init__(self) -> None:
        self.clock = StillClock()
        self.ids = CountingIds()
        self.tasks = HeldTasks()


def person(handle: str) -> Principal:
    return Principal("person", f"U{handle.upper()}", f"U{handle.upper()}", "slack")


def machine(source: str, *scopes: str, human: str | None = None) -> Principal:
    return Principal("token", f"id-{source}", human, source, frozenset(scopes))


@dataclass
class Scene:
    """The database, the time, and short words for what tests do with them."""

    door: InlineDoor
    now: datetime = T0
    ids: CountingIds = field(default_factory=CountingIds)
    roles: Roles = ROLES
    run_key: int = 0
    thread_key: int = 0

    @property
    def judging(self) -> Judging:
        return Judging(self.roles, self.now, self.ids)

    async def ask(self, question: Question = QUESTION, path: str = "gate") -> Approval:
        return await self.door.write(
            lambda tx: approvals.open(
                tx, question, run_key=self.run_key, path=path, now=self.now, ids=self.ids
            )
        )

    async def answer(
        self, who: Principal | str, approval: Approval, choice: str = "approve", **more: Any
    ) -> Approval:
        principal = person(who) if isinstance(who, str) else who
        if choice == "reject":
            more = {"comment": "not today"} | more
        ballot = Ballot(principal, approval.id, choice, **more)
        return await self.door.write(lambda tx: decide(tx, ballot, self.judging))

    async def know(
        self, people: Iterable[Person] = PEOPLE, groups: Iterable[Group] | None = ()
    ) -> None:
        await self.door.write(lambda tx: directory.replace(tx, people, groups, now=self.now))

    async def rows(self, table: Any) -> list[Row]:
        return await rows_of(self.door, table)


def furnish(tx: Transaction) -> tuple[int, int]:
    thread = tx.insert(
        _THREAD, id="th_1", title="Pipeline", channel="#releases", created_at=T0, updated_at=T0
    )
    body = {"name": "pipeline", "settings": {}, "inputs": {"key": {"secret": True}}}
    tx.execute(
        _DEFINITION,
        hash="abc",
        name="pipeline",
        revision=1,
        title="Pipeline",
        description="Test, ask, deploy.",
        body=body,
        source="name: pipeline",
        published_at=T0,
        published_by="baton",
    )
    tx.execute(
        _WORKFLOW, name="pipeline", status="active", hash="abc", problems=None, updated_at=T0
    )
    run = tx.insert(
        _RUN,
        id="run_0000000000000000000000000A",
        number=3,
        workflow="pipeline",
        hash="abc",
        core_version=1,
        status="waiting",
        trigger={"kind": "manual", "by": "UADA"},
        inputs={"key": "hush", "target": "production"},
        started_by="UADA",
        requested_by="UADA",
        thread_key=thread,
        created_at=T0,
        started_at=T0,
        updated_at=T0,
    )
    return thread, run


_template: list[bytes] = []  # making the tables takes longer than most tests
_statements = Statements()  # and so does compiling what they say to it


async def _new_database(path: Path) -> InlineDoor:
    if not _template:
        await InlineDoor(path, changes=Changes("test"), durable=False).close()
        _template.append(path.read_bytes())
    path.write_bytes(_template[0])
    door = TwiceDoor(path, changes=Changes("test"), durable=False)
    door._statements = door._session._statements = _statements
    return door


async def open_scene(path: Path) -> Scene:
    """Open a database of its own with a thread, a run and people in it."""
    scene = Scene(await _new_database(path))
    scene.thread_key, scene.run_key = await scene.door.write(furnish)
    await scene.know()
    return scene
