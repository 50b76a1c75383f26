"""OCPP 2.0.1, block A: passwords, certificates and security profiles of stations are changed from afar."""

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from authorities import served
from charger import Payload, ScriptedCharger
from cryptography import x509
from cryptography.x509.oid import NameOID
from installation import Site
from secured import PASSWORD, booted, certified, comes, let_in, secured, shown, tls_url, told, trusting
from shows import shows
from signees import Signee, VehicleSide

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.fixture(scope="module")
def vehicles() -> VehicleSide:
    return VehicleSide()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory: pytest.TempPathFactory, vehicles: VehicleSide) -> AsyncIterator[Site]:
    """An installation where an outside authority signs what stations show to vehicles."""
    folder = tmp_path_factory.mktemp("currant")
    async with (
        served(vehicles.answer, kind="application/json") as url,
        secured(folder, **{"certificates.v2g_signer_url": url}) as built,
    ):
        yield built


# Passwords changed


def sets(payload: Payload, status: str = "Accepted") -> Payload:
    """The answer to a SetVariables: the same for each."""
    return {
        "setVariableResult": [
            {"attributeStatus": status, "component": each["component"], "variable": each["variable"]}
            for each in payload["setVariableData"]
        ]
    }


async def rotated(site: Site, station: ScriptedCharger, answer: str) -> tuple[str, Any]:
    """Have the station given a new password; the password, and what came of it."""
    station.answers["SetVariables"] = lambda payload: sets(payload, answer)
    offer = await site.ask("POST", f"/stations/{station.identity}/password/rotate")
    [wanted] = (await station.asked_for("SetVariables"))["setVariableData"]
    assert wanted["component"] == {"name": "SecurityCtrlr"}
    assert wanted["variable"] == {"name": "BasicAuthPassword"}
    assert 16 <= len(wanted["attributeValue"]) <= 40
    return wanted["attributeValue"], offer


@shows("TC_A_09_CSMS")
async def test_a_new_password_takes_the_place_of_the_old(site: Site) -> None:
    identity = await site.register(password=PASSWORD, security_profile=1)
    async with comes(site, identity, password=PASSWORD) as station:
        await booted(station)
        fresh, offer = await rotated(site, station, "Accepted")
        assert offer["status"] == "accepted"
    assert await let_in(site, identity, password=fresh)
    assert not await let_in(site, identity, password=PASSWORD)


@shows("TC_A_10_CSMS")
async def test_a_station_that_refuses_a_new_password_keeps_the_old(site: Site) -> None:
    identity = await site.register(password=PASSWORD, security_profile=1)
    async with comes(site, identity, password=PASSWORD) as station:
        await booted(station)
        refused, offer = await rotated(site, station, "Rejected")
        assert offer["status"] == "refused"
        assert await station.call("Heartbeat") != {}
    assert not await let_in(site, identity, password=refused)
    assert await let_in(site, identity, password=PASSWORD)


@pytest.mark.parametrize("answer", ["Accepted", "Rejected"])
@shows("TC_A_09_CSMS", "TC_A_10_CSMS")
async def test_a_password_is_changed_by_a_command_of_an_operator(site: Site, answer: str) -> None:
    identity, chosen = await site.register(password=PASSWORD, security_profile=1), "an-operator-chose-it"
    variable = {"component": "SecurityCtrlr", "name": "BasicAuthPassword"}
    async with comes(site, identity, password=PASSWORD) as station:
        await booted(station)
        station.answers["SetVariables"] = lambda payload: sets(payload, answer)
        record = await site.command(
            identity, "SetVariables", values=[{"variable": variable, "value": chosen}]
        )
        assert record["status"] == ("accepted" if answer == "Accepted" else "refused")
        [wanted] = (await station.asked_for("SetVariables"))["setVariableData"]
        assert wanted["attributeValue"] == chosen
    taken, gone = (chosen, PASSWORD) if answer == "Accepted" else (PASSWORD, chosen)
    assert await let_in(site, identity, password=taken)
    assert not await let_in(site, identity, password=gone)


