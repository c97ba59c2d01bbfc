"""Folders of definitions: published as they load, again as they change, never broken by a bad file."""

import asyncio
from dataclasses import asdict, dataclass, field
from pathlib import Path

import structlog
from watchfiles import awatch

from coordination.ports import Definition, Revision
from workflows.actions.registry import Registry
from workflows.language.checks import check
from workflows.language.definition import to_definition
from workflows.language.errors import InvalidDefinition
from workflows.runtimes.host import Host

log = structlog.get_logger()

LIBRARY = Path(__file__).parent.parent / "workflows" / "library"
BY = "file"


@dataclass(slots=True)
class Definitions:
    """Publishes what the folders hold. *own* is active as it loads, the library loads as drafts."""

    host: Host
    registry: Registry
    own: Path | None
    library: Path = LIBRARY
    files: dict[Path, str] = field(default_factory=dict)  # which workflow a file defines

    async def load(self) -> None:
        """Publish everything once; what is wrong is noted, and the last good revision stays."""
        for folder, draft in self._folders():
            for place in await asyncio.to_thread(files_of, folder):
                await self.publish(place, draft=draft)

    async def watch(self) -> None:
        """Publish again what changes."""
        folders = [folder for folder, _ in self._folders() if folder == self.own]
        if not folders:
            return
        async for changes in awatch(*folders, debounce=200):
            for place in sorted({Path(name) for _, name in changes}):
                if place.suffix in (".yaml", ".yml") and await asyncio.to_thread(place.exists):
                    await self.publish(place, draft=False)

    async def publish(self, place: Path, *, draft: bool) -> Revision | None:
        """Publish one file; return its revision, or None where it has mistakes."""
        try:
            definition = await asyncio.to_thread(self._read, place)
        except InvalidDefinition as error:
            name = self.files.get(place, place.stem)
            problems = [asdict(problem) for problem in error.problems]
            kept = await self.host.note_problems(name, problems)
            log.warning("definition_refused", file=place.name, kept=kept, problems=str(error))
            return None
        self.files[place] = definition.name
        return await self.host.publish_definition(definition, by=BY, draft=draft)

    def _read(self, place: Path) -> Definition:
        return to_definition(check(place.read_bytes(), self.registry, file=place.name))

    def _folders(self) -> list[tuple[Path, bool]]:
        """Return each folder with whether its definitions are drafts; the same one counts once."""
        folders = [(self.own.resolve(), False)] if self.own is not None else []
        if self.own is None or self.own.resolve() != self.library.resolve():
            folders.insert(0, (self.library.resolve(), True))
        return folders


def files_of(folder: Path) -> list[Path]:
    return sorted([*folder.glob("*.yaml"), *folder.glob("*.yml")])
