"""A charger that cannot get in: every wrong way shows within a second, with what to do about it.

All of it over real sockets, TLS included, as chargers get it wrong.
"""

import asyncio
import base64
import socket
import ssl
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
import websockets
from network import PASSWORD, TENANT, Network, basic, call, client_context, network, tls_config
from test_opening import answer_to, opening

from currant.db import journal
from currant.events.board import Board
from currant.kit.clock import SystemClock
from currant.kit.errors import Conflict, NotFound
from currant.kit.ids import StationId, TenantId
from currant.pki.authority import Authority
from currant.stations.drafts import LocationDraft
from currant.stations.model import (
    Admission,
    Connector,
    ConnectorFormat,
    ConnectorStandard,
    Evse,
    PowerType,
)
from currant.stations.onboarding import TOPIC, Addresses, OnboardingService
from currant.stations.onboarding_model import (
    Attempt,
    OnboardingDraft,
    OnboardingProgress,
    OnboardingWatched,
    StationTurnedAway,
    StepState,
    Trouble,
)
from currant.stations.service import UnknownStations

HOST = TenantId("the-installation")
BY = "person:ada"


class Door:
    """A network at whose door somebody looks."""

    def __init__(self, net: Network, node: str = "node-1") -> None:
        self.net = net
        self.board = Board(net.clock)
        self.onboarding = OnboardingService(
            net.database,
            net.directory,
            net.inventory,
            net.admissions,
            self.board,
            net.clock,
            node=node,
            host_tenant_id=HOST,
            addresses=lambda: Addresses(plain=net.url, tls=net.tls_url if net.gateway.ports.tls else ""),
        )

    async def attempts(self, identity: str) -> list[Attempt]:
        return list((await self.onboarding.progress(TENANT, identity)).attempts)

    async def the_attempt(self, identity: str = "") -> Attempt:
        """The latest attempt of a station, or of a stranger; it is told soon."""
        async with asyncio.timeout(30):
            while True:
                found = await self.attempts(identity) if identity else list(self.onboarding.strangers())
                if found:
                    return found[0]
                await asyncio.sleep(0.01)

    async def states(self, identity: str) -> dict[str, str]:
        progress = await self.onboarding.progress(TENANT, identity)
        return {step.code.value: step.state.value for step in progress.steps}


@asynccontextmanager
async def door(folder: Path, **config: Any) -> AsyncIterator[Door]:
    async with network(folder, allow_unauthenticated=False, unknown=UnknownStations.REFUSED, **config) as net:
        built = Door(net)
        net.gateway.services = msgspec.structs.replace(net.gateway.services, onboarding=built.onboarding)
        try:
            yield built
        finally:
            await built.onboarding.stop()


@pytest.fixture
async def plain_door(tmp_path: Path) -> AsyncIterator[Door]:
    async with door(tmp_path) as built:
        yield built


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority.open(tmp_path_factory.mktemp("pki"), clock=SystemClock(), organisation="Operator")


@pytest.fixture
async def secure_door(tmp_path: Path, authority: Authority) -> AsyncIterator[Door]:
    async with door(tmp_path, tls=tls_config(authority)) as built:
        yield built


# The wrong ways of a charger that says who it is


async def test_a_wrong_password_is_shown_with_what_to_do(plain_door: Door) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    await answer_to(plain_door.net, opening("/ocpp/CP-1", **basic("CP-1", "another-password-here")))
    attempt = await plain_door.the_attempt("CP-1")
    assert attempt.problem is Trouble.WRONG_PASSWORD
    assert attempt.version == "1.6"
    assert attempt.path == "/ocpp/CP-1"
    assert "variant" not in attempt.facts
    assert "make a new one here" in attempt.text
    states = await plain_door.states("CP-1")
    assert states["password"] == "failed"
    assert [states[code] for code in ("reached", "tls", "path", "subprotocol")] == ["done"] * 4
    assert states["booted"] == states["ready"] == "waiting"


