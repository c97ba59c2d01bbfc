"""What came for an event, brought into the form in which it is kept: with its secrets masked."""

import json
from urllib.parse import parse_qsl, urlencode

from baton.masking import MASK, is_secret_name, mask, mask_json
from coordination.store.events import Raw

FORM = "application/x-www-form-urlencoded"


def masked(raw: Raw, harmless: object = None) -> Raw:
    """Return *raw* with every secret that shows itself replaced; what holds none stays as it came.

    Args:
        raw: what came.
        harmless: a document of which it is certain that it holds none, as `Reading.harmless`.
    """
    headers = {name: mask(value) for name, value in raw.headers.items()}
    is_form = raw.headers.get("content-type") == FORM
    if harmless is not None and raw.said is harmless and not is_form and raw.body.isascii():
        return Raw(raw.body, headers)
    text = raw.body.decode("utf-8", "replace")
    written = as_form(text) if is_form else as_json(text, raw.said)
    return Raw(written.encode("utf-8", "replace"), headers)


def as_json(text: str, said: object = None) -> str:
    """Mask what *text* says rather than how it is written: JSON can write a letter as its number.

    *said* is that, where it has been read.
    """
    try:
        said = json.loads(text) if said is None else said
    except (ValueError, RecursionError):
        return mask(text)
    hidden = mask_json(said)
    return text if hidden == said else json.dumps(hidden, ensure_ascii=False)


def as_form(text: str) -> str:
    """Mask the values of a form, by their shape or by the last part of the name they bear."""
    said = parse_qsl(text, keep_blank_values=True)
    hidden = [
        (mask(name), MASK if is_secret_name(name.rpartition(".")[2]) else mask(value))
        for name, value in said
    ]
    return text if hidden == said else urlencode(hidden)
