"""Secrets in text and in JSON, replaced before anything is stored, sent or shown."""

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache

TYPE_CHECKING = False
if TYPE_CHECKING:  # typing is slow to import
    from typing import Any

__all__ = ["MASK", "hides_nothing", "is_secret_name", "mask", "mask_json"]

MASK = "***"
LONGEST_NAME = 100  # characters of a name that is remembered
LONGEST_KNOWN = 2048  # characters of a document whose names are remembered, however long each is
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
# What has none of these marks has nothing to replace, as most texts. Each pattern begins with one sign,
# and a pattern that does is many times faster than any other; what stands before the sign is looked at
# only where there is one. The marks in words are those of a text whose case is folded, and hold no i: a
# pattern that passes over case also takes the one without a dot.
_SIGNS = (
    r"-(?:BEGIN|(?<=sk-)|(?<=xox[a-z]-)|(?<=xapp-)|(?<=glpat-))",
    r"_(?:(?<=bt_)|(?<=gh[a-z]_)|(?<=github_pat_))",
    r"A(?:KIA|SIA|Iza)",
)
_MARKS = ((".", "eyJ"), ("/", "hooks.slack"), ("@", "://"))
_BEFORE_A_SECRET = ("bearer ", "bas")
_NAMES_OF_SECRETS = ("passw", "passphrase", "secret", "token", "key")


@cache
def _patterns() -> "tuple[re.Pattern[str], ...]":
    """Compile when the first text comes: it takes longer than everything else of an import."""
    return re.compile("|".join(_SHAPES)), *(re.compile(pattern) for pattern in _KEEPING)


@cache
def _signs() -> "tuple[tuple[str, re.Pattern[str]], ...]":
    return tuple((pattern[0], re.compile(pattern)) for pattern in _SIGNS)


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


def hides_nothing(said: str, names: Iterable[str]) -> bool:
    """Say whether `mask` and `mask_json` certainly change nothing of a document.

    Args:
        said: every text and every name in it, in any order, with any sign between them.
        names: those of its members.
    """
    if _is_marked(said):
        return False
    bears_secret = _known_name if len(said) <= LONGEST_KNOWN else is_secret_name
    return not any(map(bears_secret, names))


def _is_marked(text: str) -> bool:
    """Say whether *text* is worth a closer look, which takes much longer than this one."""
    if len(text) < SHORTEST:
        return False
    for sign, pattern in _signs():
        if sign in text and pattern.search(text):
            return True
    for sign, mark in _MARKS:
        if sign in text and mark in text:
            return True
    is_pair = "=" in text or ":" in text
    if not (is_pair or " " in text):
        return False
    folded = text.casefold()
    return _holds(folded, _BEFORE_A_SECRET) or (is_pair and _holds(folded, _NAMES_OF_SECRETS))


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
