"""Certificates of chargers over real TLS: asked for, signed, used, renewed, revoked; and the roots they hold."""

import asyncio
import subprocess
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding
from network import BY, PASSWORD, TENANT, client_context, until
from secure_chargers import Shelf, taking
from securing import (
    OPERATOR,
    VERSIONS,
    Charger,
    Secure,
    fresh_authority,
    let_in,
    password,
    request_for,
    secure_network,
)

from currant.kit.clock import ManualClock
from currant.pki.authority import Authority
from currant.pki.hashes import read_certificates
from currant.pki.model import CertificateStatus, StationCertificate
from currant.pki.renewing import Renewing
from currant.pki.requests import Sound
from currant.pki.revocation import Revocations
from currant.pki.signers import NotSigned, OwnSigner
from currant.pki.signing import ASKED_AN_HOUR_MAX
from currant.stations.commanding.certificates import LeafUse, RootUse
from currant.stations.model import CommandStatus


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return fresh_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture
async def secure(tmp_path: Path, authority: Authority) -> AsyncIterator[Secure]:
    async with secure_network(tmp_path, authority) as built:
        yield built


async def certificates(secure: Secure, **wanted: Any) -> list[StationCertificate]:
    return list((await secure.signing.list(TENANT, **wanted)).items)


