"""The runtime of one server: every run is a journal in its database, and survives its end."""

from coordination.database import Door
from coordination.secrets import Secrets
from coordination.world import World
from workflows.actions.registry import Registry
from workflows.runtimes.host import Host, HostSettings, PlanReader, SecretLookup

__all__ = ["embedded_runtime"]


def embedded_runtime(  # noqa: PLR0913 - each is a part that the composition root hands in
    door: Door,
    world: World,
    *,
    registry: Registry,
    read_plan: PlanReader,
    secrets: SecretLookup,
    settings: HostSettings,
    sealing: Secrets | None = None,
) -> Host:
    """Make the durable runtime. Call `begin` to have it drive runs, and `stop` before the end."""
    return Host(
        door,
        world,
        registry=registry,
        read_plan=read_plan,
        secrets=secrets,
        settings=settings,
        sealing=sealing,
        journaled=True,
    )