# Certificates changed


async def root_of(site: Site) -> x509.Certificate:
    return x509.load_pem_x509_certificate((await site.api.get("/pki/root.pem")).content)


async def renewed(
    site: Site, station: ScriptedCharger, asked: Signee, use: str, *, trigger: str, kind: str | None
) -> Payload:
    """Have a station renew a certificate; the CertificateSigned that it gets."""
    path = f"/stations/{station.identity}/certificates/renew"
    assert (await site.ask("POST", path, json={"use": use}))["status"] == "accepted"
    assert await station.asked_for("TriggerMessage") == {"requestedMessage": trigger}
    said = {} if kind is None else {"certificateType": kind}
    answer = await station.call("SignCertificate", csr=asked.request, **said)
    assert answer == {"status": "Accepted"}
    sent = await station.asked_for("CertificateSigned")
    # A02.FR.14: named as it was asked for.
    assert sent.get("certificateType") == kind
    return sent


async def certificates(site: Site, identity: str, *, ended: int) -> list[str]:
    """How the station's certificates stand, latest first, once so many have been answered for."""

    async def look() -> list[str]:
        found = await site.ask("GET", "/certificates", params={"station": identity})
        return [each["status"] for each in found["items"]]

    async def all_told() -> list[str]:
        known = await look()
        return known if len(known) == ended and "issued" not in known else []

    return list(await site.eventually(all_told))


@shows("TC_A_11_CSMS")
async def test_a_station_renews_its_certificate_and_comes_back_with_it(site: Site, tmp_path: Path) -> None:
    identity = await site.register(security_profile=3)
    fresh = Signee(identity)
    async with comes(site, identity, tls=await certified(site, tmp_path, identity)) as station:
        await booted(station)
        sent = await renewed(
            site,
            station,
            fresh,
            "station",
            trigger="SignChargingStationCertificate",
            kind="ChargingStationCertificate",
        )
        leaf = fresh.check(sent["certificateChain"], await root_of(site))
        [name] = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert name.value == identity
        assert await certificates(site, identity, ended=2) == ["installed", "superseded"]
    context = shown(tmp_path, await trusting(site), sent["certificateChain"].encode(), fresh.key)
    assert await let_in(site, identity, tls=context)


@shows("TC_A_12_CSMS")
async def test_a_station_renews_what_it_shows_to_vehicles(site: Site, vehicles: VehicleSide) -> None:
    identity = await site.register(password=PASSWORD)
    fresh = Signee("DE-CUR-SECC-1", organisation="A charge point operator")
    async with comes(site, identity, password=PASSWORD) as station:
        await booted(station)
        sent = await renewed(site, station, fresh, "v2g", trigger="SignV2GCertificate", kind="V2GCertificate")
        fresh.check(sent["certificateChain"], vehicles.between.certificate, vehicles.root.certificate)
        assert await certificates(site, identity, ended=1) == ["installed"]


@shows("TC_A_13_CSMS")
async def test_a_station_renews_one_certificate_for_both_uses(site: Site, tmp_path: Path) -> None:
    identity = await site.register(security_profile=3)
    fresh = Signee(identity)
    async with comes(site, identity, tls=await certified(site, tmp_path, identity)) as station:
        await booted(station)
        sent = await renewed(site, station, fresh, "combined", trigger="SignCombinedCertificate", kind=None)
        leaf = fresh.check(sent["certificateChain"], await root_of(site))
        [name] = leaf.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        assert name.value == identity
        assert await certificates(site, identity, ended=2) == ["installed", "superseded"]
    context = shown(tmp_path, await trusting(site), sent["certificateChain"].encode(), fresh.key)
    assert await let_in(site, identity, tls=context)


