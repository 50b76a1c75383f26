"""The security profiles over real TLS, with a certificate authority of the test's own."""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
import websockets
from network import PASSWORD, TENANT, Network, basic, call, client_context, network, tls_config, until

from currant.kit.clock import SystemClock
from currant.pki.authority import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("pki"), clock=SystemClock())


@pytest.fixture
async def secured(tmp_path: Path, authority: Authority) -> AsyncIterator[Network]:
    """Plain and TLS listeners; passwords or certificates wanted."""
    config = tls_config(authority, organisation="Operator")
    async with network(tmp_path, tls=config, allow_unauthenticated=False) as built:
        yield built


async def speaks(url: str, **arguments: Any) -> bool:
    """Whether a station is let in and answered."""
    try:
        async with websockets.connect(url, subprotocols=["ocpp2.0.1"], **arguments) as socket:
            await socket.send(call("1", "Heartbeat"))
            return str(await socket.recv()).startswith('[3,"1"')
    except (websockets.InvalidStatus, ssl.SSLError, ConnectionError, websockets.InvalidMessage, EOFError):
        return False


async def test_profile_0_where_it_is_switched_on(tmp_path: Path) -> None:
    async with network(tmp_path, allow_unauthenticated=True) as built:
        await built.add("CS", security_profile=0)
        assert await speaks(f"{built.url}/CS")


async def test_profile_0_is_off_unless_switched_on(secured: Network) -> None:
    await secured.add("CS", security_profile=0)
    assert not await speaks(f"{secured.url}/CS")


async def test_profile_1_takes_the_password_on_the_plain_port_alone(
    secured: Network, authority: Authority
) -> None:
    await secured.add("CS", password=PASSWORD, security_profile=1)
    given = {"additional_headers": basic("CS", PASSWORD)}
    assert await speaks(f"{secured.url}/CS", **given)
    assert not await speaks(f"{secured.tls_url}/CS", ssl=client_context(authority), **given)
    assert not await speaks(f"{secured.url}/CS")


async def test_profile_2_takes_the_password_over_tls_alone(
    secured: Network, authority: Authority, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="currant.gateway")
    await secured.add("CS", password=PASSWORD, security_profile=2)
    given = {"additional_headers": basic("CS", PASSWORD)}
    assert await speaks(f"{secured.tls_url}/CS", ssl=client_context(authority), **given)
    assert not await speaks(f"{secured.url}/CS", **given)
    wrong = {"additional_headers": basic("CS", PASSWORD[::-1])}
    assert not await speaks(f"{secured.tls_url}/CS", ssl=client_context(authority), **wrong)
    assert any(said.startswith("Station CS was turned away from 127.0.0.1: ") for said in caplog.messages)


def station_context(
    authority: Authority, folder: Path, name: str, *, organisation: str = "Operator"
) -> ssl.SSLContext:
    issued = authority.issue_for_station(name, organisation=organisation)
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    certificate.write_bytes(issued.certificate_pem)
    key.write_bytes(issued.key_pem)
    return client_context(authority, certificate, key)


async def test_profile_3_takes_the_stations_own_certificate(
    secured: Network, authority: Authority, tmp_path: Path
) -> None:
    await secured.add("CS", security_profile=3)
    url = f"{secured.tls_url}/CS"
    assert await speaks(url, ssl=station_context(authority, tmp_path, "CS"))
    assert not await speaks(url, ssl=client_context(authority))
    assert not await speaks(url, ssl=station_context(authority, tmp_path, "OTHER"))
    assert not await speaks(url, ssl=station_context(authority, tmp_path, "CS", organisation="Somebody"))
    assert set(await secured.security_events()) == {"InvalidChargingStationCertificate"}


async def test_profile_3_takes_a_certificate_in_the_name_of_the_serial_number(
    secured: Network, authority: Authority, tmp_path: Path
) -> None:
    await secured.add("CS", security_profile=3, serial_number="SN-1")
    url = f"{secured.tls_url}/CS"
    assert await speaks(url, ssl=station_context(authority, tmp_path, "SN-1"))
    assert not await speaks(url, ssl=station_context(authority, tmp_path, "SN-2"))
    # What it says of itself when it boots is what counts from then on, also after a restart.
    own = station_context(authority, tmp_path, "CS")
    async with websockets.connect(url, subprotocols=["ocpp2.0.1"], ssl=own) as socket:
        for told in ({"serialNumber": "SN-2"}, {}):
            charging_station = {"vendorName": "V", "model": f"M{len(told)}", **told}
            boot = call("1", "BootNotification", chargingStation=charging_station, reason="PowerUp")
            await socket.send(boot)
            assert '"Accepted"' in str(await socket.recv())
    for _ in range(2):
        assert not await speaks(url, ssl=station_context(authority, tmp_path, "SN-1"))
        assert await speaks(url, ssl=station_context(authority, tmp_path, "SN-2"))
        await secured.directory.load()


