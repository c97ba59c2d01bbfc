"""The shortest way of a report: one that came whole is taken and answered without reading a request.

uvicorn reads any request in pieces, and makes of each a message, a task and an answer in two parts,
which takes as long as reading what most reports say. What is not plain, or is refused, goes to it as
the bytes that came.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from bot.connections import Connection
from handlers.http.results import Written
from handlers.http.shortcut import REFUSED, Api, whole


class WholeReports(Connection):
    """A connection of `handlers.http.Api` that hands over plain reports as they came."""

    def __init__(self, config: Any, *given: Any, **more: Any) -> None:
        super().__init__(config, *given, **more)
        self._api = config.app if isinstance(config.app, Api) else None
        self._between = True  # the parser waits for the first byte of a request
        self._answering = False
        self._last = False  # the server ends: no other request is taken after this one
        self._behind = b""  # what came behind the report that is being answered
        self._refused: Exception | None = None
        self._task: asyncio.Task[None] | None = None

    def data_received(self, data: bytes) -> None:
        if self._answering:
            self._behind += data
            self.flow.pause_reading()
            return
        report = whole(data) if self._is_free() else None
        if self._api is None or report is None:
            super().data_received(data)
            return
        self._unset_keepalive_if_required()
        self._answering = True
        self._task = self.loop.create_task(self._take(self._api, data, *report))
        self.tasks.add(self._task)

    def shutdown(self) -> None:
        if self._answering:
            self._last = True
        else:
            super().shutdown()

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._between = False

    def on_headers_complete(self) -> None:
        if self._refused is not None:
            self.scope[REFUSED] = self._refused  # type: ignore[literal-required]  # a word of our own
            self._refused = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._between = True

    def _is_free(self) -> bool:
        """Say whether the next byte begins a request, all before it are answered, and were read."""
        done = self.cycle is None or self.cycle.response_complete
        return self._between and done and not self.flow.write_paused

    async def _take(self, api: Api, data: bytes, head: Mapping[str, str], body: bytes) -> None:
        try:
            written, self._refused = await api.report(head, body)
        finally:
            self._answering = False
            self.tasks.discard(self._task)  # a callback of the task would cost another turn
        if self.transport.is_closing():  # whoever reported has left
            return
        if written is None:
            super().data_received(data)
        else:
            self._write(written, api.headers_of(written))
        if self._last:
            self.shutdown()
        behind, self._behind = self._behind, b""
        if behind and not self.transport.is_closing():
            self.data_received(behind)

    def _write(self, written: Written, headers: list[tuple[bytes, bytes]]) -> None:
        headers = [*self.server_state.default_headers, *headers]
        if self._last:
            headers.append((b"connection", b"close"))
        lines = [b"%b: %b\r\n" % pair for pair in headers]
        self.joining.write_all(
            b"".join([STATUS_LINE[written.status], *lines, b"\r\n", written.body])
        )
        self.on_response_complete()
