"""What charging costs, as drivers are told: ports, and where nothing is sold."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import datetime

from currant.charging.model import Session
from currant.drivers.model import Cost, CostLine, DriverPrice
from currant.kit.ids import SessionId, StationId, TenantId

PriceOf = Callable[[TenantId, StationId, int, str, datetime, str], DriverPrice | None]
"""What charging at an EVSE of a site of this time zone costs from now on, in a language; None where nothing
has a price."""
CostsOf = Callable[[TenantId, Sequence[Session], str], Awaitable[Mapping[SessionId, Cost]]]
"""What sessions cost, in a language: those of them that have a price."""
LinesOf = Callable[[Session, str], Awaitable[tuple[CostLine, ...]]]
"""What a session's final cost is made of, in a language."""


def no_price(
    tenant_id: TenantId, station_id: StationId, evse: int, zone: str, at: datetime, language: str
) -> None:
    """Where nothing is sold nothing has a price."""


async def no_costs(tenant_id: TenantId, sessions: Sequence[Session], language: str) -> dict[SessionId, Cost]:
    """Where nothing is sold nothing costs anything."""
    return {}


async def no_lines(session: Session, language: str) -> tuple[CostLine, ...]:
    """And is made of nothing."""
    return ()
