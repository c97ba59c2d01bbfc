"""The stage of the golden scenario: a database to begin with, and lives that are forked off it."""

import asyncio
import ctypes
import gc
import os
import select
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import structlog

from bot.logs import configure
from bot.operations import create_token
from bot.world import make_world
from tests.prove.golden import life as golden
from tests.prove.golden.life import Lines, Warm
from tests.prove.golden.outside import EVENTS, Outside

MEMORY = Path("/dev/shm")  # noqa: S108 - each proof makes a folder of its own there
PATIENCE = 30.0  # s for a life in which nothing is made to fail
PR_SET_PDEATHSIG, PR_SET_PTRACER, ANYBODY = 1, 0x59616D61, ctypes.c_ulong(-1)
READY = 10.0  # s in which a tracer has to be there


@dataclass(frozen=True)
class Ended:
    """How a life ended: *code* is negative for a signal. *stuck* says that it had to be killed."""

    code: int
    stuck: bool
    said: str


class Stage:
    """Made once in a process: afterwards every life is a fork of it.

    Everything lies in memory, in a folder that `clear` takes away.
    """

    def __init__(self) -> None:
        self.root = Path(tempfile.mkdtemp(prefix="baton-prove-", dir=room()))
        self.warm = Warm()
        self._outside: tuple[str, str] = ("", "")
        self._folders = 0

    def prepare(self) -> None:
        """Make the database, and live once in this process, so that all is imported and compiled."""
        data = self.root / "template"
        (data / "library").mkdir(parents=True)
        self._outside = asyncio.run(furnished(data))
        shutil.copytree(data, self.root / "first")
        for _ in range(2):
            self._rehearse(self.root / "first")
        gc.collect()
        gc.freeze()

    def _rehearse(self, data: Path) -> None:
        """Live in this very process, to its end."""
        outside = self.outside()
        ours, theirs = lines()

        async def both() -> None:
            await asyncio.gather(
                golden.live(data, theirs, self.warm),
                outside.accompany(ours.slack, ours.world, ours.watch),
            )

        asyncio.run(both())
        if not outside.through:
            raise RuntimeError(f"the golden scenario does not get through: {outside.seen}")

    def outside(self, **more: object) -> Outside:
        token, decider = self._outside
        return Outside(token, decider, **more)  # type: ignore[arg-type]  # as its fields are

    def fresh(self, name: str = "") -> Path:
        """Return a data folder as the first life finds it."""
        self._folders += 1
        data = self.root / f"{os.getpid()}-{self._folders}{name}"
        shutil.copytree(self.root / "template", data)
        return data

    def play(
        self,
        data: Path,
        outside: Outside,
        *,
        tracer: Sequence[str] = (),
        patience: float = PATIENCE,
        plant: Callable[[], None] | None = None,
        born: Callable[[int], None] = lambda _: None,
    ) -> Ended:
        """Let one life be lived on *data* until it is through, or gone, or stuck.

        Args:
            tracer: a command that is told the process with ``-p`` and watches it from its first step.
            plant: something to change in the life before it begins.
            born: is told the id of its process.
        """
        ours, theirs = lines()
        pid = os.fork()
        if not pid:
            _child(data, theirs, ours, self.warm, plant)
        for line in (theirs.slack, theirs.world, theirs.watch):
            line.close()
        born(pid)
        watching = attach(tracer, pid) if tracer else None
        ours.watch.send(b"go\n")
        stuck = not asyncio.run(within(outside, ours, patience))
        code = buried(pid, kill=stuck)
        if watching is not None:
            with watching:
                watching.wait()
        return Ended(code, stuck, told(data))

    def clear(self) -> None:
        shutil.rmtree(self.root, ignore_errors=True)


async def within(outside: Outside, ours: Lines, patience: float) -> bool:
    try:
        async with asyncio.timeout(patience):
            await outside.accompany(ours.slack, ours.world, ours.watch)
    except TimeoutError:
        return False
    return True


def room() -> str | None:
    """Return a folder in memory, where there is one."""
    return str(MEMORY) if os.access(MEMORY, os.W_OK) else None


def told(data: Path) -> str:
    place = data.with_name(f"{data.name}.err")
    return place.read_text(errors="replace") if place.exists() else ""


def lines() -> tuple[Lines, Lines]:
    """Return both ends of all lines, ours first."""
    pairs = [socket.socketpair() for _ in range(3)]
    return Lines(*(pair[0] for pair in pairs)), Lines(*(pair[1] for pair in pairs))


def _child(
    data: Path, theirs: Lines, ours: Lines, warm: Warm, plant: Callable[[], None] | None
) -> None:
    """Become a life. Never returns."""
    code = 70
    try:
        libc = ctypes.CDLL(None)
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        libc.prctl(PR_SET_PTRACER, ANYBODY)
        for line in (ours.slack, ours.world, ours.watch):
            line.close()
        err = os.open(data.with_name(f"{data.name}.err"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        for number in (1, 2):
            os.dup2(err, number)
        structlog.reset_defaults()
        configure(os.fdopen(2, "w", closefd=False, buffering=1))
        if plant is not None:
            plant()
        theirs.watch.recv(3)  # whoever traces is there now
        code = golden.run(data, theirs, warm)
        sys.stderr.flush()
    finally:
        os._exit(code)


def attach(tracer: Sequence[str], pid: int) -> "Popen[bytes]":
    """Begin to trace *pid*; return when every further call is seen."""
    watching = Popen([*tracer, "-p", str(pid)], stdin=DEVNULL, stdout=DEVNULL, stderr=PIPE)
    assert watching.stderr is not None
    ready, _, _ = select.select([watching.stderr], [], [], READY)
    said = watching.stderr.readline() if ready else b""
    if b"attached" not in said:
        os.kill(pid, signal.SIGKILL)
        raise OSError(f"a process cannot be traced here: {said.decode(errors='replace').strip()}")
    return watching


def buried(pid: int, *, kill: bool) -> int:
    """Wait for the end of a life, and return its code."""
    if kill:
        os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + PATIENCE
    while True:
        found, status = os.waitpid(pid, os.WNOHANG)
        if found:
            return os.waitstatus_to_exitcode(status)
        if time.monotonic() > until:
            os.kill(pid, signal.SIGKILL)
            until += PATIENCE
        time.sleep(0.002)


async def furnished(data: Path) -> tuple[str, str]:
    """Make the database of *data* with a workflow and two tokens; return the tokens."""
    ours, theirs = lines()
    baton = await golden.composed(data, theirs, Warm())
    world = make_world(root=data, http_allow=(), programs=())
    tool = {"source": "ci", "scopes": ["notify"], "channel": "#releases", "owner": None}
    person = {"source": "desk", "scopes": ["read", "approve", "run"], "owner": "UGRACE"}
    made = [str((await create_token(baton.door, world, one))["token"]) for one in (tool, person)]
    place = data / "golden.yaml"
    place.write_text(golden.WORKFLOW, encoding="utf-8")
    published = await baton.definitions.publish(place, draft=False)
    await baton.door.close()
    await baton.world.close()
    await world.close()
    for line in (*vars(ours).values(), *vars(theirs).values()):
        line.close()
    if published is None:
        raise RuntimeError("the golden workflow is refused")
    return made[0], made[1]


__all__ = ["EVENTS", "Ended", "Stage"]
