"""How many events a second are stored before they are answered, and how long an answer takes.

Each request is one JSON event of 1 KB over a kept connection, with an id of its own, from one of 100
sources; a fifth of them is about known processes. No source has a limit. The server has one core,
and the load another with the local Slack, where there are two. Beside it stands a bare server that
reads the same bodies and answers 202. Answers at a calm rate are timed once the server has done all
that the full load left to do, and then those of a bare server that syncs each body before it answers:
what is slower there is the machine, whose cores take up to three times as long over the same work
when they rest in between.
"""

import contextlib
import json
import os
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from _measure import ROOT, Bar, fsync, options, report, usage
from _programs import Server, baton, free_port, local_slack, running, until_ready

SOURCES = 100
CHANNEL = "#releases"  # Slack is told as its limits allow, beside all this
ROUNDS = 4
QUIET = 0.05  # of a core
PATIENCE = 120.0  # s
COUNT = "SELECT count(*) FROM events"


@contextlib.contextmanager
def bare(*file: str) -> Iterator[Server]:
    """Run a server that reads bodies and answers 202; with a *file*, once they are synced in it."""
    port = free_port()
    # -P: a file beside it has the name of a package that it needs
    with running("-P", str(ROOT / "benchmarks" / "_bare.py"), str(port), *file) as child:
        server = Server(f"http://127.0.0.1:{port}", child, {})
        until_ready(server, "/")
        yield server


def prepare(data: Path) -> None:
    """Say of each source that it has no limit."""
    lines = [f"  s{number}: {{rate: false}}\n" for number in range(SOURCES)]
    (data / "baton.yaml").write_text("sources:\n" + "".join(lines))


def make_tokens(data: Path) -> Path:
    """Make a token for each source through the admin socket; return the file that lists them."""
    made = []
    for number in range(SOURCES):
        wanted = {
            "command": "token-create",
            "source": f"s{number}",
            "scopes": ["notify"],
            "channel": CHANNEL,
        }
        with socket.socket(socket.AF_UNIX) as line:
            line.connect(str(data / "admin.sock"))
            line.sendall(json.dumps(wanted).encode() + b"\n")
            with line.makefile("rb") as answer:
                made.append(json.loads(answer.readline())["done"]["token"])
    place = data / "tokens.txt"
    place.write_text("\n".join(made))
    return place


def on_core(pid: int, core: int) -> None:
    """Keep every thread of a program on one core, where there are two."""
    if not hasattr(os, "sched_setaffinity") or len(os.sched_getaffinity(0)) < 2:
        return
    chosen = sorted(os.sched_getaffinity(0))[core]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        os.sched_setaffinity(int(thread.name), {chosen})


def load(server: Server, kind: str, amount: float, seconds: float, **more: Any) -> dict[str, Any]:
    """Run the load against *server* and return what it found."""
    on_core(server.process.pid, 0)
    argv = [sys.executable, str(ROOT / "benchmarks" / "_load.py"), kind]
    given = {"port": urlsplit(server.address).port, "amount": amount, "seconds": seconds, **more}
    for name, value in given.items():
        argv += [f"--{name}", str(value)]
    before = usage(server.process.pid)[0]
    child = subprocess.Popen(argv, stdout=subprocess.PIPE)
    on_core(child.pid, 1)
    told, _ = child.communicate()
    if child.returncode:
        raise RuntimeError(f"the load ended with {child.returncode}")
    found: dict[str, Any] = json.loads(told)
    found["cpu"] = usage(server.process.pid)[0] - before
    return found


def until_quiet(server: Server) -> float | None:
    """Wait until the server has nothing to do; return the seconds, None where that took too long."""
    began = time.monotonic()
    while time.monotonic() - began < PATIENCE:
        before = usage(server.process.pid)[0]
        time.sleep(1.0)
        if usage(server.process.pid)[0] - before < QUIET:
            return time.monotonic() - began
    return None


def stored(data: Path) -> int:
    """Count the events that a reader of the database finds."""
    place = f"file:{quote(str(data / 'baton.db'))}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as database:
        (found,) = database.execute(COUNT).fetchone()
    return int(found)