@pytest.mark.parametrize(
    ("sent", "variant"),
    [
        (PASSWORD.encode().hex(), "as_hex"),
        (base64.b64encode(PASSWORD.encode()), "as_base64"),
        (f"{PASSWORD}\r\n", "spaces"),
        (f'"{PASSWORD}"', "quotes"),
        (f"CP-1:{PASSWORD}", "with_user"),
        ("sixteen%2Dchars-or-more", "url_encoded"),
        ("", "empty"),
        ("CP-1", "identity"),
    ],
)
async def test_the_right_password_in_a_wrong_form_is_told_from_a_wrong_one(
    plain_door: Door, sent: str | bytes, variant: str
) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    await answer_to(plain_door.net, opening("/ocpp/CP-1", **basic("CP-1", sent)))
    attempt = await plain_door.the_attempt("CP-1")
    assert (attempt.problem, attempt.facts["variant"]) == (Trouble.WRONG_PASSWORD, variant)
    assert PASSWORD not in msgspec.json.encode(attempt).decode()


async def test_a_charger_that_still_has_its_old_password_is_known_by_it(plain_door: Door) -> None:
    net = plain_door.net
    await net.add("CP-1", password=PASSWORD)
    await net.admissions.set_password(TENANT, "CP-1", "the-next-password-of-it", by=BY, keep_previous=True)
    entry = net.directory.find("CP-1")
    assert entry is not None
    net.directory.put(msgspec.structs.replace(entry, previous_until=1))
    await answer_to(net, opening("/ocpp/CP-1", **basic("CP-1", PASSWORD)))
    assert (await plain_door.the_attempt("CP-1")).facts["variant"] == "old"


@pytest.mark.parametrize(
    ("user", "password", "variant"),
    [
        ("admin", PASSWORD, "password_right"),
        ("cp-1", "whatever-it-may-be", "spelling"),
        (PASSWORD, "CP-1", "swapped"),
        ("admin", "whatever-it-may-be", None),
    ],
)
async def test_a_user_name_that_is_not_the_identity_is_shown(
    plain_door: Door, user: str, password: str, variant: str | None
) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    await answer_to(plain_door.net, opening("/ocpp/CP-1", **basic(user, password)))
    attempt = await plain_door.the_attempt("CP-1")
    assert (attempt.problem, attempt.facts.get("variant")) == (Trouble.WRONG_USER, variant)
    assert PASSWORD not in msgspec.json.encode(attempt).decode()
    assert "CP-1" in attempt.text


async def test_no_password_and_one_that_cannot_be_read_are_told_apart(plain_door: Door) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    await answer_to(plain_door.net, opening("/ocpp/CP-1"))
    attempt = await plain_door.the_attempt("CP-1")
    assert (attempt.problem, attempt.facts.get("variant")) == (Trouble.NO_PASSWORD, None)
    await answer_to(plain_door.net, opening("/ocpp/CP-1", Authorization="Bearer abc"))
    assert (await plain_door.the_attempt("CP-1")).facts["variant"] == "unreadable"


async def test_a_station_without_a_password_here_is_told_so(plain_door: Door) -> None:
    await plain_door.net.add("CP-1")
    await answer_to(plain_door.net, opening("/ocpp/CP-1", **basic("CP-1", PASSWORD)))
    assert (await plain_door.the_attempt("CP-1")).problem is Trouble.PASSWORD_NOT_SET


async def test_another_security_profile_than_the_registered_one_is_shown(plain_door: Door) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD, security_profile=2)
    await answer_to(plain_door.net, opening("/ocpp/CP-1", **basic("CP-1", PASSWORD)))
    attempt = await plain_door.the_attempt("CP-1")
    assert attempt.problem is Trouble.WRONG_SECURITY_PROFILE
    assert (attempt.facts["came"], attempt.facts["wanted"]) == (1, 2)
    assert "profile 1" in attempt.text


async def test_a_refused_station_fails_where_it_would_be_accepted(plain_door: Door) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD, admission=Admission.REFUSED)
    await answer_to(plain_door.net, opening("/ocpp/CP-1", **basic("CP-1", PASSWORD)))
    assert (await plain_door.the_attempt("CP-1")).problem is Trouble.NOT_ADMITTED
    assert (await plain_door.states("CP-1"))["accepted"] == "failed"


