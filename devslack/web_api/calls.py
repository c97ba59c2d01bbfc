"""One call of a Web API method, and what several methods ask of the workspace."""

import base64
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

from devslack.emulator import Emulator
from devslack.errors import ApiError
from devslack.model import Channel, Message, User
from devslack.shapes import Json
from devslack.state import Workspace
from devslack.web_api import arguments

T = TypeVar("T")

READ_SCOPES: Mapping[str, str] = {
    "public": "channels:read",
    "private": "groups:read",
    "im": "im:read",
}
HISTORY_SCOPES: Mapping[str, str] = {
    "public": "channels:history",
    "private": "groups:history",
    "im": "im:history",
}


@dataclass(frozen=True, slots=True)
class Call:
    """A call whose token and scopes are already found good."""

    emulator: Emulator
    method: str
    args: Json
    base_url: str

    @property
    def workspace(self) -> Workspace:
        """The workspace it is about."""
        return self.emulator.workspace

    def text(self, name: str, otherwise: str = "") -> str:
        """Return a string argument."""
        return arguments.text(self.args, name, otherwise)

    def flag(self, name: str, *, otherwise: bool = False) -> bool:
        """Return a boolean argument."""
        return arguments.flag(self.args, name, otherwise=otherwise)

    def need(self, *scopes: str) -> None:
        """Refuse unless one of *scopes* is granted."""
        if not self.emulator.scopes & set(scopes):
            raise missing_scope(self.emulator, scopes)

    def channel(self, name: str = "channel") -> Channel:
        """Return the channel an argument means, as far as the app can know of it."""
        wanted = self.text(name)
        found = self.workspace.channel_named(wanted)
        if found is None or not self.knows(found):
            raise ApiError("channel_not_found")
        return found

    def knows(self, channel: Channel) -> bool:
        """True for what the app can see: public channels, and those it is in."""
        return channel.kind == "public" or self.is_in(channel)

    def is_in(self, channel: Channel) -> bool:
        """True when the app is a member."""
        return self.workspace.app.user_id in channel.members

    def user(self, name: str = "user") -> User:
        """Return the user an argument names."""
        return known_user(self.emulator, self.text(name))

    def message(self, channel: Channel, ts: str) -> Message:
        """Return a message that is not a tombstone."""
        found = self.workspace.message(channel.id, ts)
        if found is None or found.subtype == "tombstone":
            raise ApiError("message_not_found")
        return found


Answer: TypeAlias = Json | Awaitable[Json]


@dataclass(frozen=True, slots=True)
class Method:
    """How one method is run, and what it asks for before."""

    run: Callable[[Call], Json]
    required: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    token: str = "bot"  # noqa: S105  the kind of token, not one


def known_user(emulator: Emulator, name: str) -> User:
    """Return a user by id; with ``--lenient`` one is made where there is none."""
    found = emulator.workspace.users.get(name)
    if found is None and emulator.options.lenient and name[:1] in ("U", "W") and name.isalnum():
        found = emulator.workspace.make_user(User(name, name.lower(), name))
    if found is None:
        raise ApiError("user_not_found")
    return found


def missing_scope(emulator: Emulator, needed: Sequence[str]) -> ApiError:
    """Return the refusal for a scope that is not granted."""
    return ApiError(
        "missing_scope", needed=",".join(needed), provided=",".join(sorted(emulator.scopes))
    )


def page(
    call: Call, items: Sequence[T], otherwise: int = 100, most: int = 1000
) -> tuple[list[T], Json]:
    """Cut a list by ``limit`` and ``cursor``; return the part and its ``response_metadata``."""
    limit = arguments.whole(call.args, "limit", otherwise, most)
    start = _cursor(call.text("cursor"))
    if start > len(items):
        raise ApiError("invalid_cursor")
    end = start + limit
    following = base64.b64encode(b"next:%d" % end).decode() if end < len(items) else ""
    return list(items[start:end]), {"next_cursor": following}


def _cursor(cursor: str) -> int:
    if not cursor:
        return 0
    try:
        kind, _, number = base64.b64decode(cursor, validate=True).decode("ascii").partition(":")
    except ValueError as error:
        raise ApiError("invalid_cursor") from error
    if kind != "next" or not number.isdecimal() or len(number) > 9:
        raise ApiError("invalid_cursor")
    return int(number)


def some(value: Any) -> bool:
    """True for an argument that was really given."""
    return value not in (None, "", [], {})
