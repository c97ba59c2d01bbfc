"""The programs that are measured, as they are started by hand, and a bare one to measure beside.

Only the standard library is used here: a bench named `click.py` lies beside this file, and would be
found by whatever imports the package of that name.
"""

import contextlib
import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from _measure import ROOT

PATIENCE = 60.0  # s
LOOK = 0.02
MANIFEST = "from bot.slack.manifest import manifest_yaml; print(manifest_yaml())"
ECHO = """
import asyncio, sys, uvicorn
async def app(scope, receive, send):
    if scope["type"] == "http":
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
        await send(start)
        await send({"type": "http.response.body", "body": b"ok"})
uvicorn.run(app, port=int(sys.argv[1]), log_config=None, access_log=False, lifespan="off")
"""


@dataclass(frozen=True)
class Server:
    """A program that listens. *facts* is what it said of itself."""

    address: str
    process: "subprocess.Popen[bytes]"
    facts: Mapping[str, str]

    def ask(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, bytes]:
        """Send one request, as JSON if it has a body; return status and answer."""
        with contextlib.closing(http.client.HTTPConnection(self.authority, timeout=60)) as line:
            return request(line, method, path, body, headers=headers)

    def json(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Return the answer as JSON.

        Raises:
            RuntimeError: the answer was a refusal.
        """
        status, answer = self.ask(method, path, body, headers=headers)
        if status >= 400:
            raise RuntimeError(f"{method} {path}: {status} {answer[:300]!r}")
        return json.loads(answer)

    @property
    def authority(self) -> str:
        return urlsplit(self.address).netloc


def request(
    line: http.client.HTTPConnection,
    method: str,
    path: str,
    body: object = None,
    *,
    headers: Mapping[str, str] | None = None,
) -> tuple[int, bytes]:
    sent = None if body is None else json.dumps(body).encode()
    kind = {"content-type": "application/json"} if sent is not None else {}
    line.request(method, path, sent, {**kind, **(headers or {})})
    answer = line.getresponse()
    return answer.status, answer.read()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


@contextlib.contextmanager
def running(
    *argv: str, env: Mapping[str, str] | None = None, log: Path | None = None
) -> Iterator["subprocess.Popen[bytes]"]:
    """Run a program of this checkout inside the block; it is gone after it."""
    with contextlib.ExitStack() as stack:
        errors = stack.enter_context(log.open("ab")) if log else subprocess.DEVNULL
        child = subprocess.Popen(
            [sys.executable, *argv],
            cwd=ROOT,
            env={**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
        )
        try:
            yield child
        finally:
            child.terminate()
            try:
                child.wait(10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
            if child.stdout is not None:
                child.stdout.close()


@contextlib.contextmanager
def local_slack(data: Path, *more: str) -> Iterator[Server]:
    """Run a local Slack with Baton's app installed; *more* goes onto its command line."""
    manifest = data / "manifest.yaml"
    made = subprocess.run(
        [sys.executable, "-c", MANIFEST], cwd=ROOT, check=True, capture_output=True
    )
    manifest.write_bytes(made.stdout)
    argv = ("-m", "devslack", "--port", "0", "--manifest", str(manifest), *more)
    with running(*argv, log=data / "slack.log") as child:
        facts = json.loads(first_line(child))
        yield Server(facts["page_url"], child, facts)


@contextlib.contextmanager
def baton(data: Path, slack: Server, **settings: str) -> Iterator[Server]:
    """Run `python -m bot serve` on *data*, connected to *slack*, and wait until it is ready."""
    with baton_at(free_port(), data, slack, **settings) as server:
        until_ready(server, "/readyz")
        yield server


@contextlib.contextmanager
def baton_at(port: int, data: Path, slack: Server, **settings: str) -> Iterator[Server]:
    """Run it as `baton` does, at a port that is known before; it may not be ready yet."""
    env = {
        "SLACK_API_URL": slack.facts["api_url"],
        "SLACK_BOT_TOKEN": slack.facts["bot_token"],
        "SLACK_APP_TOKEN": slack.facts["app_token"],
        "BATON_DATA": str(data),
        **settings,
    }
    with running(
        "-m", "bot", "serve", "--port", str(port), env=env, log=data / "baton.log"
    ) as child:
        yield Server(f"http://127.0.0.1:{port}", child, {})


@contextlib.contextmanager
def echo() -> Iterator[Server]:
    """Run a bare uvicorn that answers `ok`."""
    port = free_port()
    with running("-c", ECHO, str(port)) as child:
        server = Server(f"http://127.0.0.1:{port}", child, {})
        until_ready(server, "/")
        yield server


def first_line(child: "subprocess.Popen[bytes]") -> bytes:
    line = child.stdout.readline() if child.stdout else b""
    if not line:
        raise RuntimeError(f"{child.args!r} ended before it said anything.")
    return line


def until_ready(server: Server, path: str, patience: float = PATIENCE) -> float:
    """Return the seconds until *path* answered 200.

    Raises:
        RuntimeError: it ended, or was not ready in time.
    """
    began = time.perf_counter()
    while time.perf_counter() - began < patience:
        if server.process.poll() is not None:
            raise RuntimeError(f"{server.process.args!r} ended: {server.process.returncode}")
        with contextlib.suppress(OSError, http.client.HTTPException):
            if server.ask("GET", path)[0] == 200:
                return time.perf_counter() - began
        time.sleep(LOOK)
    raise RuntimeError(f"{server.address}{path} was not ready within {patience:.0f} s")


def token(data: Path, source: str, *scopes: str, owner: str) -> dict[str, str]:
    """Return the header of a new token, made through the server's admin socket."""
    wanted = {
        "command": "token-create",
        "source": source,
        "scopes": scopes,
        "owner": owner,
        "kind": "ci",
        "channel": "#releases",
    }
    with socket.socket(socket.AF_UNIX) as line:
        line.connect(str(data / "admin.sock"))
        line.sendall(json.dumps(wanted).encode() + b"\n")
        with line.makefile("rb") as answer:
            made = json.loads(answer.readline())
    return {"authorization": f"Bearer {made['done']['token']}"}
