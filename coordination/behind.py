"""Since when what a card shows lags behind what happened, noted in the notice that waits for its turn.

News that joins makes that notice as young as itself, for nobody needs old progress; but the card has
been behind for as long as the first of the news waits.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from coordination.database import Row

CARD = "thread"  # the kind of a notice that draws a card
ON_TIME = "on_time"  # in the body of one that is promised, to take away that the card is late
_SINCE = "behind_since"


def joined(kind: str, body: Mapping[str, Any], waited: Iterable[Row]) -> dict[str, Any]:
    """Return *body* with the time since when the card is behind, if any of what *waited* tells of it."""
    told = [row for row in waited if kind == row.kind == CARD and ON_TIME not in row.body]
    since = [behind_since(row.body, row.created_at) for row in told]
    return {**body, _SINCE: min(since).isoformat()} if since else dict(body)


def alone(body: Mapping[str, Any]) -> dict[str, Any]:
    """Return *body* as it was before anything joined."""
    return {name: value for name, value in body.items() if name != _SINCE}


def behind_since(body: Mapping[str, Any], created_at: datetime) -> datetime:
    """Return when the first of what a notice stands for came up."""
    noted = body.get(_SINCE)
    return created_at if noted is None else datetime.fromisoformat(str(noted))


def tells_only_since(body: str) -> bool:
    """Say of a body, as it is kept, whether it tells since when its card is behind, and nothing else."""
    return body.startswith(f'{{"{_SINCE}":') and "," not in body
