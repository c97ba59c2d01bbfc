"""How fast Slack gets its ack of a click while Slack's edits are slow and an HTTP action hangs.

Slack waits three seconds, and Baton stores the decision before it acks. The clicks come at fixed
times, whether the ones before were acked or not. Beside each stands what it cannot do without: a
request to a server, here a bare one, and a synced write on the same disk.
"""

import contextlib
import http.client
import socket
import sqlite3
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from _measure import Bar, fsync, options, percentile, report, synced, usage
from _programs import Server, baton, echo, local_slack, request, token

APPROVER = "U0GRACE"
APPROVE = "baton_approve:v1"
EDIT = 5_000  # ms that chat.update takes
HANGING = 4  # runs whose HTTP action gets no answer
AT_ONCE = 8  # people who click
APART = 0.06  # s between two starts: a source may ask 20 times a second
BESIDE = "request to a bare uvicorn and a synced write, p99, ms"
PATIENCE = 900.0  # s until all questions stand in Slack: each takes two posts, of which one leaves a second

ASK = """
name: ask
title: Ask
inputs: {number: {type: integer, required: true}}
steps:
  - id: question
    approval: {title: "Question {{ inputs.number }}?", approvers: ["role:operator"]}
  - id: answer
    action: data.template
    params: {text: "Question {{ inputs.number }} was answered."}
"""
HANG = """
name: hang
title: Hang
steps:
  - id: call
    action: http.request
    params: {url: "http://%s/", timeout: 1h}
"""
CARDS = "SELECT channel_id, ts FROM slots WHERE slot LIKE 'approval:%' ORDER BY ts"
DECIDED = "SELECT count(*) FROM waits WHERE state = 'approved'"
AT_WORK = "SELECT count(*) FROM steps WHERE path = 'call' AND status = 'running'"


@dataclass(frozen=True)
class Click:
    """What came of it: how long the ack took, what stands beside it, how late it was; in ms."""

    state: str
    ack: float
    beside: float
    late: float


