"""What must not be seen is covered before it is written. A net, not the wall: handles are the wall."""

import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote, quote_plus

from coordination.database import Written
from workflows.core.codec import canonical

__all__ = ["HIDDEN", "LARGEST", "covering", "cut", "forms", "long_lines", "texts_in"]

HIDDEN = "••••••"
SHORTEST = 4  # a shorter secret would cover half of every text
LARGEST = 64 * 1024  # bytes of a value in a record; the journal has the whole
SHOWN = 4 * 1024
WRITTEN_OUT = 100  # of so many hidden texts every form is looked for; of more, only they themselves
CUT = 16  # characters of a text whose halves tell as much
LINE = 8  # characters of a line that is covered by itself
LONGEST = 16 * 1024  # characters of a text whose forms are looked for


def covering(hidden: Mapping[str, str], *, halves: bool = False) -> Callable[[Any], Any]:
    """Return a function that puts a word in place of each hidden text, wherever it occurs.

    Args:
        hidden: by text, the word to show. Texts under 4 characters are left alone; of few and short
            ones, base64, hex and what a URL makes of them are covered too.
        halves: cover half of a text too: others may have cut it.
    """
    every = len(hidden) <= WRITTEN_OUT
    found = {
        form: word
        for text, word in hidden.items()
        for form in (forms(text, halves=halves) if every and len(text) <= LONGEST else (text,))
        if len(form) >= SHORTEST and len(text) >= SHORTEST
    }
    pairs = sorted(found.items(), key=lambda pair: -len(pair[0]))

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


def forms(text: str, *, halves: bool = False) -> Iterator[str]:
    """Yield the ways in which others may write *text*: as it is, in a URL, in JSON, base64 and hex."""
    yield text
    if halves and len(text) >= CUT:
        yield text[: len(text) // 2]
        yield text[len(text) // 2 :]
    yield json.dumps(text)[1:-1]
    yield json.dumps(text, ensure_ascii=False)[1:-1]
    raw = text.encode("utf-8", "surrogatepass")
    yield quote(raw, safe="")
    yield quote(raw)
    yield quote_plus(raw)
    yield raw.hex()
    yield raw.hex().upper()
    for before in range(3):  # base64 of a longer text looks different at each third place
        spoiled = -(-before * 8 // 6)
        whole = (before + len(raw)) * 8 // 6
        for encode in (b64encode, urlsafe_b64encode):
            yield encode(bytes(before) + raw).decode()[spoiled:whole]


def long_lines(text: str) -> list[str]:
    """Return the lines of a text that has several, as far as they are long enough to be told apart."""
    lines = text.splitlines()[:WRITTEN_OUT]
    return [line for line in lines if len(line.strip()) >= LINE] if len(lines) > 1 else []


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


def cut(value: Any) -> Written | None:
    """Write *value*, or its beginning where it is too large for a record that people look at."""
    if value is None:
        return None
    written = canonical(value)
    if len(written) > LARGEST:
        begin = written[:SHOWN].decode("utf-8", "ignore")
        written = canonical({"cut": True, "bytes": len(written), "begin": begin})
    return Written(written.decode())
