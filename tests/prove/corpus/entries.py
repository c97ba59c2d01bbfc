"""What is recorded: one file for each shape, with its journals, and one database with all of them."""

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from workflows.core.codec import canonical
from workflows.runs import Entry

CORPUS = Path(__file__).parents[2] / "corpus"
DATABASE = "database.sqlite.gz"
CLOCK = "clock.json"
SUMS = "sums.json"
Row = list[Any]


@dataclass(frozen=True)
class Journal:
    """One run: its whole journal, how many rows of it led to the shape, and what it waited for then."""

    run: str
    hash: str
    core_version: int
    at: int
    status: str
    waiting: list[list[str]]  # [path, kind]
    rows: list[Row]

    def entries(self) -> list[Entry]:
        return [
            Entry(*head, datetime.fromisoformat(at), fence, canonical(data).decode(), sum_)
            for *head, at, fence, data, sum_ in self.rows
        ]


@dataclass(frozen=True)
class Recorded:
    """A run that stands in a shape, how it came there, what finishes it, and how it ended."""

    name: str
    sources: Sequence[str]
    bodies: Mapping[str, Any]  # by hash: the definitions as the database holds them
    run: str
    workflow: str
    before: Sequence[Any]
    after: Sequence[Any]
    end: Mapping[str, Any] = field(default_factory=dict)
    journals: Sequence[Journal] = ()


def row_of(entry: Entry) -> Row:
    """Write a row of a journal as JSON."""
    at = entry.at.isoformat()
    head = [entry.seq, entry.path, entry.kind, entry.attempt, entry.delivery_id]
    return [*head, at, entry.fence, json.loads(entry.data), entry.sum]


def pack(content: bytes) -> bytes:
    """Compress without the time of day, so that the same content is the same file."""
    return gzip.compress(content, 9, mtime=0)


def sums(folder: Path) -> dict[str, str]:
    """Return the digest of each file of *folder* but the list of them."""
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.iterdir())
        if path.name != SUMS
    }


def write(folder: Path, recorded: Recorded) -> None:
    text = json.dumps(asdict(recorded), ensure_ascii=False, sort_keys=True)
    (folder / f"{recorded.name}.json.gz").write_bytes(pack(text.encode()))


def read(path: Path) -> Recorded:
    data = json.loads(gzip.decompress(path.read_bytes()))
    journals = [Journal(**each) for each in data.pop("journals")]
    return Recorded(**data, journals=journals)


def versions() -> list[Path]:
    """Return the folders of all versions that were recorded."""
    return sorted(path for path in CORPUS.glob("*") if path.is_dir())


def all_of(folder: Path) -> Iterator[Recorded]:
    for path in sorted(folder.glob("*.json.gz")):
        yield read(path)
