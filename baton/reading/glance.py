"""A glance over a whole document: most of what tools send needs no closer look at each of its parts."""

from math import isfinite
from typing import Any, NamedTuple

from baton.masking import hides_nothing
from baton.reading.text import UNSTORABLE

__all__ = ["DEEPEST", "HEAVIEST", "SAFE_INTEGER", "Glance", "glance"]

HEAVIEST = 64 * 1024  # bytes
DEEPEST = 16  # levels
SAFE_INTEGER = 2**53
_JOINT = "|"  # no secret and nothing unstorable arises where two texts meet at it
_A_CHARACTER = 6  # bytes of compact JSON at most: \u0000
_AN_ITEM = 32  # bytes of a number, or of what stands around a text, at most


class Glance(NamedTuple):
    """What is certain of a document, and so of each of its parts; what is not needs a closer look.

    Args:
        harmless: it holds no secret: to mask it changes nothing.
        sound: it is JSON that can be stored as it is, not too deep and not too heavy.
    """

    harmless: bool = False
    sound: bool = False


def glance(document: object) -> Glance:
    """Look at *document* once; of what is no JSON object nothing is certain."""
    names: list[str] = []
    texts: list[str] = []
    others: list[Any] = []
    levels = count = 0
    here: list[Any] = [document] if type(document) is dict else []
    while here:
        levels += 1
        count += len(here)
        here = _sorted_out(here, names, texts, others)
    try:
        said = _JOINT.join((*names, *texts))
    except TypeError:  # a name that is no text
        return Glance()
    if not levels or not all(map(_is_exact, others)):
        return Glance()
    count += len(names) + len(texts) + len(others)
    heavy = _A_CHARACTER * len(said) + _AN_ITEM * count > HEAVIEST
    return Glance(hides_nothing(said, names), levels <= DEEPEST and not heavy and _storable(said))


def _sorted_out(
    here: list[Any], names: list[str], texts: list[str], others: list[Any]
) -> list[Any]:
    """Put what stands in the objects and lists *here* where it belongs; return those inside of them."""
    inside: list[Any] = []
    for each in here:
        items = each
        if type(each) is dict:
            names += each
            items = each.values()
        for item in items:
            kind = type(item)
            if kind is str:
                texts.append(item)
            elif kind is dict or kind is list:
                inside.append(item)
            else:
                others.append(item)
    return inside


def _storable(text: str) -> bool:
    if text.isascii():  # as most are, and to look for one character is many times faster
        return "\x00" not in text
    return UNSTORABLE.search(text) is None


def _is_exact(value: Any) -> bool:
    """Say whether every reader of JSON has the same of a value that is no text."""
    kind = type(value)
    if kind is int:
        return bool(-SAFE_INTEGER < value < SAFE_INTEGER)
    return isfinite(value) if kind is float else value is None or kind is bool
