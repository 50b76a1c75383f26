"""Ways to a server: passwords, addresses, security profiles, and back when a new one leads nowhere."""

import asyncio
import base64
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from bench_top import Bench
from certificates import Authority
from judge import Judge
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from currant.simulator import Fleet, StationSpec, Timing

QUICK = Timing(reconnect_min_s=0.05, reconnect_max_s=0.2, boot_s=0.2)
OLD, NEW = "the-former-password", "another-password-1"
V2 = pytest.mark.parametrize("version", ["2.0.1", "2.1"])


class Server:
    """A server for one station, which lets it in with one password and can be talked through."""

    def __init__(self, version: str, password: str | None) -> None:
        self.judge = Judge(version)
        self.password = password
        self.paths: list[str] = []
        self.refused = 0
        self.subjects: list[str] = []
        self.connection: ServerConnection | None = None

    def admit(self, connection: ServerConnection, request: Request) -> Response | None:
        given = request.headers.get("Authorization")
        secret = None if given is None else base64.b64decode(given.split()[1]).decode().partition(":")[2]
        if secret != self.password:
            self.refused += 1
            return connection.respond(HTTPStatus.UNAUTHORIZED, "")
        return None

    async def talk(self, connection: ServerConnection) -> None:
        assert connection.request is not None
        self.paths.append(connection.request.path)
        tls = connection.transport.get_extra_info("ssl_object")
        if tls is not None and tls.getpeercert():
            shown = tls.getpeercert()
            self.subjects.append(f"{shown['subject']} {shown['serialNumber']}")
        self.connection = connection
        try:
            async for data in connection:
                answer = self.judge.hear(data if isinstance(data, bytes) else data.encode())
                if answer is not None:
                    await connection.send(answer.decode())
        except ConnectionClosed:
            pass
        self.connection = None

    async def ask(self, action: str, payload: dict[str, Any]) -> Any:
        before = len(self.judge.answers)
        await until(lambda: self.connection is not None)
        assert self.connection is not None
        await self.connection.send(self.judge.ask(action, payload).decode())
        await until(lambda: len(self.judge.answers) > before)
        return self.judge.answers[-1][1]

    @property
    def boots(self) -> int:
        return len(self.judge.said("BootNotification"))

    @asynccontextmanager
    async def open(self, tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
        protocol: Any = [f"ocpp{self.judge.version}"]
        async with serve(
            self.talk, "127.0.0.1", 0, subprotocols=protocol, process_request=self.admit, ssl=tls
        ) as server:
            scheme = "ws" if tls is None else "wss"
            yield f"{scheme}://127.0.0.1:{server.sockets[0].getsockname()[1]}/ocpp"


async def until(condition: Callable[[], object], seconds: float = 60) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.02)


def fleet_of(url: str, version: Any, **fields: Any) -> Fleet:
    secure = fields.pop("secure", None)
    spec = StationSpec(identity="CP 1", version=version, **fields)
    template = None if secure is None else f"{secure}/{{identity}}"
    fleet = Fleet([spec], f"{url}/{{identity}}", timing=QUICK, secure_url_template=template)
    fleet.start()
    return fleet


def variable(component: str, name: str, value: str) -> dict[str, Any]:
    data = {"component": {"name": component}, "variable": {"name": name}, "attributeValue": value}
    return {"setVariableData": [data]}


def profile(url: str, level: int, version: str, **more: Any) -> dict[str, Any]:
    known = "OCPP20" if version == "2.0.1" else "OCPP21"
    return {
        "ocppVersion": known,
        "ocppTransport": "JSON",
        "ocppCsmsUrl": url,
        "messageTimeout": 30,
        "securityProfile": level,
        "ocppInterface": "Wired0",
    } | more


async def restart(server: Server) -> None:
    request = {"type": "Soft"} if server.judge.version == "1.6" else {"type": "Immediate"}
    assert (await server.ask("Reset", request))["status"] == "Accepted"


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
async def test_a_new_password_is_used_from_the_next_connection_on(version: str) -> None:
    server = Server(version, OLD)
    async with server.open() as url:
        fleet = fleet_of(url, version, password=OLD)
        await until(lambda: server.boots)
        if version == "1.6":
            change = {"key": "AuthorizationKey", "value": NEW.encode().hex()}
            assert (await server.ask("ChangeConfiguration", change))["status"] == "Accepted"
        else:
            answer = await server.ask("SetVariables", variable("SecurityCtrlr", "BasicAuthPassword", NEW))
            assert answer["setVariableResult"][0]["attributeStatus"] == "Accepted"
        assert (server.connection is not None, len(server.paths)) == (True, 1)
        server.password = NEW
        await restart(server)
        await until(lambda: server.boots == 2)
        await fleet.stop()
    assert server.refused == 0


