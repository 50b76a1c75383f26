"""Chargers that are let in by passwords and certificates, and the TLS that they bring along."""

import ssl
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import websockets
from charger import ScriptedCharger, charger
from installation import Site, installation
from network import basic

from currant.kit.clock import Clock, SystemClock
from currant.pki.authority import Authority

PASSWORD = "a-password-of-thirty-two-letters"
TURNED_AWAY = (websockets.InvalidStatus, ssl.SSLError, ConnectionError, websockets.InvalidMessage, EOFError)


@asynccontextmanager
async def secured(folder: Path, **options: Any) -> AsyncIterator[Site]:
    """An installation that lets nobody in without a password or a certificate."""
    wanted = {"ocpp.allow_unauthenticated": False, "tls.names": ("localhost",), **options}
    async with installation(folder, **wanted) as built:
        yield built


def tls_url(site: Site) -> str:
    return f"wss://localhost:{site.currant.gateway.ports.tls}/ocpp"


async def trusting(site: Site) -> ssl.SSLContext:
    """The TLS of a charger that was given Currant's root."""
    return ssl.create_default_context(cadata=(await site.api.get("/pki/root.pem")).text)


def shown(folder: Path, context: ssl.SSLContext, certificate: bytes, key: bytes) -> ssl.SSLContext:
    """The same TLS, which shows a certificate."""
    chain, private = folder / "station.pem", folder / "station.key"
    chain.write_bytes(certificate)
    private.write_bytes(key)
    context.load_cert_chain(chain, private)
    return context


async def certified(site: Site, folder: Path, identity: str, *, clock: Clock | None = None) -> ssl.SSLContext:
    """The TLS of a charger that Currant's own authority made a certificate for."""
    authority = Authority.open(site.currant.place.pki, clock=clock or SystemClock())
    issued = authority.issue_for_station(identity, organisation=site.currant.settings.operator)
    return shown(folder, await trusting(site), issued.certificate_pem, issued.key_pem)


def comes(
    site: Site,
    identity: str,
    *,
    user: str = "",
    password: str = "",
    tls: ssl.SSLContext | None = None,
    answers: dict[str, Any] | None = None,
) -> AbstractAsyncContextManager[ScriptedCharger]:
    """A charger that connects with this password, and with this TLS or without any."""
    return charger(
        site.url if tls is None else tls_url(site),
        identity,
        headers=basic(user or identity, password) if password else None,
        tls=tls,
        answers=answers,
    )


async def booted(station: ScriptedCharger) -> None:
    assert (await station.boot())["status"] == "Accepted"
    assert await station.status("Available") == {}
    event = {
        "eventId": 1,
        "timestamp": SystemClock().now().isoformat(),
        "trigger": "Delta",
        "actualValue": "Available",
        "eventNotificationType": "HardWiredNotification",
        "component": {"name": "Connector", "evse": {"id": 1, "connectorId": 1}},
        "variable": {"name": "AvailabilityState"},
    }
    assert await station.call("NotifyEvent", generatedAt=event["timestamp"], seqNo=0, eventData=[event]) == {}


async def let_in(site: Site, identity: str, **how: Any) -> bool:
    """Whether a charger that comes so is let in, and accepted."""
    try:
        async with comes(site, identity, **how) as station:
            await booted(station)
            return True
    except TURNED_AWAY:
        return False


async def told(site: Site, kind: str, identity: str = "") -> bool:
    """Whether an operator is soon told of such an event; of one at no station in particular without an identity."""
    params = {"station": identity} if identity else {}

    async def look() -> bool:
        found = await site.ask("GET", "/security-events", params=params)
        return kind in {each["kind"] for each in found["items"]}

    return bool(await site.eventually(look))
