"""Secrets in text and in JSON, replaced before anything is stored, sent or shown."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["MASK", "is_secret_name", "mask", "mask_json"]

MASK = "***"

_SECRET_NAME = re.compile(
    r"(?:password|passwd|passphrase|pwd|secret|token|apikey|privatekey|accesskey|secretkey"
    r"|authorization|cookie|credentials?)$"
)
_SEPARATOR = re.compile(r"[^a-z0-9]+")

# Each pattern's first group, where it has one, is what may stay.
_SHAPES = (
    r"-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]*(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?",
    r"\bbt_[a-z0-9]{6,16}_[0-9A-Za-z]{16,}",
    r"\bxox[a-z]-[0-9A-Za-z-]{10,}",
    r"\bxapp-[0-9A-Za-z-]{10,}",
    r"\bgh[a-z]_[0-9A-Za-z]{20,}",
    r"\bgithub_pat_[0-9A-Za-z_]{20,}",
    r"\bglpat-[0-9A-Za-z_-]{16,}",
    r"\bsk-[0-9A-Za-z_-]{20,}",
    r"\bA(?:KIA|SIA)[0-9A-Z]{16}\b",
    r"\bAIza[0-9A-Za-z_-]{30,}",
    r"\beyJ[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]{8,}\.[0-9A-Za-z_-]*",
)
_KEEPING = (
    r"(hooks\.slack\.com/(?:services|workflows|triggers)/)[^\s\"'<>]+",
    r"(?i:(\b(?:bearer|basic) ))[0-9A-Za-z._~+/=-]{8,}",
    r"(\b[a-z][a-z0-9+.-]{1,20}://[^\s:/@]{0,100}:)[^\s/@]{1,200}(?=@)",
    (
        r"(?i:((?:password|passwd|passphrase|secret|token|api[_-]?key)[\"']?\s{0,4}[=:]"
        r"\s{0,4}[\"']?))(?!\*\*\*)[^\s\"',;&]{4,}"
    ),
)
_WHOLE = re.compile("|".join(_SHAPES))
_PARTLY = tuple(re.compile(pattern) for pattern in _KEEPING)


def is_secret_name(name: str) -> bool:
    """Say whether what bears this name is a secret: ``API_KEY`` and ``authToken`` are."""
    return _SECRET_NAME.search(_SEPARATOR.sub("", name.lower())) is not None


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace in *text* each of the known *secrets*, and all that has the shape of one."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    text = _WHOLE.sub(MASK, text)
    for pattern in _PARTLY:
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def mask_json(value: Any) -> Any:
    """Return *value* with its secrets replaced: by the shape of a string or the name it bears."""
    match value:
        case str():
            return mask(value)
        case Mapping():
            return {
                name: MASK if isinstance(item, str) and is_secret_name(name) else mask_json(item)
                for name, item in value.items()
            }
        case list() | tuple():
            return [mask_json(item) for item in value]
        case _:
            return value
