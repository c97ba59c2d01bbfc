"""Slack listeners: they translate what people do into one call of the Coordinator, then answer."""

from slack_bolt.async_app import AsyncApp

from coordination.coordinator import Coordinator
from coordination.world import World
from handlers.slack import approvals, commands, errors, runs
from handlers.slack.listening import Edge
from handlers.slack.screens import Screens

__all__ = ["register"]


def register(bolt: AsyncApp, coordinator: Coordinator, screens: Screens, world: World) -> None:
    """Listen to everything that people can press, type and submit."""
    edge = Edge(coordinator, screens, world)
    approvals.register(bolt, edge)
    runs.register(bolt, edge)
    commands.register(bolt, edge)
    errors.register(bolt, edge)