async def move(old: Server, url: str, version: str) -> None:
    """Tell the station of another server, first on its list from the next start on."""
    slot = {"configurationSlot": 2, "connectionData": profile(url, 1, version)}
    assert (await old.ask("SetNetworkProfile", slot))["status"] == "Accepted"
    priority = variable("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1")
    [result] = (await old.ask("SetVariables", priority))["setVariableResult"]
    assert result["attributeStatus"] == "Accepted"
    await restart(old)


@V2
async def test_a_station_moves_to_another_server_with_its_next_start(version: str) -> None:
    old, new = Server(version, OLD), Server(version, OLD)
    async with old.open() as url, new.open() as other:
        fleet = fleet_of(url, version, password=OLD)
        await move(old, f"{other}/elsewhere", version)
        await until(lambda: new.boots)
        assert new.paths == ["/ocpp/elsewhere/CP%201"]
        await restart(new)
        await until(lambda: new.boots == 2)
        await fleet.stop()
    assert old.boots == 1


@V2
async def test_a_station_that_cannot_connect_anew_goes_back(version: str) -> None:
    old, new = Server(version, OLD), Server(version, "not the same password")
    async with old.open() as url, new.open() as other:
        fleet = fleet_of(url, version, password=OLD)
        await move(old, other, version)
        await until(lambda: old.boots == 2)
        await fleet.stop()
    assert (new.refused, new.boots) == (3, 0)


async def test_a_profile_of_two_one_brings_its_own_identity_and_password() -> None:
    old, new = Server("2.1", OLD), Server("2.1", NEW)
    async with old.open() as url, new.open() as other:
        fleet = fleet_of(url, "2.1", password=OLD)
        wire = profile(other, 1, "2.1", identity="OTHER", basicAuthPassword=NEW)
        await old.ask("SetNetworkProfile", {"configurationSlot": 2, "connectionData": wire})
        await old.ask("SetVariables", variable("OCPPCommCtrlr", "NetworkConfigurationPriority", "2"))
        await restart(old)
        await until(lambda: new.boots)
        await fleet.stop()
    assert new.paths == ["/ocpp/OTHER"]


@V2
def test_a_network_profile_that_makes_no_sense_is_refused(version: str) -> None:
    bench = Bench(version, password=OLD, security_profile=2).connect()
    fine = profile("wss://a/ocpp", 2, version)
    for slot, wire, status in (
        (2, fine, "Accepted"),
        (77, fine, "Rejected"),
        (2, profile("http://a", 2, version), "Rejected"),
        (2, profile("ws://a", 2, version), "Rejected"),
        (2, profile("wss://a", 1, version), "Rejected"),
        (2, fine | {"ocppTransport": "SOAP"}, "Rejected"),
    ):
        asked = {"configurationSlot": slot, "connectionData": wire}
        assert bench.ask("SetNetworkProfile", asked)["status"] == status
    for value, status in (("2,3", "Rejected"), ("1,1", "Rejected"), ("2", "Accepted"), ("2,1", "Accepted")):
        asked = variable("OCPPCommCtrlr", "NetworkConfigurationPriority", value)
        assert bench.ask("SetVariables", asked)["setVariableResult"][0]["attributeStatus"] == status


@V2
def test_a_higher_profile_needs_the_certificates_for_it(version: str) -> None:
    bench = Bench(version, password=OLD).connect()
    wire = profile("wss://a/ocpp", 2, version)
    bench.ask("SetNetworkProfile", {"configurationSlot": 2, "connectionData": wire})
    asked = variable("OCPPCommCtrlr", "NetworkConfigurationPriority", "2")
    before = bench.ask("SetVariables", asked)["setVariableResult"][0]["attributeStatus"]
    root = {"certificateType": "CSMSRootCertificate", "certificate": Authority().pem}
    bench.ask("InstallCertificate", root)
    after = bench.ask("SetVariables", asked)["setVariableResult"][0]["attributeStatus"]
    assert (before, after) == ("Rejected", "Accepted")


def tls(authority: Authority, folder: Path, *, clients: bool) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=authority.pem)
    context.load_cert_chain(*authority.server(folder))
    context.verify_mode = ssl.CERT_REQUIRED if clients else ssl.CERT_NONE
    return context


async def test_a_one_six_station_climbs_from_passwords_to_its_own_certificate(tmp_path: Path) -> None:
    authority = Authority()
    plain, secure, strict = Server("1.6", OLD), Server("1.6", OLD), Server("1.6", None)
    async with (
        plain.open() as url,
        secure.open(tls(authority, tmp_path, clients=False)) as second,
        strict.open(tls(authority, tmp_path, clients=True)) as third,
    ):
        fleet = fleet_of(url, "1.6", password=OLD, secure=second)

        async def raise_to(server: Server, level: str) -> str:
            asked = {"key": "SecurityProfile", "value": level}
            return str((await server.ask("ChangeConfiguration", asked))["status"])

        assert await raise_to(plain, "2") == "Rejected"
        root = {"certificateType": "CentralSystemRootCertificate", "certificate": authority.pem}
        assert (await plain.ask("InstallCertificate", root))["status"] == "Accepted"
        assert await raise_to(plain, "1") == "Rejected"
        assert await raise_to(plain, "2") == "Accepted"
        await until(lambda: secure.paths)
        assert await raise_to(secure, "3") == "Rejected"
        trigger = {"requestedMessage": "SignChargePointCertificate"}
        await secure.ask("ExtendedTriggerMessage", trigger)
        await until(lambda: secure.judge.said("SignCertificate"))
        chain = authority.sign(secure.judge.said("SignCertificate")[0]["csr"])
        assert (await secure.ask("CertificateSigned", {"certificateChain": chain}))["status"] == "Accepted"
        fleet.secure_url_template = f"{third}/{{identity}}"
        assert await raise_to(secure, "3") == "Accepted"
        await until(lambda: strict.subjects)
        answer = await strict.ask("GetConfiguration", {"key": ["SecurityProfile"]})
        await fleet.stop()
    assert answer["configurationKey"][0]["value"] == "3"
    assert "CP 1" in strict.subjects[0]
    assert plain.boots == 1


