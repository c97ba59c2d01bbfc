"""What must not be seen is covered before it is written. A net, not the wall: handles are the wall."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from workflows.core.codec import canonical

__all__ = ["HIDDEN", "covering", "cut", "texts_in"]

HIDDEN = "••••••"
SHORTEST = 4  # a shorter secret would cover half of every text
LARGEST = 64 * 1024  # bytes of a value in a record; the journal has the whole
SHOWN = 4 * 1024


def covering(hidden: Mapping[str, str]) -> Callable[[Any], Any]:
    """Return a function that puts a word in place of each hidden text, wherever it occurs.

    Args:
        hidden: by text, the word to show. Texts under 4 characters are left alone.
    """
    pairs = sorted(
        ((text, word) for text, word in hidden.items() if len(text) >= SHORTEST),
        key=lambda pair: -len(pair[0]),
    )

    def cover_text(text: str) -> str:
        for secret, word in pairs:
            text = text.replace(secret, word)
        return text

    def cover(value: Any) -> Any:
        if isinstance(value, str):
            return cover_text(value)
        if isinstance(value, Mapping):
            return {cover_text(str(key)): cover(each) for key, each in value.items()}
        if isinstance(value, list | tuple):
            return [cover(each) for each in value]
        return value

    return cover if pairs else lambda value: value


def texts_in(value: Any) -> Iterable[str]:
    """Yield every text inside *value*, keys left out."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from texts_in(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from texts_in(each)


def cut(value: Any) -> Any:
    """Return *value*, or its beginning where it is too large for a record that people look at."""
    written = canonical(value)
    if len(written) <= LARGEST:
        return value
    begin = written[:SHOWN].decode("utf-8", "ignore")
    return {"cut": True, "bytes": len(written), "begin": begin}
