"""Socket Mode: tickets that are good once, envelopes, acks."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect, WebSocketState

from devslack.clock import Clock
from devslack.deliveries import Answer
from devslack.faults import AT_ONCE, Faults
from devslack.ids import Ids
from devslack.record import Envelope, Record
from devslack.shapes import Json, Unreadable, dump, parse

log = logging.getLogger("devslack")

TICKET_SECONDS = 30.0
MOST_CONNECTIONS = 10
GOODBYE_SECONDS = 0.5


@dataclass(slots=True, eq=False)
class Connection:
    """One open socket of the app."""

    id: str
    socket: WebSocket
    sending: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def send(self, frame: Json) -> bool:
        """Send one frame; False when the socket is gone."""
        async with self.sending:
            if self.socket.application_state is not WebSocketState.CONNECTED:
                return False
            try:
                await self.socket.send_text(dump(frame))
            except (WebSocketDisconnect, RuntimeError, OSError):
                return False
        return True

    async def close(self, code: int = 1000) -> None:
        """Close the socket, unless the other side already has."""
        if self.socket.application_state is WebSocketState.CONNECTED:
            try:
                await self.socket.close(code)
            except (WebSocketDisconnect, RuntimeError, OSError) as error:
                log.debug("a socket was already closed: %s", error)


class Sockets:
    """The app's connections. *changed* hears how many there are."""

    def __init__(self, app_id: str, clock: Clock, ids: Ids, record: Record, faults: Faults) -> None:
        self._app_id = app_id
        self._clock = clock
        self._ids = ids
        self._record = record
        self._faults = faults
        self._tickets: dict[str, float] = {}
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._closing: set[asyncio.Future[None]] = set()
        self.connections: list[Connection] = []
        self.changed: Callable[[int], None] = lambda _count: None
        # Cuts the TCP connection of a client address; False where the server cannot.
        self.cut: Callable[[tuple[str, int]], bool] = lambda _client: False

    # -- opening ---------------------------------------------------------------------------------

    def ticket(self) -> str:
        """Make a ticket for one handshake."""
        now = self._clock.now()
        self._tickets = {t: until for t, until in self._tickets.items() if until >= now}
        name = self._ids.uuid()
        self._tickets[name] = now + TICKET_SECONDS
        return name

    def _admits(self, name: str) -> bool:
        until = self._tickets.pop(name, None)
        return until is not None and self._clock.now() <= until

    async def serve(self, socket: WebSocket) -> None:
        """Hold one connection until it ends."""
        known = self._admits(socket.query_params.get("ticket", ""))
        if not known or self._faults.take("refuse_handshake"):
            log.warning("a socket was refused: its ticket is unknown, used or too old")
            await socket.close(1008)
            return
        await socket.accept()
        connection = Connection(self._ids.short(12).lower(), socket)
        if len(self.connections) >= MOST_CONNECTIONS:
            await connection.send(self._disconnect("too_many_websockets"))
            await connection.close()
            return
        if (late := self._faults.take("delayed_hello")) is not None:
            await asyncio.sleep(late.args["ms"] / 1000)
        self.connections.append(connection)
        try:
            await connection.send(self._hello(connection))
            self.changed(len(self.connections))
            await self._listen(connection)
        finally:
            if connection in self.connections:
                self.connections.remove(connection)
            self.changed(len(self.connections))

    def _hello(self, connection: Connection) -> Json:
        return {
            "type": "hello",
            "num_connections": len(self.connections) + self._faults.has("second_connection"),
            "debug_info": {
                "host": f"devslack-{connection.id}",
                "build_number": 1,
                "approximate_connection_time": 18060,
            },
            "connection_info": {"app_id": self._app_id},
        }

    @staticmethod
    def _disconnect(reason: str) -> Json:
        return {"type": "disconnect", "reason": reason, "debug_info": {"host": "devslack"}}

    async def _listen(self, connection: Connection) -> None:
        while True:
            try:
                text = await connection.socket.receive_text()
            except (WebSocketDisconnect, RuntimeError, KeyError):
                return
            self._heard(text)

    # -- delivering ------------------------------------------------------------------------------

    async def carry(self, envelope: Envelope, seconds: float) -> Answer:
        """Send to any one connection and wait for the ack."""
        for switch in AT_ONCE:
            if self._faults.take(switch, type=envelope.type) is not None:
                await self.strike(switch)
        if self._faults.take("second_connection", type=envelope.type) is not None:
            return Answer("acked", why="another connection of the app took it")
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[envelope.id] = future
        try:
            if not await self._send(frame(envelope)):
                why = "no connection of the app is open"
                return Answer("none_connected", why=why, reason="connection_failed")
            if self._faults.take("duplicate_envelope", type=envelope.type):
                await self._send(frame(envelope))
            return await asyncio.wait_for(future, seconds)
        except TimeoutError:
            return Answer("timeout", why=f"no ack within {seconds:g} s")
        finally:
            del self._waiting[envelope.id]

    async def _send(self, payload: Json) -> bool:
        while self.connections:
            connection = self.connections[self._ids.pick(len(self.connections))]
            if await connection.send(payload):
                return True
            if connection in self.connections:
                self.connections.remove(connection)
        return False

    def _heard(self, text: str) -> None:
        try:
            ack = parse(text)
        except Unreadable:
            log.warning("the app sent a frame that is not JSON")
            return
        name = ack.get("envelope_id") if isinstance(ack, dict) else None
        envelope = self._record.find(name) if isinstance(name, str) else None
        if envelope is None:
            log.warning("the app acked an envelope that was never sent: %r", name)
            return
        future = self._waiting.get(envelope.id)
        if future is not None and not future.done():
            future.set_result(read_ack(envelope, ack.get("payload")))
        elif envelope.state == "timeout":
            envelope.state, envelope.ack = "late", ack.get("payload")
            self._record.changed(envelope)

    # -- trouble ---------------------------------------------------------------------------------

    async def strike(self, switch: str) -> None:
        """Let one of the faults strike that concern open sockets."""
        if switch == "tcp_drop":
            await self.drop()
        else:
            await self.disconnect({"disconnect_warning": "warning"}.get(switch, switch))

    def silent(self) -> bool:
        """True when a ping that just came must stay without an answer."""
        return self._faults.take("no_pong") is not None

    async def disconnect(self, reason: str) -> None:
        """Tell every connection that it must be renewed, and close the old ones."""
        for connection in list(self.connections):
            await connection.send(self._disconnect(reason))
            if reason != "warning" and connection in self.connections:
                self.connections.remove(connection)
                self._close_later(connection)
        self.changed(len(self.connections))

    def _close_later(self, connection: Connection) -> None:
        # A client that was told to go opens a new connection first; it gets a moment for that.
        def act() -> None:
            task = asyncio.ensure_future(connection.close())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

        asyncio.get_running_loop().call_later(GOODBYE_SECONDS, act)

    async def drop(self) -> None:
        """Cut every connection without a goodbye."""
        for connection in list(self.connections):
            client = connection.socket.client
            if client is None or not self.cut((client.host, client.port)):
                await connection.close(1011)
            if connection in self.connections:
                self.connections.remove(connection)


def frame(envelope: Envelope) -> Json:
    """Return an envelope as it goes over the wire."""
    sent: Json = {
        "envelope_id": envelope.id,
        "type": envelope.type,
        "accepts_response_payload": envelope.accepts_payload,
        "payload": envelope.payload,
    }
    if envelope.type == "events_api":
        sent |= {"retry_attempt": envelope.retry, "retry_reason": envelope.reason}
    return sent


def read_ack(envelope: Envelope, payload: Any) -> Answer:
    """Return the answer an ack amounts to; a payload counts only where one was asked for."""
    if payload is None or payload in ({}, ""):
        return Answer("acked")
    if not envelope.accepts_payload:
        return Answer("acked", why="the ack's payload was ignored: this envelope accepts none")
    return Answer("acked", payload)
