"""Watches files for triggers: a change that has come to rest is stored, and starts a run.

The file system only says when to look. What changed is found by comparing the files with what was
there when their changes last counted, so nothing is lost or counted twice over a restart.
"""

import asyncio
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import structlog
from watchfiles import awatch

from bot.moments import NANO, moment_in
from coordination import file_changes, programs
from coordination.database import Door
from coordination.file_changes import Mark, Watched
from coordination.programs import Span, Trace
from coordination.world import World

log = structlog.get_logger()

SCRATCH = "runs"  # the folder of the runs' own files
GIT = ".git"  # what git writes for itself, also when a run commits
MOST = 10_000  # files of one trigger
STEP = 100  # ms in which further changes are gathered before a look
TICK = 500  # ms at most between looks at files that have not come to rest
COARSE = NANO // 50  # by how much the clock of files may be behind
SWEEP = timedelta(minutes=1)  # between looks although nobody said that anything changed

_Name = tuple[str, str]


class TooManyFiles(Exception):
    """A glob finds more files than can be watched."""


@dataclass(slots=True)
class _Pending:
    """A file that is not as it was: how it is now, since when in seconds of the clock, and by whom.

    *run* is the one whose program was at work when it changed.
    """

    mark: Mark | None
    since: float
    run: int | None = None


@dataclass(slots=True)
class FileTriggers:
    """Watches the files under *root* that triggers of active workflows ask for."""

    door: Door
    world: World
    root: Path
    troubles: dict[_Name, str] = field(default_factory=dict)  # what cannot be watched, and why
    _pending: dict[_Name, dict[str, _Pending]] = field(default_factory=dict)
    _begun: float = field(init=False)  # this life, in seconds of the clock
    _looked: dict[_Name, float] = field(default_factory=dict)  # when files were compared last
    _ahead: int = 0  # ns by which the clock of files is ahead of that of this life
    _count: int = 0  # triggers that watch now
    _heard: int = -1  # changes of workflows when they were last looked at
    _swept: float = 0.0

    def __post_init__(self) -> None:
        self._begun = self.world.clock.monotonic()

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
        self._looked = {name: at for name, at in self._looked.items() if name in names}
        fired = sum([await self._look_at(each) for each in triggers])
        if triggers and not self.busy and not self.troubles:
            await self._settle(self._swept)
        return fired

    async def _programs(self) -> tuple[Span, ...]:
        """Return when programs were at work; of an earlier life none is any more."""
        spans, clock = await self.door.read(programs.spans), self.world.clock
        if not spans:
            return ()
        moment, _ = await asyncio.to_thread(moment_in, self.root, clock.now())
        self._ahead = moment - int(clock.monotonic() * NANO)
        begun, now = self._moment(self._begun), clock.now()
        if any(each.ended is None and each.begun < begun for each in spans):
            await self.door.write(lambda tx: programs.close(tx, before=begun, now=now))
            return await self.door.read(programs.spans)
        return spans

    def _moment(self, at: float) -> int:
        """Return what time it was for files, at least, when the clock of this life was *at*."""
        return int(at * NANO) + self._ahead - COARSE

    async def _settle(self, looked: float) -> None:
        """Forget the programs that were over before all that is watched was compared."""
        spans, now = await self._programs(), self.world.clock.now()
        before = self._moment(looked)
        if any(each.ended is not None and each.ended < before for each in spans):
            await self.door.write(lambda tx: programs.settle(tx, before=before, now=now))

    async def _look_at(self, trigger: Watched) -> int:
        name, began = (trigger.workflow, trigger.trigger_id), self.world.clock.monotonic()
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
        rested = await self._rested(name, trigger, changes_of(trigger.seen, files))
        self._looked[name] = began
        if not rested:
            return 0
        changed = {path: each.mark for path, each in rested.items()}
        behind = {path: each.run for path, each in rested.items() if each.run is not None}
        return await self.door.write(
            lambda tx: file_changes.take(tx, trigger, changed, now=now, ids=ids, behind=behind)
        )

    async def _rested(
        self, name: _Name, trigger: Watched, changed: Mapping[str, Mark | None]
    ) -> dict[str, _Pending]:
        """Return the changes that have come to rest; the others go on being watched."""
        now, known = self.world.clock.monotonic(), self._pending.get(name, {})
        pending = {
            path: known[path] if path in known and known[path].mark == mark else _Pending(mark, now)
            for path, mark in changed.items()
        }
        new = [each for path, each in pending.items() if each is not known.get(path)]
        spans = await self._programs() if new else ()  # read after the files: who changed is in it
        for path, each in pending.items() if spans else ():
            if each is not known.get(path):
                each.run = await self._behind(trigger, path, each.mark, spans)
        wait = trigger.debounce.total_seconds()
        rested = {path: each for path, each in pending.items() if now - each.since >= wait}
        self._pending[name] = {path: each for path, each in pending.items() if path not in rested}
        return rested

    async def _behind(
        self, trigger: Watched, path: str, mark: Mark | None, spans: Sequence[Span]
    ) -> int | None:
        """Return the run whose program was at work when the file at *path* changed."""
        name, added = (trigger.workflow, trigger.trigger_id), path not in (trigger.seen or {})
        since = self._moment(self._looked[name]) if name in self._looked else 0
        trace = await asyncio.to_thread(trace_of, self.root, path, mark, added, since)
        run = await self.door.read(
            lambda reader: programs.behind(reader, spans, trace, trigger.workflow)
        )
        if run is not None:
            log.info("change_put_down_to_program", path=path, trigger="/".join(name), run_key=run)
        return run


def trace_of(root: Path, path: str, mark: Mark | None, added: bool, since: int) -> Trace:  # noqa: FBT001
    """Return what the file system knows of a change of the file at *path*, which is now as *mark* says."""
    place = root.resolve() / path
    above = [_changed_at(each) for each in list(place.parents)[: path.count("/") + 1]]
    known = [each for each in above if each is not None]
    try:
        facts = None if mark is None else place.stat()
    except OSError:
        facts = None  # gone by now
    if facts is None:
        return Trace(None, known, since=since)
    return Trace(facts.st_ctime_ns, known, added, facts.st_uid, since)


def _changed_at(folder: Path) -> int | None:
    try:
        return folder.stat().st_ctime_ns
    except OSError:
        return None


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