@pytest.mark.parametrize(
    ("offered", "problem"),
    [("", Trouble.NO_SUBPROTOCOL), ("ocpp1.5, mqtt", Trouble.UNKNOWN_SUBPROTOCOL)],
)
async def test_a_version_that_is_not_spoken_is_shown(
    plain_door: Door, offered: str, problem: Trouble
) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    await answer_to(
        plain_door.net,
        opening("/ocpp/CP-1", Sec_WebSocket_Protocol=offered, **basic("CP-1", PASSWORD)),
    )
    attempt = await plain_door.the_attempt("CP-1")
    assert attempt.problem is problem
    assert attempt.facts["offered"] == (offered or None)
    states = await plain_door.states("CP-1")
    assert (states["password"], states["subprotocol"]) == ("done", "failed")


async def test_too_many_wrong_passwords_say_that_it_has_to_wait(plain_door: Door) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    for _ in range(11):
        await answer_to(plain_door.net, opening("/ocpp/CP-1", **basic("CP-1", "another-password-here")))
    found = await plain_door.attempts("CP-1")
    assert [attempt.problem for attempt in found] == [Trouble.TOO_MANY_ATTEMPTS, Trouble.WRONG_PASSWORD]
    assert found[1].facts["times"] == 10


# Those of whom it is not known who they are


@pytest.mark.parametrize("path", ["/ocpp", "/", "/ocpp/" + "x" * 60])
async def test_a_path_that_names_no_station_is_shown(plain_door: Door, path: str) -> None:
    await answer_to(plain_door.net, opening(path + "?password=secret"))
    attempt = await plain_door.the_attempt()
    assert attempt.problem is Trouble.WRONG_PATH
    assert attempt.path == path
    assert "secret" not in attempt.text


async def test_an_unknown_identity_is_shown_to_the_installation(plain_door: Door) -> None:
    await plain_door.net.add("SOMETHING-ELSE", password=PASSWORD)
    await plain_door.onboarding.progress(TENANT, "SOMETHING-ELSE")
    await answer_to(plain_door.net, opening("/ocpp/CP-9"))
    attempt = await plain_door.the_attempt()
    assert (attempt.problem, attempt.identity) == (Trouble.UNKNOWN_IDENTITY, "CP-9")
    assert await plain_door.attempts("SOMETHING-ELSE") == []


@pytest.mark.parametrize("typed", ["muc-0042", "MUC0042", "MUC-0024", "MUC-042", "evse-MUC-0042"])
async def test_an_identity_with_a_slip_is_shown_where_the_right_one_is_waited_for(
    plain_door: Door, typed: str
) -> None:
    await plain_door.net.add("MUC-0042", password=PASSWORD)
    await plain_door.net.add("HAM-0042", password=PASSWORD)
    await plain_door.onboarding.progress(TENANT, "MUC-0042")
    await answer_to(plain_door.net, opening(f"/ocpp/{typed}", **basic(typed, PASSWORD)))
    attempt = await plain_door.the_attempt("MUC-0042")
    assert (attempt.problem, attempt.identity) == (Trouble.UNKNOWN_IDENTITY, typed)
    assert attempt.facts["expected"] == "MUC-0042"
    assert "MUC-0042 is waited for" in attempt.text
    assert not plain_door.onboarding.strangers()


