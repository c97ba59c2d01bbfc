"""What the routes are given, and how each of them gets at it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request

from coordination.changes import Changes
from coordination.coordinator import Coordinator
from coordination.world import World
from handlers.http.holding import Holding
from handlers.http.limits import Limits
from handlers.http.measures import Metric
from handlers.http.sessions import Sessions
from workflows.rehearsal import PublishedRehearsals

Readiness = Callable[[], Awaitable[dict[str, str]]]
"""Gives the parts that are not ready, each with a word that says how; empty means ready."""

Measures = Callable[[], Awaitable[tuple[Metric, ...]]]
"""Gives all that is measured."""


async def nothing_measured() -> tuple[Metric, ...]:
    """Measure nothing."""
    return ()


@dataclass(frozen=True, slots=True)
class Demo:
    """What the demo page needs to know: where the local Slack shows its page."""

    slack_page: str
    channel: str
    data: str


@dataclass(frozen=True, slots=True)
class SlackAnswer:
    """What a listener said to one request of Slack's HTTP mode."""

    status: int
    headers: Mapping[str, str]
    body: str


class SlackRequests(Protocol):
    """Where Slack's requests go whose signature is right."""

    signing_secret: str

    async def answer(self, body: str, headers: Mapping[str, str]) -> SlackAnswer: ...


@dataclass(frozen=True, slots=True)
class Edge:
    """Everything the HTTP edge stands on. `bot/app.py` makes it.

    *slack* is there only in Slack's HTTP mode. *holding* is closed by whoever stops the server: it
    lets go of streams and long polls. *limits* counts what each source sends.
    """

    coordinator: Coordinator
    world: World
    changes: Changes
    sessions: Sessions
    readiness: Readiness
    rehearsals: PublishedRehearsals
    public_url: str
    static: Path
    demo: Demo | None = None
    slack: SlackRequests | None = None
    metrics: Measures = nothing_measured
    holding: Holding = field(default_factory=Holding)
    limits: Limits = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "limits", Limits(self.world))


async def edge_of(request: Request) -> Edge:
    edge: Edge = request.app.state.edge
    return edge


EdgeOf = Annotated[Edge, Depends(edge_of)]
