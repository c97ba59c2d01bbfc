"""The WebSocket protocol of the server, which can leave a ping without an answer."""

from collections.abc import Callable
from typing import Any

from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol


class Pings(WebSocketsSansIOProtocol):
    """Echoes pings byte for byte, except those for which *silent* says otherwise."""

    def __init__(self, silent: Callable[[], bool], *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self._silent = silent

    def handle_ping(self) -> None:
        """Answer a ping, or throw the prepared answer away."""
        if self._silent():
            self.conn.data_to_send()
        else:
            super().handle_ping()
