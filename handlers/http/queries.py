"""The query members that many addresses share, each with its bounds."""

from typing import Annotated

from fastapi import Query

LARGEST = 2**63 - 1  # what the database can count to

Sequence = Annotated[int, Query(ge=0, le=LARGEST, description="The `seq` after which to begin.")]
Cursor = Annotated[
    int | None, Query(ge=0, le=LARGEST, description="`next` of the page before this one.")
]
Limit = Annotated[int, Query(ge=1, le=500, description="How many, at most.")]
Seconds = Annotated[float, Query(ge=0, le=55, description="How long to wait, in seconds.")]
