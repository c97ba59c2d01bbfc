"""What a Baton does that is sent ten times as much as it can store: on a disk that writes slowly.

A small library between the program and the C library holds up each sync, and that of the write-ahead
log the longer, the more was written; it is built with the compiler at hand. So the disk is the limit,
however many events share a commit, and the sender can outdo it by far. What can be stored is
measured first. While the flood lasts, people answer questions: over HTTP and with clicks in Slack.
"""

import http.client
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

from _measure import ROOT, Bar, options, percentile, report, usage
from _programs import Server, baton, local_slack, request, token
from accept import make_tokens, on_core, prepare

TIMES = 10  # so much more is offered than can be stored
LINES = 16  # connections that are kept busy to find out how much that is
APPROVER = "U0GRACE"
APPROVE = "baton_approve:v1"
BULK = 100
LATE = 4_000  # us that each sync takes at least
PATIENCE = 180.0  # s until the questions stand in Slack
REFUSALS = ("429", "503")
BEHIND = 20.0  # ms that the sender may be late, p99
CARDS = "SELECT channel_id, ts FROM slots WHERE slot LIKE 'approval:%' ORDER BY ts"
DECIDED = "SELECT count(*) FROM waits WHERE state = 'approved'"
STORED = "SELECT json_extract(body, '$.id') FROM events WHERE json_extract(body, '$.id') LIKE ?"
DISK = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
static long written[1024];  /* bytes since the last sync, of each file */
#define OF(name) dlsym(RTLD_NEXT, name)
ssize_t pwrite(int fd, const void *from, size_t size, off_t at) {
  written[fd %% 1024] += size;
  return ((ssize_t (*)(int, const void *, size_t, off_t)) OF("pwrite"))(fd, from, size, at);
}
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
  written[fd %% 1024] += size;
  return ((ssize_t (*)(int, const void *, size_t, off64_t)) OF("pwrite64"))(fd, from, size, at);
}
static void hold(int fd) {
  char link[64], path[4096] = "";
  snprintf(link, sizeof link, "/proc/self/fd/%%d", fd);
  ssize_t length = readlink(link, path, sizeof path);
  int is_log = length > 4 && !memcmp(path + length - 4, "-wal", 4);
  usleep(%(late)d + (is_log ? written[fd %% 1024] * 1000 / %(kib)d : 0));
  written[fd %% 1024] = 0;
}
int fsync(int fd) { hold(fd); return ((int (*)(int)) OF("fsync"))(fd); }
int fdatasync(int fd) { hold(fd); return ((int (*)(int)) OF("fdatasync"))(fd); }
"""


@dataclass(frozen=True)
class Answer:
    """How one question was answered: *state* is what was said of it, *ms* how long that took."""

    state: str
    ms: float
    late: float


def slow_disk(folder: Path, kib: int) -> dict[str, str]:
    """Build the library; return the environment in which *kib* KiB are written a second.

    Raises:
        SystemExit: there is no C compiler.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        raise SystemExit("overload needs a C compiler: apt-get install gcc libc6-dev")
    source, library = folder / "disk.c", folder / "disk.so"
    source.write_text(DISK % {"kib": kib, "late": LATE})
    argv = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"]
    subprocess.run(argv, check=True)
    return {"LD_PRELOAD": str(library)}


def furnish(data: Path) -> None:
    prepare(data)
    with (data / "baton.yaml").open("a") as file:
        file.write(f"  asks: {{rate: false}}\napprovers: [{APPROVER}]\n")


def ask(data: Path, sql: str, *given: str) -> list[Any]:
    place = f"file:{quote(str(data / 'baton.db'))}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as reader:
        return reader.execute(sql, given).fetchall()