@contextlib.contextmanager
def silent() -> Iterator[str]:
    """Listen, and never answer; give the address."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"127.0.0.1:{listener.getsockname()[1]}"


def prepare(data: Path, silent_at: str) -> dict[str, str]:
    """Write the definitions and who may answer; return the settings that name them."""
    folder = data / "definitions"
    folder.mkdir()
    (folder / "ask.yaml").write_text(ASK)
    (folder / "hang.yaml").write_text(HANG % silent_at)
    (data / "baton.yaml").write_text(f"roles: {{operator: [{APPROVER}]}}\n")
    return {
        "BATON_WORKFLOWS": str(folder),
        "BATON_HTTP_ALLOW": silent_at,
        "BATON_CHANNEL": "#releases",
    }


def ask(data: Path, sql: str) -> list[Any]:
    place = f"file:{quote(str(data / 'baton.db'))}?mode=ro"
    with closing(sqlite3.connect(place, uri=True)) as reader:
        return reader.execute(sql).fetchall()


def open_questions(server: Server, data: Path, count: int) -> list[tuple[str, str]]:
    """Start *count* runs that ask, and those that hang; return the cards once all stand in Slack."""
    who = token(data, "bench", "run", "read", owner="U0ADA")
    for number in range(count):
        body = {"inputs": {"number": number}}
        server.json("POST", "/v1/workflows/ask/runs", body, headers=who)
        time.sleep(APART)
    for _ in range(HANGING):
        server.json("POST", "/v1/workflows/hang/runs", {}, headers=who)
    end = time.monotonic() + PATIENCE
    while len(cards := ask(data, CARDS)) < count or ask(data, AT_WORK)[0][0] < HANGING:
        if time.monotonic() > end:
            raise RuntimeError(f"Only {len(cards)} of {count} questions came to Slack.")
        time.sleep(0.2)
    return cards


class Crowd:
    """People who click on the cards, each at its time, *rate* a second."""

    def __init__(self, slack: Server, bare: Server, folder: Path, rate: float) -> None:
        self._slack, self._bare, self._folder, self._rate = slack, bare, folder, rate
        self._own = threading.local()

    def click_all(self, cards: list[tuple[str, str]]) -> list[Click]:
        self._began = time.perf_counter() + 0.5
        with ThreadPoolExecutor(AT_ONCE) as people:
            return list(people.map(self._click, range(len(cards)), cards))

    def _click(self, number: int, card: tuple[str, str]) -> Click:
        due = self._began + number / self._rate
        time.sleep(max(0.0, due - time.perf_counter()))
        late = (time.perf_counter() - due) * 1000
        channel, ts = card
        body = {"as": APPROVER, "channel": channel, "ts": ts, "action_id": APPROVE}
        ack = self._slack.json("POST", "/devslack/click", body)["ack"]
        return Click(ack["state"], float(ack["ms"] or 0), self._beside(), late)

    def _beside(self) -> float:
        line = getattr(self._own, "line", None)
        if line is None:
            line = self._own.line = http.client.HTTPConnection(self._bare.authority, timeout=60)
        began = time.perf_counter()
        request(line, "GET", "/")
        return (time.perf_counter() - began) * 1000 + synced(self._folder)


def main() -> int:
    given = options(__doc__ or "", clicks=220, rate=10.0)
    with (
        tempfile.TemporaryDirectory(prefix="baton-click-") as folder,
        silent() as silent_at,
        local_slack(data := Path(folder)) as slack,
        baton(data, slack, **prepare(data, silent_at)) as server,
        echo() as bare,
    ):
        cards = open_questions(server, data, given.clicks)
        slow = {"switch": "slow", "count": None, "args": {"method": "chat.update", "ms": EDIT}}
        slack.json("POST", "/devslack/chaos", slow)
        before = usage(server.process.pid)[0]
        clicks = Crowd(slack, bare, data, given.rate).click_all(cards)
        time.sleep(EDIT / 1000)  # a call is listed once it has ended
        spent = usage(server.process.pid)[0] - before
        figures = facts(clicks, data, slack) | {
            "baton_cpu_ms_a_click": round(spent * 1000 / len(clicks), 1)
        }
    return report("click", figures, bars(clicks, figures), as_json=given.json)


def facts(clicks: list[Click], data: Path, slack: Server) -> dict[str, Any]:
    edits = slack.json("GET", "/devslack/calls?method=chat.update")["calls"]
    acks = [click.ack for click in clicks]
    return {
        "clicks": len(clicks),
        "acked": sum(click.state == "acked" for click in clicks),
        "decided": ask(data, DECIDED)[0][0],
        "actions_hanging": ask(data, AT_WORK)[0][0],
        "slow_edits": sum(edit["ms"] >= EDIT for edit in edits),
        "ack_p50_ms": round(percentile(acks, 0.5), 2),
        "ack_p99_ms": round(percentile(acks, 0.99), 2),
        "ack_max_ms": round(max(acks), 2),
        "latest_click_ms": round(max(click.late for click in clicks), 2),
        "request_and_sync_p50_ms": round(percentile([c.beside for c in clicks], 0.5), 2),
        "request_and_sync_p99_ms": round(percentile([c.beside for c in clicks], 0.99), 2),
        "fsync_p50_ms": round(fsync(data), 3),
    }


def bars(clicks: list[Click], figures: dict[str, Any]) -> list[Bar]:
    lost = len(clicks) - min(figures["acked"], figures["decided"])
    idle = HANGING - figures["actions_hanging"] + int(figures["slow_edits"] == 0)
    beside = figures["request_and_sync_p99_ms"]
    return [
        Bar("click to ack, p99", figures["ack_p99_ms"], 100, "ms", BESIDE, beside, 15),
        Bar("clicks that were not acked and stored", lost, 0, "clicks"),
        Bar("what should have hung and did not", idle, 0, "things"),
    ]


if __name__ == "__main__":
    sys.exit(main())