async def test_tls_on_the_port_without_it_is_recognised(plain_door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", plain_door.net.gateway.ports.plain)
    hello = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(*hello, server_hostname="localhost")
    with suppress(ssl.SSLWantReadError):
        client.do_handshake()
    writer.write(hello[1].read())
    assert await reader.read() == b""
    writer.close()
    attempt = await plain_door.the_attempt()
    assert attempt.problem is Trouble.TLS_TO_PLAIN
    assert "ws:// instead of wss://" in attempt.text


async def test_what_is_no_request_at_all_is_shown(plain_door: Door) -> None:
    await answer_to(plain_door.net, b"\x00\x01\x02\x03hello")
    assert (await plain_door.the_attempt()).problem is Trouble.NOT_HTTP


@pytest.mark.parametrize(
    ("sent", "variant"),
    [
        (b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\n\r\n", None),
        (b"POST /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\nContent-Type: application/soap+xml\r\n\r\n", "soap"),
        (
            b"GET /ocpp/CP-1 HTTP/1.1\r\nHost: x\r\nSec-WebSocket-Key: MDEyMzQ1Njc4OWFiY2RlZg==\r\n\r\n",
            "proxy",
        ),
    ],
)
async def test_a_request_that_opens_no_websocket_is_shown_at_its_station(
    plain_door: Door, sent: bytes, variant: str | None
) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    await answer_to(plain_door.net, sent)
    attempt = await plain_door.the_attempt("CP-1")
    assert (attempt.problem, attempt.facts.get("variant")) == (Trouble.NOT_WEBSOCKET, variant)


async def test_a_stranger_who_comes_from_where_a_waited_for_station_came_is_taken_for_it(
    plain_door: Door,
) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    await answer_to(plain_door.net, opening("/ocpp/CP-1", **basic("CP-1", "another-password-here")))
    await plain_door.the_attempt("CP-1")
    await answer_to(plain_door.net, opening("/"))
    found = await plain_door.attempts("CP-1")
    assert found[0].problem is Trouble.WRONG_PATH


# TLS


async def shaken(door: Door, context: ssl.SSLContext) -> None:
    """A TLS handshake of a client that says (by an alert) why it does not like it; it has to fail."""
    port = door.net.gateway.ports.tls
    assert port is not None

    def shake() -> None:
        with (
            socket.create_connection(("127.0.0.1", port), timeout=30) as plain,
            context.wrap_socket(plain, server_hostname="localhost"),
        ):
            pass

    with pytest.raises(ssl.SSLError):
        await asyncio.to_thread(shake)


def careless(maximum: ssl.TLSVersion, ciphers: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = maximum
    context.set_ciphers(ciphers)
    return context


async def test_a_charger_without_our_root_is_told_to_install_it(secure_door: Door) -> None:
    await shaken(secure_door, ssl.create_default_context())
    attempt = await secure_door.the_attempt()
    assert attempt.problem is Trouble.TLS_UNTRUSTED
    assert "root certificate" in attempt.text


async def test_a_charger_that_breaks_tls_off_without_a_word_is_shown_too(secure_door: Door) -> None:
    port = secure_door.net.gateway.ports.tls
    with pytest.raises(ssl.SSLCertVerificationError):
        # This client hangs up before its alert is on the way, as many chargers do.
        await asyncio.open_connection(
            "127.0.0.1", port, ssl=ssl.create_default_context(), server_hostname="localhost"
        )
    attempt = await secure_door.the_attempt()
    assert (attempt.problem, attempt.facts["variant"]) == (Trouble.TLS_FAILED, "broken_off")


async def test_a_charger_with_old_tls_is_told_to_be_updated(secure_door: Door) -> None:
    await shaken(secure_door, careless(ssl.TLSVersion.TLSv1_1, "DEFAULT:@SECLEVEL=0"))
    assert (await secure_door.the_attempt()).problem is Trouble.TLS_TOO_OLD


async def test_a_charger_without_a_prescribed_cipher_suite_is_shown(secure_door: Door) -> None:
    await shaken(secure_door, careless(ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-CHACHA20-POLY1305"))
    assert (await secure_door.the_attempt()).problem is Trouble.TLS_NO_SHARED_CIPHER


async def test_no_encryption_on_the_tls_port_is_recognised(secure_door: Door) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", secure_door.net.gateway.ports.tls)
    writer.write(opening("/ocpp/CP-1"))
    with suppress(ConnectionError):
        await reader.read()
    writer.close()
    attempt = await secure_door.the_attempt()
    assert attempt.problem is Trouble.PLAIN_TO_TLS
    assert "wss://" in attempt.text


async def test_a_certificate_of_somebody_else_is_not_accepted(
    secure_door: Door, authority: Authority, tmp_path: Path
) -> None:
    other = Authority.open(tmp_path / "other", clock=SystemClock(), organisation="Somebody else")
    files = other.server_certificates(["CP-1"])[0]
    context = client_context(authority, files.certificate, files.key)
    with pytest.raises((OSError, websockets.InvalidHandshake, websockets.ConnectionClosed, EOFError)):
        async with websockets.connect(
            f"{secure_door.net.tls_url}/CP-1", subprotocols=[websockets.Subprotocol("ocpp1.6")], ssl=context
        ) as charger:
            await charger.recv()
    assert (await secure_door.the_attempt()).problem is Trouble.CERTIFICATE_WRONG


async def test_a_health_check_of_the_port_is_no_attempt(secure_door: Door) -> None:
    _, writer = await asyncio.open_connection("127.0.0.1", secure_door.net.gateway.ports.tls)
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.1)
    assert secure_door.onboarding.strangers() == ()


# The right way


async def test_a_charger_is_taken_in_step_by_step(plain_door: Door) -> None:
    net, service = plain_door.net, plain_door.onboarding
    draft = OnboardingDraft(location=LocationDraft(name="Depot", city="Ulm"), name="Left of the gate")
    begun = await service.begin(TENANT, msgspec.structs.replace(draft, security_profile=1), by=BY)
    station, password = begun.station, begun.password
    assert password is not None
    assert station.identity.startswith("CS-")
    assert station.location_id is not None
    assert [step.state for step in begun.steps if step.code != "accepted"] == [StepState.WAITING] * 8
    assert begun.urls[0].url == f"{net.url}/{station.identity}"
    assert {code.what for code in begun.qr} == {"url", "identity", "password"}
    assert all(code.svg.startswith("<svg") for code in begun.qr)
    await answer_to(net, opening(f"/ocpp/{station.identity}", **basic(station.identity, "wrong-password-16")))
    assert (await plain_door.states(station.id))["password"] == "failed"
    async with websockets.connect(
        begun.urls[0].url,
        subprotocols=[websockets.Subprotocol("ocpp1.6")],
        additional_headers=basic(station.identity, password),
    ) as charger:
        await _reaches(plain_door, station.id, "password", "done")
        await charger.send(call("1", "BootNotification", chargePointVendor="Acme", chargePointModel="One"))
        assert msgspec.json.decode(await charger.recv())[2]["status"] == "Accepted"
        await _reaches(plain_door, station.id, "booted", "done")
        await charger.send(
            call("2", "StatusNotification", connectorId=1, errorCode="NoError", status="Available")
        )
        await charger.recv()
        await _reaches(plain_door, station.id, "ready", "done")
        progress = await service.progress(TENANT, station.id)
        assert (progress.connected, progress.ready) == (True, True)
        booted = next(step for step in progress.steps if step.code == "booted")
        assert booted.facts["vendor"] == "Acme"


async def _reaches(door: Door, station: StationId, code: str, state: str) -> None:
    async with asyncio.timeout(30):
        while (await door.states(station))[code] != state:
            await asyncio.sleep(0.01)


async def test_every_described_connector_has_to_report(plain_door: Door) -> None:
    connector = Connector(
        number=1,
        standard=ConnectorStandard.IEC_62196_T2,
        format=ConnectorFormat.SOCKET,
        power_type=PowerType.AC_3_PHASE,
        max_voltage_v=230,
        max_current_a=32,
    )
    evses = tuple(Evse(number=number, connectors=(connector,)) for number in (1, 2))
    begun = await plain_door.onboarding.begin(
        TENANT, OnboardingDraft(identity="CP-2", evses=evses, security_profile=1), by=BY
    )
    async with websockets.connect(
        begun.urls[0].url,
        subprotocols=[websockets.Subprotocol("ocpp1.6")],
        additional_headers=basic("CP-2", begun.password or ""),
    ) as charger:
        await charger.send(call("1", "BootNotification", chargePointVendor="A", chargePointModel="B"))
        await charger.recv()
        for number, expected in ((1, "waiting"), (2, "done")):
            await charger.send(
                call("2", "StatusNotification", connectorId=number, errorCode="NoError", status="Available")
            )
            await charger.recv()
            await _reaches(plain_door, begun.station.id, "status", expected)
            progress = await plain_door.onboarding.progress(TENANT, "CP-2")
            status = next(step for step in progress.steps if step.code == "status")
            assert status.facts["reported"] == number
            assert status.facts["missing"] == ("2/1" if number == 1 else None)


async def test_a_charger_that_came_by_itself_is_taken_by_its_identity(tmp_path: Path) -> None:
    async with network(tmp_path, allow_unauthenticated=False) as net:
        looked = Door(net)
        async with websockets.connect(f"{net.url}/NEW-1", subprotocols=[websockets.Subprotocol("ocpp1.6")]):
            while net.directory.find("NEW-1") is None:
                await asyncio.sleep(0.01)
        begun = await looked.onboarding.begin(
            TENANT, OnboardingDraft(identity="NEW-1", name="The new one", security_profile=1), by=BY
        )
        assert begun.station.admission is Admission.ACCEPTED
        assert begun.station.name == "The new one"
        with pytest.raises(Conflict):
            await looked.onboarding.begin(TENANT, OnboardingDraft(identity="NEW-1"), by=BY)


async def test_a_new_password_begins_anew_and_ends_the_old_connection(plain_door: Door) -> None:
    begun = await plain_door.onboarding.begin(
        TENANT, OnboardingDraft(identity="CP-3", security_profile=1), by=BY
    )
    async with websockets.connect(
        begun.urls[0].url,
        subprotocols=[websockets.Subprotocol("ocpp1.6")],
        additional_headers=basic("CP-3", begun.password or ""),
    ) as charger:
        await _reaches(plain_door, begun.station.id, "password", "done")
        again = await plain_door.onboarding.new_password(TENANT, "CP-3", by=BY)
        assert again.password not in (None, begun.password)
        with pytest.raises(websockets.ConnectionClosed):
            await charger.recv()
    await _reaches(plain_door, begun.station.id, "password", "waiting")


# Who sees it, and how it travels


async def test_another_organisation_sees_nothing_of_it(plain_door: Door) -> None:
    await plain_door.net.add("CP-1", password=PASSWORD)
    with pytest.raises(NotFound):
        await plain_door.onboarding.progress(TenantId("somebody-else"), "CP-1")


async def test_what_happens_is_on_the_board_within_a_second(plain_door: Door) -> None:
    net, board = plain_door.net, plain_door.board
    station = await net.add("CP-1", password=PASSWORD)
    await plain_door.onboarding.progress(TENANT, "CP-1")
    reader, strangers = board.subscribe(TENANT, [TOPIC]), board.subscribe(HOST, [TOPIC])
    await answer_to(net, opening("/ocpp/CP-1", **basic("CP-1", "another-password-here")))
    told = _set_of(await reader.next(within=30))[station.id]
    progress = msgspec.convert(told, OnboardingProgress)
    assert progress.attempts[0].problem is Trouble.WRONG_PASSWORD
    await answer_to(net, opening("/ocpp/QQQQ"))
    told = _set_of(await strangers.next(within=30))["strangers"]
    assert told["attempts"][0]["identity"] == "QQQQ"


def _set_of(frames: bytes | None) -> dict[str, Any]:
    assert frames
    line = next(line for line in frames.splitlines() if line.startswith(b"data: "))
    told: dict[str, Any] = msgspec.json.decode(line.removeprefix(b"data: "))["set"]
    return told


async def test_other_nodes_hear_of_it_and_not_of_every_repetition(plain_door: Door) -> None:
    net = plain_door.net
    await net.add("CP-1", password=PASSWORD)
    other = Door(net, node="node-2")
    await plain_door.onboarding.progress(TENANT, "CP-1")
    for _ in range(5):
        await answer_to(net, opening("/ocpp/CP-1", **basic("CP-1", "another-password-here")))
    for number in range(60):
        await answer_to(net, opening(f"/ocpp/scan-{number}"))
    await net.flush()
    rows = await net.database.read(lambda conn: journal.read_after(conn, 0, limit=500))
    kinds = [row.kind for row in rows]
    assert kinds.count("OnboardingWatched") == 1
    turned_away = [
        msgspec.json.decode(row.payload, type=StationTurnedAway)
        for row in rows
        if row.kind == "StationTurnedAway"
    ]
    assert [event.identity for event in turned_away if event.station_id] == ["CP-1"]
    assert len([event for event in turned_away if event.station_id is None]) == 1, "One address, one problem."
    for event in turned_away:
        other.onboarding.follow(event)
        plain_door.onboarding.follow(event)
    assert [attempt.problem for attempt in await other.attempts("CP-1")] == [Trouble.WRONG_PASSWORD]
    assert (await plain_door.attempts("CP-1"))[0].facts["times"] == 5, "Its own are not taken twice."
    watched = next(row for row in rows if row.kind == "OnboardingWatched")
    other.onboarding.follow(msgspec.json.decode(watched.payload, type=OnboardingWatched))