def questions(server: Server, data: Path, count: int, clicks: int) -> list[str]:
    """Have *count* questions asked, and so many of them stand in Slack; return the others."""
    who = token(data, "asks", "notify", owner="U0ADA")
    events = [
        {
            "process_id": f"ask-{number}",
            "name": f"ask-{number}",
            "status": "pending_approval",
            "approval": {"prompt": f"Shall {number} go on?"},
        }
        for number in range(count)
    ]
    first, rest = events[:clicks], events[clicks:]
    if first:
        server.json("POST", "/v1/notify", first, headers=who)
    end = time.monotonic() + PATIENCE
    while len(ask(data, CARDS)) < clicks:
        if time.monotonic() > end:
            raise RuntimeError(f"Only {len(ask(data, CARDS))} of {clicks} came to Slack.")
        time.sleep(0.2)
    found: list[str] = []
    for place in range(0, len(rest), BULK):
        told = server.json("POST", "/v1/notify", rest[place : place + BULK], headers=who)
        found += [each["approval_id"] for each in told["results"]]
    return found


class People:
    """Those who answer questions, each at its time: over HTTP, and with a click."""

    def __init__(self, server: Server, slack: Server, data: Path) -> None:
        self._server, self._slack = server, slack
        self._who = token(data, "desk", "read", "approve", owner=APPROVER)

    def decide(self, approval: str) -> tuple[str, float]:
        path = f"/v1/approvals/{approval}/decision"
        with closing(http.client.HTTPConnection(self._server.authority, timeout=60)) as line:
            began = time.perf_counter()
            status, _ = request(line, "POST", path, {"choice": "approve"}, headers=self._who)
            return str(status), (time.perf_counter() - began) * 1000

    def click(self, card: tuple[str, str]) -> tuple[str, float]:
        body = {"as": APPROVER, "channel": card[0], "ts": card[1], "action_id": APPROVE}
        ack = self._slack.json("POST", "/devslack/click", body)["ack"]
        return str(ack["state"]), float(ack["ms"] or 0)

    @staticmethod
    def each(
        answer: Callable[[Any], tuple[str, float]], asked: Sequence[Any], seconds: float
    ) -> list[Answer]:
        """Answer what was *asked*, spread over so many seconds."""
        began = time.perf_counter()

        def one(number: int) -> Answer:
            due = began + number * seconds / len(asked)
            time.sleep(max(0.0, due - time.perf_counter()))
            late = (time.perf_counter() - due) * 1000
            return Answer(*answer(asked[number]), late)

        with ThreadPoolExecutor(8) as several:
            return list(several.map(one, range(len(asked))))


def sender(program: str, server: Server, *argv: str) -> dict[str, Any]:
    """Run a program that sends, on another core than the server; return what it found."""
    on_core(server.process.pid, 0)
    port = str(urlsplit(server.address).port)
    place = str(ROOT / "benchmarks" / program)
    child = subprocess.Popen([sys.executable, place, *argv, "--port", port], stdout=subprocess.PIPE)
    on_core(child.pid, 1)
    told, _ = child.communicate()
    if child.returncode:
        raise RuntimeError(f"{program} ended with {child.returncode}")
    found: dict[str, Any] = json.loads(told)
    return found


def capacity(server: Server, tokens: Path, seconds: float) -> float:
    """Return how many events a second are stored where connections are kept busy."""
    argv = ("capacity", "--tokens", str(tokens), "--amount", str(LINES), "--tag", "before")
    found = sender("_load.py", server, *argv, "--seconds", str(seconds))
    stored: float = found["statuses"].get("202", 0) / found["seconds"]
    return stored


