"""Taking a port, before anything else is begun: one that is taken stops the start with a sentence."""

import contextlib
import errno
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import TypeAlias

from baton.errors import BatonError

Listening: TypeAlias = socket.socket
LONGEST = 100  # bytes in the name of a local socket, with room to spare


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


def listen_privately(place: Path) -> Listening:
    """Return a socket at *place* that its owner alone can reach, from its first moment on.

    Raises:
        NotListening: there can be none.
    """
    taken = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        os.fchmod(
            taken.fileno(), 0o600
        )  # the file gets the mode that the socket has when it is bound
        with reachable(place) as short:
            taken.bind(short)
        place.chmod(0o600)
        taken.listen(16)
        taken.settimeout(0)
    except OSError as error:
        taken.close()
        raise NotListening(f"Cannot listen at {place}: {error.strerror or error}") from None
    return taken


@contextlib.contextmanager
def reachable(place: Path) -> Iterator[str]:
    """Name *place* in a hundred bytes: the system takes no longer name for a socket."""
    if len(os.fsencode(place)) < LONGEST:
        yield str(place)
        return
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{place.name}"
    finally:
        os.close(folder)


def port_of(taken: Listening) -> int:
    port: int = taken.getsockname()[1]
    return port
