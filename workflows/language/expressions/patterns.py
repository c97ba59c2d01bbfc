"""Patterns that somebody wrote: searched in linear time, or refused. Only here is `re2` imported."""

from functools import lru_cache
from typing import Any

from workflows.language.expressions.errors import ExpressionFailed
from workflows.language.expressions.limits import Budget

__all__ = ["check_pattern", "matches", "search"]

LONGEST = 1_000
MOST_INSTRUCTIONS = 2_000
MEMORY = 1 << 20
WORK_A_STEP = 1_000


def search(pattern: str, text: str, budget: Budget) -> bool:
    """Say whether *pattern* is found anywhere in *text*.

    Raises:
        ExpressionFailed: it is no pattern, or one that could not be searched in linear time.
        LimitExceeded: pattern times text is more than the budget holds.
    """
    compiled = _compiled(pattern)
    budget.charge(1 + len(text) * compiled.programsize // WORK_A_STEP)
    return compiled.search(text) is not None


def matches(pattern: str, text: str) -> bool:
    """Say whether *pattern* is found in *text*, with a budget of its own.

    Raises:
        ExpressionFailed, LimitExceeded: as `search`.
    """
    return search(pattern, text, Budget())


def check_pattern(pattern: str) -> None:
    """Refuse what is no pattern.

    Raises:
        ExpressionFailed: with the reason.
    """
    _compiled(pattern)


@lru_cache(maxsize=64)
def _compiled(pattern: str) -> Any:
    import re2  # type: ignore[import-untyped]  # noqa: PLC0415  it ships no types, and few runs need it

    if len(pattern) > LONGEST:
        raise ExpressionFailed(f"a pattern has at most {LONGEST:,} characters")
    options = re2.Options()
    options.log_errors = False
    options.max_mem = MEMORY
    try:
        compiled = re2.compile(pattern, options=options)
    except (re2.error, UnicodeEncodeError) as error:
        first = error.args[0] if error.args else ""
        reason = first.decode("utf-8", "replace") if isinstance(first, bytes) else str(error)
        raise ExpressionFailed(
            f"{pattern[:60]!r} is no pattern: {reason[:200]}",
            hint="Look-around and back-references are not possible.",
        ) from None
    if compiled.programsize > MOST_INSTRUCTIONS:
        raise ExpressionFailed(f"{pattern[:60]!r} is too large for a pattern")
    return compiled
