"""Watches files for triggers: a change that has come to rest is stored, and starts a run.

The file system only says when to look. What changed is found by comparing the files with what was
there when their changes last counted, so nothing is lost or counted twice over a restart.
"""

import asyncio
import stat
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog
from watchfiles import awatch

from coordination import file_changes
from coordination.database import Door
from coordination.file_changes import Mark, Watched
from coordination.world import World

log = structlog.get_logger()

SCRATCH = "runs"  # the folder of the runs' own files
GIT = ".git"  # what git writes for itself, also when a run commits
MOST = 10_000  # files of one trigger
STEP = 100  # ms in which further changes are gathered before a look
TICK = 500  # ms at most between looks at files that have not come to rest
SWEEP = timedelta(minutes=1)  # between looks although nobody said that anything changed

_Name = tuple[str, str]


class TooManyFiles(Exception):
    """A glob finds more files than can be watched."""


@dataclass(slots=True)
class _Pending:
    """A file that is not as it was: how it is now, and since when, in seconds of the clock."""

    mark: Mark | None
    since: float


@dataclass(slots=True)
class FileTriggers:
    """Watches the files under *root* that triggers of active workflows ask for."""

    door: Door
    world: World
    root: Path
    troubles: dict[_Name, str] = field(default_factory=dict)  # what cannot be watched, and why
    _pending: dict[_Name, dict[str, _Pending]] = field(default_factory=dict)
    _count: int = 0  # triggers that watch now
    _heard: int = -1  # changes of workflows when they were last looked at
    _swept: float = 0.0

    @property
    def busy(self) -> bool:
        """Whether a change has still to come to rest."""
        return any(self._pending.values())

    async def run(self) -> None:
        """Keep watching until cancelled."""
        while True:
            await self.look()
            if self._count:
                await self._watch()
            else:
                with self.door.changes.subscribe("workflow") as changes:
                    if self._heard == self.door.changes.count("workflow"):
                        await changes.wait_on(self.world.clock, SWEEP)

    async def _watch(self) -> None:
        """Look whenever there is something to see, as long as some trigger watches."""
        watching = awatch(
            self.root, debounce=STEP, step=STEP // 2, rust_timeout=TICK, yield_on_timeout=True
        )
        async for changes in watching:
            now = self.world.clock.monotonic()
            stale = self._heard != self.door.changes.count("workflow")
            if changes or stale or self.busy or now - self._swept >= SWEEP.total_seconds():
                await self.look()
            if not self._count:
                return

    async def look(self) -> int:
        """Compare all that is watched with what was seen, and count the runs that it asks for."""
        self._heard = self.door.changes.count("workflow")
        self._swept = self.world.clock.monotonic()
        triggers, gone = await self.door.read(file_changes.watched)
        if gone:
            await self.door.write(lambda tx: file_changes.forget(tx, gone))
        names = {(each.workflow, each.trigger_id) for each in triggers}
        self._pending = {name: kept for name, kept in self._pending.items() if name in names}
        self.troubles = {name: why for name, why in self.troubles.items() if name in names}
        self._count = len(triggers)
        return sum([await self._look_at(each) for each in triggers])

    async def _look_at(self, trigger: Watched) -> int:
        name = (trigger.workflow, trigger.trigger_id)
        try:
            files = await asyncio.to_thread(found, self.root, trigger.glob)
        except (TooManyFiles, OSError, ValueError) as error:
            if name not in self.troubles:
                log.warning("files_not_watched", trigger="/".join(name), error=str(error))
            self.troubles[name] = f"{trigger.workflow}: {trigger.glob} is not watched: {error}"
            return 0
        self.troubles.pop(name, None)
        now, ids = self.world.clock.now(), self.world.ids
        if trigger.seen is None:
            await self.door.write(lambda tx: file_changes.remember(tx, trigger, files, now=now))
            return 0
        rested = self._rested(name, trigger, changes_of(trigger.seen, files))
        if not rested:
            return 0
        return await self.door.write(
            lambda tx: file_changes.take(tx, trigger, rested, now=now, ids=ids)
        )

    def _rested(
        self, name: _Name, trigger: Watched, changed: Mapping[str, Mark | None]
    ) -> dict[str, Mark | None]:
        """Return the changes that have come to rest; the others go on being watched."""
        now, before = self.world.clock.monotonic(), self._pending.get(name, {})
        pending: dict[str, _Pending] = {}
        for path, mark in changed.items():
            known = before.get(path)
            same = known is not None and known.mark == mark
            pending[path] = known if known is not None and same else _Pending(mark, now)
        wait = trigger.debounce.total_seconds()
        rested = {path: each.mark for path, each in pending.items() if now - each.since >= wait}
        self._pending[name] = {path: each for path, each in pending.items() if path not in rested}
        return rested


def changes_of(seen: Mapping[str, Mark], files: Mapping[str, Mark]) -> dict[str, Mark | None]:
    """Return each file that is not as it was, None for one that is gone."""
    changed: dict[str, Mark | None] = {
        path: mark for path, mark in files.items() if seen.get(path) != mark
    }
    return changed | {path: None for path in seen if path not in files}


def found(root: Path, glob: str) -> dict[str, Mark]:
    """Return the files that *glob* finds under *root*, by their paths from there on.

    Hidden files are left out unless the glob names them, and so are those of runs; what git writes for
    itself always is. What a link leads to outside of *root* is not looked at.

    Raises:
        TooManyFiles: there are more than can be watched.
        ValueError, OSError: the glob is none, or the folder cannot be read.
    """
    inside = root.resolve()
    files: dict[str, Mark] = {}
    for place in _places(inside, glob):
        mark = mark_of(place, inside)
        if mark is None:
            continue
        files[place.relative_to(inside).as_posix()] = mark
        if len(files) > MOST:
            raise TooManyFiles(f"it finds more than {MOST} files; narrow it")
    return files


def _places(root: Path, glob: str) -> Iterator[Path]:
    parts = glob.split("/")
    hidden = any(part.startswith(".") for part in parts)
    for place in root.glob(glob):
        inner = place.relative_to(root).parts
        if not hidden and any(part.startswith(".") for part in inner):
            continue
        if GIT in inner:
            continue
        if inner[:1] == (SCRATCH,) and parts[0] != SCRATCH:
            continue
        yield place


def mark_of(place: Path, root: Path) -> Mark | None:
    """Return how a file is; None for what is none, or is gone by now."""
    try:
        if not place.resolve().is_relative_to(root):
            return None
        facts = place.stat()
    except OSError:
        return None
    return (facts.st_mtime_ns, facts.st_size) if stat.S_ISREG(facts.st_mode) else None
