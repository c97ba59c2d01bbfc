"""How long the head of a request may be: the parser of uvicorn takes any, as long as memory lasts."""

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

LONGEST = 64 * 1024  # bytes of a request line with its headers, as far as they came without an end


class ShortHeads(HttpToolsProtocol):
    """Reads HTTP as uvicorn does, and hangs up on a head that does not end."""

    _reading = True
    _came = 0

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if not self._reading or self.transport.is_closing():
            return
        self._came += len(data)
        if self._came > LONGEST:
            self.send_400_response("The head of the request is too long.")

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._reading, self._came = True, 0

    def on_headers_complete(self) -> None:
        self._reading = False
        super().on_headers_complete()
