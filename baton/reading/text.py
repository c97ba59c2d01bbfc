"""What may stand in a string that comes from outside."""

import re
import unicodedata
from urllib.parse import urlsplit

__all__ = [
    "UNSTORABLE",
    "clean",
    "first_problem_of_name",
    "readable_url",
    "shorten",
    "tidy_repo",
    "visible",
]

# What neither UTF-8 nor a text column can hold.
UNSTORABLE = re.compile("[\x00\ud800-\udfff]")

# C0 and C1 controls but for tab and line feed, zero-width and other characters without a shape,
# bidirectional overrides, tags, and halves of surrogate pairs: none can be seen, and several make a
# text say something else.
_UNSEEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u115f\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff"
    "\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAK = re.compile("\r\n?|[\u2028\u2029]")
_GAP = re.compile(r"\s+")
_REMOTE = re.compile(
    r"(?:[a-z][a-z0-9+.-]*://)?(?:[^@/]*@)?([^:/@]+)(?::\d+(?=/))?[:/](.+)", re.IGNORECASE
)


def clean(value: str, *, lines: bool) -> str:
    """Remove what cannot be seen, in Unicode's composed form; one line unless *lines*."""
    if value.isascii() and value.isprintable():  # most texts: there is nothing to remove
        return value if lines else _GAP.sub(" ", value).strip() if "  " in value else value.strip()
    if lines and value.isascii() and value.replace("\n", "").isprintable():
        return value
    text = unicodedata.normalize("NFC", visible(_BREAK.sub("\n", value)))
    return text if lines else _GAP.sub(" ", text).strip()


def visible(text: str) -> str:
    """Remove what cannot be seen, and could make *text* say something else."""
    return text if text.isascii() and text.isprintable() else _UNSEEN.sub("", text)


def shorten(text: str, limit: int) -> str:
    """Cut *text* to *limit* code points, the last of which is then an ellipsis."""
    return text if len(text) <= limit else text[: limit - 1] + "…"


def first_problem_of_name(value: str, limit: int) -> str | None:
    """Say why *value* cannot identify anything, or None. Names are never cut or repaired."""
    if not value.strip():
        return "is empty"
    if len(value) > limit:
        return f"has {len(value)} characters; at most {limit} are allowed"
    if not value.isprintable() or (not value.isascii() and _UNSEEN.search(value)):
        return "holds a character that cannot be printed"
    return None


def readable_url(value: str, limit: int = 2000) -> str | None:
    """Say why *value* is not a web address that may be shown to people, or None."""
    if len(value) > limit:
        return f"is longer than {limit} characters"
    if not value.isprintable() or " " in value:
        return "holds a character that an address cannot have"
    try:
        parts = urlsplit(value)
        host, secret = parts.hostname, parts.password
    except ValueError:
        return "is not an address"
    if parts.scheme not in ("http", "https") or not host:
        return "is not an http or https address"
    return "holds a password" if secret else None


def tidy_repo(value: str) -> str:
    """Write a repository as ``host/owner/name`` where *value* is the address of a remote."""
    remote = _REMOTE.fullmatch(value)
    if remote is None:
        return value
    path = remote[2].strip("/").removesuffix(".git")
    # "acme/web" has no host: what stands before the slash is an owner, whose case is kept.
    host = remote[1].lower() if "." in remote[1] or "://" in value or "@" in value else remote[1]
    return f"{host}/{path}"
