"""What must be found on a disk after the power went, and the images on which it is looked for."""

import random
import sqlite3
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from tests.prove.power.disk import HOWS, How
from tests.prove.power.recordings import Recording, Said

TABLES = (
    *("events", "processes", "threads", "runs", "journal", "steps", "waits", "approvals", "votes"),
    *("wakeups", "outbox", "slots", "audit", "identities", "timers"),
)
COUNTS = f"SELECT {', '.join(f'(SELECT count(*) FROM {table})' for table in TABLES)}"  # noqa: S608
SPARSE = """
SELECT runs.number, runs.seq, count(journal.seq), max(journal.seq) FROM runs
LEFT JOIN journal ON journal.run_key = runs.key GROUP BY runs.key
HAVING runs.seq <> count(journal.seq) OR runs.seq <> max(journal.seq)
"""
LOOKS: Mapping[str, str] = {
    "event": "SELECT 1 FROM events WHERE id = :id",
    "decision": """SELECT 1 FROM approvals JOIN waits ON waits.key = approvals.wait_key
                   JOIN votes ON votes.wait_key = waits.key
                   WHERE approvals.id = :id AND waits.state = 'approved'""",
    "effect": """SELECT 1 FROM runs LEFT JOIN journal ON journal.run_key = runs.key
                 AND journal.kind = 'intent' AND journal.path = :path AND journal.attempt = :attempt
                 WHERE runs.id = :run AND (journal.seq IS NOT NULL OR :path <> 'deploy')""",
    "message": "SELECT 1 FROM outbox WHERE id = :notice AND attempts > 0",
}
PROMISES = {"event": "P1", "decision": "P1", "effect": "P5", "message": "P8"}
WHOLE = 50  # of so many images, one is checked from end to end
NEW = "no database yet"


@dataclass(frozen=True)
class Image:
    """What is found when the power goes before *place* of a recording."""

    recording: int
    place: int
    how: How
    seed: int

    def __str__(self) -> str:
        return f"{self.recording}:{self.place}:{self.how}:{self.seed}"

    @classmethod
    def read(cls, text: str) -> "Image":
        recording, place, how, seed = text.split(":")
        return cls(int(recording), int(place), next(h for h in HOWS if h == how), int(seed))


@dataclass
class Shown:
    """What images showed: what was counted, and what was wrong with which."""

    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)


def drawn(recording: Recording, count: int, rng: random.Random) -> list[Image]:
    """Return images: first the moment after each thing that was said, with all that is unsure lost."""
    places = [place for place, _, _ in recording.timeline]
    last = places[-1] + 1
    sure = [Image(recording.number, said.place + 1, "nothing", 0) for said in recording.said]
    more = [
        Image(
            recording.number,
            rng.choice(places) + rng.randint(0, 1),
            rng.choice(HOWS),
            rng.getrandbits(32),
        )
        for _ in range(count - len(sure))
    ]
    ends = [Image(recording.number, last, how, 1) for how in ("nothing", "everything")]
    return sorted([*ends, *sure, *more][:count], key=lambda image: image.place)


class Viewing:
    """Lays images of one recording down in *folder*, one after the other in the order of their places."""

    def __init__(self, recording: Recording, folder: Path) -> None:
        self.recording = recording
        self.folder = folder
        self._disk = recording.disk()
        self._timeline = recording.timeline
        self._passed = 0
        self._lying: dict[str, bytes] = {}
        folder.mkdir(exist_ok=True)

    def lay(self, image: Image) -> None:
        """Lay *image* down in place of the one before."""
        while self._passed < len(self._timeline) and self._timeline[self._passed][0] < image.place:
            _, ended, call = self._timeline[self._passed]
            (self._disk.end if ended else self._disk.begin)(call)
            self._passed += 1
        rng = random.Random(image.seed)  # noqa: S311 - a disk
        content = self._disk.image(image.how, rng)
        for place in self.folder.iterdir():  # also what somebody who looked has left there
            if place.name not in content:
                place.unlink()
                self._lying.pop(place.name, None)
        for name, data in content.items():
            if self._lying.get(name) != data:
                (self.folder / name).write_bytes(data)
                self._lying[name] = bytes(data)

    def touched(self) -> None:
        """Say that somebody wrote to what was laid down."""
        self._lying.clear()


def look(folder: Path, said: Sequence[Said], states: "set[tuple[int, ...]] | None") -> list[str]:
    """Return what is wrong with the database in *folder*, after *said* was said."""
    uri = f"file:{quote(str(folder / 'baton.db'))}?mode=ro"
    try:
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as raw:
            return list(_wrong(raw, said, states))
    except sqlite3.Error as error:
        return [f"P1: it does not open: {error}"]


def _wrong(
    raw: sqlite3.Connection, said: Sequence[Said], states: "set[tuple[int, ...]] | None"
) -> Iterator[str]:
    for each in said:
        if raw.execute(LOOKS[each.kind], each.what).fetchone() is None:
            yield f"{PROMISES[each.kind]}: said and lost: {each}"
    for number, seq, count, last in raw.execute(SPARSE):
        yield f"P4: R-{number} counts {seq} rows, has {count}, the last is {last}"
    state = state_of(raw)
    if states is not None and state not in states:
        counts = dict(zip(TABLES, state, strict=True))
        yield f"R2: no commit of the program left {counts}"


def state_of(raw: sqlite3.Connection) -> tuple[int, ...]:
    return tuple(raw.execute(COUNTS).fetchone())


def states_of(recording: Recording, folder: Path) -> set[tuple[int, ...]]:
    """Return how many rows there are after each commit: an image shows one of them, and no other."""
    viewing, found = Viewing(recording, folder), set()
    uri = f"file:{quote(str(folder / 'baton.db'))}?mode=ro"
    for place in sorted({call.begun for call in recording.calls if changes(call.name)}):
        viewing.lay(Image(recording.number, place + 1, "everything", 0))
        with closing(sqlite3.connect(uri, uri=True, isolation_level=None)) as raw:
            found.add(state_of(raw))
    return found


def changes(name: str) -> bool:
    return name in ("pwrite64", "ftruncate", "unlink")