def rounds(
    server: Server, beside: Server, tokens: Path, given: Any
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Load both servers in turns, each round in the other order."""
    ours: list[dict[str, Any]] = []
    theirs: list[dict[str, Any]] = []
    for number in range(given.rounds):
        turns = [
            lambda n=number: ours.append(
                load(server, "capacity", given.lines, given.seconds, tokens=tokens, tag=f"r{n}")
            ),
            lambda n=number: theirs.append(
                load(beside, "capacity", given.lines, given.seconds, tokens=tokens, tag=f"r{n}")
            ),
        ]
        for turn in turns if number % 2 else reversed(turns):
            turn()
    return ours, theirs


def main() -> int:
    given = options(__doc__ or "", rounds=ROUNDS, seconds=5.0, lines=64, rate=500.0)
    with (
        tempfile.TemporaryDirectory(prefix="baton-accept-") as folder,
        local_slack(data := Path(folder)) as slack,
        bare() as beside,
        bare(str(data / "bodies")) as synced,
    ):
        prepare(data)
        with baton(data, slack) as server:
            tokens = make_tokens(data)
            on_core(slack.process.pid, 1)
            load(server, "capacity", given.lines, 1.0, tokens=tokens, tag="warm")
            before = stored(data)
            ours, theirs = rounds(server, beside, tokens, given)
            backlog = until_quiet(server)
            calm = load(server, "steady", given.rate, given.seconds * 2, tokens=tokens, tag="calm")
            yard = load(synced, "steady", given.rate, given.seconds * 2, tokens=tokens, tag="calm")
            found = stored(data) - before
            figures = facts(ours, theirs, calm, yard) | {
                "calm_events_a_second": given.rate,
                "stored": found,
                "answered_202": sum(each["statuses"].get("202", 0) for each in [*ours, calm]),
                "limits": "off for every source",
                "quiet_after_s": backlog and round(backlog, 1),
                "fsync_p50_ms": round(fsync(data), 3),
            }
    return report("accept", figures, bars(figures), as_json=given.json)


def facts(ours: list[Any], theirs: list[Any], calm: Any, yard: Any) -> dict[str, Any]:
    each = [one["answers"] / one["seconds"] for one in ours]
    echo = [one["answers"] / one["seconds"] for one in theirs]
    ratios = [mine / its for mine, its in zip(each, echo, strict=True)]
    return {
        "events_a_second": [round(one) for one in each],
        "bare_a_second": [round(one) for one in echo],
        "ratio_median": round(statistics.median(ratios), 3),
        "ratio_least_and_most": [round(min(ratios), 3), round(max(ratios), 3)],
        "cpu_us_an_event": cpu(ours),
        "cpu_us_a_bare_request": cpu(theirs),
        "full_load_p99_ms": round(statistics.median(one["p99_ms"] for one in ours), 1),
        "other_answers": sum(
            n for one in [*ours, calm] for status, n in one["statuses"].items() if status != "202"
        ),
        "calm_p50_ms": round(calm["p50_ms"], 2),
        "calm_p99_ms": round(calm["p99_ms"], 2),
        "calm_max_ms": round(calm["max_ms"], 2),
        "calm_cpu_us_an_event": cpu([calm])[0],
        "calm_synced_p50_ms": round(yard["p50_ms"], 2),
        "calm_synced_p99_ms": round(yard["p99_ms"], 2),
        "calm_synced_cpu_us": cpu([yard])[0],
    }


def cpu(rounds_of_one: list[Any]) -> list[int]:
    """Return the CPU time of the server for each answer, in microseconds."""
    return [round(1e6 * one["cpu"] / max(one["answers"], 1)) for one in rounds_of_one]


def bars(figures: dict[str, Any]) -> list[Bar]:
    median = statistics.median(figures["events_a_second"])
    bare_median = statistics.median(figures["bare_a_second"])
    lost = abs(figures["stored"] - figures["answered_202"])
    return [
        # A bar is a most: so the time that an event takes stands for how many go in a second.
        Bar(
            "microseconds an event at full load",
            1e6 / median,
            1e6 / 3000,
            "us",
            "request to a bare server, us",
            1e6 / bare_median,
            1 / 0.35,
        ),
        Bar(
            f"answer at {figures['calm_events_a_second']:g} a second, p99",
            figures["calm_p99_ms"],
            25,
            "ms",
            "a bare server that syncs what it reads, p99 at that rate, ms",
            figures["calm_synced_p99_ms"],
        ),
        Bar("events that were answered and not stored, or the other way round", lost, 0, "events"),
        Bar("answers other than 202", figures["other_answers"], 0, "answers"),
    ]


if __name__ == "__main__":
    sys.exit(main())
