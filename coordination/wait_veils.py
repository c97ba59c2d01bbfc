"""What a wait compares with and nobody may see: kept as keyed hashes, or sealed, under the instance key.

A value that an event must hold is found by its hash. What a `where` takes along is computed with, so
it is sealed, and opened for the moment in which an event is judged.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from coordination.secrets import Secrets
from coordination.wait_keys import Mark, Place

__all__ = ["SEALED", "Veil", "marking", "taken_along"]

SEALED = "sealed"  # in the filter of a wait, in place of the names that its `where` uses


@dataclass(frozen=True, slots=True)
class Veil:
    """What of one wait must not be seen.

    Args:
        secrets: hashes and seals.
        hidden: the places of an event whose values are kept as hashes alone.
        names: what `where` takes along is sealed.
    """

    secrets: Secrets
    hidden: frozenset[Place]
    names: bool

    def mark(self, place: Place, text: str) -> str:
        return _mark(self.secrets, place, text)

    def seal(self, names: Mapping[str, Any]) -> str:
        return self.secrets.seal(json.dumps(names))


def marking(secrets: Secrets | None) -> Mark | None:
    """Return what hashes the values of an event; None where nothing was hidden under this key."""
    if secrets is None:
        return None
    return lambda place, text: _mark(secrets, place, text)


def taken_along(asked: Mapping[str, Any], secrets: Secrets | None) -> Mapping[str, Any]:
    """Return the names of the run that the `where` of the filter *asked* uses.

    Raises:
        ValueError: they are sealed under another instance key.
    """
    if SEALED not in asked:
        names: Mapping[str, Any] = asked.get("names", {})
        return names
    text = None if secrets is None else secrets.unseal(asked[SEALED])
    if text is None:
        raise ValueError("what it compares with is sealed under another instance key")
    opened: Mapping[str, Any] = json.loads(text)
    return opened


def _mark(secrets: Secrets, place: Place, text: str) -> str:
    return secrets.mark("wait", *place, text)
