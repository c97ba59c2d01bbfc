"""The host that the embedded and the memory runtime share."""

from workflows.runtimes.host.host import Host
from workflows.runtimes.host.limits import HostSettings
from workflows.runtimes.host.parts import PlanReader
from workflows.runtimes.host.performing import SecretLookup
from workflows.runtimes.host.timers import fire_timer

__all__ = ["Host", "HostSettings", "PlanReader", "SecretLookup", "fire_timer"]
