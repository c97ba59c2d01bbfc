"""The real `bot serve` in a folder, with a local Slack, and what a client of it sees."""

import asyncio
import contextlib
import os
import sys
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from time import monotonic
from typing import Any

import httpx

from bot.admin import ask
from bot.slack.app import PROXIES
from bot.slack.manifest import manifest
from devslack.app import Server
from devslack.emulator import Options
from devslack.manifest import understand
from tests.prove.children import gone

ROOT = Path(__file__).resolve().parents[3]
PATIENCE = 90.0  # s, for the server to be ready
ANSWER = 30.0  # s, for an answer
STOP = 30.0  # s, for a polite end


@dataclass
class Served:
    """One server. It is begun with `begin`, again and again on the same folder."""

    data: Path
    slack: Server
    acknowledged: dict[str, str] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    child: Any = None
    address: str = ""
    token: str = ""

    @property
    def pid(self) -> int:
        return int(self.child.pid)

    @property
    def said(self) -> str:
        return (self.data.with_suffix(".log")).read_text(errors="replace")

    async def begin(self) -> None:
        """Begin a life and wait until it is ready."""
        with self.data.with_suffix(".log").open("ab") as log:
            self.child = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "bot", "serve", "--port", "0"),
                cwd=ROOT,
                env=self._environment(),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
            )
        async with asyncio.timeout(PATIENCE):
            line = (await self.child.stdout.readline()).decode()
        if "serves at" not in line:
            raise RuntimeError(f"the server did not begin: {self.said[-800:]}")
        self.address = line.strip().rpartition(" ")[2]
        if not self.token:
            self.token = await _token(self.data)

    async def end(self) -> int:
        """Ask it to end, and return its code."""
        with contextlib.suppress(ProcessLookupError):
            self.child.terminate()
        return await self.ended(STOP)

    async def ended(self, within: float) -> int:
        """Wait for its end and return its code; -9 where it had to be killed."""
        try:
            async with asyncio.timeout(within):
                return await gone(self.child)
        except TimeoutError:
            self.child.kill()
            return await gone(self.child)

    def _environment(self) -> dict[str, str]:
        own = {name: value for name, value in os.environ.items() if not name.startswith("BATON_")}
        for name in (*PROXIES, "ALL_PROXY", "all_proxy"):
            own.pop(name, None)
        return {
            **own,
            "SLACK_API_URL": self.slack.api_url,
            "SLACK_BOT_TOKEN": self.slack.keys.bot_token,
            "SLACK_APP_TOKEN": self.slack.keys.app_token,
            "BATON_DATA": str(self.data),
            "BATON_CHANNEL": "#releases",
        }

    async def report(self, name: str, *, length: int = 10) -> int:
        """Report one event, and note what came of it. Returns the status; 0: there was no answer."""
        body = {"type": "note.seen", "id": name, "run_id": "witness", "text": "x" * length}
        headers = {"authorization": f"Bearer {self.token}", "idempotency-key": f"key-{name}"}
        try:
            async with self._client() as client:
                answer = await client.post("/v1/notify", json=body, headers=headers)
        except httpx.HTTPError:
            return 0
        if answer.status_code == 202:
            self.acknowledged[name] = answer.json()["results"][0]["event_id"]
        else:
            self.refused[name] += 1
            if answer.status_code != 503 or "retry-after" not in answer.headers:
                self.wrong.append(f"P9: {name} was answered {answer.status_code}: {answer.text}")
        return answer.status_code

    async def status(self, path: str) -> tuple[int, float]:
        """Return the status of `/readyz` or `/healthz`, and how many s the answer took."""
        began = monotonic()
        try:
            async with self._client() as client:
                answer = await client.get(path)
        except httpx.HTTPError:
            return 0, monotonic() - began
        return answer.status_code, monotonic() - began

    async def until_ready(self, status: int, within: float) -> float:
        """Wait until `/readyz` answers *status*; return after how many s it did, or infinity."""
        began = monotonic()
        while monotonic() - began < within:
            found, _ = await self.status("/readyz")
            if found == status:
                return monotonic() - began
            await asyncio.sleep(0.05)
        return float("inf")

    def _client(self) -> httpx.AsyncClient:
        # Without certificates, which take a while to be read and are for nothing here.
        return httpx.AsyncClient(
            base_url=self.address,
            trust_env=False,
            timeout=ANSWER,
            verify=False,  # noqa: S501 - it is no https
        )


@asynccontextmanager
async def served(data: Path) -> AsyncIterator[Served]:
    """Have a server that serves *data* inside the block."""
    data.mkdir(parents=True, exist_ok=True)
    async with Server(Options(manifest=understand(manifest()))) as slack:
        server = Served(data, slack)
        try:
            await server.begin()
            yield server
        finally:
            if server.child.returncode is None:
                server.child.kill()
                await gone(server.child)


async def _token(data: Path) -> str:
    request = {
        "command": "token-create",
        "source": "witness",
        "scopes": ["notify"],
        "owner": None,
        "channel": "#releases",
        "days": 1,
        "kind": "ci",
    }
    made = await ask(data / "admin.sock", request)
    if made is None:
        raise RuntimeError("the server is up, and its socket is not")
    return str(made["token"])
