"""The query members that many addresses share, each with its bounds."""

from collections.abc import Iterable
from typing import Annotated

from fastapi import Query

from handlers.http.problems import Problem

LARGEST = 2**63 - 1  # what the database can count to

Sequence = Annotated[int, Query(ge=0, le=LARGEST, description="The `seq` after which to begin.")]
Cursor = Annotated[
    int | None, Query(ge=0, le=LARGEST, description="`next` of the page before this one.")
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many, at most.")]
Seconds = Annotated[float, Query(ge=0, le=55, description="How long to wait, in seconds.")]
Last = Annotated[
    int | None, Query(ge=0, le=500, description="The newest so many, and what comes after them.")
]
Attempt = Annotated[
    int | None, Query(ge=1, le=LARGEST, description="Of a process that began anew; from 1.")
]


def statuses_in(until: str, statuses: Iterable[str]) -> frozenset[str]:
    """Read what a wait is for: `terminal`, or statuses with commas between.

    Raises:
        Problem: 422 for what is neither.
    """
    words, known = until.split(","), {"terminal", *statuses}
    unknown = [word for word in words if word not in known]
    if unknown:
        raise Problem(
            422,
            f"There is no status {unknown[0][:40]!r} to wait for; use terminal, or statuses.",
        )
    return frozenset(words)