async def test_a_one_six_station_falls_back_when_it_is_not_let_in_any_more(tmp_path: Path) -> None:
    authority = Authority()
    plain, secure = Server("1.6", OLD), Server("1.6", "another password")
    async with plain.open() as url, secure.open(tls(authority, tmp_path, clients=False)) as second:
        fleet = fleet_of(url, "1.6", password=OLD, secure=second)
        root = {"certificateType": "CentralSystemRootCertificate", "certificate": authority.pem}
        await plain.ask("InstallCertificate", root)
        await plain.ask("ChangeConfiguration", {"key": "SecurityProfile", "value": "2"})
        await until(lambda: secure.refused >= 3 and len(plain.paths) == 2)
        answer = await plain.ask("GetConfiguration", {"key": ["SecurityProfile"]})
        await fleet.stop()
    assert answer["configurationKey"][0]["value"] == "1"
    assert secure.refused == 3


@V2
async def test_a_station_forgets_weaker_profiles_once_a_stronger_one_has_worked(
    version: str, tmp_path: Path
) -> None:
    authority = Authority()
    plain, secure = Server(version, OLD), Server(version, OLD)
    async with plain.open() as url, secure.open(tls(authority, tmp_path, clients=False)) as other:
        fleet = fleet_of(url, version, password=OLD)
        root = {"certificateType": "CSMSRootCertificate", "certificate": authority.pem}
        await plain.ask("InstallCertificate", root)
        wire = profile(other, 2, version)
        await plain.ask("SetNetworkProfile", {"configurationSlot": 2, "connectionData": wire})
        await plain.ask("SetVariables", variable("OCPPCommCtrlr", "NetworkConfigurationPriority", "2,1"))
        await restart(plain)
        await until(lambda: secure.boots)
        asked = [
            {"component": {"name": "OCPPCommCtrlr"}, "variable": {"name": "NetworkConfigurationPriority"}},
            {"component": {"name": "SecurityCtrlr"}, "variable": {"name": "SecurityProfile"}},
        ]
        results = (await secure.ask("GetVariables", {"getVariableData": asked}))["getVariableResult"]
        await fleet.stop()
    assert [each["attributeValue"] for each in results] == ["2", "2"]


async def renew(strict: Server, authority: Authority) -> None:
    """Have the station ask for a new certificate, and have this authority sign it."""
    if strict.judge.version == "1.6":
        await strict.ask("ExtendedTriggerMessage", {"requestedMessage": "SignChargePointCertificate"})
    else:
        await strict.ask("TriggerMessage", {"requestedMessage": "SignChargingStationCertificate"})
    await until(lambda: strict.judge.said("SignCertificate"))
    chain = authority.sign(strict.judge.said("SignCertificate")[0]["csr"])
    assert (await strict.ask("CertificateSigned", {"certificateChain": chain}))["status"] == "Accepted"


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
@pytest.mark.parametrize("trusted", [True, False])
async def test_a_renewed_certificate_is_shown_at_once_and_the_former_where_it_is_not_let_in(
    version: str, tmp_path: Path, *, trusted: bool
) -> None:
    authority, strict = Authority(), Server(version, None)
    (tmp_path / "root.pem").write_text(authority.pem)
    own = tuple(str(path) for path in authority.server(tmp_path, "CP 1"))
    async with strict.open(tls(authority, tmp_path, clients=True)) as url:
        fleet = fleet_of(
            url,
            version,
            client_certificate=own,
            ca_file=str(tmp_path / "root.pem"),
            security_profile=3,
            secure=url,
        )
        await until(lambda: strict.boots)
        await renew(strict, authority if trusted else Authority("Nobody knows it"))
        await until(lambda: len(strict.paths) == 2)
        if not trusted:
            await until(lambda: strict.judge.said("SecurityEventNotification"))
        await fleet.stop()
    assert (len(set(strict.subjects)) == 2) is trusted
    kinds = [each["type"] for each in strict.judge.said("SecurityEventNotification")]
    assert kinds == ([] if trusted else ["DiscardedRenewedClientCertificate"])
