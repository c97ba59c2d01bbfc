"""Names that stand in expressions and paths: lower case, digits and underscores."""

import re
import unicodedata
from typing import Final

from pydantic_core import PydanticCustomError

__all__ = ["SLUG", "WORKFLOW_NAME", "check_slug", "check_workflow_name", "mended"]

SLUG: Final = re.compile(r"[a-z][a-z0-9_]{0,63}")
WORKFLOW_NAME: Final = re.compile(r"[a-z][a-z0-9_-]{0,63}")


def check_slug(text: str) -> str:
    """Return *text*, the name of a step, an input or a var.

    Raises:
        PydanticCustomError: it is no slug; the sentence offers one.
    """
    return _check(text, SLUG, "_", "lower-case letters, digits and `_`")


def check_workflow_name(text: str) -> str:
    """Return *text*, the name of a workflow, which may hold hyphens.

    Raises:
        PydanticCustomError: it is no such name; the sentence offers one.
    """
    return _check(text, WORKFLOW_NAME, "-", "lower-case letters, digits, `-` and `_`")


def mended(text: str, joint: str = "_") -> str:
    """Return the slug nearest to *text*, with *joint* for what a slug does not hold."""
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    kept = re.sub(r"[^a-z0-9_-]+" if joint == "-" else r"[^a-z0-9_]+", joint, plain).strip("_-")
    named = kept.lstrip("0123456789_-") or (f"n{kept}" if kept else "step")
    return named[:64]


def _check(text: str, form: re.Pattern[str], joint: str, letters: str) -> str:
    if form.fullmatch(text):
        return text
    raise PydanticCustomError(
        "slug",
        "{shown} is no name here: names have up to 64 {letters}, and begin with a letter",
        {"shown": repr(text[:80]), "letters": letters, "hint": f"Write `{mended(text, joint)}`."},
    )
