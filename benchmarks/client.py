"""What reporting costs the program that reports: around an empty body, and around `true`.

The server is up, down, hanging, or answering 500, in a process of its own. What is timed is the
thread of the program, from before the `with` to after it, and the CPU that it used meanwhile; the
first time stands by itself, since a thread is started then, and modules are loaded in it. Beside it stands what this machine makes of the least
that a thread can ask of another: a hand-over and back. `baton run -- true` is timed in turns with
`true`, and beside it the start of Python itself.
"""

import contextlib
import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from _measure import ROOT, Bar, options, percentile, report

TIMES = 300
PAUSE = 0.002  # s between two processes: a program has something to do besides
LIMIT = 1.0  # ms
RUN_LIMIT = 120.0  # ms
RUN_MULTIPLE = 6.0

PROGRAM = """
import json, sys, threading, time
import baton
times, pause = int(sys.argv[1]), float(sys.argv[2])
wall, own, beside = [], [], []
there, back = threading.Semaphore(0), threading.Semaphore(0)
def other():
    while True:
        there.acquire()
        back.release()
threading.Thread(target=other, daemon=True).start()
for _ in range(times):
    began, worked = time.perf_counter(), time.thread_time()
    with baton.process("bench"):
        pass
    own.append((time.thread_time() - worked) * 1000)
    wall.append((time.perf_counter() - began) * 1000)
    time.sleep(pause)
    began = time.perf_counter()
    there.release()
    back.acquire()
    beside.append((time.perf_counter() - began) * 1000)
    time.sleep(pause)
print(json.dumps({"wall": wall, "own": own, "beside": beside}))
"""


class Answers(BaseHTTPRequestHandler):
    """Answers as Baton does, or with 500."""

    status = 202

    def do_POST(self) -> None:
        told = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        count = len(told) if isinstance(told, list) else 1
        result = {"thread_id": "th_1", "status": "started", "effect": "updated", "warnings": []}
        content = json.dumps({"results": [result] * count}).encode()
        self.send_response(self.status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        return None


class Broken(Answers):
    status = 500


@contextlib.contextmanager
def answering(answers: type[Answers]) -> Iterator[str]:
    web = ThreadingHTTPServer(("127.0.0.1", 0), answers)
    thread = threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{web.server_port}"
    finally:
        web.shutdown()
        web.server_close()


@contextlib.contextmanager
def hanging() -> Iterator[str]:
    """Take connections, and never say anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


@contextlib.contextmanager
def down() -> Iterator[str]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    yield f"http://127.0.0.1:{port}"


SERVERS = {
    "up": lambda: answering(Answers),
    "down": down,
    "hanging": hanging,
    "500": lambda: answering(Broken),
}


def around(url: str, folder: str, times: int) -> dict[str, Any]:
    """Return what a program measured of itself that reports to *url*."""
    env = {**os.environ, "BATON_URL": url, "BATON_TOKEN": "bt_bench", "BATON_SPOOL_DIR": folder}
    argv = [sys.executable, "-c", PROGRAM, str(times), str(PAUSE)]
    told = subprocess.run(argv, cwd=ROOT, env=env, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(told.stdout)
    return found


def took(*argv: str, env: dict[str, str]) -> float:
    began = time.perf_counter()
    subprocess.run(argv, cwd=ROOT, env=env, check=True, capture_output=True)
    return (time.perf_counter() - began) * 1000


def over_true(url: str, folder: str, rounds: int) -> tuple[float, float]:
    """Return by how many ms `baton run -- true` is slower than `true`, and Python's own start."""
    env = {**os.environ, "BATON_URL": url, "BATON_TOKEN": "bt_bench", "BATON_SPOOL_DIR": folder}
    baton = (sys.executable, "-m", "baton", "run", "--", "true")
    took(*baton, env=env)  # compiles, and warms the disk's cache
    over, beside = [], []
    for _ in range(rounds):
        over.append(took(*baton, env=env) - took("true", env=env))
        beside.append(took(sys.executable, "-c", "pass", env=env))
    return statistics.median(over), statistics.median(beside)


def main() -> int:
    given = options(__doc__ or "", times=TIMES, rounds=20)
    figures: dict[str, Any] = {}
    bars = []
    with tempfile.TemporaryDirectory(prefix="baton-client-") as folder:
        for name, server in SERVERS.items():
            with server() as url:
                found = around(url, folder, given.times)
            first, *wall = found["wall"]
            figures[f"process_{name}_ms"] = {
                "first": round(first, 3),
                "p50": round(statistics.median(wall), 3),
                "p99": round(percentile(wall, 0.99), 3),
                "p99_cpu": round(percentile(found["own"][1:], 0.99), 3),
            }
            what = f"baton.process around nothing, server {name}"
            beside = statistics.median(found["beside"])
            yardstick = "hand-over to a thread and back, ms"
            bars.append(Bar(what, statistics.median(wall), LIMIT, "ms", yardstick, beside))
            worst = percentile(found["own"][1:], 0.99)
            bars.append(Bar(f"{what}, CPU of the caller's thread, p99", worst, LIMIT, "ms"))
        with answering(Answers) as url:
            over, beside = over_true(url, folder, given.rounds)
    figures["run_over_true_ms"] = round(over, 1)
    start = "the start of Python, ms"
    bars.append(Bar("baton run -- true, over true", over, RUN_LIMIT, "ms", start, beside, RUN_MULTIPLE))  # fmt: skip
    return report("client", figures, bars, as_json=given.json)


if __name__ == "__main__":
    sys.exit(main())