@shows("TC_A_14_CSMS")
async def test_a_station_that_refuses_a_new_certificate_keeps_the_old(site: Site, tmp_path: Path) -> None:
    identity = await site.register(security_profile=3)
    old = await certified(site, tmp_path, identity)
    async with comes(site, identity, tls=old) as station:
        await booted(station)
        station.answers["CertificateSigned"] = {"status": "Rejected"}
        await renewed(
            site,
            station,
            Signee(identity),
            "station",
            trigger="SignChargingStationCertificate",
            kind="ChargingStationCertificate",
        )
        assert await certificates(site, identity, ended=2) == ["refused", "installed"]
        assert await told(site, "InvalidChargingStationCertificate", identity)
    assert await let_in(site, identity, tls=old)


# Security profiles raised


async def moved(site: Site, station: ScriptedCharger, profile: int) -> None:
    """Have the station told to use another profile, as far as to its restart."""
    address = tls_url(site)
    station.answers |= {
        "GetInstalledCertificateIds": {"status": "NotFound"},
        "GetVariables": lambda payload: {
            "getVariableResult": [
                {"attributeStatus": "Accepted", "attributeValue": "1", **each}
                for each in payload["getVariableData"]
            ]
        },
        "SetVariables": sets,
    }
    await site.ask(
        "POST",
        f"/stations/{station.identity}/security-upgrade",
        json={"to_profile": profile, "url": address},
    )
    given = await station.asked_for("SetNetworkProfile")
    assert given["connectionData"] == {
        "ocppVersion": "OCPP20",
        "ocppTransport": "JSON",
        "ocppCsmsUrl": address,
        "messageTimeout": 30,
        "securityProfile": profile,
        "ocppInterface": "Wired0",
    }
    [priority] = (await station.asked_for("SetVariables"))["setVariableData"]
    assert priority["component"] == {"name": "OCPPCommCtrlr"}
    assert priority["variable"] == {"name": "NetworkConfigurationPriority"}
    assert str(given["configurationSlot"]) in priority["attributeValue"].split(",")
    assert (await station.asked_for("Reset"))["type"] in ("OnIdle", "Immediate")


async def arrived(site: Site, identity: str) -> None:
    async def look() -> bool:
        found = await site.ask("GET", f"/stations/{identity}/security-upgrade")
        return bool(found["phase"] == "done")

    assert await site.eventually(look)


@shows("TC_A_19_CSMS")
async def test_a_station_goes_from_profile_1_to_2_and_not_back(site: Site) -> None:
    identity = await site.register(password=PASSWORD, security_profile=1)
    async with comes(site, identity, password=PASSWORD) as station:
        await booted(station)
        await moved(site, station, 2)
        # It trusted nobody yet.
        given = await station.asked_for("InstallCertificate")
        assert given["certificateType"] == "CSMSRootCertificate"
    tls = ssl.create_default_context(cadata=given["certificate"])
    async with comes(site, identity, password=PASSWORD, tls=tls, answers={"SetVariables": sets}) as station:
        await booted(station)
        await arrived(site, identity)
    assert not await let_in(site, identity, password=PASSWORD)
    assert await let_in(site, identity, password=PASSWORD, tls=tls)


@shows("TC_A_19_CSMS")
async def test_a_station_goes_from_profile_2_to_3_and_not_back(site: Site, tmp_path: Path) -> None:
    identity = await site.register(password=PASSWORD, security_profile=2)
    fresh, plain = Signee(identity), await trusting(site)
    async with comes(site, identity, password=PASSWORD, tls=plain) as station:
        await booted(station)
        sent = await renewed(
            site,
            station,
            fresh,
            "station",
            trigger="SignChargingStationCertificate",
            kind="ChargingStationCertificate",
        )
        assert await certificates(site, identity, ended=1) == ["installed"]
        await moved(site, station, 3)
    tls = shown(tmp_path, await trusting(site), sent["certificateChain"].encode(), fresh.key)
    async with comes(site, identity, tls=tls, answers={"SetVariables": sets}) as station:
        await booted(station)
        await arrived(site, identity)
    assert not await let_in(site, identity, password=PASSWORD, tls=plain)
    assert await let_in(site, identity, tls=tls)
