"""Checks after which errors an attempt is followed by another."""

from difflib import get_close_matches
from typing import Final

from workflows.language.findings import Findings
from workflows.language.model import Retry
from workflows.language.places import Path

__all__ = ["OWN_WORDS", "check_retry"]

OWN_WORDS: Final = frozenset(
    {"not_started", "failed", "unknown"}
    | {"timeout", "rejected", "expired", "expression", "limit", "child", "cancelled", "exhausted"}
    | {"unknown_action", "params", "secret", "not_approved", "not_sent", "output", "error"}
)
"""The classes of errors, and the types that Baton gives itself; actions have more of their own."""
ALMOST: Final = 0.8  # how much two words must have in common for one to be a slip of the other


def check_retry(path: Path, retry: Retry | None, findings: Findings) -> None:
    """Point out words of `on` at *path* that are almost one of ours: no error may ever be called so."""
    for number, word in enumerate((retry.on or ()) if retry is not None else ()):
        meant = get_close_matches(word[:80], sorted(OWN_WORDS), n=1, cutoff=ALMOST)
        if meant and word not in OWN_WORDS:
            message = f"Baton has no errors called `{word[:80]}`"
            findings.warn("retry", (*path, "on", number), message, f"Did you mean `{meant[0]}`?")
