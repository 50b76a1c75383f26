"""What is kept and shown about the network beside its work: how organisations look, who knocks at the door."""

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

from currant.stations.onboarding import Addresses, OnboardingService
from currant.tenancy.branding import Brandings

if TYPE_CHECKING:
    from currant.app.container import Currant


async def start_records(currant: "Currant", stack: AsyncExitStack, *, node: str, names: list[str]) -> None:
    """Make these services, on those of tenancy and stations; `names` are the server's own, the most public first."""
    currant.brandings = Brandings(
        currant.database, currant.tenancy.organisations, currant.clock, own_hosts=names
    )
    await currant.brandings.start()
    currant.onboarding = OnboardingService(
        currant.database,
        currant.directory,
        currant.inventory,
        currant.admissions,
        currant.board,
        currant.clock,
        node=node,
        host_tenant_id=currant.tenancy.host_tenant_id,
        addresses=lambda: station_addresses(currant, names[0]),
    )
    stack.push_async_callback(currant.onboarding.stop)


def station_addresses(currant: "Currant", name: str) -> Addresses:
    """Where stations are told to connect: as it was set, or as far as this machine can know it."""
    settings, ports = currant.settings, currant.gateway.ports
    host = f"[{name}]" if ":" in name else name
    tls = settings.certificates.stations_url or f"wss://{host}:{ports.tls}/ocpp"
    plain = settings.ocpp.public_url or f"ws://{host}:{ports.plain}/ocpp"
    return Addresses(plain=plain if ports.plain else "", tls=tls if ports.tls else "")
