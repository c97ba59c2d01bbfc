"""How triggers and waits name events: parts of a name, divided by dots."""

from collections.abc import Iterable

__all__ = ["matches_name"]


def matches_name(pattern: str, names: Iterable[str]) -> bool:
    """Say whether *pattern* stands for one of *names*; ``*`` in it stands for any one part."""
    if "*" not in pattern:
        return any(pattern == name for name in names)
    parts = pattern.split(".")
    return any(_same(parts, name.split(".")) for name in names)


def _same(pattern: list[str], name: list[str]) -> bool:
    return len(pattern) == len(name) and all(
        part in ("*", word) for part, word in zip(pattern, name, strict=True)
    )
