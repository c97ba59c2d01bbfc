"""What a wait asks of an event beside its name, as texts that an index can find. Pure.

A wait is found in two steps. Its *shape* says which event it is about and where it looks, and there
are few of them; its *key* adds what it wants to find there. An event is looked up once for each
shape that fits its name.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from itertools import product
from typing import Any, TypeAlias

from baton.events import Event, event_names, matches_name

__all__ = [
    "Place",
    "Wanted",
    "holds",
    "key_of",
    "keys_for",
    "names_of",
    "pattern_of",
    "shape_of",
    "text_of",
]

Place: TypeAlias = tuple[str, ...]
"""Where in an event: keys from the top on; ``("run",)`` is its thread, ``("key",)`` its keys."""

Wanted: TypeAlias = Sequence[tuple[Place, str]]
"""What an event must hold, sorted by place."""

OWN = "baton"  # the source of what Baton itself tells
SPECIAL: Sequence[Place] = (("run",), ("key",))
LONGEST = 200  # characters of a key in the index; a longer one stands there as its digest
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


def shape_of(pattern: str, places: Iterable[Place]) -> str:
    return json.dumps([pattern, *(list(place) for place in places)], separators=(",", ":"))


def pattern_of(shape: str) -> str:
    """Return the name pattern of what waits in *shape*."""
    return str(json.loads(shape)[0])


def key_of(shape: str, texts: Iterable[str]) -> str:
    """Return what the index finds a wait of *shape* by that wants these texts."""
    written = json.dumps(list(texts), ensure_ascii=False, separators=(",", ":"))
    if len(written) > LONGEST:
        written = hashlib.sha256(written.encode("utf-8", "surrogatepass")).hexdigest()
    return f"{shape} {written}"


def keys_for(
    shape: str, names: Iterable[str], held: Mapping[str, Any], special: Mapping[str, Sequence[str]]
) -> list[str]:
    """Return the keys of the waits of *shape* that an event may answer; none if it does not fit.

    Args:
        shape: as `shape_of` wrote it.
        names: of the event.
        held: the event in its canonical form.
        special: the texts of ``run`` and of ``key``.
    """
    pattern, *places = json.loads(shape)
    if not matches_name(pattern, names):
        return []
    texts = [_texts(tuple(place), held, special) for place in places]
    return [key_of(shape, each) for each in list(product(*texts))[:MOST]]


def holds(wanted: Wanted, held: Mapping[str, Any], special: Mapping[str, Sequence[str]]) -> bool:
    """Say whether an event holds what is wanted; of what *special* leaves out, nothing is asked."""
    return all(
        text in _texts(place, held, special)
        for place, text in wanted
        if place not in SPECIAL or place[0] in special
    )


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
