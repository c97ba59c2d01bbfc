"""Secrets as handles: an expression passes a secret on without ever holding its value.

``{{ secrets.TOKEN }}`` gives a :class:`Secret`, and ``Bearer {{ secrets.TOKEN }}`` a
:class:`SecretText`. Only whoever performs the action turns them into text, with :func:`reveal`.

In JSON they are ``{"$secret": "TOKEN"}`` and ``{"$text": ["Bearer ", {"$secret": "TOKEN"}]}``. A
key of data that begins with ``$`` is written with one ``$`` more, so that no data can pass for a
handle.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

__all__ = [
    "SECRETS",
    "MalformedHandle",
    "Secret",
    "SecretText",
    "from_json",
    "join_secret",
    "mask",
    "may_hold_handles",
    "reveal",
    "secret_names",
    "to_json",
]

SECRET = "$secret"  # noqa: S105  a key of JSON, no secret
TEXT = "$text"


class MalformedHandle(ValueError):
    """A key begins with a single ``$`` and is no handle: this JSON was not written by `to_json`."""


@dataclass(frozen=True, slots=True)
class Secret:
    """Stands for the secret *name* of the store."""

    name: str


@dataclass(frozen=True, slots=True)
class SecretText:
    """Text with secrets in it, as the list of its parts."""

    parts: tuple[str | Secret, ...]


Handle: TypeAlias = Secret | SecretText


SECRETS: Final = (Secret, SecretText)  # for isinstance, often asked


def join_secret(parts: list[Any]) -> SecretText:
    """Join texts and handles into one text; neighbours that are plain text become one part."""
    joined: list[str | Secret] = []
    for part in parts:
        for piece in part.parts if isinstance(part, SecretText) else (part,):
            if isinstance(piece, str) and joined and isinstance(joined[-1], str):
                joined[-1] += piece
            elif piece != "":
                joined.append(piece)
    return SecretText(tuple(joined))


def to_json(value: Any) -> Any:
    """Write *value* as plain JSON in which no data can be taken for a handle."""
    if isinstance(value, Secret):
        return {SECRET: value.name}
    if isinstance(value, SecretText):
        return {TEXT: [to_json(part) for part in value.parts]}
    if isinstance(value, dict):
        return {
            f"${key}" if key.startswith("$") else key: to_json(each) for key, each in value.items()
        }
    if isinstance(value, list):
        return [to_json(each) for each in value]
    return value


def may_hold_handles(value: Any) -> bool:
    """Say whether `from_json` would make anything else of *value*: handles have keys with a ``$``."""
    if isinstance(value, dict):  # a loop, since each step asks this several times
        for key, each in value.items():
            if key[:1] == "$" or (isinstance(each, dict | list) and may_hold_handles(each)):
                return True
        return False
    return isinstance(value, list) and any(map(may_hold_handles, value))


def from_json(value: Any) -> Any:
    """Read back what :func:`to_json` wrote.

    Raises:
        MalformedHandle: it was not written by :func:`to_json`.
    """
    if isinstance(value, list):
        return [from_json(each) for each in value]
    if not isinstance(value, dict):
        return value
    if any(key.startswith("$") and not key.startswith("$$") for key in value):
        return _read_handle(value)
    return {key.removeprefix("$"): from_json(each) for key, each in value.items()}


def _read_handle(value: dict[str, Any]) -> Handle:
    match value:
        case {"$secret": str(name)} if len(value) == 1:
            return Secret(name)
        case {"$text": list(parts)} if len(value) == 1:
            read = tuple(part if isinstance(part, str) else from_json(part) for part in parts)
            if all(isinstance(part, str | Secret) for part in read):
                return SecretText(read)
    raise MalformedHandle(f"a map with the keys {sorted(value)[:5]} is no handle of a secret")


def reveal(value: Any, lookup: Callable[[str], str]) -> Any:
    """Return *value* with every handle turned into text; *lookup* gives the text of a name."""
    return _replace(value, lambda secret: lookup(secret.name))


def mask(value: Any) -> Any:
    """Return *value* for people to look at: each handle shows as ``[secret NAME]``."""
    return _replace(value, lambda secret: f"[secret {secret.name}]")


def secret_names(value: Any) -> frozenset[str]:
    """Return the names of all secrets in *value*."""
    names: set[str] = set()

    def note(secret: Secret) -> str:
        names.add(secret.name)
        return ""

    _replace(value, note)
    return frozenset(names)


def _replace(value: Any, text: Callable[[Secret], str]) -> Any:
    if isinstance(value, Secret):
        return text(value)
    if isinstance(value, SecretText):
        return "".join(part if isinstance(part, str) else text(part) for part in value.parts)
    if isinstance(value, Mapping):
        return {key: _replace(each, text) for key, each in value.items()}
    if isinstance(value, list):
        return [_replace(each, text) for each in value]
    return value
