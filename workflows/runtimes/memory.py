"""A runtime for tests and rehearsals: runs live in memory, and end with it. It keeps no journal."""

from coordination.database import Door
from coordination.secrets import Secrets
from coordination.world import World
from workflows.actions.registry import Registry
from workflows.runtimes.host import Host, HostSettings, PlanReader, SecretLookup

__all__ = ["memory_runtime"]


def memory_runtime(  # noqa: PLR0913 - each is a part that the composition root hands in
    door: Door,
    world: World,
    *,
    registry: Registry,
    read_plan: PlanReader,
    secrets: SecretLookup,
    settings: HostSettings,
    sealing: Secrets | None = None,
) -> Host:
    """Make a runtime that behaves like the embedded one until the process ends."""
    return Host(
        door,
        world,
        registry=registry,
        read_plan=read_plan,
        secrets=secrets,
        settings=settings,
        sealing=sealing,
        journaled=False,
    )