async def signed(secure: Secure, charger: Charger) -> StationCertificate:
    """Ask for a certificate and wait until it is installed."""
    kind = {} if charger.version == "1.6" else {"certificateType": "ChargingStationCertificate"}
    answer = await charger.call("SignCertificate", csr=charger.request(), **kind)
    assert answer["status"] == "Accepted"
    await until(lambda: charger.chain != "")
    async with asyncio.timeout(30):
        while True:
            [latest, *_] = await certificates(secure)
            if latest.status is CertificateStatus.INSTALLED:
                return latest
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_charger_gets_a_certificate_and_comes_back_with_it(
    secure: Secure, version: str, tmp_path: Path
) -> None:
    charger = await taking(secure, version)
    kept = await signed(secure, charger)
    await charger.close()
    assert kept.signed_by == "own"
    assert "CN=CS-1" in kept.subject
    # Checked by somebody else's hand.
    leaf = tmp_path / "leaf.pem"
    leaf.write_text(charger.chain)
    said = subprocess.run(
        ["openssl", "verify", "-purpose", "sslclient", "-CAfile", secure.authority.root, leaf],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 0, said.stderr
    context = charger.context(secure.authority, tmp_path)
    assert await let_in(secure.net.tls_url, "CS-1", version, ssl=context)


async def test_a_request_of_2_1_is_answered_with_its_number_and_its_use(secure: Secure) -> None:
    charger = await taking(secure, "2.1")
    answer = await charger.call(
        "SignCertificate", csr=charger.request("DE*CUR*E1"), certificateType="V2G20Certificate", requestId=42
    )
    assert answer == {"status": "Accepted"}
    await until(lambda: charger.chain != "")
    [(_, sent)] = charger.called
    assert (sent["requestId"], sent["certificateType"]) == (42, "V2G20Certificate")
    [kept] = await certificates(secure)
    assert kept.use is LeafUse.V2G20
    await charger.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_request_in_another_name_is_rejected_and_told(secure: Secure, version: str) -> None:
    charger = await taking(secure, version)
    answer = await charger.call("SignCertificate", csr=charger.request("CS-2"))
    assert answer["status"] == "Rejected"
    if version != "1.6":
        assert answer["statusInfo"]["reasonCode"] == "WrongCommonName"
    answer = await charger.call("SignCertificate", csr=charger.request(organisation="Somebody"))
    assert answer["status"] == "Rejected"
    weak = request_for(rsa.generate_private_key(public_exponent=65537, key_size=1024), "CS-1")
    assert (await charger.call("SignCertificate", csr=weak))["status"] == "Rejected"
    assert charger.called == []
    assert await certificates(secure) == []
    await until(lambda: not secure.signing.is_busy)
    assert await secure.net.security_events() == ["CertificateNotSigned"]
    await charger.close()


async def test_a_refused_certificate_is_recorded_with_the_reason(secure: Secure) -> None:
    charger = await taking(secure, "2.0.1")
    charger.handlers["CertificateSigned"] = lambda _: {
        "status": "Rejected",
        "statusInfo": {"reasonCode": "InvalidCert"},
    }
    await charger.call("SignCertificate", csr=charger.request())
    await until(lambda: charger.actions() == ["CertificateSigned"])
    await until(lambda: not secure.signing.is_busy)
    [kept] = await certificates(secure)
    assert kept.status is CertificateStatus.REFUSED
    assert "InvalidCert" in kept.reason
    await charger.close()


async def test_the_same_request_again_gets_the_same_certificate(secure: Secure) -> None:
    charger = await taking(secure, "2.0.1")
    heard: list[str] = []
    leaving: list[asyncio.Task[None]] = []
    take = charger.handlers["CertificateSigned"]

    def lose_the_first(payload: dict[str, Any]) -> dict[str, Any] | None:
        heard.append(payload["certificateChain"])
        if len(heard) == 1:
            leaving.append(asyncio.get_running_loop().create_task(charger.close()))
            return None
        return take(payload)

    charger.handlers["CertificateSigned"] = lose_the_first
    await charger.call("SignCertificate", csr=charger.request())
    await until(lambda: len(heard) == 1)
    await until(lambda: not secure.signing.is_busy)
    [kept] = await certificates(secure)
    assert kept.status is CertificateStatus.ISSUED
    await charger.connect(
        secure.net.tls_url, ssl=client_context(secure.authority), **password("CS-1", PASSWORD)
    )
    # It hears nothing, and asks again (A02.FR.17); or is sent it again, whichever comes first.
    assert await secure.renewing.deliver_waiting() == 1
    assert heard[0] == heard[1]
    [kept] = await certificates(secure)
    assert kept.status is CertificateStatus.INSTALLED
    await charger.close()


async def test_an_operator_has_a_charger_renew_its_certificate(secure: Secure) -> None:
    charger = await taking(secure, "2.0.1")
    first = await signed(secure, charger)
    charger.chain = ""

    def trigger(payload: dict[str, Any]) -> dict[str, Any]:
        assert payload["requestedMessage"] == "SignChargingStationCertificate"
        return {"status": "Accepted"}

    charger.handlers["TriggerMessage"] = trigger
    record = await secure.signing.renew(TENANT, "CS-1", by=BY)
    assert record.status is CommandStatus.ACCEPTED
    charger.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    second = await signed(secure, charger)
    assert second.id != first.id
    assert (await secure.signing.get(TENANT, first.id)).status is CertificateStatus.SUPERSEDED
    await charger.close()


async def test_a_revoked_certificate_ends_its_connection_and_is_not_let_in_again(
    secure: Secure, tmp_path: Path
) -> None:
    charger = await taking(secure, "2.0.1")
    kept = await signed(secure, charger)
    await charger.close()
    context = charger.context(secure.authority, tmp_path)
    await charger.connect(secure.net.tls_url, ssl=context)
    await secure.signing.revoke(TENANT, kept.id, by=BY, reason="stolen")
    await until(lambda: charger.is_closed)
    assert not await let_in(secure.net.tls_url, "CS-1", "2.0.1", ssl=context)
    # Not even with its password: somebody may have its key.
    assert not await let_in(secure.net.tls_url, "CS-1", "2.0.1", ssl=context, **password("CS-1", PASSWORD))
    plain = client_context(secure.authority)
    assert await let_in(secure.net.tls_url, "CS-1", "2.0.1", ssl=plain, **password("CS-1", PASSWORD))
    told = set(await secure.net.security_events())
    assert told >= {"CertificateRevoked", "InvalidChargingStationCertificate"}
    said = subprocess.run(
        ["openssl", "crl", "-inform", "DER", "-noout", "-text", "-in", secure.authority.crl],
        capture_output=True,
        text=True,
        check=True,
    )
    assert kept.serial_number.upper() in said.stdout.upper()


async def test_revoked_stays_revoked_after_a_restart(secure: Secure) -> None:
    charger = await taking(secure, "2.0.1")
    kept = await signed(secure, charger)
    await charger.close()
    await secure.signing.revoke(TENANT, kept.id, by=BY)
    der = read_certificates(charger.chain)[0].public_bytes(Encoding.DER)
    again = Revocations(secure.net.database, None)
    assert again.why_revoked(der) is None
    await again.load()
    assert again.why_revoked(der) == "revoked"


async def test_a_certificate_that_a_charger_brought_is_listed(secure: Secure, tmp_path: Path) -> None:
    await secure.net.add("CS-1")
    issued = secure.authority.issue_for_station("CS-1", organisation=OPERATOR)
    certificate, key = tmp_path / "brought.pem", tmp_path / "brought.key"
    certificate.write_bytes(issued.certificate_pem)
    key.write_bytes(issued.key_pem)
    context = client_context(secure.authority, certificate, key)
    assert await let_in(secure.net.tls_url, "CS-1", "2.0.1", ssl=context)
    await until(lambda: not secure.signing.is_busy)
    [kept] = await certificates(secure)
    assert (kept.signed_by, kept.status) == ("brought", CertificateStatus.INSTALLED)
    await secure.signing.revoke(TENANT, kept.id, by=BY)
    assert not await let_in(secure.net.tls_url, "CS-1", "2.0.1", ssl=context)


@pytest.mark.parametrize("version", VERSIONS)
async def test_roots_are_installed_read_named_and_deleted(
    secure: Secure, version: str, tmp_path: Path
) -> None:
    charger = await taking(secure, version)
    shelf = Shelf(charger)
    assert (await secure.held.of(TENANT, "CS-1")).asked_at is None
    record = await secure.held.ask(TENANT, "CS-1", by=BY)
    assert record.status is CommandStatus.ACCEPTED
    assert (await secure.held.of(TENANT, "CS-1")).items == ()
    other = fresh_authority(tmp_path / "other")
    pem = secure.authority.root.read_text()
    await secure.held.install(TENANT, "CS-1", use=RootUse.CSMS, pem=pem, by=BY)
    assert await secure.held.holds_own_root(TENANT, "CS-1")
    await secure.held.install(TENANT, "CS-1", use=RootUse.MANUFACTURER, pem=other.root.read_text(), by=BY)
    assert {len(held) for held in shelf.roots.values()} == {1}
    await secure.held.ask(TENANT, "CS-1", by=BY)
    found = await secure.held.of(TENANT, "CS-1")
    assert {each.use for each in found.items} == {"csms", "manufacturer"}
    assert all(each.name for each in found.items)
    [ours] = [each for each in found.items if each.use == "csms"]
    with pytest.raises(Exception, match="last root"):
        await secure.held.delete(TENANT, "CS-1", ours.hash, by=BY)
    [theirs] = [each for each in found.items if each.use == "manufacturer"]
    await secure.held.delete(TENANT, "CS-1", theirs.hash, by=BY)
    assert {each.use for each in (await secure.held.of(TENANT, "CS-1")).items} == {"csms"}
    await charger.close()


async def test_what_1_6_stations_cannot_hold_is_refused_here(secure: Secure) -> None:
    charger = await taking(secure, "1.6")
    record = await secure.held.install(
        TENANT, "CS-1", use=RootUse.V2G, pem=secure.authority.root.read_text(), by=BY
    )
    assert record.status is CommandStatus.REFUSED
    assert charger.called == []
    await charger.close()


class Moody:
    """An authority that is away a few times, and then signs or never will."""

    name = "moody"

    def __init__(self, authority: Authority, *moods: NotSigned) -> None:
        self._own = OwnSigner(authority)
        self.moods = list(moods)

    async def sign(self, request: Sound, *, use: LeafUse, identity: str) -> str:
        if self.moods:
            raise self.moods.pop(0)
        return await self._own.sign(request, use=use, identity=identity)


async def test_an_authority_that_is_away_is_asked_again(tmp_path: Path, authority: Authority) -> None:
    signer = Moody(authority, NotSigned("It is away.", final=False))
    async with secure_network(tmp_path, authority, signer=signer) as secure:
        charger = await taking(secure, "2.0.1")
        kept = await signed(secure, charger)
        assert kept.signed_by == "moody"
        await charger.close()


async def test_what_an_authority_will_not_sign_is_told(tmp_path: Path, authority: Authority) -> None:
    signer = Moody(authority, NotSigned("The contract has ended.", final=True))
    async with secure_network(tmp_path, authority, signer=signer) as secure:
        charger = await taking(secure, "2.0.1")
        assert (await charger.call("SignCertificate", csr=charger.request()))["status"] == "Accepted"
        await until(lambda: not secure.signing.is_busy)
        assert await certificates(secure) == []
        page = await secure.net.inventory.list_security_events(TENANT)
        assert [event.detail for event in page.items] == ["The contract has ended."]
        await charger.close()


async def test_a_certificate_is_renewed_before_it_ends(secure: Secure) -> None:
    charger = await taking(secure, "2.0.1")
    kept = await signed(secure, charger)
    asked: list[dict[str, Any]] = []

    def trigger(payload: dict[str, Any]) -> dict[str, Any]:
        asked.append(payload)
        return {"status": "Accepted"}

    charger.handlers["TriggerMessage"] = trigger
    net = secure.net

    def renewing(days_before: int) -> Renewing:
        clock = ManualClock(kept.valid_until - timedelta(days=days_before))
        return Renewing(net.database, net.directory, net.registry, secure.signing, clock)

    assert await renewing(31).renew_ending() == 0
    assert await renewing(29).renew_ending() == 1
    # It is given a day.
    assert await renewing(29).renew_ending() == 0
    assert await renewing(27).renew_ending() == 1
    assert [each["requestedMessage"] for each in asked] == ["SignChargingStationCertificate"] * 2
    assert await net.security_events() == ["CertificateExpiring"]
    charger.chain = ""
    await signed(secure, charger)
    assert (await secure.signing.get(TENANT, kept.id)).status is CertificateStatus.SUPERSEDED
    # From here on it is about the new one alone.
    assert await renewing(25).renew_ending() == 1
    await charger.close()


async def test_one_certificate_for_both_uses_is_sent_as_it_was_asked_for(secure: Secure) -> None:
    charger = await taking(secure, "2.0.1")
    await charger.call("SignCertificate", csr=charger.request())
    await until(lambda: not secure.signing.is_busy)
    # A02.FR.13, FR.14: neither says what it is for.
    [(_, sent)] = charger.called
    assert "certificateType" not in sent
    [kept] = await certificates(secure)
    assert (kept.use, kept.status) == (LeafUse.COMBINED, CertificateStatus.INSTALLED)
    entry = secure.net.directory.find("CS-1")
    assert entry is not None
    assert await secure.signing.has_valid(TENANT, entry.station_id)
    charger.handlers["TriggerMessage"] = lambda payload: {
        "status": "Rejected" if payload["requestedMessage"] == "SignCombinedCertificate" else "Accepted"
    }
    record = await secure.signing.renew(TENANT, "CS-1", use=kept.use, by=BY)
    assert record.status is CommandStatus.ACCEPTED
    await charger.close()


async def test_a_station_that_asks_without_end_is_stopped(secure: Secure) -> None:
    charger = await taking(secure, "2.0.1")
    said = [
        await charger.call("SignCertificate", csr=charger.request("CS-2"))
        for _ in range(ASKED_AN_HOUR_MAX + 1)
    ]
    assert {each["statusInfo"]["reasonCode"] for each in said[:-1]} == {"WrongCommonName"}
    assert said[-1]["statusInfo"]["reasonCode"] == "TooManyRequests"
    await charger.close()
