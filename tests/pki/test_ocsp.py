"""Certificates of others looked up, and contract certificates judged, with real responders on loopback."""

from collections.abc import AsyncIterator
from datetime import timedelta

import msgspec
import pytest
from authorities import NOW, Made, Responder, responding, served
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509 import ocsp

from currant.kit.clock import ManualClock
from currant.kit.http import Outbound
from currant.pki.contracts import (
    CarAsks,
    CarGets,
    CarGetsNothing,
    Contracts,
    HttpContractCertificates,
    Presented,
    Verdict,
)
from currant.pki.hashes import hash_of
from currant.pki.ocsp import CertificateStatusService, NoStatus, Standing, Status
from currant.stations.commanding.certificates import CertificateHash

EMAID = "DE-ABC-C12345678-9"


class World:
    """A mobility operator's hierarchy, its responder, and the services that ask it."""

    def __init__(self, http: Outbound, responder: Responder, root: Made, between: Made) -> None:
        self.http = http
        self.responder = responder
        self.root = root
        self.between = between
        self.clock = ManualClock(NOW)
        self.statuses = CertificateStatusService(http, self.clock, deadline_s=2.0)
        self.contracts = Contracts(self.statuses, self.clock, roots=[root.certificate, between.certificate])

    def contract(self, emaid: str = EMAID, *, days: int = 30, issuer: Made | None = None) -> Made:
        made = Made(emaid, issuer or self.between, responder_url=self.responder.url, days=days)
        self.responder.add(made)
        return made

    def names(self, made: Made) -> tuple[tuple[CertificateHash, str], ...]:
        return ((hash_of(made.certificate, self.between.certificate), self.responder.url),)


@pytest.fixture
async def world() -> AsyncIterator[World]:
    root = Made("MO root")
    between = Made("MO sub", root, ca=True)
    http = Outbound(allow_private=True, allow_plain=True)
    async with responding(Responder(between, Made("MO responder", between, answers=True))) as responder:
        built = World(http, responder, root, between)
        yield built
        await built.contracts.stop()
        await built.statuses.stop()
    await http.close()


async def test_the_responders_answer_comes_back_as_it_is_and_is_asked_for_once(world: World) -> None:
    made = world.contract()
    named = hash_of(made.certificate, world.between.certificate)
    first, second = (
        world.statuses.ask(named, world.responder.url),
        world.statuses.ask(named, world.responder.url),
    )
    known = await first
    assert isinstance(known, Status)
    assert known.standing is Standing.GOOD
    assert ocsp.load_der_ocsp_response(known.answer).serial_number == made.certificate.serial_number
    assert await second == known
    assert await world.statuses.ask(named, world.responder.url) == known
    assert world.responder.asked == 1
    # Once its time is over it is asked anew.
    world.clock.advance(timedelta(days=2))
    assert isinstance(await world.statuses.ask(named, world.responder.url), NoStatus)
    assert world.responder.asked == 2


async def test_a_revoked_certificate_is_said_to_be(world: World) -> None:
    made = world.contract()
    world.responder.revoked.add(made.certificate.serial_number)
    known = await world.statuses.ask(
        hash_of(made.certificate, world.between.certificate), world.responder.url
    )
    assert isinstance(known, Status)
    assert known.standing is Standing.REVOKED


async def test_an_answer_about_another_certificate_is_none(world: World) -> None:
    made, other = world.contract(), world.contract()
    world.responder.known[made.certificate.serial_number] = other
    known = await world.statuses.ask(
        hash_of(made.certificate, world.between.certificate), world.responder.url
    )
    assert known == NoStatus(reason="The responder's answer is about another certificate.")


async def test_what_names_no_certificate_is_not_asked_about(world: World) -> None:
    named = hash_of(world.contract().certificate, world.between.certificate)
    for wrong in (
        msgspec.structs.replace(named, issuer_key_hash="key"),
        msgspec.structs.replace(named, serial_number="first"),
    ):
        known = await world.statuses.ask(wrong, world.responder.url)
        assert known == NoStatus(reason="The digests and the serial number of a certificate are hexadecimal.")
    assert world.responder.asked == 0


async def test_a_silent_responder_is_not_asked_at_every_turn(world: World) -> None:
    world.responder.silent = True
    made = world.contract()
    named = hash_of(made.certificate, world.between.certificate)
    for _ in range(3):
        assert isinstance(await world.statuses.ask(named, world.responder.url), NoStatus)
    world.responder.silent = False
    world.clock.advance(timedelta(minutes=2))
    assert isinstance(await world.statuses.ask(named, world.responder.url), Status)


async def test_only_listed_hosts_are_asked_and_no_private_ones_without_a_list(world: World) -> None:
    made = world.contract()
    named = hash_of(made.certificate, world.between.certificate)
    listed = CertificateStatusService(world.http, world.clock, hosts=["ocsp.example.org"])
    known = await listed.ask(named, world.responder.url)
    assert isinstance(known, NoStatus)
    assert "not among the hosts" in known.reason
    public = Outbound(allow_plain=True)
    unlisted = CertificateStatusService(public, world.clock)
    known = await unlisted.ask(named, world.responder.url)
    assert isinstance(known, NoStatus)
    assert "private network" in known.reason
    assert world.responder.asked == 0
    await public.close()


@pytest.mark.parametrize(
    "url", ["", "file:///etc/passwd", "ldap://x", "http://", "http://user:pw@127.0.0.1/"]
)
async def test_what_is_no_address_is_not_asked(world: World, url: str) -> None:
    made = world.contract()
    known = await world.statuses.ask(hash_of(made.certificate, world.between.certificate), url)
    assert isinstance(known, NoStatus)


