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
SUFFIXES = (".yaml", ".yml")
DEBOUNCE = 200  # ms in which further changes count as one
FIRST_LOOK = 5000  # ms at most until a change is found that came before anybody watched


@dataclass(slots=True)
class Definitions:
    """Publishes what the folders hold. *own* is active as it loads, the library loads as drafts."""

    host: Host
    registry: Registry
    own: Path | None
    library: Path = LIBRARY
    files: dict[Path, str] = field(default_factory=dict)  # which workflow a file defines
    twice: dict[Path, str] = field(default_factory=dict)  # files whose workflow another one defines

    async def load(self) -> None:
        """Publish everything once; what is wrong is noted, and the last good revision stays."""
        for folder, draft in self._folders():
            for place in await asyncio.to_thread(files_of, folder):
                await self.publish(place, draft=draft)

    async def watch(self) -> None:
        """Publish again what changes; first, what changed before anybody watched."""
        if self.own is None:
            return
        own = await asyncio.to_thread(self.own.resolve)
        watched = awatch(own, debounce=DEBOUNCE, rust_timeout=FIRST_LOOK, yield_on_timeout=True)
        looked = False
        async for changes in watched:
            found = {Path(name) for _, name in changes}
            if not looked:
                found.update(await asyncio.to_thread(files_of, own))
                looked = True
            for place in sorted(found):
                if place.parent == own and is_definition(place):
                    await self.publish(place, draft=False)

    async def publish(self, place: Path, *, draft: bool) -> Revision | None:
        """Publish one file; return its revision, or None where it has mistakes or is gone."""
        try:
            definition = await asyncio.to_thread(self._read, place)
        except FileNotFoundError:
            return None
        except OSError as error:
            log.warning("definition_not_read", file=place.name, error=str(error))
            return None
        except InvalidDefinition as error:
            await self._note(place, error)
            return None
        if twin := await asyncio.to_thread(self._twin, place, definition.name):
            log.warning("definition_twice", file=place.name, also=twin.name, name=definition.name)
            self.twice[place] = f"{place.name} defines {definition.name}, as {twin.name} does"
            return None
        self.twice.pop(place, None)
        self.files[place] = definition.name
        return await self.host.publish_definition(definition, by=BY, draft=draft)

    def _twin(self, place: Path, name: str) -> Path | None:
        """Return the other file of the same folder that defines the workflow already."""
        for other, defined in self.files.items():
            if defined == name and other != place and other.parent == place.parent:
                return other if other.exists() else None
        return None

    async def _note(self, place: Path, error: InvalidDefinition) -> None:
        """Record what is wrong with a file beside the workflow that it defines, or is named for."""
        name = self.files.get(place, place.stem)
        problems = [asdict(problem) for problem in error.problems]
        kept = await self.host.note_problems(name, problems)
        log.warning("definition_refused", file=place.name, kept=kept, problems=str(error))

    def _read(self, place: Path) -> Definition:
        return to_definition(check(place.read_bytes(), self.registry, file=place.name))

    def _folders(self) -> list[tuple[Path, bool]]:
        """Return each folder with whether its definitions are drafts; the same one counts once."""
        folders = [(self.own.resolve(), False)] if self.own is not None else []
        if self.own is None or self.own.resolve() != self.library.resolve():
            folders.insert(0, (self.library.resolve(), True))
        return folders


def files_of(folder: Path) -> list[Path]:
    return sorted(place for place in folder.iterdir() if is_definition(place))


def is_definition(place: Path) -> bool:
    """Say whether *place* is named like a definition; hidden files are what editors leave."""
    return place.suffix in SUFFIXES and not place.name.startswith(".")
