"""The HTTP application whole over a real database, called in process, and short words for tests."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from fastapi import FastAPI

from baton.reading import Source
from coordination import tokens
from coordination.changes import Changes
from coordination.coordinator import Coordinator, Ports, Rules
from coordination.database import Transaction, insert, update
from coordination.database import runs as runs_table
from coordination.database import steps as steps_table
from coordination.questions import Approval
from coordination.secrets import Secrets
from coordination.tokens import Grant
from handlers.http import Demo, Edge, create_api
from handlers.http.sessions import COOKIE, Sessions
from tests.coordination.floor import NotedRuntime, TargetsOnly, Workspace
from tests.coordination.scene import QUESTION, ROLES, CountingIds, Scene, StillClock, open_scene
from tests.handlers.http.application import application
from workflows.actions import built_in
from workflows.actions.registry import Registry
from workflows.language.reading import DefinitionReader
from workflows.rehearsal import PublishedRehearsals

URL = "http://127.0.0.1:8765"
RUN = "run_0000000000000000000000000A"
KEY = b"k" * 32
SHARED = "a secret of the store, that others know too"


class Halfway:
    def random(self) -> float:
        return 0.5


class RunNow:
    """Runs what is started at once, as far as it goes without waiting."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def start(self, name: str, work: Any) -> None:
        self.names.append(name)
        try:
            work.send(None)
        except StopIteration:
            return
        raise AssertionError(f"{name} waits for something")


@dataclass
class World:
    clock: StillClock = field(default_factory=StillClock)
    ids: CountingIds = field(default_factory=CountingIds)
    rng: Halfway = field(default_factory=Halfway)
    tasks: RunNow = field(default_factory=RunNow)


@dataclass
class House:
    """What a test holds in its hands."""

    scene: Scene
    world: World
    edge: Edge
    app: FastAPI
    http: httpx.AsyncClient
    runtime: NotedRuntime
    failing: dict[str, str]
    made: list[str] = field(default_factory=list)  # tokens, each of which is a canary

    @property
    def changes(self) -> Changes:
        return self.edge.changes

    async def token(
        self,
        *scopes: str,
        source: str = "ci",
        owner: str | None = None,
        ends: datetime | None = None,
        **more: Any,
    ) -> str:
        """Make a token and return what a tool shows."""
        made, now = tokens.make(self.world.ids), self.world.clock.now()
        grant = Grant(source=source, scopes=scopes or ("read",), owner=owner, expires_at=ends)
        about = Source(source, source, "api", **more)

        def unit(tx: Transaction) -> None:
            tokens.put_source(tx, about, channel="#builds", now=now)
            tokens.create(tx, made, grant, now=now)

        await self.scene.door.write(unit)
        self.made.append(made.text)
        return made.text

    def spilled(self, folder: Path) -> list[str]:
        """Name each file of the store that holds the secret of a token."""
        files = {each.name: each.read_bytes() for each in folder.glob("baton.db*")}
        return [
            name
            for name, held in files.items()
            for text in self.made
            if text.rpartition("_")[2].encode() in held
        ]

    async def ask(self, method: str, path: str, token: str | None = None, **more: Any) -> Any:
        headers = dict(more.pop("headers", {}))
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        return await self.http.request(method, path, headers=headers, **more)

    async def get(self, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        found: httpx.Response = await self.ask("GET", path, token, **more)
        return found

    async def post(self, path: str, token: str | None = None, **more: Any) -> httpx.Response:
        found: httpx.Response = await self.ask("POST", path, token, **more)
        return found

    async def report(self, token: str, **body: Any) -> dict[str, Any]:
        """Report one event; return its result."""
        answer = await self.post("/v1/notify", token, json=body)
        assert answer.status_code == 202, answer.text
        result: dict[str, Any] = answer.json()["results"][0]
        return result

    async def raw(
        self,
        method: str,
        path: str,
        token: str | None,
        received: list[dict[str, Any]],
        *,
        kind: bytes = b"application/json",
    ) -> list[Any]:
        """Call the application as a server does, and return what it sent."""
        sent: list[Any] = []
        headers = [
            (b"host", b"127.0.0.1:8765"),
            (b"content-type", kind),
            *([(b"authorization", f"Bearer {token}".encode())] if token else []),
        ]

        async def receive() -> dict[str, Any]:
            return received.pop(0)

        async def send(message: Any) -> None:
            sent.append(message)

        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "scheme": "http",
            "path": path,
            "raw_path": path.encode(),
            "query_string": b"",
            "root_path": "",
            "headers": headers,
            "client": ("127.0.0.1", 1),
            "server": ("127.0.0.1", 8765),
        }
        await self.app(scope, receive, send)  # type: ignore[arg-type]
        return sent

    def log_in(self, handle: str) -> str:
        """Give the client the session of somebody; return the cookie."""
        now = self.world.clock.now()
        name = self.world.ids.new("ss")
        cookie = self.edge.sessions.cookie(f"U{handle.upper()}", now=now, nonce=name)
        self.http.cookies.clear()
        self.http.cookies.set(COOKIE, cookie)
        return cookie

    def link(self, handle: str) -> str:
        """Return the token of a login link for somebody."""
        now = self.world.clock.now()
        return self.edge.sessions.link(
            f"U{handle.upper()}", now=now, nonce=self.world.ids.new("ln")
        )

    def later(self, **span: float) -> None:
        self.world.clock.at += timedelta(**span)
        self.scene.now = self.world.clock.at

    async def set_run(self, **values: Any) -> None:
        def unit(tx: Transaction) -> None:
            tx.execute(update(runs_table), **values)

        await self.scene.door.write(unit)

    async def add_step(self, path: str, status: str, **more: Any) -> None:
        values = {"kind": "action", "name": path, "attempts": 1, "redo": 0, "position": 1} | more

        def unit(tx: Transaction) -> None:
            tx.execute(
                insert(steps_table), run_key=self.scene.run_key, path=path, status=status, **values
            )

        await self.scene.door.write(unit)

    async def question(self, path: str = "gate", **more: Any) -> Approval:
        """Let the run ask something at *path*."""
        return await self.scene.ask(replace(QUESTION, **more), path)


