"""Files: those that are expected, and those that are there."""

from dataclasses import dataclass
from mimetypes import guess_type
from urllib.parse import quote

from devslack.clock import Clock
from devslack.ids import Ids
from devslack.shapes import Json


@dataclass(slots=True)
class File:
    """One file. *content* is None until it was sent; *shared* are the channels it is in."""

    id: str
    name: str
    title: str
    size: int
    created: int
    user: str
    content: bytes | None = None
    completed: bool = False
    shared: tuple[str, ...] = ()

    def slack(self, base_url: str) -> Json:
        """Return the file object."""
        kind = guess_type(self.name)[0] or "application/octet-stream"
        address = f"{base_url}/files/{self.id}/{quote(self.name, safe='')}"
        return {
            "id": self.id,
            "name": self.name,
            "title": self.title,
            "created": self.created,
            "timestamp": self.created,
            "mimetype": kind,
            "filetype": self.name.rpartition(".")[2].lower() if "." in self.name else "binary",
            "user": self.user,
            "size": self.size,
            "mode": "hosted",
            "is_public": bool(self.shared),
            "url_private": address,
            "url_private_download": address,
            "channels": list(self.shared),
        }


class Files:
    """All files, by id."""

    def __init__(self, clock: Clock, ids: Ids) -> None:
        self._clock = clock
        self._ids = ids
        self.held: dict[str, File] = {}
        self._tickets: dict[str, str] = {}

    def clear(self) -> None:
        """Forget all of them."""
        self.held.clear()
        self._tickets.clear()

    def expect(self, name: str, size: int, user: str) -> tuple[File, str]:
        """Make a file that is still empty; return it and the path to send its bytes to."""
        file = File(self._ids.make("F"), name, name, size, int(self._clock.now()), user)
        self.held[file.id] = file
        ticket = self._ids.secret(32)
        self._tickets[ticket] = file.id
        return file, f"/upload/v1/{ticket}"

    def redeem(self, ticket: str) -> File | None:
        """Return the file whose bytes may come now; an address is good once."""
        return self.held.get(self._tickets.pop(ticket, ""))
