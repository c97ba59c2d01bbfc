"""How long after an event Slack's request is there: many new threads, and decisions behind progress.

The events come over HTTP at fixed times, whether those before were answered or not. The Slack of
this bench takes everything at once and notes when a request had arrived; it is a server of its own.
Delivery keeps to its budgets throughout: with one message a second in a channel, so many threads
need as many channels.
"""

import contextlib
import http.client
import json
import socket
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from _measure import ROOT, Bar, fsync, options, percentile, report, usage
from _programs import Server, baton, free_port, request, running, until_ready

CHANNELS = 600
LINES = 4  # connections over which events come
QUEUED = 10_000
BULK = 200
PATIENCE = 300.0  # s
BESIDE = "a synced write, p50, ms"


@contextlib.contextmanager
def quick_slack() -> Iterator[Server]:
    port = free_port()
    with running(str(ROOT / "benchmarks" / "_slack.py"), str(port)) as child:
        address = f"http://127.0.0.1:{port}"
        facts = {
            "api_url": f"{address}/api/",
            "bot_token": "xoxb-devslack-bench",
            "app_token": "xapp-devslack-bench",
        }
        server = Server(address, child, facts)
        until_ready(server, "/seen")
        yield server


def prepare(data: Path) -> None:
    sources = "sources: {bench: {rate: false, may_choose_channel: true}}\n"
    (data / "baton.yaml").write_text(f"{sources}approvers: [U0GRACE]\n")


def make_token(data: Path, *scopes: str, owner: str | None = None) -> dict[str, str]:
    """Return the header of a token whose tool chooses channels."""
    wanted = {
        "command": "token-create",
        "source": "bench",
        "scopes": scopes,
        "owner": owner,
        "may_choose_channel": True,
    }
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(data / "admin.sock"))
        line.sendall(json.dumps(wanted).encode() + b"\n")
        with line.makefile("rb") as answer:
            made = json.loads(answer.readline())
    return {"authorization": f"Bearer {made['done']['token']}"}


class Reporter:
    """Sends events over a few connections, each at its time."""

    def __init__(self, server: Server, data: Path) -> None:
        self._server = server
        self._who = make_token(data, "notify")
        self._approver = make_token(data, "read", "approve", owner="U0GRACE")

    def at_rate(self, events: Sequence[dict[str, Any]], rate: float) -> dict[str, float]:
        """Send events *rate* a second; return when each was answered, by its name."""
        began = time.monotonic() + 0.2
        shares = [list(enumerate(events))[place::LINES] for place in range(LINES)]
        with ThreadPoolExecutor(LINES) as pool:
            found = pool.map(lambda share: self._send(share, began, rate), shares)
        return {name: at for each in found for name, at in each.items()}

    def in_bulk(self, events: Sequence[dict[str, Any]]) -> None:
        for first in range(0, len(events), BULK):
            body = list(events[first : first + BULK])
            self._server.json("POST", "/v1/notify", body, headers=self._who)

    def decide(self, approval_id: str) -> float:
        path = f"/v1/approvals/{approval_id}/decision"
        self._server.json("POST", path, {"choice": "approve"}, headers=self._approver)
        return time.monotonic()

    def open_questions(self) -> list[dict[str, Any]]:
        found = self._server.json(
            "GET", "/v1/approvals?state=open&limit=200", headers=self._approver
        )
        items: list[dict[str, Any]] = found["approvals"]
        return items

    def _send(
        self, share: Sequence[tuple[int, dict[str, Any]]], began: float, rate: float
    ) -> dict[str, float]:
        sent: dict[str, float] = {}
        line = http.client.HTTPConnection(self._server.authority, timeout=60)
        with contextlib.closing(line):
            for number, event in share:
                time.sleep(max(0.0, began + number / rate - time.monotonic()))
                status, answer = request(line, "POST", "/v1/notify", event, headers=self._who)
                if status != 202:
                    raise RuntimeError(f"{status} {answer[:300]!r}")
                sent[event["name"]] = time.monotonic()
        return sent


def event(kind: str, number: int, status: str, **more: Any) -> dict[str, Any]:
    return {
        "process_id": f"{kind}-{number}",
        "name": f"{kind}-{number}",
        "status": status,
        "channel": f"#c{number % CHANNELS}",
        **more,
    }


