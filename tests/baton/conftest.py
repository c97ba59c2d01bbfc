"""A real server on loopback that writes down what it is told and answers as a test says."""

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = str(Path(__file__).resolve().parents[2])


@dataclass
class Told:
    method: str
    path: str
    headers: dict[str, str]
    body: Any


@dataclass
class Server:
    url: str = ""
    token: str = "bt_abcdefghijkl_0123456789abcdefghijABCDEFGHIJ"  # noqa: S105 - opens nothing
    told: list[Told] = field(default_factory=list)
    answers: list[tuple[int, dict[str, str], Any]] = field(default_factory=list)
    answer: Callable[[Told], tuple[int, dict[str, str], Any]] | None = None
    hold: threading.Event | None = None

    @property
    def events(self) -> list[dict[str, Any]]:
        """Every event told, in order, whether alone or in a list."""
        bodies = [told.body for told in self.told if told.path == "/v1/notify"]
        return [event for body in bodies for event in (body if isinstance(body, list) else [body])]

    @property
    def statuses(self) -> list[str]:
        return [event["status"] for event in self.events]

    def reply(self, told: Told) -> tuple[int, dict[str, str], Any]:
        if self.hold is not None:
            self.hold.wait(5)
        if self.answers:
            return self.answers.pop(0)
        if self.answer is not None:
            return self.answer(told)
        events = told.body if isinstance(told.body, list) else [told.body or {}]
        return 202, {}, {"results": [taken(event) for event in events]}


def taken(event: dict[str, Any]) -> dict[str, Any]:
    return {
        "event_id": "ev_1",
        "id": event.get("id"),
        "process_id": event.get("process_id"),
        "thread_id": "th_1",
        "status": event.get("status"),
        "effect": "created",
    }


@pytest.fixture
def server() -> Iterator[Server]:
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            told = Told(
                self.command,
                self.path,
                dict(self.headers.items()),
                json.loads(raw) if raw else None,
            )
            state.told.append(told)
            status, headers, body = state.reply(told)
            content = body if isinstance(body, bytes) else json.dumps(body).encode()
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)
            except OSError:  # the client did not want to wait
                return

        do_GET = do_POST  # noqa: N815 - the name that the library looks for

        def log_message(self, *args: object) -> None:
            return None

    web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.daemon_threads = True
    thread = threading.Thread(target=web.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{web.server_port}"
    yield state
    if state.hold is not None:
        state.hold.set()
    web.shutdown()
    web.server_close()
    thread.join()


@pytest.fixture
def dead_url() -> str:
    """Return an address at which nobody listens."""
    web = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    port = web.server_port
    web.server_close()
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def shell(tmp_path: Any) -> dict[str, str]:
    """The environment of a user who has never heard of Baton."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL") if name in os.environ}
    return {**kept, "HOME": str(tmp_path), "PYTHONPATH": ROOT}


Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def baton(server: Server, shell: dict[str, str]) -> Run:
    """Run ``python -m baton`` against the server of the test."""

    def run(
        *args: str, stdin: bytes = b"", **variables: str | None
    ) -> "subprocess.CompletedProcess[bytes]":
        env = {**shell, "BATON_URL": server.url, "BATON_TOKEN": server.token}
        for name, value in variables.items():
            env.pop(name, None)
            if value is not None:
                env[name] = value
        argv = [sys.executable, "-m", "baton", *args]
        return subprocess.run(
            argv, env=env, input=stdin, capture_output=True, timeout=20, check=False
        )

    return run
