"""What charging costs, as drivers are told: a port, until somebody sells."""

from collections.abc import Callable
from datetime import datetime

from currant.charging.model import Session
from currant.drivers.model import Cost, Price
from currant.kit.ids import StationId, TenantId

PriceOf = Callable[[TenantId, StationId, int, datetime, str], Price | None]
"""What charging at an EVSE costs from now on, in a language; None where nothing has a price."""
CostOf = Callable[[Session, str], Cost | None]
"""What a session costs, in a language; None where nothing has a price."""


def no_price(tenant_id: TenantId, station_id: StationId, evse: int, at: datetime, language: str) -> None:
    """Before there are tariffs nothing has a price."""


def no_cost(session: Session, language: str) -> None:
    """Before there are tariffs nothing costs anything."""
