"""The World of a running program: the one place where clock, chance, network and files are real."""

from dataclasses import dataclass, field
from pathlib import Path

from bot.world.files import RootedFiles
from bot.world.http import PinnedHttp
from bot.world.processes import ChildProcesses
from bot.world.repositories import Repositories
from bot.world.system import SystemClock, SystemIds, SystemRng
from bot.world.tasks import OwnedTasks

__all__ = ["SystemWorld", "make_world"]


@dataclass(frozen=True, slots=True)
class SystemWorld:
    """Satisfies `coordination.world.World`."""

    http: PinnedHttp
    processes: ChildProcesses
    files: RootedFiles
    tasks: OwnedTasks = field(default_factory=OwnedTasks)
    clock: SystemClock = field(default_factory=SystemClock)
    ids: SystemIds = field(default_factory=SystemIds)
    rng: SystemRng = field(default_factory=SystemRng)

    @property
    def repositories(self) -> Repositories:
        """git, for the repositories below the folder that actions work in."""
        return Repositories(self.files.root)

    async def close(self) -> None:
        await self.tasks.drain()
        await self.http.close()


def make_world(
    *, root: Path, http_allow: tuple[str, ...], programs: tuple[str, ...]
) -> SystemWorld:
    """Make the World of one life of the program; *root* is the folder that actions work in."""
    return SystemWorld(
        http=PinnedHttp(allow=frozenset(http_allow)),
        processes=ChildProcesses(programs=frozenset(programs)),
        files=RootedFiles(root),
    )
