"""What every edge calls. It translates and delegates: one unit, a hint, the answer.

A decision that was returned is stored. Telling the runtime is a hint: it finds the row without it.
"""

from coordination.deciding import Deciding
from coordination.desk import Desks
from coordination.footing import Ports
from coordination.lookups import Page, Rules
from coordination.reporting import Reporting
from coordination.steering import Steering

__all__ = ["Coordinator", "Page", "Ports", "Rules"]


class Coordinator(Reporting, Deciding, Steering, Desks):
    """The one face of coordination; every edge calls it, and nothing below does."""
