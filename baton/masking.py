"""Secrets in text and in JSON, replaced before anything is stored, sent or shown."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import Any

__all__ = ["MASK", "is_secret_name", "mask", "mask_json"]

MASK = "***"
LONGEST_NAME = 100  # characters of a name that is remembered
SHORTEST = 8  # characters of the shortest text that any pattern finds: ab://:p@

_ENDINGS = (
    r"(?:password|passwd|passphrase|pwd|secret|token|apikey|privatekey|accesskey|secretkey"
    r"|authorization|cookie|credentials?)$"
)

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
# What has none of these marks has nothing to replace, as most texts. Each is looked for only where the
# sign before it is there: to look for one character is many times faster. The last ones are those of a
# text whose case is folded, and hold no i: a pattern that passes over case also takes the one without
# a dot.
_MARKS = (
    ("-", ("-BEGIN", "xox", "xapp-", "glpat-", "sk-")),
    ("_", ("bt_", "github_pat_")),
    ("A", ("AKIA", "ASIA", "AIza")),
    (".", ("eyJ",)),
    ("/", ("hooks.slack",)),
    ("@", ("://",)),
)
_BEFORE_A_SECRET = ("bearer ", "bas")
_NAMES_OF_SECRETS = ("passw", "passphrase", "secret", "token", "key")


@cache
def _patterns() -> "tuple[re.Pattern[str], ...]":
    """Compile when the first text comes: it takes longer than everything else of an import."""
    return re.compile("|".join(_SHAPES)), *(re.compile(pattern) for pattern in _KEEPING)


@cache
def _name_patterns() -> "tuple[re.Pattern[str], re.Pattern[str]]":
    return re.compile(_ENDINGS), re.compile(r"[^a-z0-9]+")


def is_secret_name(name: str) -> bool:
    """Say whether what bears this name is a secret: ``API_KEY`` and ``authToken`` are."""
    return _known_name(name) if len(name) <= LONGEST_NAME else _name(name)


def _name(name: str) -> bool:
    secret, separator = _name_patterns()
    return secret.search(separator.sub("", name.lower())) is not None


_known_name = lru_cache(maxsize=2048)(_name)  # the same few names come with every event


def mask(text: str, secrets: Iterable[str] = ()) -> str:
    """Replace in *text* each of the known *secrets*, and all that has the shape of one."""
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, MASK)
    if not _is_marked(text):
        return text
    whole, *partly = _patterns()
    text = whole.sub(MASK, text)
    for pattern in partly:
        text = pattern.sub(rf"\1{MASK}", text)
    return text


def _is_marked(text: str) -> bool:
    """Say whether *text* is worth a closer look, which takes much longer than this one."""
    if len(text) < SHORTEST:
        return False
    for sign, marks in _MARKS:
        if sign in text and _holds(text, marks):
            return True
    if "_" in text and "gh" in text and re.search("gh[a-z]_", text):
        return True
    if " " in text and _holds(text.casefold(), _BEFORE_A_SECRET):
        return True
    return ("=" in text or ":" in text) and _holds(text.casefold(), _NAMES_OF_SECRETS)


def _holds(text: str, marks: "tuple[str, ...]") -> bool:
    for mark in marks:  # noqa: SIM110 - a loop, for it runs for each text that comes in
        if mark in text:
            return True
    return False


def mask_json(value: "Any") -> "Any":
    """Return *value* with its secrets replaced: by the shape of a string or the name it bears."""
    match value:
        case str():
            return mask(value)
        case None | bool() | int() | float():
            return value
        case dict() | Mapping():
            return {
                mask(name): _without_words(item) if is_secret_name(name) else mask_json(item)
                for name, item in value.items()
            }
        case list() | tuple():
            return [mask_json(item) for item in value]
        case _:
            return value


def _without_words(value: "Any") -> "Any":
    """Replace every string in what bears the name of a secret. Numbers stay: a count of tokens is none."""
    match value:
        case str():
            return MASK
        case Mapping():
            return {mask(name): _without_words(item) for name, item in value.items()}
        case list() | tuple():
            return [_without_words(item) for item in value]
        case _:
            return value