def gather(slack: Server, enough: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
    """Return what Slack has seen once it is *enough*."""
    found: list[dict[str, Any]] = []
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found += slack.json("GET", "/seen")
        if enough(found):
            return found
        time.sleep(0.2)
    raise RuntimeError(f"Slack saw no more than {len(found)} requests.")


def named(found: Sequence[dict[str, Any]], slot: str) -> dict[str, float]:
    """Return when the first request about each process arrived, by its name."""
    first: dict[str, float] = {}
    for each in found:
        if each["slot"].startswith(slot):
            first.setdefault(each["text"].replace(":", " ").split()[0], each["at"])
    return first


def new_threads(slack: Server, reporter: Reporter, given: Any) -> list[float]:
    """Return, in ms, how long after each event its card was there."""
    count = int(given.rate * given.seconds)
    reporter.at_rate([event("warm", number, "started") for number in range(100)], 100.0)
    gather(slack, lambda found: len(named(found, "root")) >= 100)
    events = [event("new", number, "started") for number in range(count)]
    sent = reporter.at_rate(events, given.rate)
    seen = named(gather(slack, lambda found: len(named(found, "root")) >= count), "root")
    return [(seen[name] - at) * 1000 for name, at in sent.items()]


def queue_progress(slack: Server, reporter: Reporter, count: int) -> None:
    """Have *count* cards stand in Slack, and an edit of each wait for the budget."""
    reporter.in_bulk([event("old", number, "started") for number in range(count)])
    gather(slack, lambda found: len(named(found, "root")) >= count)
    more = [event("old", number, "in_progress", message="half") for number in range(count)]
    reporter.in_bulk(more)


def decisions(slack: Server, reporter: Reporter, given: Any) -> tuple[list[float], list[float]]:
    """Return, in ms, how long questions took to be there, and how long their answers did."""
    events = [
        event("ask", number, "pending_approval", approval={"prompt": f"ask-{number} go on?"})
        for number in range(given.questions)
    ]
    sent = reporter.at_rate(events, 5.0)
    found = gather(slack, lambda seen: len(titles(seen)) >= given.questions)
    asked = [(titles(found)[name] - at) * 1000 for name, at in sent.items()]
    return asked, decided(slack, reporter, {each["ts"]: each for each in found}, given.answers)


def titles(found: Sequence[dict[str, Any]]) -> dict[str, float]:
    """Return when the card of each question arrived, by the name that its title begins with."""
    cards = [each for each in found if each["slot"].startswith("approval:")]
    return {each["text"].split()[1]: each["at"] for each in cards}


def decided(
    slack: Server, reporter: Reporter, cards: dict[str, dict[str, Any]], count: int
) -> list[float]:
    """Answer some questions; return how long their cards took to say so."""
    slots = {each["slot"]: ts for ts, each in cards.items()}
    took = []
    for question in reporter.open_questions()[:count]:
        ts = slots[f"approval:{question['id']}"]
        at = reporter.decide(question["id"])
        found = gather(slack, lambda seen, ts=ts: any(each["ts"] == ts for each in seen))
        took.append((next(each["at"] for each in found if each["ts"] == ts) - at) * 1000)
        time.sleep(1)
    return took


def main() -> int:
    given = options(
        __doc__ or "", rate=200.0, seconds=10.0, queued=QUEUED, questions=100, answers=4
    )
    with (
        tempfile.TemporaryDirectory(prefix="baton-tell-") as folder,
        quick_slack() as slack,
    ):
        data = Path(folder)
        prepare(data)
        with baton(data, slack) as server:
            reporter = Reporter(server, data)
            before = usage(server.process.pid)[0]
            threads = new_threads(slack, reporter, given)
            spent = usage(server.process.pid)[0] - before
            queue_progress(slack, reporter, given.queued)
            asked, answered = decisions(slack, reporter, given)
            figures = facts(threads, asked, answered, spent) | {
                "fsync_p50_ms": round(fsync(data), 3)
            }
    return report("tell", figures, bars(figures), as_json=given.json)


def facts(
    threads: Sequence[float], asked: Sequence[float], answered: Sequence[float], spent: float
) -> dict[str, Any]:
    return {
        "threads": len(threads),
        "thread_p50_ms": round(percentile(threads, 0.5), 1),
        "thread_p99_ms": round(percentile(threads, 0.99), 1),
        "thread_max_ms": round(max(threads), 1),
        "cpu_ms_a_thread": round(spent * 1000 / len(threads), 2),
        "asked": len(asked),
        "asked_p50_ms": round(percentile(asked, 0.5), 1),
        "asked_p99_ms": round(percentile(asked, 0.99), 1),
        "answered": len(answered),
        "answered_max_ms": round(max(answered), 1),
    }


def bars(figures: dict[str, Any]) -> list[Bar]:
    beside = figures["fsync_p50_ms"]
    return [
        Bar("event to card, p50", figures["thread_p50_ms"], 50, "ms", BESIDE, beside, 25),
        Bar("event to card, p99", figures["thread_p99_ms"], 1000, "ms"),
        Bar("question behind progress, p99", figures["asked_p99_ms"], 1000, "ms"),
        Bar("answer behind progress, the slowest", figures["answered_max_ms"], 1000, "ms"),
    ]


if __name__ == "__main__":
    sys.exit(main())
