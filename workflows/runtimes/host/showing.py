"""What people look at before they decide: files, read once when the question is opened.

What was read is stored with the question and never read again, so what is shown cannot change behind
an answer. A file that cannot be read does not hold up the question: the card says so instead.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from baton.connector import Failed, Files
from baton.masking import mask
from coordination.world import World
from workflows.core.commands import AskApproval, Command, CompleteRun, FailRun, Question
from workflows.runtimes.host.records import Cover

__all__ = ["covered", "with_files"]

LARGEST = 1_000_000  # bytes of a file
HEAD = 12_000  # characters that are kept of its beginning,
TAIL = 4_000  # and of its end
KINDS = ("file", "diff")


def covered(
    commands: tuple[Command, ...], cover: Cover, *, outputs: bool = True
) -> tuple[Command, ...]:
    """Return *commands* as they may be stored: what people and other runs see of them is covered.

    Without *outputs* those of the run stay as they are, for a parent that keeps them secret.
    """
    return tuple(
        each if isinstance(each, CompleteRun) and not outputs else _covered(each, cover)
        for each in commands
    )


def _covered(command: Command, cover: Cover) -> Command:
    match command:
        case AskApproval(question=question):
            return replace(command, question=_covered_question(question, cover))
        case CompleteRun(outputs=outputs):
            return replace(command, outputs=cover(outputs))
        case FailRun(error=error):
            return replace(command, error=replace(error, message=cover(error.message)))
    return command


def _covered_question(question: Question, cover: Cover) -> Question:
    """Cover what is read; what the answer is bound to was taken of the whole."""
    return replace(
        question,
        title=cover(question.title),
        description=cover(question.description),
        show=tuple(cover(each) for each in question.show),
        covers=tuple(replace(each, params=cover(each.params)) for each in question.covers),
    )


async def with_files(world: World, commands: tuple[Command, ...]) -> tuple[Command, ...]:
    """Return *commands* with the text of every file that a question shows; the same where none does."""
    if not any(map(_shows_files, commands)):
        return commands
    return tuple([await _filled(world, each) for each in commands])


async def _filled(world: World, command: Command) -> Command:
    if not isinstance(command, AskApproval) or not _shows_files(command):
        return command
    shown = tuple([await _read(world.files, each) for each in command.question.show])
    return replace(command, question=replace(command.question, show=shown))


def _shows_files(command: Command) -> bool:
    return isinstance(command, AskApproval) and any(map(_kind, command.question.show))


def _kind(item: Any) -> str | None:
    """Say whether *item* names a file, and of which kind; any other map is shown as it is."""
    if isinstance(item, Mapping) and len(item) == 1:
        name, path = next(iter(item.items()))
        return name if name in KINDS and isinstance(path, str) else None
    return None


async def _read(files: Files, item: Any) -> Any:
    kind = _kind(item)
    if kind is None:
        return item
    try:
        content = await files.read(item[kind], limit=LARGEST)
    except Failed as failure:
        return {**item, "problem": mask(str(failure))}
    text = content.decode("utf-8", "replace")
    if "\x00" in text:
        return {**item, "problem": "It is not a text."}
    digest = hashlib.sha256(content).hexdigest()
    return {**item, "sha256": digest, "lines": len(text.splitlines()), **_cut(text)}


def _cut(text: str) -> dict[str, Any]:
    """Keep both ends of a long text, without secrets, and say how much is missing between them.

    More than is kept is looked at, since a secret may reach over the cut.
    """
    if len(text) <= HEAD + TAIL:
        return {"text": mask(text)}
    missing = len(text) - HEAD - TAIL
    return {
        "text": mask(text[: 2 * HEAD])[:HEAD],
        "missing": missing,
        "end": mask(text[-2 * TAIL :])[-TAIL:],
    }
