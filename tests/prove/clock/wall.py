"""The clock of one program, which a file moves: the one on its wall, or all that it has."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path

SEEN = 1.2  # s after which the program reads the file again


def library() -> Path | None:
    """Return libfaketime for programs with threads; None where it is not installed."""
    places = (Path("/usr/lib").glob("*/faketime/"), Path("/usr/local/lib").glob("faketime/"))
    found = (folder / "libfaketimeMT.so.1" for folder in chain(*places))
    return next((each for each in found if each.exists()), None)


@dataclass
class Wall:
    """What the program takes for the time. *latest* is the latest that it ever was."""

    file: Path
    offset: timedelta
    latest: datetime = field(init=False)

    def __post_init__(self) -> None:
        self._write()
        self.latest = self.now()

    @classmethod
    def at(cls, file: Path, moment: datetime) -> "Wall":
        return cls(file, moment - datetime.now(UTC))

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    def jump(self, span: timedelta) -> None:
        self.latest = max(self.latest, self.now())
        self.offset += span
        self._write()
        self.latest = max(self.latest, self.now())

    def _write(self) -> None:
        part = self.file.with_suffix(".part")
        part.write_text(f"{self.offset.total_seconds():+.3f}\n")
        part.replace(self.file)

    def environment(self, *, alone: bool = True) -> dict[str, str]:
        """Return the variables of the program; where the wall is not *alone*, its time really passes."""
        return {
            "LD_PRELOAD": str(library()),
            "FAKETIME_TIMESTAMP_FILE": str(self.file),
            "FAKETIME_DONT_FAKE_MONOTONIC": "1" if alone else "0",
            "FAKETIME_CACHE_DURATION": "1",
            "FAKETIME_DISABLE_SHM": "1",
        }
