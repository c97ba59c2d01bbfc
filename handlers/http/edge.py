"""What the routes are given, and how each of them gets at it."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request

from coordination.changes import Changes
from coordination.coordinator import Coordinator
from coordination.world import World
from handlers.http.holding import Holding
from handlers.http.sessions import Sessions

Readiness = Callable[[], Awaitable[dict[str, str]]]
"""Gives the parts that are not ready, each with a word that says how; empty means ready."""


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo page needs to know: where the local Slack shows its page."""

    slack_page: str
    channel: str
    data: str


@dataclass(frozen=True, slots=True)
class Edge:
    """Everything the HTTP edge stands on. `bot/app.py` makes it.

    *holding* is closed by whoever stops the server: it lets go of streams and long polls.
    """

    coordinator: Coordinator
    world: World
    changes: Changes
    sessions: Sessions
    readiness: Readiness
    public_url: str
    static: Path
    demo: Demo | None = None
    holding: Holding = field(default_factory=Holding)


def edge_of(request: Request) -> Edge:
    edge: Edge = request.app.state.edge
    return edge


EdgeOf = Annotated[Edge, Depends(edge_of)]
