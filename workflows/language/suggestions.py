"""The nearest known word to one that is not known."""

from collections.abc import Iterable
from difflib import get_close_matches
from heapq import nsmallest
from typing import Final

__all__ = ["did_you_mean", "nearest"]

MOST: Final = 40  # words that are compared letter by letter; a file may hold a thousand


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known word that *word* is most likely a slip of, or None."""
    candidates = _likely(word, sorted(set(known)))
    lowered = {each.lower().replace("-", "_"): each for each in reversed(candidates)}
    folded = word.lower().replace("-", "_")
    if folded in lowered:
        return lowered[folded]
    found = get_close_matches(word[:100], candidates, n=1, cutoff=0.6)
    return found[0] if found else None


def _likely(word: str, known: list[str]) -> list[str]:
    """Return the few of many words that begin or end alike and are about as long."""
    if len(known) <= MOST:
        return known

    def unlike(each: str) -> tuple[bool, int]:
        alike = each[:3] == word[:3] or each[-3:] == word[-3:]
        return (not alike, abs(len(each) - len(word)))

    return nsmallest(MOST, known, key=unlike)


def did_you_mean(word: str, known: Iterable[str]) -> str | None:
    """Return the sentence that offers the nearest known word, or None where none is near."""
    found = nearest(word, known)
    return f"Did you mean `{found}`?" if found else None
