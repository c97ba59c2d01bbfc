"""What programs do: they report over HTTP, over a bad line, until they are told that it is stored."""

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI

from tests.prove.simulation.life import Life, open_edge
from tests.prove.simulation.outside import Outside

PATIENCE = 10.0  # s that a client waits for an answer
TOLD = (500, 503, 429)
AGAIN = 0.15  # of what is acknowledged is sent again, by every life


class Lost(Exception):
    """No answer came. What was asked for may have been done."""


@dataclass
class Wire:
    """HTTP to one life, with the faults of a network. *token* stands for who asks."""

    app: FastAPI
    outside: Outside

    @classmethod
    async def to(cls, life: Life, outside: Outside) -> "Wire":
        return cls(await open_edge(life), outside)

    async def ask(
        self, method: str, path: str, token: str, body: Any, key: str | None = None
    ) -> tuple[int, Any]:
        """Send one request and return status and body. Raises: Lost."""
        faults = self.outside.faults
        if faults.strike("N", 0.15):
            await asyncio.sleep(faults.rng("N").choice((0.1, 2, 20)))
        if faults.strike("N", 0.05):
            raise Lost
        status, answer = await self._asked(method, path, token, body, key)
        if faults.strike("N", 0.1):
            self.outside.reached["answer lost after acceptance"] += status == 202
            await asyncio.sleep(faults.rng("N").choice((0, PATIENCE)))
            raise Lost
        return status, answer

    async def _asked(
        self, method: str, path: str, token: str, body: Any, key: str | None
    ) -> tuple[int, Any]:
        content = b"" if body is None else json.dumps(body).encode()
        headers = {
            "host": "baton.test",
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "content-length": str(len(content)),
            **({"idempotency-key": key} if key else {}),
        }
        said: list[Any] = []

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            said.append(message)

        await self.app(_scope(method, path, headers), receive, send)
        whole = b"".join(each.get("body", b"") for each in said[1:]).decode()
        status = int(said[0]["status"])
        self.outside.talk.append(whole)
        self.outside.trace.note("http", path, status, len(whole))
        return status, json.loads(whole or "null")


def _scope(method: str, target: str, headers: Mapping[str, str]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "root_path": "",
        "scheme": "http",
        "query_string": query.encode(),
        "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 1),
        "server": ("baton.test", 80),
    }


@dataclass(frozen=True)
class Report:
    """One report that a tool makes until it is stored."""

    key: str
    body: Mapping[str, Any]
    after: float  # s
    follows: str | None = None  # a report that has to be acknowledged first


async def report(wire: Wire, wanted: Report, token: str) -> None:
    """Make a report, as a client does: again until it is acknowledged, and now and then once more."""
    outside = wire.outside
    while wanted.follows is not None and wanted.follows not in outside.acknowledged:
        await asyncio.sleep(1)
    if wanted.key not in outside.acknowledged:
        await asyncio.sleep(wanted.after)
    while wanted.key not in outside.acknowledged or outside.chance(AGAIN):
        copies = 2 if outside.faults.strike("N", 0.1) else 1
        told = [_report_once(wire, wanted, token) for _ in range(copies)]
        await asyncio.gather(*told)
        await asyncio.sleep(outside.rng.uniform(0.1, 3))


async def _report_once(wire: Wire, wanted: Report, token: str) -> None:
    outside = wire.outside
    try:
        status, answer = await wire.ask("POST", "/v1/notify", token, wanted.body, wanted.key)
    except Lost:
        return
    if status in TOLD:
        outside.reached[f"refused with {status}"] += 1
        assert not answer.get("results"), f"P2: {status} and {answer}"
        return
    assert status == 202, f"P2: {status} {answer}"
    (result,) = answer["results"]
    known = outside.acknowledged.setdefault(wanted.key, result["event_id"])
    assert result["event_id"] == known, "P3: a repeat was taken for something new"
    outside.reached["repeat answered"] += result.get("effect") == "duplicate"


async def start(wire: Wire, name: str, request: str, inputs: Mapping[str, Any], token: str) -> None:
    """Start a run by hand until it is known to be started."""
    outside = wire.outside
    while request not in outside.started or outside.chance(AGAIN):
        body = {"inputs": dict(inputs), "request_id": request}
        try:
            status, answer = await wire.ask("POST", f"/v1/workflows/{name}/runs", token, body)
        except Lost:
            status, answer = 0, None
        if status == 202:
            known = outside.started.setdefault(request, answer["id"])
            assert known == answer["id"], "P3: a repeated start was another run"
            outside.reached["started by hand"] += 1
        else:
            assert status in (0, *TOLD), f"{status} {answer}"
        await asyncio.sleep(outside.rng.uniform(0.5, 3))


__all__ = ["Lost", "Report", "Wire", "report", "start"]
