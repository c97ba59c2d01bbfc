"""Whether Baton stays whole and small for a long time: tools report without pause while it is killed.

The real `bot serve` with a local Slack. First it dies again and again and begins on the same folder;
then one life goes on to the end, and Slack is gone for a while in the midst of it. Every tool repeats
a report until it is acknowledged; a person answers what runs ask. What is left at the end is looked
through as after `prove kill`, by `_soaked.py`. Memory and descriptors are those of the last life.
"""

import http.client
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from _measure import ROOT, Bar, options, report, usage
from _programs import Server, baton_at, free_port, local_slack, request, token, until_ready

TOOLS = 5
EVENTS_OF_ONE = 200  # that a tool reports about one process, until it is done
RELEASE = 4  # so many processes later comes one that starts a run
APPROVER = "U0GRACE"
AGAIN = 0.2  # s until a tool or a person tries again
LOOK = 1.0  # s between two looks at memory and files
HEAL = 300.0  # s in which everything has to end once all is well
MB = 1_000_000
# What goes on when, in shares of the whole time.
KILLS_END, WARM, OUTAGE, BACK, LAST = 0.4, 0.6, 0.7, 0.8, 0.9
GONE = ("api_503", "refuse_handshake")  # what a Slack does that is not there
SHIP = """
name: ship
title: Ship
triggers:
  - event: release.completed
steps:
  - {id: prepare, action: data.template, params: {text: "prepared"}}
  - id: gate
    approval: {title: "Ship it?", approvers: ["role:operator"]}
  - {id: ship, action: data.template, params: {text: "shipped"}}
  - {id: tell, action: data.template, params: {text: "told"}}
"""


class Town:
    """The program, which lives, dies and lives again at one address, and its Slack."""

    def __init__(self, data: Path, slack: Server) -> None:
        self.data, self.slack, self.port, self.kills = data, slack, free_port(), 0
        (data / "definitions").mkdir()
        (data / "definitions" / "ship.yaml").write_text(SHIP)
        sources = "".join(f"  tool-{number}: {{rate: false}}\n" for number in range(TOOLS))
        roles = f"roles: {{operator: [{APPROVER}]}}\n"
        (data / "baton.yaml").write_text(f"{roles}sources:\n{sources}")
        self._life = ExitStack()
        self.server = self._begun()

    @property
    def pid(self) -> int:
        return self.server.process.pid

    def kill(self) -> None:
        """Kill the program, and begin it again."""
        self.server.process.kill()
        self._life.close()
        self.kills += 1
        self.server = self._begun()

    def end(self) -> None:
        self._life.close()

    def _begun(self) -> Server:
        folder = str(self.data / "definitions")
        settings = {"BATON_WORKFLOWS": folder, "BATON_CHANNEL": "#releases"}
        server = self._life.enter_context(baton_at(self.port, self.data, self.slack, **settings))
        until_ready(server, "/healthz")
        return server


@dataclass
class Worker:
    """Does something in a thread of its own until it is to end."""

    town: Town
    who: dict[str, str]
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._line: http.client.HTTPConnection | None = None
        self._thread = threading.Thread(target=self.work, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self._thread.join()

    def work(self) -> None:
        raise NotImplementedError

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, Any]:
        """Send a request; status 0 where nobody answered."""
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection("127.0.0.1", self.town.port, timeout=10)
            status, told = request(self._line, method, path, body, headers=self.who)
            return status, json.loads(told or b"null")
        except (OSError, http.client.HTTPException, ValueError):
            if self._line is not None:
                self._line.close()
            self._line = None
            return 0, None


