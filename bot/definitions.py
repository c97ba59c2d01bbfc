"""Folders of definitions: published as they load, again as they change, never broken by a bad file."""

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

import structlog
from watchfiles import awatch

from coordination.definitions import same_content
from coordination.errors import InvalidDefinition
from coordination.ports import ReadDefinition, Revision
from coordination.publishing import Publishing
from coordination.reviewing import refuse_idle
from coordination.revisions import LIBRARY as SHIPPED
from coordination.revisions import Writing

log = structlog.get_logger()

LIBRARY = Path(__file__).parent.parent / "workflows" / "library"
SUFFIXES = (".yaml", ".yml")
CASES = ".test"  # NAME.test.yaml holds the cases of NAME.yaml
DEBOUNCE = 200  # ms in which further changes count as one
FIRST_LOOK = 5000  # ms at most until a change is found that came before anybody watched

Kind: TypeAlias = Literal["file", "library"]
Read: TypeAlias = ReadDefinition | InvalidDefinition


@dataclass(slots=True)
class Definitions:
    """Publishes what the folders hold. *own* is active as it loads, the library loads as drafts.

    Args:
        publishing: takes them in.
        own: the folder of whoever runs this Baton.
        library: what is shipped.
        files: which workflow a file defines.
        twice: of files whose workflow another one defines, the sentence about it.
        refused: of files that never were good, what is wrong first.
    """

    publishing: Publishing
    own: Path | None
    library: Path = LIBRARY
    files: dict[Path, str] = field(default_factory=dict)
    twice: dict[Path, str] = field(default_factory=dict)
    refused: dict[Path, str] = field(default_factory=dict)

    async def load(self) -> None:
        """Publish everything once; what is wrong is noted, and the last good revision stays."""
        for folder, kind in self._folders():
            await self.take(await asyncio.to_thread(files_of, folder), kind)
        await self._release()

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
            await self.changed(
                [place for place in found if place.parent == own and is_definition(place)]
            )

    async def changed(self, places: Sequence[Path]) -> None:
        """Publish files of the own folder that changed; what is gone is nobody's file any more."""
        if not places:
            return
        gone = [place for place in places if not await asyncio.to_thread(place.exists)]
        for place in gone:
            self._forget(place)
        await self.take({*places, *(self.twice if gone else ())} - {*gone}, "file")
        if gone:
            await self._release()

    async def publish(self, place: Path, *, draft: bool) -> Revision | None:
        """Publish one file; return its revision, or None where it has mistakes or is gone."""
        return (await self.take([place], "library" if draft else "file")).get(place)

    async def take(self, places: Iterable[Path], kind: Kind) -> Mapping[Path, Revision]:
        """Publish files of one folder, those that defined something before first."""
        ordered = sorted(places, key=lambda place: (place not in self.files, place))
        texts = await asyncio.to_thread(lambda: dict(read_all(ordered)))
        if not texts:
            return {}
        found = await self.publishing.read_definitions(
            {place.name: text for place, text in texts.items()}
        )
        writings = [
            (place, writing)
            for place in texts
            if (writing := await self._judge(place, found[place.name], kind)) is not None
        ]
        done = await self.publishing.publish_files([writing for _, writing in writings])
        return {place: each.revision for (place, _), each in zip(writings, done, strict=True)}

    def complaints(self) -> Iterator[str]:
        """Yield a sentence for each file that nothing is in use of."""
        yield from self.twice.values()
        for place, problem in self.refused.items():
            yield f"{place.name} defines nothing: {problem}"

    async def _judge(self, place: Path, found: Read, kind: Kind) -> Writing | None:
        """Return what is to be published of a file; what is wrong with it is noted."""
        self._clear(place)
        if isinstance(found, InvalidDefinition):
            await self._refuse(place, found)
            return None
        name, shipped = found.definition.name, kind == "library"
        if not shipped and (idle := await self._idle(found)) is not None:
            await self._refuse(place, idle)
            return None
        if (twin := await asyncio.to_thread(self._twin, place, name)) is not None:
            log.warning("definition_twice", file=place.name, also=twin.name, name=name)
            self.twice[place] = f"{place.name} defines {name}, as {twin.name} does"
            return None
        self.files[place] = name
        return Writing(
            definition=found.definition,
            by=SHIPPED if shipped else kind,
            via=kind,
            origin=f"{kind}:{place.name}",
            draft=shipped,
        )

    async def _idle(self, found: ReadDefinition) -> InvalidDefinition | None:
        """Say what is wrong where a definition starts workflows that are not active.

        One that is in use as it stands stays so: it is the others that changed.
        """
        try:
            refuse_idle(found)
        except InvalidDefinition as error:
            known = {each.name: each for each in await self.publishing.workflows()}
            used = known.get(found.definition.name)
            if used is None or used.status == "draft":
                return error
            same = same_content(used.definition.hash, found.definition.hash)
            return None if same else error
        return None

    async def _refuse(self, place: Path, error: InvalidDefinition) -> None:
        """Record what is wrong with a file beside the workflow that it defines, or is named for."""
        if (twin := twin_in(error)) is not None:
            log.warning("definition_twice", file=place.name, problem=twin)
            self.twice[place] = f"{place.name}: {twin}"
            return
        name = self.files.get(place, place.stem)
        kept = await self.publishing.note_definition_problems(name, [*error.problems])
        if not kept:
            self.refused[place] = str(error).partition("\n")[0]
        log.warning("definition_refused", file=place.name, kept=kept, problems=str(error))

    def _twin(self, place: Path, name: str) -> Path | None:
        """Return the other file of the same folder that defines the workflow already."""
        for other, defined in self.files.items():
            if defined == name and other != place and other.parent == place.parent:
                return other if other.exists() else None
        return None

    def _clear(self, place: Path) -> None:
        self.twice.pop(place, None)
        self.refused.pop(place, None)

    def _forget(self, place: Path) -> None:
        self._clear(place)
        self.files.pop(place, None)

    async def _release(self) -> None:
        """Let others change the workflows whose files are not in the folder any more."""
        there = set()
        if self.own is not None:
            there = {place.name for place in await asyncio.to_thread(files_of, self.own)}
        known = await self.publishing.workflows()
        gone = [each.name for each in known if each.file is not None and each.file not in there]
        if gone:
            log.warning("definitions_gone", workflows=gone)
            await self.publishing.release_workflows(gone, by="file")

    def _folders(self) -> list[tuple[Path, Kind]]:
        """Return the folders with what their definitions are; the same one counts once."""
        folders: list[tuple[Path, Kind]] = []
        if self.own is None or self.own.resolve() != self.library.resolve():
            folders.append((self.library.resolve(), "library"))
        if self.own is not None:
            folders.append((self.own.resolve(), "file"))
        return folders


def files_of(folder: Path) -> list[Path]:
    return sorted(place for place in folder.iterdir() if is_definition(place))


def is_definition(place: Path) -> bool:
    """Say whether *place* is named like a definition; hidden files are what editors leave."""
    named = place.suffix in SUFFIXES and not place.stem.endswith(CASES)
    return named and not place.name.startswith(".")


def read_all(places: Iterable[Path]) -> Iterator[tuple[Path, bytes]]:
    """Yield the text of each file that can be read."""
    for place in places:
        try:
            yield place, place.read_bytes()
        except FileNotFoundError:
            continue
        except OSError as error:
            log.warning("definition_not_read", file=place.name, error=str(error))


def twin_in(error: InvalidDefinition) -> str | None:
    """Return what is said of another file that defines the same, if that is what is wrong."""
    for problem in error.problems:
        if (problem["code"], problem["path"]) == ("duplicate", "name"):
            return str(problem["message"])
    return None
