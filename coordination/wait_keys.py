"""What a wait asks of an event beside its name, as texts that an index can find. Pure.

A wait is found in two steps. Its *shape* says which event it is about and where it looks, and there
are few of them; its *key* adds what it wants to find there. An event is looked up once for each
shape that fits its name.

What must not be seen is kept as a keyed hash: the shape says at which places, and what an event
holds there is hashed as well before it is compared.
"""

import hashlib
import json
from base64 import urlsafe_b64encode
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

from baton.events import Event, event_names, matches_name

__all__ = [
    "Mark",
    "Place",
    "Wanted",
    "hides",
    "holds",
    "key_of",
    "keys_for",
    "marked",
    "names_of",
    "pattern_of",
    "shape_of",
    "text_of",
]

Place: TypeAlias = tuple[str, ...]
"""Where in an event: keys from the top on; ``("run",)`` is its thread, ``("key",)`` its keys."""

Hashed: TypeAlias = Mapping[str, str]
"""What stands for a text that must not be seen, as `marked` writes it."""

Wanted: TypeAlias = Sequence[tuple[Place, "str | Hashed"]]
"""What an event must hold, sorted by place."""

Mark: TypeAlias = Callable[[Place, str], str]
"""The keyed hash of what stands at a place."""

HASHED = "hashed"
OWN = "baton"  # the source of what Baton itself tells
SPECIAL: Sequence[Place] = (("run",), ("key",))
MARK = 16  # bytes of the digest by which a wait is found
MOST = 64  # keys of one event for one shape


def text_of(value: Any) -> str | None:
    """Return *value* as it is compared: text, and numbers and booleans as JSON writes them.

    Values that are equal have one text; that two have one text does not make them equal.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return value
        case int():
            return str(value)
        case float():
            return str(int(value)) if value.is_integer() else repr(value)
    return None


def names_of(event: Event) -> frozenset[str]:
    """Return every name of *event*; one without a status is a `webhook` too, unless it is our own."""
    names = event_names(event)
    outside = event.status is None and event.source != OWN
    return names | {"webhook"} if names and outside else names


def marked(mark: str) -> Hashed:
    """Return what stands for a text of which only the keyed hash is known."""
    return {HASHED: mark}


def shape_of(pattern: str, places: Iterable[Place], hidden: Collection[Place] = ()) -> str:
    """Return the shape of what waits for *pattern*; of *hidden* places only hashes are compared."""
    written = [{HASHED: list(each)} if each in hidden else list(each) for each in places]
    return json.dumps([pattern, *written], separators=(",", ":"))


def pattern_of(shape: str) -> str:
    """Return the name pattern of what waits in *shape*."""
    return str(json.loads(shape)[0])


def hides(shape: str) -> bool:
    """Say whether what waits in *shape* is compared by hashes of what must not be seen."""
    return any(isinstance(place, Mapping) for place in json.loads(shape)[1:])


def key_of(shape: str, texts: Iterable[str]) -> str:
    """Return what the index finds a wait of *shape* by that wants these texts: a digest of both.

    Many runs may wait, and a digest is shorter than what most of them want.
    """
    written = f"{shape} {json.dumps(list(texts), ensure_ascii=False, separators=(',', ':'))}"
    found = hashlib.sha256(written.encode("utf-8", "surrogatepass")).digest()[:MARK]
    return urlsafe_b64encode(found).rstrip(b"=").decode()


def keys_for(
    shape: str,
    names: Iterable[str],
    held: Mapping[str, Any],
    special: Mapping[str, Sequence[str]],
    mark: Mark | None = None,
) -> list[str]:
    """Return the keys of the waits of *shape* that an event may answer; none if it does not fit.

    Args:
        shape: as `shape_of` wrote it.
        names: of the event.
        held: the event in its canonical form.
        special: the texts of ``run`` and of ``key``.
        mark: hashes what must not be seen; without it none of that is found.
    """
    pattern, *places = json.loads(shape)
    if not matches_name(pattern, names):
        return []
    texts = [_compared(place, held, special, mark) for place in places]
    return [key_of(shape, each) for each in list(product(*texts))[:MOST]]


def holds(
    wanted: Wanted,
    held: Mapping[str, Any],
    special: Mapping[str, Sequence[str]],
    mark: Mark | None = None,
) -> bool:
    """Say whether an event holds what is wanted; of what *special* leaves out, nothing is asked."""
    return all(
        text in _texts(place, held, special)
        if isinstance(text, str)
        else text[HASHED] in _marks(place, held, special, mark)
        for place, text in wanted
        if place not in SPECIAL or place[0] in special
    )


def _compared(
    written: Sequence[str] | Mapping[str, Sequence[str]],
    held: Mapping[str, Any],
    special: Mapping[str, Sequence[str]],
    mark: Mark | None,
) -> Sequence[str]:
    """Return what an event holds at a place of a shape, as a key has it."""
    if isinstance(written, Mapping):
        return _marks(tuple(written[HASHED]), held, special, mark)
    return _texts(tuple(written), held, special)


def _marks(
    place: Place,
    held: Mapping[str, Any],
    special: Mapping[str, Sequence[str]],
    mark: Mark | None,
) -> Sequence[str]:
    return () if mark is None else [mark(place, each) for each in _texts(place, held, special)]


def _texts(
    place: Place, held: Mapping[str, Any], special: Mapping[str, Sequence[str]]
) -> Sequence[str]:
    if len(place) == 1 and place[0] in special:
        return special[place[0]]
    here: Any = held
    for key in place:
        if not isinstance(here, Mapping) or key not in here:
            return ()
        here = here[key]
    text = text_of(here)
    return () if text is None else (text,)
