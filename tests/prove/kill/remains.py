"""What a history left behind: the rows, the messages in Slack, the releases."""

import asyncio
import sqlite3
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

from coordination import audit as chain
from coordination import database
from coordination.changes import Changes
from coordination.database import InlineDoor, Reader, Row, select
from devslack.emulator import Emulator, Options
from devslack.model import Message

TABLES = (
    *("approvals", "audit", "events", "journal", "outbox", "processes", "runs", "slots", "steps"),
    *("threads", "votes", "waits", "wakeups"),
)


@dataclass(frozen=True)
class Remains:
    """Everything that a check looks at; *rows* are those of each table, oldest first."""

    document: Any
    acknowledged: Mapping[str, str]
    orphans: Sequence[str]
    rows: Mapping[str, Sequence[Row]]
    audit_broken_at: int | None
    integrity: str
    messages: Sequence[Message]
    deploys: Sequence[str]  # the sha of each line of the log
    releases: frozenset[str]
    current: str

    @property
    def runs(self) -> dict[int, Row]:
        return {run.key: run for run in self.rows["runs"]}

    def journal_of(self, run: int) -> list[Row]:
        return [entry for entry in self.rows["journal"] if entry.run_key == run]

    def threads_in_slack(self) -> dict[str, list[Message]]:
        """Return what was said in each thread, the root first."""
        found: dict[str, list[Message]] = defaultdict(list)
        for message in self.messages:
            found[message.thread_ts or message.ts].append(message)
        return found


def marks(message: Message) -> dict[str, str]:
    """Return what Baton wrote into a message to find it again."""
    payload: dict[str, str] = (message.metadata or {}).get("event_payload", {})
    return payload


def gather(
    data: Path, document: Any, acknowledged: Mapping[str, str], orphans: Sequence[str]
) -> Remains:
    """Read what lies in *data* after the last life."""
    rows, broken = asyncio.run(read_rows(data / "baton.db"))
    shop = data / "work" / "webshop"
    released = shop / "releases"
    return Remains(
        document=document,
        acknowledged=acknowledged,
        orphans=orphans,
        rows=rows,
        audit_broken_at=broken,
        integrity=integrity(data / "baton.db"),
        messages=asyncio.run(read_messages(data / "slack.state")),
        deploys=[line.split()[1] for line in (released / "deploys.log").read_text().splitlines()],
        releases=frozenset(
            place.name for place in released.iterdir() if place.is_dir() and place.name[0] != "."
        )
        - {"current"},
        current=(released / "current").readlink().name,
    )


def integrity(path: Path) -> str:
    with closing(sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True)) as reader:
        return str(reader.execute("PRAGMA integrity_check").fetchone()[0])


async def read_rows(path: Path) -> tuple[dict[str, list[Row]], int | None]:
    door = InlineDoor(path, changes=Changes("remains"))
    try:
        rows = {name: await door.read(partial(all_of, name)) for name in TABLES}
        return rows, await door.read(chain.verify)
    finally:
        await door.close()


async def all_of(name: str, reader: Reader) -> list[Row]:
    table = getattr(database, name)
    return await reader.fetch_all(select(table).order_by(*table.primary_key.columns))


async def read_messages(state: Path) -> list[Message]:
    slack = Emulator(Options(state=state))
    try:
        channel = slack.workspace.channel_named("#releases")
        assert channel is not None
        mine = slack.workspace.app_author.user
        return [m for m in slack.workspace.messages[channel.id].values() if m.user == mine]
    finally:
        await slack.stop()