async def test_a_list_of_revoked_certificates_is_read(world: World) -> None:
    good, bad = world.contract(), world.contract()
    revoked = (
        x509.RevokedCertificateBuilder()
        .serial_number(bad.certificate.serial_number)
        .revocation_date(NOW)
        .build()
    )
    crl = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(world.between.certificate.subject)
        .last_update(NOW)
        .next_update(NOW + timedelta(days=1))
        .add_revoked_certificate(revoked)
        .sign(world.between.key, hashes.SHA256())
    )
    asked: list[str] = []

    def answer(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        asked.append(path)
        return (200, crl.public_bytes(serialization.Encoding.DER)) if path == "/crl" else (404, b"")

    async with served(answer) as url:
        standings = []
        for made in (good, bad):
            named = hash_of(made.certificate, world.between.certificate)
            known = await world.statuses.look_up(named, [f"{url}/gone", f"{url}/crl"])
            assert isinstance(known, Status)
            standings.append(known.standing)
        assert standings == [Standing.GOOD, Standing.REVOKED]
        assert asked.count("/crl") == 1
        other = hash_of(world.root.certificate, world.root.certificate)
        assert isinstance(await world.statuses.look_up(other, [f"{url}/crl"]), NoStatus)


# Contract certificates


async def test_a_contract_that_leads_to_a_trusted_root_holds(world: World) -> None:
    made = world.contract()
    chain = made.pem + world.between.pem
    assert await world.contracts.judge(Presented(emaid=EMAID, chain=chain)) is Verdict.ACCEPTED
    assert await world.contracts.judge(Presented(emaid="DEABCC123456789", chain=chain)) is Verdict.ACCEPTED
    names = world.names(made)
    assert await world.contracts.judge(Presented(emaid=EMAID, names=names)) is Verdict.ACCEPTED


async def test_a_revoked_contract_does_not_hold(world: World) -> None:
    made = world.contract()
    world.responder.revoked.add(made.certificate.serial_number)
    assert (
        await world.contracts.judge(Presented(emaid=EMAID, chain=made.pem + world.between.pem))
        is Verdict.REVOKED
    )
    assert await world.contracts.judge(Presented(emaid=EMAID, names=world.names(made))) is Verdict.REVOKED


async def test_an_ended_contract_does_not_hold(world: World) -> None:
    made = world.contract(days=-1)
    assert (
        await world.contracts.judge(Presented(emaid=EMAID, chain=made.pem + world.between.pem))
        is Verdict.EXPIRED
    )


async def test_nobody_borrows_anothers_contract(world: World) -> None:
    made = world.contract("DE-ABC-C00000000-0")
    verdict = await world.contracts.judge(Presented(emaid=EMAID, chain=made.pem + world.between.pem))
    assert verdict is Verdict.CHAIN_ERROR


async def test_a_chain_that_leads_elsewhere_does_not_hold(world: World) -> None:
    stranger = Made("Somebody")
    made = world.contract(issuer=stranger)
    assert (
        await world.contracts.judge(Presented(emaid=EMAID, chain=made.pem + stranger.pem))
        is Verdict.CHAIN_ERROR
    )
    # One that is no authority vouches for nobody.
    leaf = world.contract()
    forged = Made(EMAID, leaf)
    assert (
        await world.contracts.judge(Presented(emaid=EMAID, chain=forged.pem + leaf.pem + world.between.pem))
        is Verdict.CHAIN_ERROR
    )
    assert await world.contracts.judge(Presented(emaid=EMAID, chain="nonsense")) is Verdict.CHAIN_ERROR


async def test_the_word_of_a_responder_nobody_appointed_counts_for_nothing(world: World) -> None:
    made = world.contract()
    for signer in (
        Made("Somebody"),
        Made("Not appointed", world.between),
        Made("Appointed by another", Made("Other sub", world.root, ca=True), answers=True),
    ):
        world.responder.signer = signer
        world.clock.advance(timedelta(minutes=2))
        world.statuses = CertificateStatusService(world.http, world.clock)
        contracts = Contracts(
            world.statuses, world.clock, roots=[world.root.certificate, world.between.certificate]
        )
        verdict = await contracts.judge(Presented(emaid=EMAID, names=world.names(made)))
        assert verdict is Verdict.CHAIN_ERROR


async def test_without_roots_nothing_can_be_judged(world: World) -> None:
    contracts = Contracts(world.statuses, world.clock)
    made = world.contract()
    assert await contracts.judge(Presented(emaid=EMAID, chain=made.pem)) is Verdict.NO_CERTIFICATE


async def test_a_cars_request_goes_to_the_pool_and_comes_back(world: World) -> None:
    heard: list[dict[str, object]] = []

    def answer(path: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        heard.append(msgspec.json.decode(body))
        if headers.get("authorization") != "Bearer token":
            return 401, b""
        return 200, b'{"exi_response":"ZXhp","remaining_contracts":1}'

    asked = CarAsks(
        action="install", schema="urn:iso:15118:2:2013:MsgDef", exi_request="cmVx", station="CS-1"
    )
    async with served(answer, kind="application/json") as url:
        pool = HttpContractCertificates(world.http, url=url, token="token")
        contracts = Contracts(world.statuses, world.clock, pool=pool)
        assert await contracts.exchange(asked) == CarGets(exi_response="ZXhp", remaining_contracts=1)
        assert heard[0]["exi_request"] == "cmVx"
        stranger = Contracts(world.statuses, world.clock, pool=HttpContractCertificates(world.http, url=url))
        assert isinstance(await stranger.exchange(asked), CarGetsNothing)
    assert isinstance(await contracts.exchange(asked), CarGetsNothing)
    assert isinstance(await world.contracts.exchange(asked), CarGetsNothing)
