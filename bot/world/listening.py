"""Taking a port, before anything else is begun: one that is taken stops the start with a sentence."""

import errno
import socket
from typing import TypeAlias

from baton.errors import BatonError

Listening: TypeAlias = socket.socket


class PortTaken(BatonError):
    """Another program listens there already."""

    def __init__(self, host: str, port: int) -> None:
        self.host, self.port = host, port
        super().__init__(
            f"Port {port} of {host} is taken by another program. "
            "Stop it, or choose another with --port (0 takes a free one)."
        )


class NotListening(BatonError):
    """The address cannot be listened on at all."""


def listen(host: str, port: int) -> Listening:
    """Return a socket that listens on *host* and *port*; 0 takes a free one.

    Raises:
        PortTaken: somebody else has it.
        NotListening: the address is not one of this machine, or is not allowed.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    taken = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)  # else Nagle waits
    taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        taken.bind((host, port))
        taken.listen(1024)
        taken.settimeout(0)
    except OSError as error:
        taken.close()
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from None
        raise NotListening(f"Cannot listen on {host}:{port}: {error.strerror}") from None
    return taken


def port_of(taken: Listening) -> int:
    port: int = taken.getsockname()[1]
    return port
