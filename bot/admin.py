"""`<data>/admin.sock`: how a command of a second process reaches the running server.

One request a connection, one JSON object a line each way. The socket is its owner's alone (0600), and
that is its only guard: nothing of it is on any port.
"""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import structlog

from baton.errors import BatonError
from bot.app import Baton
from bot.looking import Finding
from bot.operations import perform
from bot.publications import PREFIX, perform_workflow
from bot.world.listening import listen_privately, reachable
from coordination.policy import Principal

log = structlog.get_logger()

LIMIT = 1024 * 1024
PATIENCE = 20  # s
# Whoever can open the socket owns the data: the file's mode says so, and there is nothing above it.
OWNER = Principal(kind="token", id="admin.sock", scopes=frozenset({"admin"}), admin=True)


class AdminRefused(BatonError):
    """The running server did not do it; the sentence is its own."""


@dataclass(frozen=True, slots=True)
class AdminSocket:
    """Listens beside the database; a socket that a killed server left is taken away."""

    place: Path
    baton: Baton

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[None]:
        await asyncio.to_thread(self.place.unlink, missing_ok=True)
        listening = await asyncio.to_thread(listen_privately, self.place)
        server = await asyncio.start_unix_server(self._answer, sock=listening, limit=LIMIT)
        try:
            yield
        finally:
            server.close()
            await asyncio.to_thread(self.place.unlink, missing_ok=True)

    async def _answer(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            answer: Mapping[str, Any] = await self._perform(await reader.readline())
        except (ValueError, KeyError, TypeError, OSError) as error:  # too long, or not as expected
            answer = {"error": f"The request cannot be read: {error}"}
        except Exception:  # the edge of a loop: recorded, and the other side is told
            log.exception("admin_failed")
            answer = {"error": "The server made a mistake; its log says which."}
        with contextlib.suppress(ConnectionError):
            writer.write(json.dumps(answer).encode() + b"\n")
            await writer.drain()
        writer.close()

    async def _perform(self, line: bytes) -> Mapping[str, Any]:
        request = json.loads(line)
        if not isinstance(request, dict):
            raise TypeError("a request is an object")
        if request.get("command") == "doctor":
            return {"done": {"findings": await self._findings(), "version": version("baton-bus")}}
        baton = self.baton
        try:
            if str(request.get("command")).startswith(PREFIX):
                done = await perform_workflow(baton.coordinator, baton.settings, request)
            else:
                done = await perform(
                    baton.door, baton.world, baton.sessions, request, baton.settings
                )
        except BatonError as error:
            return {"error": str(error)}
        log.info("admin", command=request.get("command"))
        return {"done": done}

    async def _findings(self) -> list[Mapping[str, Any]]:
        """Return what is to be said of every part of the running program, and of its store."""
        found = [*await self.baton.findings()]
        stored = await self.baton.coordinator.problems(OWNER)
        found += [Finding("store", good=False, says=each) for each in stored]
        return [asdict(each) for each in found]


async def ask(place: Path, request: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Return what the running server answers, or None where none is running.

    Raises:
        AdminRefused: it said no, or nothing.
    """
    try:
        with reachable(place) as short:
            reader, writer = await asyncio.open_unix_connection(short, limit=LIMIT)
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        return None
    except PermissionError:
        raise AdminRefused(
            f"{place} is another user's: run this as the user whose server it is."
        ) from None
    try:
        writer.write(json.dumps(request).encode() + b"\n")
        await writer.drain()
        line = await asyncio.wait_for(reader.readline(), PATIENCE)
    except (OSError, ValueError, TimeoutError):
        raise AdminRefused("The running server does not answer on its admin socket.") from None
    finally:
        writer.close()
    if not line.endswith(b"\n"):
        raise AdminRefused("The server ended in the middle of its answer. Try again.")
    answer: Mapping[str, Any] = json.loads(line)
    if "error" in answer:
        raise AdminRefused(str(answer["error"]))
    done: Mapping[str, Any] = answer["done"]
    return done