async def test_a_certificate_of_an_unknown_authority_ends_the_connection(
    secured: Network, authority: Authority, tmp_path: Path
) -> None:
    await secured.add("CS", security_profile=3)
    stranger = Authority.open(tmp_path / "stranger", clock=SystemClock())
    context = station_context(stranger, tmp_path, "CS")
    context.load_verify_locations(authority.root)
    assert not await speaks(f"{secured.tls_url}/CS", ssl=context)
    await until(lambda: secured.gateway.counters.get("tls_client_certificate") == 1)
    assert await secured.security_events() == ["InvalidChargingStationCertificate"]


@pytest.mark.parametrize(
    "suite",
    [
        "ECDHE-ECDSA-AES128-GCM-SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384",
        "AES128-GCM-SHA256",
        "AES256-GCM-SHA384",
    ],
)
async def test_all_four_mandatory_cipher_suites_connect(
    secured: Network, authority: Authority, suite: str
) -> None:
    await secured.add("CS", password=PASSWORD)
    context = client_context(authority)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    given = {"additional_headers": basic("CS", PASSWORD)}
    assert await speaks(f"{secured.tls_url}/CS", ssl=context, **given)


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")
async def test_tls_1_1_is_refused(secured: Network, authority: Authority) -> None:
    context = client_context(authority)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(
            "127.0.0.1", secured.gateway.ports.tls, ssl=context, server_hostname="localhost"
        )
    await until(lambda: secured.gateway.counters == {"tls_version": 1})
    await secured.flush()
    [event] = (await secured.inventory.list_security_events(TENANT)).items
    assert (event.kind, event.remote_address) == ("InvalidTLSVersion", "127.0.0.1")


async def test_a_charger_that_does_not_trust_this_server_is_noticed(secured: Network, tmp_path: Path) -> None:
    old = Authority.open(tmp_path / "old", clock=SystemClock())
    for _ in range(3):
        assert not await speaks(f"{secured.tls_url}/CS", ssl=client_context(old))
    await until(lambda: secured.gateway.counters == {"tls_broken_off": 3})
    # However often it tries, it is told once a minute.
    assert await secured.security_events() == ["TlsHandshakeFailed"]


async def test_a_charger_may_say_that_it_does_not_trust_this_server(secured: Network, tmp_path: Path) -> None:
    context = client_context(Authority.open(tmp_path / "old", clock=SystemClock()))

    def connect() -> None:
        port = secured.gateway.ports.tls
        with socket.create_connection(("127.0.0.1", port or 0)) as plain, pytest.raises(ssl.SSLError):
            context.wrap_socket(plain, server_hostname="localhost")

    await asyncio.to_thread(connect)
    await until(lambda: secured.gateway.counters == {"tls_our_certificate": 1})
    assert await secured.security_events() == ["InvalidCsmsCertificate"]


async def test_what_is_no_tls_on_the_tls_port_is_closed_counted_and_told(
    secured: Network, caplog: pytest.LogCaptureFixture
) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", secured.gateway.ports.tls)
    writer.write(b"GET /ocpp/CS HTTP/1.1\r\nHost: x\r\n\r\n")
    with suppress(ConnectionError):
        await reader.read()
    writer.close()
    await until(lambda: secured.gateway.counters == {"plain_on_tls_port": 1})
    assert await secured.security_events() == ["TlsHandshakeFailed"]
    # One that only looks whether the port is open is no event.
    _, writer = await asyncio.open_connection("127.0.0.1", secured.gateway.ports.tls)
    writer.close()
    await until(lambda: secured.gateway.counters.get("tls_left") == 1)
    assert await secured.security_events() == ["TlsHandshakeFailed"]
    assert [record for record in caplog.records if record.levelno >= logging.WARNING] == []


async def test_a_tls_handshake_that_never_ends_is_cut_off(tmp_path: Path, authority: Authority) -> None:
    async with network(tmp_path, tls=tls_config(authority), handshake_timeout_s=0.3) as built:
        reader, writer = await asyncio.open_connection("127.0.0.1", built.gateway.ports.tls)
        assert await reader.read() == b""
        await until(lambda: built.gateway.counters == {"tls_timeout": 1})
        writer.close()


async def test_renewed_certificates_are_used_without_a_restart(
    secured: Network, authority: Authority
) -> None:
    async def serial() -> bytes:
        _, writer = await asyncio.open_connection(
            "127.0.0.1", secured.gateway.ports.tls, ssl=client_context(authority), server_hostname="localhost"
        )
        der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
        writer.close()
        return bytes(der)

    before = await serial()
    config = secured.gateway.config.tls
    assert config is not None
    for chain, key in config.certificates:
        Path(chain).unlink()
        Path(key).unlink()
    authority.server_certificates(["localhost", "127.0.0.1"])
    secured.gateway.reload_certificates()
    assert await serial() != before
