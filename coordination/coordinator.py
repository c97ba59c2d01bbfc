"""What every edge calls. It translates and delegates: one unit, a hint, the answer.

A decision that was returned is stored. Telling the runtime is a hint: it finds the row without it.
"""

from coordination.bus_reports import BusReports
from coordination.desk import Desks
from coordination.footing import Ports
from coordination.lookups import Page, Rules
from coordination.preferences import Preferences
from coordination.publishing import Publishing
from coordination.pursuing import Pursuing
from coordination.reconciling import Reconciling
from coordination.slack_triggers import SlackTriggers
from coordination.tending import Tending
from coordination.timetable import Timetable
from coordination.tracing import Tracing
from coordination.webhooks import Webhooks

__all__ = ["Coordinator", "Page", "Ports", "Rules"]


class Coordinator(
    BusReports,
    Pursuing,
    Desks,
    Preferences,
    Publishing,
    Reconciling,
    SlackTriggers,
    Tending,
    Timetable,
    Tracing,
    Webhooks,
):
    """The one face of coordination; every edge calls it, and nothing below does."""