def flooded(server: Server, slack: Server, data: Path, tokens: Path, given: Any) -> dict[str, Any]:
    """Measure what can be stored, offer ten times as much, and return all that was found."""
    count = int(given.seconds * 4)
    clicks = int(given.seconds / 2)
    open_ones = questions(server, data, count + clicks, clicks)
    cards = ask(data, CARDS)[:clicks]
    able = capacity(server, tokens, given.seconds / 6)
    people, rate = People(server, slack, data), able * TIMES
    argv = ("--tokens", str(tokens), "--rate", str(rate), "--seconds", str(given.seconds))
    before = usage(server.process.pid)[0]
    with ThreadPoolExecutor(3) as several:
        flood = several.submit(sender, "_flood.py", server, *argv)
        decided = several.submit(people.each, people.decide, open_ones, given.seconds)
        clicked = several.submit(people.each, people.click, cards, given.seconds)
        found = flood.result()
        answers = {"over HTTP": decided.result(), "in Slack": clicked.result()}
    spent = usage(server.process.pid)[0] - before
    stored = Counter(row[0] for row in ask(data, STORED, "flood-%"))
    return {
        "able": able,
        "rate": rate,
        "cpu": spent / given.seconds,
        "flood": found,
        "answers": answers,
        "stored": stored,
        "decided": ask(data, DECIDED)[0][0],
    }


def main() -> int:
    given = options(__doc__ or "", seconds=60.0, kib=1_600)
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="baton-overload-"))
        data = Path(folder)
        slack = stack.enter_context(local_slack(data))
        furnish(data)
        server = stack.enter_context(baton(data, slack, **slow_disk(data, given.kib)))
        on_core(slack.process.pid, 1)
        found = flooded(server, slack, data, make_tokens(data), given)
    figures = facts(found, given)
    if figures["sender_late_p99_ms"] > BEHIND:
        late = f"{figures['sender_late_p99_ms']} ms, p99"
        sys.stderr.write(f"VOID: the sender fell behind, by {late}. Try on a quiet machine.\n")
    return report("overload", figures, bars(found, figures), as_json=given.json)


def facts(found: dict[str, Any], given: Any) -> dict[str, Any]:
    flood, answers = found["flood"], found["answers"]
    return {
        "disk_kib_a_second": given.kib,
        "can_be_stored_a_second": round(found["able"], 1),
        "offered_a_second": round(found["rate"], 1),
        "accepted_a_second": round(len(flood["accepted"]) / given.seconds, 1),
        "answers": {
            status: {name: round(each, 1) for name, each in times.items()}
            for status, times in sorted(flood["times"].items())
        },
        "answered_questions": {
            how: {
                "count": len(each),
                "said": dict(Counter(one.state for one in each)),
                "p50_ms": round(percentile([one.ms for one in each], 0.5), 1),
                "p99_ms": round(percentile([one.ms for one in each], 0.99), 1),
            }
            for how, each in answers.items()
        },
        "cpu_of_a_core": round(found["cpu"], 2),
        "sender_late_p99_ms": round(flood["late"]["p99"], 1),
    }


def bars(found: dict[str, Any], figures: dict[str, Any]) -> list[Bar]:
    flood, stored = found["flood"], found["stored"]
    accepted = {f"flood-{number}" for number in flood["accepted"]}
    lost, twice = len(accepted - stored.keys()), sum(count > 1 for count in stored.values())
    times = flood["times"]
    others = sum(
        each["count"] for status, each in times.items() if status not in ("202", *REFUSALS)
    )
    refused = max((times[each]["p99"] for each in REFUSALS if each in times), default=0.0)
    asked = sum(map(len, found["answers"].values()))
    slowest = max(each["p99_ms"] for each in figures["answered_questions"].values())
    return [
        Bar("how late the sender was, p99", figures["sender_late_p99_ms"], BEHIND, "ms"),
        Bar("accepted events that are not stored, or twice", lost + twice, 0, "events"),
        Bar("accepted events, p99", times.get("202", {"p99": 0.0})["p99"], 1000, "ms"),
        Bar("refusals, p99", refused, 100, "ms"),
        Bar("answers that are neither", others, 0, "answers"),
        Bar("questions answered meanwhile, p99", slowest, 1000, "ms"),
        Bar("questions whose answer is not stored", asked - found["decided"], 0, "questions"),
    ]


if __name__ == "__main__":
    sys.exit(main())