@dataclass
class Tool(Worker):
    """Reports at fixed times, each event until it is acknowledged, and notes under which id."""

    number: int = 0
    rate: float = 10.0
    acknowledged: dict[str, str] = field(default_factory=dict)
    repeated: int = 0

    def work(self) -> None:
        began = time.monotonic()
        number = 0
        while not self.ended.wait(max(0.0, began + number / self.rate - time.monotonic())):
            event = self.event(number)
            number += 1
            while not self.tell(event):
                self.repeated += 1
                if self.ended.wait(AGAIN):
                    return

    def tell(self, event: dict[str, Any]) -> bool:
        status, told = self.ask("POST", "/v1/notify", event)
        if status == 202:
            self.acknowledged[event["id"]] = told["results"][0]["event_id"]
        elif status not in (0, 429, 503):
            raise RuntimeError(f"{status}: {told}")
        return status == 202

    def event(self, number: int) -> dict[str, Any]:
        which, place = divmod(number + self.number * EVENTS_OF_ONE // TOOLS, EVENTS_OF_ONE)
        kind = "build" if which % RELEASE else "release"
        status = {0: "started", EVENTS_OF_ONE - 1: "completed"}.get(place, "in_progress")
        return {
            "id": f"{self.number}-{number}",
            "process_id": f"{kind}-{self.number}-{which}",
            "name": f"{kind} {self.number}.{which}",
            "category": kind,
            "status": status,
            "message": f"{place} of {EVENTS_OF_ONE}",
            "metadata": {"pad": "x" * 300},
        }


class Person(Worker):
    """Answers whatever is asked."""

    def work(self) -> None:
        while not self.ended.wait(LOOK):
            status, told = self.ask("GET", "/v1/approvals?state=open&limit=100")
            for each in told["approvals"] if status == 200 else ():
                self.ask("POST", f"/v1/approvals/{each['id']}/decision", {"choice": "approve"})


@dataclass(frozen=True)
class Look:
    """What was seen of the program at one moment; *at* is a share of the whole time."""

    at: float
    memory: float  # MB
    descriptors: int
    log: float  # MB of the write-ahead log


class Watcher:
    """Looks at the program for as long as it is asked to."""

    def __init__(self, town: Town, seconds: float) -> None:
        self._town, self.seconds = town, seconds
        self._began = time.monotonic()
        self.looks: list[Look] = []

    @property
    def at(self) -> float:
        return (time.monotonic() - self._began) / self.seconds

    def until(self, share: float) -> None:
        """Look once a second until so much of the time is over."""
        while self.at < share:
            with suppress(OSError):  # it was killed just now
                self.looks.append(self._look())
            time.sleep(min(LOOK, max(0.0, (share - self.at) * self.seconds)))

    def _look(self) -> Look:
        log = self._town.data / "baton.db-wal"
        return Look(
            self.at,
            usage(self._town.pid)[1],
            len(os.listdir(f"/proc/{self._town.pid}/fd")),  # noqa: PTH208 - a folder of the kernel
            log.stat().st_size / MB if log.exists() else 0.0,
        )

    def of(self, value: Callable[[Look], float], begin: float, end: float) -> list[float]:
        return [value(each) for each in self.looks if begin <= each.at < end] or [0.0]


def suffered(town: Town, watcher: Watcher, chance: random.Random, pause: float) -> None:
    """Let everything happen that is to happen, in its order."""
    while watcher.at < KILLS_END:
        watcher.until(watcher.at + chance.uniform(0.3, 1.7) * pause / watcher.seconds)
        town.kill()
    watcher.until(OUTAGE)
    for switch in GONE:
        town.slack.json("POST", "/devslack/chaos", {"switch": switch, "count": None, "args": {}})
    town.slack.json("POST", "/devslack/chaos", {"switch": "tcp_drop", "count": 1, "args": {}})
    watcher.until(BACK)
    town.slack.json("DELETE", "/devslack/chaos")
    watcher.until(1.0)


def soaked(data: Path, acknowledged: dict[str, str], *, only: str = "") -> dict[str, Any]:
    """Look through what lies in *data*, in a program of its own; *only* counts what is still open."""
    place = data / "acknowledged.json"
    place.write_text(json.dumps(acknowledged))
    argv = [sys.executable, "-P", str(ROOT / "benchmarks" / "_soaked.py"), str(data), *only.split()]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(argv, cwd=ROOT, env=env, check=True, stdout=subprocess.PIPE)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def healed(data: Path) -> float:
    """Wait until nothing is left to do; return the seconds, all of `HEAL` where that took too long."""
    began = time.monotonic()
    while time.monotonic() - began < HEAL and any(soaked(data, {}, only="open").values()):
        time.sleep(LOOK)
    return time.monotonic() - began


def main() -> int:
    given = options(__doc__ or "", minutes=20.0, rate=50.0, pause=20.0, seed=1)
    seconds = given.minutes * 60
    with ExitStack() as stack:
        data = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="baton-soak-")))
        slack = stack.enter_context(local_slack(data, "--state", str(data / "slack.state")))
        town = Town(data, slack)
        stack.callback(town.end)
        tools = tools_of(town, given.rate)
        person = Person(town, token(data, "desk", "read", "approve", owner=APPROVER))
        watcher = Watcher(town, seconds)
        with person:
            with ExitStack() as working:
                for tool in tools:
                    working.enter_context(tool)
                suffered(town, watcher, random.Random(given.seed), given.pause)  # noqa: S311
            heal = healed(data)
        town.end()
        slack.process.terminate()
        slack.process.wait()
        told = {name: event for tool in tools for name, event in tool.acknowledged.items()}
        left = soaked(data, told)
        figures = facts(town, watcher, tools, left) | {"healed_after_s": round(heal, 1)}
    return report("soak", figures, bars(figures, left), as_json=given.json)