def problem(answer: httpx.Response) -> dict[str, Any]:
    """Return a problem document, once it is a whole one that fits its answer."""
    assert answer.headers["content-type"] == "application/problem+json", answer.text
    body: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "instance", "code"} <= body.keys()
    assert body["status"] == answer.status_code
    assert body["instance"] == answer.headers["x-request-id"]
    assert body["type"] == f"urn:baton:problem:{body['code']}"
    return body


@asynccontextmanager
async def open_house(
    folder: Path,
    *,
    demo: Demo | None = None,
    facts: Mapping[str, Any] | None = None,
    secrets: Secrets | None = None,
) -> AsyncIterator[House]:
    """Open the application over a scene: a thread, a run, some people."""
    world = World()
    scene = await open_scene(folder / "baton.db")
    scene.ids = world.ids
    runtime, failing = NotedRuntime(), {}

    async def readiness() -> dict[str, str]:
        return failing

    registry = Registry(built_in(environment={}))
    language = DefinitionReader(registry)
    kept = secrets or Secrets(KEY, {"SHARED": SHARED}.__getitem__)
    ports = Ports(runtime, TargetsOnly(), Workspace(), kept, language)
    coordinator = Coordinator(scene.door, world, ports, Rules(ROLES, ("@grace",), "#general"))  # type: ignore[arg-type]
    parts = {
        "coordinator": coordinator,
        "world": world,
        "changes": scene.door.changes,
        "sessions": Sessions(KEY),
        "readiness": readiness,
        "rehearsals": PublishedRehearsals(coordinator.workflow, registry, world.clock),
        "public_url": URL,
        "static": folder / "static",
        "demo": demo,
    }
    edge = Edge(**{**parts, **(facts or {})})
    app = create_api(edge, version="0.0.0") if demo or facts is not None else application(edge)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=URL) as http:
        yield (house := House(scene, world, edge, app, http, runtime, failing))
    spilled = house.spilled(folder)
    await scene.door.close()
    assert spilled == [], "a token stands in the store"
