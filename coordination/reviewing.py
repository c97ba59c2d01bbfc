"""Looking at definitions before and after they are published: checked, compared, and what each may do.

Nothing is stored here. A text is read beside the event loop, since that takes time.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import unified_diff

from coordination import definitions, hook_secrets
from coordination.definitions import RevisionView
from coordination.errors import InvalidDefinition, Unavailable
from coordination.footing import Footing
from coordination.ports import Gain, Language, ReadDefinition
from coordination.store import definitions as store

IDLE_CHILD = "idle_child"  # the code of a warning about a workflow that could not begin
TEXT = "definition.yaml"  # what a text is called that came without a file


@dataclass(frozen=True, slots=True)
class Review:
    """What publishing a text would bring; *revision* is the one in use, if there is one."""

    read: ReadDefinition
    gains: tuple[Gain, ...]
    revision: int | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """What revision *new* changes in *old*: a unified diff, and what it may do beyond it."""

    old: int
    new: int
    text: str
    gains: tuple[Gain, ...]


class Reviewing(Footing):
    """The verbs of those who look at definitions, be they published or not."""

    async def check_definition(self, text: str | bytes, *, file: str = TEXT) -> ReadDefinition:
        """Check a text in the light of all workflows there are. Raises: InvalidDefinition."""
        return good((await self.read_definitions({file: text}))[file])

    async def review_definition(self, text: str | bytes) -> Review:
        """Check a text, and say what it may do beyond what is in use. Raises: InvalidDefinition."""
        read = await self.check_definition(text)
        row, _ = await self._door.read(lambda reader: store.workflow(reader, read.definition.name))
        before = None if row is None or row.status == "draft" else row.body
        gains = self._language.gains(before, read.definition.body)
        return Review(read, gains, None if row is None else row.revision)

    async def read_definitions(
        self, files: Mapping[str, str | bytes]
    ) -> Mapping[str, ReadDefinition | InvalidDefinition]:
        """Return what came of each text, checked in the light of the others and of all workflows."""
        known = await self._door.read(store.bodies)
        idle = await self._door.read(store.idle)
        return await asyncio.to_thread(self._language.read, files, known, idle)

    async def revisions(self, name: str) -> tuple[RevisionView, ...]:
        """Return the revisions of a workflow, the newest first. Raises: NotFound."""
        return await self._door.read(lambda reader: definitions.revisions(reader, name))

    async def revision(self, name: str, number: int) -> RevisionView:
        """Return one revision with its text. Raises: NotFound."""
        return await self._door.read(lambda reader: definitions.revision(reader, name, number))

    async def compare_revisions(
        self, name: str, old: int | None = None, new: int | None = None
    ) -> Comparison:
        """Compare two revisions; without numbers the one in use with the draft, or the last two.

        Raises:
            NotFound
        """
        before, after = chosen(await self.revisions(name), old, new)
        first, second = await self.revision(name, before), await self.revision(name, after)
        lines = unified_diff(
            first.source.splitlines(),
            second.source.splitlines(),
            f"{name} revision {before}",
            f"{name} revision {after}",
            lineterm="",
        )
        gains = self._language.gains(first.body, second.body)
        return Comparison(before, after, "".join(f"{line}\n" for line in lines), gains)

    async def hooks_with_secrets(self, name: str) -> frozenset[str]:
        """Return the webhook triggers of a workflow for which Baton has made a secret."""
        return await self._door.read(lambda reader: hook_secrets.made(reader, name))

    async def read_revision(self, name: str, number: int) -> ReadDefinition:
        """Check a stored revision again: what it uses may be gone. Raises: NotFound, InvalidDefinition."""
        found = await self.revision(name, number)
        return await self.check_definition(found.source, file=f"{name} revision {number}")

    @property
    def _language(self) -> Language:
        if self._ports.language is None:
            raise Unavailable("This Baton reads no definitions.")
        return self._ports.language


def good(found: ReadDefinition | InvalidDefinition) -> ReadDefinition:
    if isinstance(found, InvalidDefinition):
        raise found
    return found


def refuse_idle(read: ReadDefinition) -> ReadDefinition:
    """Return what may be put to use: all workflows that it starts are active.

    Raises:
        InvalidDefinition: with the place of each step that starts another one.
    """
    problems = [
        {**each, "severity": "error"} for each in read.warnings if each["code"] == IDLE_CHILD
    ]
    if problems:
        said = [
            f"{each['file']}:{each['line']}:{each['column']}: {each['message']}. {each['hint']}"
            for each in problems
        ]
        raise InvalidDefinition(problems, "\n".join(said))
    return read


def chosen(found: Sequence[RevisionView], old: int | None, new: int | None) -> tuple[int, int]:
    """Return which two revisions are meant."""
    used = next((each.number for each in found if each.use == "in_use"), found[0].number)
    draft = next((each.number for each in found if each.use == "draft"), used)
    after = new or draft
    return old or (used if used != after else max(1, after - 1)), after