def tools_of(town: Town, rate: float) -> list[Tool]:
    made = []
    for number in range(TOOLS):
        who = token(town.data, f"tool-{number}", "notify", owner="U0ADA")
        made.append(Tool(town, who, number=number, rate=rate / TOOLS))
    return made


def facts(
    town: Town, watcher: Watcher, tools: Sequence[Tool], left: dict[str, Any]
) -> dict[str, Any]:
    events = sum(len(tool.acknowledged) for tool in tools)
    size = (town.data / "baton.db").stat().st_size
    memory = [middle(watcher, lambda each: each.memory, *span) for span in SPANS]
    files = [middle(watcher, lambda each: each.descriptors, *span) for span in SPANS]
    return {
        "events_acknowledged": events,
        "reports_repeated": sum(tool.repeated for tool in tools),
        "kills": town.kills,
        "left": left["counts"],
        "violations": left["violations"],
        "memory_mb": [round(each, 1) for each in memory],
        "memory_growth_percent": round(100 * (memory[-1] / memory[0] - 1), 2),
        "descriptors": files,
        "log_most_mb": round(max(watcher.of(lambda each: each.log, 0, 1)), 1),
        "database_kib_an_event": round(size / 1024 / max(events, 1), 2),
    }


SPANS = ((WARM, OUTAGE), (LAST, 1.01))  # before the outage, and at the end


def middle(watcher: Watcher, value: Callable[[Look], float], begin: float, end: float) -> float:
    return statistics.median(watcher.of(value, begin, end))


def bars(figures: dict[str, Any], left: dict[str, Any]) -> list[Bar]:
    before, after = figures["descriptors"]
    open_still = sum(left["open"].values())
    return [
        Bar("promises broken", len(left["violations"]), 0, "times"),
        Bar("what has not ended", open_still, 0, "things"),
        Bar("kills", figures["kills"], 1, "times", least=True),
        Bar("memory grew after the warm-up", figures["memory_growth_percent"], 5, "%"),
        Bar("descriptors more than after the warm-up", after - before, 0, "descriptors"),
        Bar("write-ahead log, at most", figures["log_most_mb"], 64, "MB"),
        Bar("database an event", figures["database_kib_an_event"], 8, "KiB"),
    ]


if __name__ == "__main__":
    sys.exit(main())
