"""What is outside of a life, and outlasts it: Slack, the world, a tool that reports, a person who decides."""

import asyncio
import json
import socket
from collections import Counter
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from typing import Any

CHANNEL = {"id": "C1", "name": "releases"}
PEOPLE = ("grace", "linus", "ada")
EVENTS: Mapping[str, Mapping[str, Any]] = {
    "seen-1": {"type": "note.seen", "id": "seen-1", "run_id": "witness"},
    "build-7": {"process_id": "build-7", "category": "test", "status": "completed"},
    "seen-2": {"type": "note.seen", "id": "seen-2", "run_id": "witness"},
}
LOOK = 0.02  # s between two looks at what is to be decided
ANSWER = 4.0  # s that a client waits for an answer


class Gone(Exception):
    """Nobody answers any more."""


@dataclass
class Outside:
    """What happened out there. It goes on when a life is over.

    Args:
        token: of the tool that reports; *decider* is the one of a person who decides.
        events: what the tool reports, by the key that each is sent with.
    """

    token: str
    decider: str
    events: Mapping[str, Mapping[str, Any]] = field(default_factory=lambda: EVENTS)
    effects: list[Mapping[str, Any]] = field(default_factory=list)
    messages: list[dict[str, Any]] = field(default_factory=list)
    acknowledged: dict[str, str] = field(default_factory=dict)  # by key: the id of the event
    decided: dict[str, str] = field(default_factory=dict)  # by approval: the state as it was told
    seen: Counter[str] = field(default_factory=Counter)
    through: bool = False

    async def accompany(self, slack: socket.socket, world: socket.socket, watch: Any) -> None:
        """Be there for one life, until it is through or gone."""
        for line in (slack, world, watch):
            line.settimeout(0)
        helpers = [
            asyncio.ensure_future(self._serve(slack)),
            asyncio.ensure_future(self._behold(world)),
        ]
        reader, writer = await asyncio.open_connection(sock=watch)
        gone = asyncio.ensure_future(self._drive(reader, writer))
        try:
            await gone
        except (OSError, Gone, asyncio.IncompleteReadError, ValueError):
            self.seen["lives that were gone"] += 1
        finally:
            for each in helpers:  # what was sent before the end is still there to be read
                with suppress(TimeoutError, OSError):
                    await asyncio.wait_for(each, 0.2)
            writer.close()

    async def _drive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        line = await reader.readline()
        if not line:
            raise Gone
        work = asyncio.ensure_future(self._play(int(line)))
        gone = asyncio.ensure_future(reader.read(1))
        await asyncio.wait([work, gone], return_when=asyncio.FIRST_COMPLETED)
        if not work.done():
            work.cancel()
            with suppress(asyncio.CancelledError, OSError, Gone):
                await work
            raise Gone
        work.result()
        self.through = True
        writer.write(b"end\n")
        await writer.drain()
        await gone

    # The tool and the person

    async def _play(self, port: int) -> None:
        client = Client(port, self.seen)
        await asyncio.gather(*(self._report(client, key) for key in self.events))
        while not await self._settled(client):
            await asyncio.sleep(LOOK)

    async def _report(self, client: "Client", key: str) -> None:
        while key not in self.acknowledged:
            headers = {"idempotency-key": f"key-{key}"}
            status, found = await client.ask(
                "POST", "/v1/notify", self.token, self.events[key], headers
            )
            if status == 202:
                self.acknowledged[key] = str(found["results"][0]["event_id"])
            else:
                await asyncio.sleep(LOOK)

    async def _settled(self, client: "Client") -> bool:
        """Do what a person has to do; say whether everything came to its end."""
        _, found = await client.ask("GET", "/v1/approvals?state=open", self.decider)
        for each in found.get("approvals", ()):
            await self._decide(client, each)
        _, found = await client.ask("GET", "/v1/runs", self.decider)
        runs = found.get("runs", [])
        for each in runs:
            await self._help(client, each)
        return bool(runs) and all(each["status"] == "completed" for each in runs)

    async def _decide(self, client: "Client", approval: Mapping[str, Any]) -> None:
        body = {"choice": "approve", "version": approval["version"]}
        path = f"/v1/approvals/{approval['id']}/decision"
        status, found = await client.ask("POST", path, self.decider, body)
        if status == 200 and found["state"] == "approved":
            self.decided[approval["id"]] = found["state"]

    async def _help(self, client: "Client", run: Mapping[str, Any]) -> None:
        if run["status"] in ("completed", "queued"):
            return
        place = f"/v1/runs/{run['id']}"
        if run["status"] == "failed":
            self.seen["failed runs retried"] += 1
            await client.ask("POST", f"{place}/retry", self.decider, {})
            return
        _, whole = await client.ask("GET", place, self.decider)
        for step in whole.get("steps", ()):
            if step["status"] != "unknown":
                continue
            happened = any(each["path"] == step["path"] for each in self.effects)
            outcome = "done" if happened else "retry"
            self.seen[f"unknown steps: {outcome}"] += 1
            body = {"path": step["path"], "outcome": outcome}
            await client.ask("POST", f"{place}/resolve", self.decider, body)

    # The world and Slack

    async def _behold(self, world: socket.socket) -> None:
        """Note what was done, to the last of it: what a life sent before its end did happen."""
        reader, writer = await asyncio.open_connection(sock=world)
        with closing(writer):
            while (line := await reader.readline()).endswith(b"\n"):
                self.effects.append(json.loads(line))

    async def _serve(self, slack: socket.socket) -> None:
        reader, writer = await asyncio.open_connection(sock=slack)
        with closing(writer):
            while (line := await reader.readline()).endswith(b"\n"):
                told = json.loads(line)
                answer = getattr(self, told["method"].replace(".", "_"))(told["arguments"])
                writer.write(json.dumps({"id": told["id"], "answer": answer}).encode() + b"\n")
                with suppress(OSError):
                    await writer.drain()

    def chat_postMessage(self, arguments: dict[str, Any]) -> Mapping[str, Any]:  # noqa: N802 - Slack's name
        ts = f"{2_000_000_000 + len(self.messages)}.000000"
        self.messages.append({**arguments, "ts": ts})
        return {"ok": True, "channel": CHANNEL["id"], "ts": ts}

    def chat_update(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        message = next(each for each in self.messages if each["ts"] == arguments["ts"])
        message.update(arguments)
        return {"ok": True, "channel": CHANNEL["id"], "ts": arguments["ts"]}

    def chat_getPermalink(self, arguments: dict[str, Any]) -> Mapping[str, Any]:  # noqa: N802 - Slack's name
        place = arguments["message_ts"].replace(".", "")
        link = f"https://slack.test/archives/{arguments['channel']}/p{place}"
        return {"ok": True, "permalink": link}

    def conversations_history(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        found = [each for each in self.messages if "thread_ts" not in each]
        return {"ok": True, "messages": found}

    def conversations_replies(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        ts = arguments["ts"]
        found = [each for each in self.messages if ts in (each["ts"], each.get("thread_ts"))]
        return {"ok": True, "messages": found}

    def conversations_list(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {"ok": True, "channels": [CHANNEL]}

    def users_list(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {"ok": True, "members": [{"id": f"U{n.upper()}", "name": n} for n in PEOPLE]}

    def usergroups_list(self, arguments: dict[str, Any]) -> Mapping[str, Any]:
        return {"ok": True, "usergroups": []}


class Client:
    """Asks over HTTP, each time on a line of its own."""

    def __init__(self, port: int, seen: Counter[str]) -> None:
        self._port = port
        self._seen = seen

    async def ask(
        self,
        method: str,
        path: str,
        token: str,
        body: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> tuple[int, Any]:
        """Return status and body; 0 where the line broke.

        Raises:
            Gone: nobody listens.
        """
        content = b"" if body is None else json.dumps(body).encode()
        heads = {
            "host": "baton.test",
            "authorization": f"Bearer {token}",
            "content-type": "application/json",
            "content-length": str(len(content)),
            "connection": "close",
            **(headers or {}),
        }
        head = "".join(f"{name}: {value}\r\n" for name, value in heads.items())
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self._port)
        except OSError as error:
            raise Gone from error
        try:
            writer.write(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content)
            answer = await asyncio.wait_for(reader.read(), ANSWER)
            told, _, found = answer.partition(b"\r\n\r\n")
            status = int(told.split(b" ", 2)[1])
            self._seen[f"answers {status}"] += 1
            if status == 503 and b"retry-after" not in told.lower():
                self._seen["503 without Retry-After"] += 1
            return status, json.loads(found) if found else {}
        except (OSError, TimeoutError, ValueError, IndexError):
            self._seen["answers lost"] += 1
            return 0, {}
        finally:
            writer.close()
