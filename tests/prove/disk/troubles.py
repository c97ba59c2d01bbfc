"""What happens to the disk of a running server, and how it passes."""

import asyncio
import contextlib
import resource
import shutil
import sqlite3
import subprocess
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from pathlib import Path

from tests.prove.disk.served import Served

SMALL = "24m"  # of a disk: room for the database, its log, and some more
Trouble = Callable[[Served], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def locked(server: Served) -> AsyncIterator[None]:
    """Another program has the database open and writes to it for a while."""
    path = server.data / "baton.db"
    with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


@asynccontextmanager
async def no_larger_files(server: Served) -> AsyncIterator[None]:
    """No file may grow any more, as under a quota."""
    before = resource.prlimit(server.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, (4096, before[1]))
    yield
    resource.prlimit(server.pid, resource.RLIMIT_FSIZE, before)


@asynccontextmanager
async def full(server: Served) -> AsyncIterator[None]:
    """Something else takes all the room that there is on the disk."""
    ballast = server.data.parent / "ballast"
    with ballast.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        for size in (65_536, 4_096, 1):
            with contextlib.suppress(OSError):
                while file.write(bytes(size)) == size:
                    continue
    yield
    ballast.unlink()


TROUBLES: Mapping[str, Trouble] = {
    "locked": locked,
    "no larger files": no_larger_files,
    "full": full,
}


@contextlib.contextmanager
def small_disk(place: Path) -> Iterator[Path | None]:
    """Mount a small disk at *place*; None where mounts are not allowed."""
    place.mkdir()
    options = ("-t", "tmpfs", "-o", f"size={SMALL}", "baton-prove", str(place))
    mount = shutil.which("mount")
    done = mount and subprocess.run([mount, *options], capture_output=True, check=False)
    if not done or done.returncode:
        yield None
        return
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False)


async def fail_the_next_sync(server: Served, trace: Path) -> "asyncio.subprocess.Process":
    """Let the next sync of the server fail, as a disk does that loses a block."""
    return await asyncio.create_subprocess_exec(
        *("strace", "-f", "-o", str(trace), "-e", "trace=fdatasync"),
        *("-e", "inject=fdatasync:error=EIO:when=1", "-p", str(server.pid)),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
