"""Slack listeners: they translate what people do into one call of the Coordinator, then answer."""

from slack_bolt.async_app import AsyncApp

from coordination.coordinator import Coordinator
from coordination.world import World
from handlers.slack import (
    approvals,
    bus,
    commands,
    controls,
    editing,
    errors,
    home,
    mentions,
    runs,
    shortcuts,
    silent,
    starting,
)
from handlers.slack.bus import Bus
from handlers.slack.drafts import Drafts
from handlers.slack.listening import Edge
from handlers.slack.program import Program
from handlers.slack.screens import Screens

__all__ = ["register"]


def register(
    bolt: AsyncApp,
    coordinator: Coordinator,
    screens: Screens,
    world: World,
    program: Program,
    read: Bus,
) -> None:
    """Listen to everything that people can press, type, submit, open and mention, and to *read*."""
    edge, drafts = Edge(coordinator, screens, world, program), Drafts(world.ids)
    bus.register(bolt, read)
    approvals.register(bolt, edge)
    runs.register(bolt, edge)
    controls.register(bolt, edge)
    silent.register(bolt, edge)
    starting.register(bolt, edge, drafts)
    editing.register(bolt, edge)
    shortcuts.register(bolt, edge, drafts)
    commands.register(bolt, edge)
    home.register(bolt, edge)
    mentions.register(bolt, edge)
    errors.register(bolt, edge)
