"""The ways in: the endpoints of stations, and the API with the pages; and the certificates they show."""

import asyncio
import socket
from contextlib import AsyncExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from currant.access.importing import TokenImports
from currant.api.application import create_app
from currant.api.server import ApiServer, Tls
from currant.api.services import ApiConfig, ApiServices
from currant.app.settings import Settings
from currant.app.settings_view import settings_shown
from currant.charging.overview import NetworkOverview
from currant.gateway.config import GatewayConfig, TlsConfig
from currant.gateway.server import Gateway
from currant.gateway.services import Services
from currant.stations.importing import StationImports
from currant.web.assets import Tiles
from currant.web.assets import load as load_bundle
from currant.web.pages import web_routes

if TYPE_CHECKING:
    from currant.app.container import Currant

STOP_GRACE_S = 5.0


async def open_doors(currant: "Currant", stack: AsyncExitStack) -> None:
    settings = currant.settings
    services = Services(
        directory=currant.directory,
        stations=currant.stations,
        charging=currant.charging,
        messages=currant.messages,
        device=currant.device,
        monitoring=currant.monitoring,
        profiles=currant.profiles,
        der=currant.der,
        energy_needs=currant.energy_needs,
        swaps=currant.swaps,
        clock=currant.clock,
        securing=currant.securing.for_gateway,
        transfers=currant.transfers,
        reservations=currant.reservations,
        onboarding=currant.onboarding,
        total_cost=currant.showing.total_of,
    )
    currant.gateway = Gateway(await gateway_config(currant), services, currant.registry)
    await currant.gateway.start()
    stack.push_async_callback(lambda: currant.gateway.stop(grace_s=STOP_GRACE_S))
    app = create_app(
        ApiServices(
            database=currant.database,
            live=currant.live,
            books=currant.books,
            entities=currant.entities,
            documents=currant.documents,
            document_files=currant.document_files,
            document_runs=currant.document_runs,
            wallets=currant.wallets,
            evidence=currant.evidence,
            charges=currant.charges,
            costs=currant.costs,
            bank=currant.bank,
            settlement=currant.settlement,
            board=currant.board,
            network=currant.network,
            overview=NetworkOverview(currant.database, currant.network, currant.clock),
            tenancy=currant.tenancy,
            directory=currant.directory,
            inventory=currant.inventory,
            admissions=currant.admissions,
            station_imports=StationImports(
                currant.database, currant.inventory, currant.directory, currant.clock
            ),
            station_groups=currant.station_groups,
            desired=currant.desired,
            commands=currant.commands,
            queue=currant.queue,
            transfers=currant.transfers,
            files=currant.files,
            firmware=currant.firmware,
            device=currant.device,
            monitoring=currant.monitoring,
            messages=currant.messages,
            profiles=currant.profiles,
            der=currant.der,
            energy_needs=currant.energy_needs,
            swaps=currant.swaps,
            access=currant.access,
            token_imports=TokenImports(currant.database, currant.access, currant.clock),
            charging=currant.charging,
            reservations=currant.reservations,
            waiting=currant.waiting,
            signing=currant.securing.signing,
            held=currant.securing.held,
            credentials=currant.securing.credentials,
            upgrades=currant.securing.upgrades,
            authority=currant.authority,
            turned_away=lambda: currant.gateway.counters,
            drivers=currant.drivers,
            payments=currant.payments,
            sandbox=currant.sandbox,
            pricing=currant.pricing,
            brandings=currant.brandings,
            onboarding=currant.onboarding,
            audit=currant.audit,
            notes=currant.notes,
            settings=lambda: settings_shown(settings),
        ),
        ApiConfig(
            ocpp_urls=tuple(url for url in (currant.ocpp_tls_url, currant.ocpp_url) if url),
            public_url=settings.http.public_url,
        ),
        clock=currant.clock,
        more_routes=web_routes(
            await asyncio.to_thread(load_bundle),
            tiles=Tiles(url=settings.map.tiles, attribution=settings.map.attribution),
            brandings=currant.brandings,
        ),
    )
    currant.api = ApiServer(
        app,
        host=settings.http.host,
        port=settings.http.port,
        tls=await asyncio.to_thread(_https, currant) if settings.http.tls else None,
        trusted_proxies=settings.http.trusted_proxies,
    )
    await currant.api.start()
    stack.push_async_callback(currant.api.stop)


async def gateway_config(currant: "Currant") -> GatewayConfig:
    settings = currant.settings
    ocpp = settings.ocpp
    tls = None
    if ocpp.tls:
        pairs = await asyncio.to_thread(certificates, currant)
        tls = TlsConfig(
            certificates=tuple((str(certificate), str(key)) for certificate, key in pairs),
            client_authorities=str(await asyncio.to_thread(client_roots, currant)),
            client_organisation=settings.operator,
        )
    return GatewayConfig(
        host=ocpp.host,
        port=ocpp.port if ocpp.plain else None,
        tls_host=ocpp.tls_host,
        tls_port=ocpp.tls_port if ocpp.tls else None,
        tls=tls,
        allow_unauthenticated=ocpp.allow_unauthenticated,
        heartbeat_interval_s=ocpp.heartbeat_interval_s,
        ping_interval_s=ocpp.ping_interval_s,
        idle_limit_s=ocpp.idle_limit_s,
        call_timeout_s=ocpp.call_timeout_s,
        max_message_bytes=ocpp.max_message_bytes,
        messages_per_second=ocpp.messages_per_second,
    )


def certificates(currant: "Currant") -> list[tuple[Path, Path]]:
    """(chain, key) of the server: the operator's own, or the authority's, renewed when that is due."""
    tls = currant.settings.tls
    if tls.certificate and tls.key:
        own = [(tls.certificate, tls.key)]
        return own + (
            [(tls.second_certificate, tls.second_key)] if tls.second_certificate and tls.second_key else []
        )
    made = currant.authority.server_certificates(server_names(currant.settings))
    return [(files.certificate, files.key) for files in made]


def client_roots(currant: "Currant") -> Path:
    """One file with all roots that station certificates may come from."""
    more = currant.settings.tls.client_roots
    if more is None:
        return currant.authority.root
    together = currant.place.pki / "client-roots.pem"
    together.write_bytes(currant.authority.root.read_bytes() + b"\n" + more.read_bytes())
    return together


def _https(currant: "Currant") -> Tls:
    # Browsers take either kind of key; RSA is the one that old proxies take too.
    certificate, key = certificates(currant)[0]
    return Tls(certificate=certificate, key=key)


def server_names(settings: Settings) -> list[str]:
    """The names and addresses our own certificate is for, the most public first."""
    names = [*settings.tls.names, socket.gethostname(), "localhost", "127.0.0.1", "::1"]
    return list(dict.fromkeys(name for name in names if name))


def node_name(settings: Settings) -> str:
    return settings.node or socket.gethostname()


def reachable(host: str) -> str:
    """An address to connect to, of an address to listen on."""
    if host in ("0.0.0.0", "::", ""):
        return "127.0.0.1"
    return f"[{host}]" if ":" in host else host
