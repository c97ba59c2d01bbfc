"""When the last backup was made and where it is: a small file in the data folder, for `doctor`."""

import json
import os
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.looking import Finding
from coordination.database import Copied

NAME = "last-backup.json"
OLD = 7  # days after which a backup is called old


@dataclass(frozen=True, slots=True)
class LastBackup:
    """What is known of the newest backup that this data folder saw made."""

    at: datetime
    path: str
    size: int


def remember(data: Path, made: Copied) -> None:
    """Note that a backup was made, where that can be written: else only `doctor` misses it."""
    place = data / NAME
    partial = place.with_name(f".{NAME}.{os.getpid()}")
    said = {
        "at": made.made_at.isoformat() if made.made_at else None,
        "path": str(made.path.absolute()),
        "size": made.size,
    }
    try:
        partial.write_text(json.dumps(said), encoding="utf-8")
        partial.replace(place)
    except OSError:
        with suppress(OSError):
            partial.unlink(missing_ok=True)


def last_backup(data: Path) -> LastBackup | None:
    """Return what `remember` noted last, None where it noted nothing."""
    try:
        said = json.loads((data / NAME).read_text(encoding="utf-8"))
        return LastBackup(datetime.fromisoformat(said["at"]), str(said["path"]), int(said["size"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def finding(data: Path, now: datetime) -> Finding:
    """Say how old the newest backup is. That there is none is said, and is no fault."""
    found = last_backup(data)
    if found is None:
        return Finding("backup", good=True, says="none was made: python -m bot backup FILE")
    days = max(0, (now - found.at).days)
    old = f": older than {OLD} days, make another" if days > OLD else ""
    says = f"{days} day{'s'[: days != 1]} old, {found.path}{old}"
    return Finding("backup", good=True, says=says)
