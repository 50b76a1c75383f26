"""A network with link security on loopback, and chargers that hold keys, make requests and answer as told."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec
import websockets
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID
from network import Network, basic, client_context, network, tls_config

from currant.gateway.securing import Securing
from currant.kit.clock import SystemClock
from currant.kit.http import Outbound
from currant.pki.authority import Authority
from currant.pki.contracts import Contracts
from currant.pki.held import HeldCertificates
from currant.pki.ocsp import CertificateStatusService
from currant.pki.renewing import Renewing
from currant.pki.revocation import Revocations
from currant.pki.signers import CertificateSigner, OwnSigner
from currant.pki.signing import Signing
from currant.pki.upgrading import Upgrades
from currant.stations.security import Credentials

OPERATOR = "Operator"
SUBPROTOCOLS = {"1.6": "ocpp1.6", "2.0.1": "ocpp2.0.1", "2.1": "ocpp2.1"}
VERSIONS = tuple(SUBPROTOCOLS)
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


class Secure:
    """A network, its authority, and the services of link security."""

    def __init__(
        self, net: Network, authority: Authority, signer: CertificateSigner | None, contract_roots: Any
    ) -> None:
        self.net = net
        self.authority = authority
        database, directory, clock = net.database, net.directory, net.clock
        self.revocations = Revocations(database, authority)
        self.signing = Signing(
            database,
            directory,
            net.registry,
            net.stations,
            net.commands,
            self.revocations,
            clock,
            signer=signer or OwnSigner(authority),
            organisation=OPERATOR,
        )
        self.renewing = Renewing(database, directory, net.registry, self.signing, clock)
        self.held = HeldCertificates(
            database, directory, net.commands, clock, own=[authority.certificate], others=contract_roots
        )
        self.credentials = Credentials(database, directory, net.registry, net.commands, clock)
        self.upgrades = Upgrades(
            database,
            directory,
            net.registry,
            net.commands,
            net.inventory,
            net.stations,
            self.held,
            self.signing,
            clock,
            url=net.tls_url,
            plain_url=net.url,
            look_every_s=0.05,
        )
        self.http = Outbound(allow_private=True, allow_plain=True)
        self.statuses = CertificateStatusService(self.http, clock, deadline_s=3.0)
        self.contracts = Contracts(self.statuses, clock, roots=contract_roots)
        net.gateway.services = msgspec.structs.replace(
            net.gateway.services,
            securing=Securing(
                signing=self.signing,
                revocations=self.revocations,
                credentials=self.credentials,
                upgrades=self.upgrades,
                statuses=self.statuses,
                contracts=self.contracts,
            ),
        )

    async def stop(self) -> None:
        for service in (self.upgrades, self.contracts, self.statuses, self.signing):
            await service.stop()
        await self.http.close()


@asynccontextmanager
async def secure_network(
    folder: Path,
    authority: Authority,
    *,
    signer: CertificateSigner | None = None,
    contract_roots: Any = (),
) -> AsyncIterator[Secure]:
    config = tls_config(authority, organisation=OPERATOR)
    async with network(folder, tls=config, allow_unauthenticated=False) as net:
        secure = Secure(net, authority, signer, contract_roots)
        await secure.revocations.load()
        try:
            yield secure
        finally:
            await secure.stop()


Handler = Callable[[dict[str, Any]], dict[str, Any] | None]


class Charger:
    """A charger over a raw socket: answers calls with its `handlers`, and can call itself.

    A handler that returns None leaves the call unanswered; calls without a handler are NotImplemented.
    """

    def __init__(self, identity: str, version: str) -> None:
        self.identity = identity
        self.version = version
        self.handlers: dict[str, Handler] = {}
        self.called: list[tuple[str, dict[str, Any]]] = []
        self.key: Key = ec.generate_private_key(ec.SECP256R1())
        self.chain = ""
        self._socket: Any = None
        self._answers: dict[str, asyncio.Future[Any]] = {}
        self._reading: asyncio.Task[None] | None = None

    async def connect(self, base: str, **arguments: Any) -> None:
        self._socket = await websockets.connect(
            f"{base}/{self.identity}", subprotocols=[SUBPROTOCOLS[self.version]], **arguments
        )
        self._reading = asyncio.create_task(self._read())
        assert (await self.boot())["status"] == "Accepted"

    async def boot(self) -> dict[str, Any]:
        if self.version == "1.6":
            return await self.call("BootNotification", chargePointVendor="V", chargePointModel="M")
        station = {"vendorName": "V", "model": "M"}
        return await self.call("BootNotification", chargingStation=station, reason="PowerUp")

    async def call(self, action: str, /, **payload: Any) -> dict[str, Any]:
        message_id = str(uuid4())
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._answers[message_id] = future
        await self._socket.send(msgspec.json.encode([2, message_id, action, payload]).decode())
        async with asyncio.timeout(30):
            answer = await future
        assert answer[0] == 3, answer
        return dict(answer[2])

    async def _read(self) -> None:
        with suppress(websockets.ConnectionClosed):
            async for text in self._socket:
                frame = msgspec.json.decode(text)
                if frame[0] == 2:
                    await self._answer(*frame[1:])
                else:
                    self._answers.pop(frame[1]).set_result(frame)

    async def _answer(self, message_id: str, action: str, payload: dict[str, Any]) -> None:
        self.called.append((action, payload))
        handler = self.handlers.get(action)
        if handler is None:
            frame: list[Any] = [4, message_id, "NotImplemented", "", {}]
        else:
            answer = handler(payload)
            if answer is None:
                return
            frame = [3, message_id, answer]
        with suppress(websockets.ConnectionClosed):
            await self._socket.send(msgspec.json.encode(frame).decode())

    async def close(self) -> None:
        if self._socket is not None:
            await self._socket.close()
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    @property
    def is_closed(self) -> bool:
        return self._socket.close_code is not None

    def actions(self) -> list[str]:
        return [action for action, _ in self.called]

    # Keys and certificates

    def request(self, common_name: str | None = None, *, organisation: str = OPERATOR) -> str:
        """A request for a certificate for its key, as PEM."""
        return request_for(self.key, common_name or self.identity, organisation)

    def context(self, authority: Authority, folder: Path) -> ssl.SSLContext:
        """To connect with the certificate that it was given."""
        return context_of(authority, folder, self.chain, self.key)


def request_for(key: Key, common_name: str, organisation: str = OPERATOR) -> str:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation),
            x509.NameAttribute(NameOID.COMMON_NAME, common_name),
        ]
    )
    request = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM).decode()


def context_of(authority: Authority, folder: Path, chain: str, key: Key) -> ssl.SSLContext:
    name = uuid4().hex
    certificate, private = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_text(chain)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return client_context(authority, certificate, private)


def password(identity: str, secret: str | bytes) -> dict[str, Any]:
    """How a charger shows its password."""
    return {"additional_headers": basic(identity, secret)}


async def let_in(url: str, identity: str, version: str, **arguments: Any) -> bool:
    """Whether a charger is let in so."""
    try:
        async with websockets.connect(
            f"{url}/{identity}", subprotocols=[SUBPROTOCOLS[version]], **arguments
        ) as socket:
            beat: dict[str, Any] = {}
            await socket.send(msgspec.json.encode([2, "1", "Heartbeat", beat]).decode())
            return str(await socket.recv()).startswith("[3")
    except (websockets.InvalidStatus, ssl.SSLError, ConnectionError, websockets.InvalidMessage, EOFError):
        return False


def fresh_authority(folder: Path) -> Authority:
    return Authority.open(folder, clock=SystemClock())


A_DAY = timedelta(days=1)
