"""The verbs of charging: what stations report of sessions, and what operators ask about them."""

from currant.charging.model import StationSessions
from currant.charging.operating import Operating
from currant.charging.reporting import Reporting

__all__ = ["ChargingService", "StationSessions"]


class ChargingService(Reporting, Operating):
    """Sessions. The gateway calls what stands in reporting.py, the API and the duties what in operating.py."""
