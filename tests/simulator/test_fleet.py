"""Fleets over real sockets, against a server built on `websockets` that is not ours."""

import asyncio
import base64
import json
import ssl
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from judge import Judge
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from currant.simulator import (
    Faults,
    Fleet,
    SimulationOptions,
    Timing,
    Truth,
    invent,
    invent_tokens,
    read_truth,
    run,
)

TOKENS = invent_tokens(5, seed=1)
SUBPROTOCOLS = {"ocpp1.6": "1.6", "ocpp2.0.1": "2.0.1", "ocpp2.1": "2.1"}


class Street:
    """Every station's judge, and what did not even parse."""

    def __init__(self) -> None:
        self.judges: dict[str, Judge] = {}
        self.passwords: dict[str, str] = {}
        self.connections: Counter[str] = Counter()
        self.unreadable = 0
        self.errors: list[BaseException] = []
        self.server: Server | None = None

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        identity = unquote(request.path.rsplit("/", 1)[1])
        given = request.headers.get("Authorization", "")
        if self.passwords:
            expected = base64.b64encode(f"{identity}:{self.passwords.get(identity)}".encode()).decode()
            if given != f"Basic {expected}":
                return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        return None

    async def talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        identity = unquote(connection.request.path.rsplit("/", 1)[1])
        self.connections[identity] += 1
        version = SUBPROTOCOLS[str(connection.subprotocol)]
        judge = self.judges.setdefault(identity, Judge(version, interval=60))
        try:
            async for data in connection:
                try:
                    frame = json.loads(data)
                    known = isinstance(frame, list) and frame[0] in (2, 3, 4)
                except ValueError:
                    known = False
                if not known:
                    self.unreadable += 1
                    continue
                answer = judge.hear(data if isinstance(data, bytes) else data.encode())
                if answer is not None:
                    await connection.send(answer.decode())
        except ConnectionClosed:
            pass
        except BaseException as error:
            self.errors.append(error)
            raise

    @asynccontextmanager
    async def open(self, port: int = 0, *, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        async with serve(
            self.talk,
            "127.0.0.1",
            port,
            subprotocols=list(SUBPROTOCOLS),  # type: ignore[arg-type]
            process_request=self.admit,
            ssl=tls,
        ) as server:
            self.server = server
            scheme = "wss" if tls else "ws"
            yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp/{{identity}}"


async def until(condition: Any, seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def network(count: int = 12, **fields: Any) -> Any:
    return invent(count, seed=3, sessions_per_day=60, **fields)


async def test_a_mixed_network_boots_charges_and_keeps_every_schema() -> None:
    street = Street()
    async with street.open() as url:
        fleet = Fleet(network(), url, seed=3, tokens=TOKENS, speed=1500)
        fleet.start()
        await until(lambda: fleet.truth.count["stopped"] >= 5)
        status = fleet.status()
        await fleet.stop()
    assert street.errors == []
    assert status.accepted == status.stations == 12
    assert {judge.version for judge in street.judges.values()} == {"1.6", "2.0.1", "2.1"}


async def test_what_was_acknowledged_is_what_the_server_heard() -> None:
    street = Street()
    faults = Faults(lose=0.02, repeat=0.05, delay=0.05, delay_s=0.05, disconnect=0.003, malformed=0.02)
    timing = Timing(answer_s=0.3, retry_s=0.1, reconnect_min_s=0.05, reconnect_max_s=0.3)
    async with street.open() as url:
        fleet = Fleet(network(), url, seed=3, tokens=TOKENS, speed=1500, faults=faults, timing=timing)
        fleet.start()
        await until(lambda: fleet.truth.count["stopped"] >= 4, 40)
        mishaps = fleet.status().mishaps
        assert await fleet.settle(within_s=20)
        await fleet.stop()
    assert street.errors == []
    assert mishaps > 50
    assert street.unreadable > 0
    assert sum(street.connections.values()) > 12
    for fact in fleet.truth.facts:
        judge = street.judges[fact.identity]
        if fact.version == "1.6":
            action = {"started": "StartTransaction", "reading": "MeterValues", "stopped": "StopTransaction"}
            assert judge.said(action[fact.kind])
        else:
            numbers = {
                (said["transactionInfo"]["transactionId"], said["seqNo"])
                for said in judge.said("TransactionEvent")
            }
            assert (fact.transaction, fact.sequence) in numbers
    for judge in street.judges.values():
        if judge.version == "1.6":
            continue
        heard = {
            (said["transactionInfo"]["transactionId"], said["seqNo"])
            for said in judge.said("TransactionEvent")
        }
        told = {(fact.transaction, fact.sequence) for fact in fleet.truth.facts}
        assert heard <= told, "all was heard, so all must be acknowledged in the end"
    assert fleet.truth.count["started"] == fleet.truth.count["stopped"]
    seen = [(fact.identity, fact.transaction, fact.sequence) for fact in fleet.truth.facts]
    assert len(seen) == len(set(seen)), "a fact was acknowledged twice"


async def test_a_server_that_goes_away_finds_its_stations_back_with_nothing_lost(tmp_path: Path) -> None:
    street = Street()
    path = tmp_path / "truth.jsonl"
    timing = Timing(reconnect_min_s=0.1, reconnect_max_s=0.5)
    async with street.open() as url:
        fleet = Fleet(network(), url, seed=3, tokens=TOKENS, speed=1000, timing=timing, truth=Truth(path))
        fleet.start()
        await until(lambda: fleet.status().charging >= 3)
        assert street.server is not None
        port = street.server.sockets[0].getsockname()[1]
    await until(lambda: fleet.status().connected == 0)
    await until(lambda: fleet.status().waiting >= 20)
    async with street.open(port):
        await until(lambda: fleet.status().connected == 12)
        replayed = fleet.truth.count.total()
        await until(lambda: fleet.truth.count.total() > replayed + 20)
        assert list(read_truth(path)) == list(fleet.truth.facts)
        await fleet.stop()
    assert street.errors == []
    assert any(fact.offline for fact in fleet.truth.facts)
    by_session: dict[tuple[str, str], list[int]] = {}
    for fact in fleet.truth.facts:
        by_session.setdefault((fact.identity, fact.transaction), []).append(fact.sequence)
    assert all(numbers == list(range(len(numbers))) for numbers in by_session.values())


async def test_a_station_shows_its_own_password_and_is_kept_out_with_a_wrong_one() -> None:
    street = Street()
    specs = network(4, password="secret-of-{identity}")
    street.passwords = {spec.identity: str(spec.password) for spec in specs}
    street.passwords[specs[0].identity] = "another"
    async with street.open() as url:
        fleet = Fleet(specs, url, seed=3)
        fleet.start()
        await until(lambda: fleet.status().accepted == 3 and fleet.connections_refused >= 1)
        await fleet.stop()
    assert set(street.connections) == {spec.identity for spec in specs[1:]}


async def test_a_run_ends_in_time_and_tells_its_progress() -> None:
    street, told = Street(), []
    async with street.open() as url:
        options = SimulationOptions(
            url=url, stations=5, versions={"2.0.1": 1.0}, duration_s=1.5, speed=100, boot_spread_s=0.2
        )
        last = await run(options, on_progress=told.append)
    assert last.accepted == 5
    assert len(told) >= 1
    assert set(street.judges) == {f"SIM-0000{number}" for number in range(1, 6)}


async def test_simulated_time_that_catches_up_does_not_pass_the_present() -> None:
    street = Street()
    async with street.open() as url:
        options = SimulationOptions(url=url, stations=1, duration_s=1.2, speed=7200, starts_hours_ago=1)
        fleet_status = await run(options)
    assert fleet_status.accepted == 1
    [judge] = street.judges.values()
    # Uncapped, 1.2 seconds at this speed would be 144 minutes.
    assert 10 <= len(judge.said("Heartbeat")) <= 62


def authority(folder: Path) -> Path:
    """A certificate authority, a server certificate for 127.0.0.1 and one station's, as PEM files."""
    began, ends = datetime(2026, 1, 1, tzinfo=UTC), datetime(2126, 1, 1, tzinfo=UTC)
    root_key = ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Test root")])
    for name in ("root", "server", "station"):
        key = root_key if name == "root" else ec.generate_private_key(ec.SECP256R1())
        subject = root_name if name == "root" else x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = x509.CertificateBuilder(root_name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(began).not_valid_after(ends)
        builder = builder.add_extension(
            x509.BasicConstraints(ca=name == "root", path_length=None), critical=True
        )
        if name == "server":
            address = x509.IPAddress(ip_address("127.0.0.1"))
            builder = builder.add_extension(x509.SubjectAlternativeName([address]), critical=False)
        certificate = builder.sign(root_key, hashes.SHA256())
        (folder / f"{name}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
        (folder / f"{name}.key").write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
    return folder


async def test_stations_connect_over_tls_with_certificates_of_their_own(tmp_path: Path) -> None:
    folder, street = authority(tmp_path), Street()
    trust = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=str(folder / "root.pem"))
    trust.load_cert_chain(folder / "server.pem", folder / "server.key")
    trust.verify_mode = ssl.CERT_REQUIRED
    own = (str(folder / "station.pem"), str(folder / "station.key"))
    with_one, without = network(2)
    specs = (msgspec.structs.replace(with_one, client_certificate=own), without)
    async with street.open(tls=trust) as url:
        options = SimulationOptions(
            url=url, specs=specs, ca_file=str(folder / "root.pem"), duration_s=1.5, boot_spread_s=0
        )
        last = await run(options)
    assert last.accepted == 1
    assert set(street.judges) == {with_one.identity}
