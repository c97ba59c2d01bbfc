"""A disk that may lose what was not synced: every image that it can show after the power went."""

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, Literal, TypeAlias

from tests.prove.power.trace import Call

SECTOR = 512
LEFT_OUT = ("-shm", ".lock", ".err", ".sock")  # shared memory is nobody's after a power cut

How: TypeAlias = Literal["nothing", "everything", "first", "writes", "sectors", "tail"]
HOWS: tuple[How, ...] = (
    *("nothing", "everything", "first"),
    *("writes", "writes", "sectors", "sectors", "tail", "tail"),
)
LAST = 4  # writes of the tail, of which at most so many are torn


@dataclass(frozen=True, slots=True)
class Write:
    offset: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Cut:
    """A change of the length."""

    size: int


@dataclass(eq=False, slots=True)
class File:
    """What is on the disk for certain, and what was done since, oldest first."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[Write | Cut] = field(default_factory=list)

    def sync(self, count: int) -> None:
        """Let the oldest *count* of what is pending be durable."""
        for each in self.pending[:count]:
            apply(self.durable, each)
        del self.pending[:count]


@dataclass(frozen=True, slots=True)
class Naming:
    """A name that was given or taken away, which its folder does not hold for certain yet."""

    path: str
    file: File | None


def apply(content: bytearray, each: Write | Cut) -> None:
    if isinstance(each, Cut):
        del content[each.size :]
        content.extend(bytes(each.size - len(content)))
        return
    if len(content) < each.offset:
        content.extend(bytes(each.offset - len(content)))
    content[each.offset : each.offset + len(each.data)] = each.data


class Disk:
    """Follows the calls of a trace in the folder *root*.

    A file that was made is lost until its folder is synced, whatever was synced of itself.
    """

    def __init__(self, root: str, content: Mapping[str, bytes]) -> None:
        self._root = root
        self._names: dict[str, File] = {
            name: File(bytearray(data)) for name, data in content.items()
        }
        self._durable: dict[str, File] = dict(self._names)
        self._namings: list[Naming] = []
        self._open: dict[int, str | File] = {}  # a folder is there by its path
        self._syncing: dict[int, tuple[File, list[Write | Cut]] | int] = {}

    def begin(self, call: Call) -> None:
        """Note what *call* may do from now on."""
        match call.name:
            case "pwrite64" | "write" if isinstance(file := self._open.get(call.number(0)), File):
                end = len(file.durable)
                offset = call.number(3) if call.name == "pwrite64" else end
                file.pending.append(Write(offset, call.texts[0]))
            case "ftruncate" if isinstance(file := self._open.get(call.number(0)), File):
                file.pending.append(Cut(call.number(1)))
            case "fsync" | "fdatasync":
                self._begin_sync(call)
            case "unlink" | "unlinkat":
                self._name(call.texts[0].decode(), None)
            case "rename" | "renameat":
                old, new = (text.decode() for text in call.texts)
                file = self._names.get(self._inside(old) or "")
                self._name(old, None)
                if file is not None:
                    self._name(new, file)
            case _:
                pass

    def end(self, call: Call) -> None:
        """Note what *call* did for certain."""
        if call.name == "openat" and (call.answer or -1) >= 0:
            self._opened(call)
        elif call.name == "close":
            self._open.pop(call.number(0), None)
        elif call.name in ("fsync", "fdatasync") and call.answer == 0:
            self._end_sync(call)

    def _opened(self, call: Call) -> None:
        path, descriptor = call.texts[0].decode(), call.answer or 0
        name = self._inside(path)
        if path.rstrip("/") == self._root:
            self._open[descriptor] = path
        elif name is None or name.endswith(LEFT_OUT):
            self._open.pop(descriptor, None)
        else:
            if name not in self._names:
                self._name(path, File())
            file = self._names[name]
            if "O_TRUNC" in call.given[2]:
                file.pending.append(Cut(0))
            self._open[descriptor] = file

    def _inside(self, path: str) -> str | None:
        place = PurePosixPath(path)
        return place.name if str(place.parent) == self._root else None

    def _name(self, path: str, file: File | None) -> None:
        name = self._inside(path)
        if name is None or name.endswith(LEFT_OUT):
            return
        self._namings.append(Naming(name, file))
        if file is None:
            self._names.pop(name, None)
        else:
            self._names[name] = file

    def _begin_sync(self, call: Call) -> None:
        target = self._open.get(call.number(0))
        if isinstance(target, File):
            self._syncing[id(call)] = (target, list(target.pending))
        elif target is not None:
            self._syncing[id(call)] = len(self._namings)

    def _end_sync(self, call: Call) -> None:
        found = self._syncing.pop(id(call), None)
        if isinstance(found, int):
            for each in self._namings[:found]:
                _named(self._durable, each)
            del self._namings[:found]
        elif found is not None:
            file, covered = found
            there = {id(each) for each in covered}
            file.sync(sum(id(each) in there for each in file.pending))

    def image(self, how: How, rng: random.Random) -> dict[str, bytes | bytearray]:
        """Return what is found after the power went now, by name."""
        names = dict(self._durable)
        for each in kept(self._namings, how, rng):
            _named(names, each)
        return {name: _content(file, how, rng) for name, file in names.items()}


def _named(names: dict[str, File], naming: Naming) -> None:
    if naming.file is None:
        names.pop(naming.path, None)
    else:
        names[naming.path] = naming.file


def _content(file: File, how: How, rng: random.Random) -> bytes | bytearray:
    if not file.pending or how == "nothing":
        return file.durable
    content = bytearray(file.durable)
    for each in kept(file.pending, how, rng):
        apply(content, each)
    return content


def kept(pending: Iterable[Any], how: How, rng: random.Random) -> Iterator[Any]:
    """Yield what survives of *pending*."""
    changes = list(pending)
    if how == "first":
        changes = changes[: rng.randint(0, len(changes))]
    if how == "tail":  # a log that is torn just where it ends: all before it is whole
        whole = max(0, len(changes) - rng.randint(1, LAST))
        yield from changes[:whole]
        changes, how = changes[whole:], "sectors"
    for each in changes:
        if how == "nothing":
            return
        if how in ("everything", "first"):
            yield each
        elif how == "sectors" and isinstance(each, Write):
            yield from _torn(each, rng)
        elif rng.random() < 0.5:
            yield each


def _torn(write: Write, rng: random.Random) -> Iterator[Write]:
    """Tear a write at the sectors of the disk, each of which is kept or not."""
    end = write.offset + len(write.data)
    start = write.offset
    while start < end:
        stop = min(end, (start // SECTOR + 1) * SECTOR)
        if rng.random() < 0.5:
            yield Write(start, write.data[start - write.offset : stop - write.offset])
        start = stop
