"""Puts a real server through every trouble of its disk, and through a sync that fails."""

import asyncio
import contextlib
import shutil
import sqlite3
from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from urllib.parse import quote

from tests.prove.children import gone
from tests.prove.disk.served import Served, served
from tests.prove.disk.troubles import TROUBLES, Trouble, fail_the_next_sync, small_disk

RED = 2.0  # s in which `/readyz` has to show it
SLACK = 4.0  # s more, for a machine that is busy; then it counts as missed, not as broken
HEALED = 30.0  # s; as long as a client would try again
REPORTS = 6  # at once in each trouble
LONG = 60_000  # letters, so that it needs room
ALIVE = 5.0  # s for `/healthz`, on a busy machine


@dataclass
class Result:
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[str] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    figures: dict[str, float] = field(default_factory=dict)


async def tried(root: Path, names: Sequence[str], *, sync: bool) -> Result:
    """Put one server through the troubles of these *names*, and let a sync fail at the end."""
    result = Result()
    with small_disk(root / "disk") as disk:
        if disk is None:
            result.counts["troubles left out, since nothing can be mounted here"] += 1
            names = [name for name in names if name != "full"]
        data = (disk or root) / "data"
        async with served(data) as server:
            for name in names:
                await _endure(server, name, TROUBLES[name], result)
            if sync and shutil.which("strace"):
                await _fail_a_sync(server, root, result)
            code = await server.end()
            if code:
                result.violations.append(f"P9: it ended with {code}: {server.said[-400:]}")
        result.violations += server.wrong
        result.violations += _looked_over(data / "baton.db", server)
        result.counts["events acknowledged"] += len(server.acknowledged)
        result.counts["events refused at first"] += len(server.refused)
    return result


async def _endure(server: Served, name: str, trouble: Trouble, result: Result) -> None:
    """Report while *trouble* lasts, and again when it is over."""
    if await server.report(f"{name}-before") != 202:
        result.violations.append(f"P9: {name}: it did not take anything in before")
    sent = [f"{name}-{number}" for number in range(REPORTS)]
    pid = server.pid
    async with trouble(server):
        reports = [asyncio.ensure_future(server.report(each, length=LONG)) for each in sent]
        seen = await server.until_ready(503, RED + SLACK)
        health, took = await server.status("/healthz")
        statuses = await asyncio.gather(*reports)
        again = await server.report(f"{name}-late", length=LONG)
        red, _ = await server.status("/readyz")
    result.counts[f"{name}: refused"] += statuses.count(503) + (again == 503)
    _judge(result, name, (seen, red), (health, took))
    if not any(status == 503 for status in (*statuses, again)):
        result.missed.append(f"{name}: nothing was refused: {statuses}")
    await _heal(server, name, [*sent, f"{name}-late"], result)
    if server.pid != pid or server.child.returncode is not None:
        result.violations.append(f"P9: {name}: it did not heal without a restart")


def _judge(result: Result, name: str, ready: tuple[float, int], health: tuple[int, float]) -> None:
    seen, red = ready
    result.figures[f"{name}: readyz red after s"] = round(seen, 2)
    if seen > RED + SLACK:
        result.violations.append(f"P9: {name}: /readyz was not red")
    elif seen > RED:
        result.missed.append(f"{name}: /readyz was red after {seen:.1f} s, at most {RED}")
    if red != 503:
        result.violations.append(f"P9: {name}: /readyz answered {red} while it lasted")
    if health[0] != 200 or health[1] > ALIVE:
        result.violations.append(f"P9: {name}: /healthz answered {health[0]} in {health[1]:.1f} s")


async def _heal(server: Served, name: str, sent: Sequence[str], result: Result) -> None:
    """Send again what was refused, as a client does, with the same keys."""
    began = monotonic()
    for each in sent:
        while await server.report(each, length=LONG) != 202:
            if monotonic() - began > HEALED:
                result.violations.append(f"P9: {name}: {each} is refused when it is over")
                return
            await asyncio.sleep(0.05)
    healed = await server.until_ready(200, HEALED)
    result.figures[f"{name}: healed after s"] = round(monotonic() - began, 2)
    result.counts["troubles that passed"] += 1
    if healed > HEALED:
        result.violations.append(f"P9: {name}: /readyz stays red when it is over")


async def _fail_a_sync(server: Served, root: Path, result: Result) -> None:
    """Let one sync fail: the server has to end, and the next one to recover."""
    trace = root / "sync.trace"
    watching = await fail_the_next_sync(server, trace)
    assert watching.stderr is not None
    if b"attached" not in await watching.stderr.readline():
        result.counts["syncs left out, since nothing can be traced here"] += 1
        return
    await server.report("sync", length=LONG)
    code = await server.ended(HEALED)
    await gone(watching)
    lines = trace.read_text().splitlines()
    struck = next((at for at, line in enumerate(lines) if "INJECTED" in line), len(lines))
    result.counts["syncs that failed"] += struck < len(lines)
    result.counts["lives ended by a failed sync"] += code == 1
    if code != 1:
        result.violations.append(f"P9: a sync failed, and the server ended with {code}")
    if any("fdatasync(" in line and "INJECTED" not in line for line in lines[struck + 1 :]):
        result.violations.append("P9: after a sync that failed, another one was tried")
    if "Baton ends here: the disk failed" not in server.said:
        result.violations.append(f"P9: it ended without a sentence: {server.said[-300:]}")
    await server.begin()
    await _heal(server, "a failed sync", ["sync"], result)


def _looked_over(path: Path, server: Served) -> list[str]:
    """Look for what was acknowledged, for halves of units, and at the file as a whole."""
    found = []
    uri = f"file:{quote(str(path))}?mode=ro"
    with closing(sqlite3.connect(uri, uri=True)) as raw:
        integrity = raw.execute("PRAGMA integrity_check").fetchone()[0]
        stored = Counter(
            row[0]
            for row in raw.execute(
                "SELECT json_extract(body, '$.id') FROM events "
                "WHERE json_extract(body, '$.run_id') = 'witness'"
            )
        )
        ids = {row[0] for row in raw.execute("SELECT id FROM events")}
        keys = raw.execute(
            "SELECT count(*) FROM identities WHERE identity LIKE '%key-%'"
        ).fetchone()[0]
    if integrity != "ok":
        found.append(f"P9: the database says {integrity}")
    for name, event in server.acknowledged.items():
        if event not in ids:
            found.append(f"P1: {name} was acknowledged as {event} and is not stored")
        if stored[name] != 1:
            found.append(f"P3: {name} is stored {stored[name]} times")
    if keys != len(stored):
        found.append(f"R2: {len(stored)} events have {keys} keys")
    return found


def cleared(root: Path) -> None:
    with contextlib.suppress(OSError):
        shutil.rmtree(root)
