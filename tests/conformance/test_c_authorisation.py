"""OCPP 2.0.1, block C: who may charge, groups, master passes, and contract certificates."""

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
import pytest_asyncio
from charger import Payload, ScriptedCharger
from installation import Site, installation
from shows import shows
from tests.pki.authorities import Made, Responder, responding
from visit import Visit, booted, card

from currant.kit.clock import SystemClock
from currant.pki.hashes import hash_of

pytestmark = pytest.mark.asyncio(loop_scope="module")


# Tokens that may not charge (C01, C12)


async def asks(station: ScriptedCharger, uid: str) -> str:
    """What Currant says of a card."""
    answer = await station.call("Authorize", idToken={"idToken": uid, "type": "ISO14443"})
    return str(answer["idTokenInfo"]["status"])


@shows("TC_C_02_CSMS")
async def test_a_card_that_nobody_knows_is_not_accepted(site: Site) -> None:
    async with booted(site) as station:
        assert await asks(station, card()) == "Unknown"


@shows("TC_C_06_CSMS")
async def test_a_blocked_card_is_not_accepted(site: Site) -> None:
    uid = card()
    await site.token(uid, status="blocked")
    async with booted(site) as station:
        assert await asks(station, uid) == "Blocked"


@shows("TC_C_07_CSMS")
async def test_a_card_whose_time_is_over_is_not_accepted(site: Site) -> None:
    uid, yesterday = card(), SystemClock().now() - timedelta(days=1)
    await site.token(uid, valid_until=yesterday.isoformat())
    async with booted(site) as station:
        assert await asks(station, uid) == "Expired"


@shows("TC_C_08_CSMS")
async def test_a_card_that_the_station_let_in_from_its_cache_is_accepted_in_the_transaction(
    site: Site,
) -> None:
    uid = card()
    await site.token(uid)
    async with booted(site) as station:
        visit = Visit(station, uid)
        await visit.plugged_in()
        visit.is_accepted(await visit.event("Authorized", idToken=visit.token))
        session = await visit.session(site)
        assert (session["token_uid"], session["authorised"]) == (uid, True)


@shows("TC_C_20_CSMS")
async def test_a_card_of_the_cache_that_nobody_knows_here_is_not_accepted_in_the_transaction(
    site: Site,
) -> None:
    uid = card()
    async with booted(site) as station:
        visit = Visit(station, uid)
        await visit.plugged_in()
        answer = await visit.event("Authorized", idToken=visit.token)
        assert answer["idTokenInfo"]["status"] == "Unknown"
        session = await visit.session(site)
        assert (session["authorised"], session["authorisation"]) == (False, "unknown")


# The cache (C11)


@shows("TC_C_37_CSMS", "TC_C_38_CSMS")
@pytest.mark.parametrize(("answer", "status"), [("Accepted", "accepted"), ("Rejected", "refused")])
async def test_a_station_is_asked_to_forget_the_cards_it_knows(site: Site, answer: str, status: str) -> None:
    async with booted(site) as station:
        station.answers["ClearCache"] = {"status": answer}
        record = await site.command(station.identity, "ClearCache")
        assert await station.asked_for("ClearCache") == {}
        assert (record["status"], answer in record["reason"]) == (status, answer == "Rejected")


# Groups (C09)


class Family(msgspec.Struct, frozen=True):
    """Two cards of one group."""

    group: str
    first: str
    second: str


async def family(site: Site) -> Family:
    made = Family(group=card(), first=card(), second=card())
    group = await site.ask("POST", "/groups", json={"name": "Family", "parent_uid": made.group})
    for uid in (made.first, made.second):
        await site.token(uid, group_id=group["id"])
    return made


async def stops_with_the_second(visit: Visit, cards: Family, site: Site) -> None:
    """What one card of the group began another one ends."""
    await visit.stop_authorized(idToken={"idToken": cards.second, "type": "ISO14443"})
    await visit.event("ChargingStateChanged", state="EVConnected")
    assert await visit.left() == {}
    session = await visit.session(site)
    assert (session["phase"], session["token_uid"], session["stop_token_uid"]) == (
        "ended",
        cards.first,
        cards.second,
    )
    assert not any("token" in repair["code"] for repair in session["repairs"])


@shows("TC_C_39_CSMS")
async def test_a_session_is_ended_with_another_card_of_its_group(site: Site) -> None:
    cards = await family(site)
    async with booted(site) as station:
        visit = Visit(station, cards.first, group=cards.group)
        await visit.plugged_in()
        await visit.authorize(cards.second)
        visit.is_accepted(await visit.event("Authorized", idToken=visit.token))
        await visit.charging()
        await visit.authorize(cards.second)
        await stops_with_the_second(visit, cards, site)


@shows("TC_C_40_CSMS")
async def test_a_session_is_ended_with_another_card_of_its_group_on_the_local_list(site: Site) -> None:
    cards = await family(site)
    async with booted(site) as station:
        entries = [{"token_uid": uid, "parent_uid": cards.group} for uid in (cards.first, cards.second)]
        record = await site.command(station.identity, "SendLocalList", version=1, entries=entries)
        assert record["status"] == "accepted"
        sent = (await station.asked_for("SendLocalList"))["localAuthorizationList"]
        assert {each["idToken"]["idToken"] for each in sent} == {cards.first, cards.second}
        assert {each["idTokenInfo"]["groupIdToken"]["idToken"] for each in sent} == {cards.group}
        visit = Visit(station, cards.first, group=cards.group)
        await visit.plugged_in()
        visit.is_accepted(await visit.event("Authorized", idToken=visit.token))
        await visit.charging()
        await stops_with_the_second(visit, cards, site)


@shows("TC_C_43_CSMS")
async def test_a_card_that_the_local_list_calls_invalid_is_asked_about_and_ends_its_groups_session(
    site: Site,
) -> None:
    cards = await family(site)
    async with booted(site) as station:
        entry = {"token_uid": cards.second, "status": "invalid"}
        await site.command(station.identity, "SendLocalList", version=1, entries=[entry])
        [sent] = (await station.asked_for("SendLocalList"))["localAuthorizationList"]
        assert sent["idTokenInfo"]["status"] == "Invalid"
        visit = Visit(station, cards.first, group=cards.group)
        await visit.plugged_in()
        visit.is_accepted(await visit.event("Authorized", idToken=visit.token))
        await visit.charging()
        await visit.authorize(cards.second)
        await stops_with_the_second(visit, cards, site)


# Master passes (C16)


class Guarded(msgspec.Struct, frozen=True):
    """A master pass, and two sessions of other people's at one station."""

    group: str
    master: str
    visits: tuple[Visit, Visit]

    def is_the_master(self, answer: Payload) -> None:
        info = answer["idTokenInfo"]
        assert (info["status"], info["groupIdToken"]["idToken"]) == ("Accepted", self.group)

    async def authorizes(self) -> None:
        token = {"idToken": self.master, "type": "ISO14443"}
        self.is_the_master(await self.visits[0].station.call("Authorize", idToken=token))

    async def ends(self, visit: Visit) -> None:
        token = {"idToken": self.master, "type": "ISO14443"}
        self.is_the_master(await visit.ended("StopAuthorized", "MasterPass", idToken=token))


async def guarded(site: Site, station: ScriptedCharger) -> Guarded:
    group = await site.ask("POST", "/groups", json={"name": "Masters", "parent_uid": card(), "master": True})
    master, uids = card(), (card(), card())
    await site.token(master, group_id=group["id"])
    for uid in uids:
        await site.token(uid)
    visits = (Visit(station, uids[0], evse=1), Visit(station, uids[1], evse=2))
    for visit in visits:
        await visit.started()
    return Guarded(group["parent_uid"], master, visits)


async def how_it_ended(site: Site, visit: Visit) -> tuple[str, str]:
    session = await visit.session(site)
    return session["phase"], session["stop_reason"]


@shows("TC_C_47_CSMS")
async def test_a_master_pass_ends_all_sessions(site: Site) -> None:
    async with booted(site) as station:
        scene = await guarded(site, station)
        await scene.authorizes()
        for visit in scene.visits:
            await scene.ends(visit)
            assert await how_it_ended(site, visit) == ("ended", "MasterPass")


@shows("TC_C_48_CSMS")
async def test_a_master_pass_ends_one_session_and_no_other(site: Site) -> None:
    async with booted(site) as station:
        scene = await guarded(site, station)
        await scene.authorizes()
        first, second = scene.visits
        await scene.ends(first)
        assert await how_it_ended(site, first) == ("ended", "MasterPass")
        assert (await second.session(site))["phase"] == "active"


@shows("TC_C_49_CSMS")
async def test_a_station_without_a_display_ends_all_sessions_in_their_own_names(site: Site) -> None:
    async with booted(site) as station:
        scene = await guarded(site, station)
        await scene.authorizes()
        for visit in scene.visits:
            visit.is_accepted(await visit.ended("StopAuthorized", "MasterPass", idToken=visit.token))
            assert await how_it_ended(site, visit) == ("ended", "MasterPass")


# Contract certificates (C07)

_emaids = (f"DEABCC{number:08d}" for number in range(1, 100))


class Contracts:
    """An installation that trusts a mobility operator, whose hierarchy and OCSP responders are these."""

    def __init__(self, site: Site, root: Made, between: Made, of_root: Responder, of_between: Responder):
        self.site = site
        self.root = root
        self.between = between
        self.of_root = of_root
        self.of_between = of_between

    async def contract(self) -> tuple[str, Made]:
        """A contract that is known here, and its certificate."""
        emaid = next(_emaids)
        made = Made(emaid, self.between, responder_url=self.of_between.url)
        self.of_between.add(made)
        await self.site.token(emaid, kind="emaid")
        return emaid, made

    def hashes(self, made: Made) -> list[Payload]:
        """What a station names certificates by that it has checked itself."""
        chain = [(made, self.between, self.of_between), (self.between, self.root, self.of_root)]
        return [_hash(one, issuer, responder.url) for one, issuer, responder in chain]


def _hash(made: Made, issuer: Made, url: str) -> Payload:
    named = hash_of(made.certificate, issuer.certificate)
    return {
        "hashAlgorithm": named.algorithm,
        "issuerNameHash": named.issuer_name_hash,
        "issuerKeyHash": named.issuer_key_hash,
        "serialNumber": named.serial_number,
        "responderURL": url,
    }


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def contracts(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Contracts]:
    folder = tmp_path_factory.mktemp("contracts")
    root = Made("MO root")
    between = Made("MO sub", root, ca=True)
    roots = folder / "roots.pem"
    roots.write_text(root.pem + between.pem)
    async with (
        responding(Responder(root)) as of_root,
        responding(Responder(between)) as of_between,
        installation(
            folder / "currant",
            **{"certificates.contract_roots": roots, "certificates.ocsp_hosts": ("127.0.0.1",)},
        ) as site,
    ):
        of_root.add(between)
        yield Contracts(site, root, between, of_root, of_between)


async def charges(visit: Visit, site: Site) -> None:
    """Energy flows for the contract."""
    assert (await visit.event("Authorized", idToken=visit.token))["idTokenInfo"]["status"] == "Accepted"
    await visit.charging()
    session = await visit.session(site)
    assert (session["authorised"], session["token_uid"], session["activity"]) == (
        True,
        visit.token["idToken"],
        "charging",
    )


async def authorizes(visit: Visit, **proof: Any) -> tuple[str, str]:
    """What Currant says of a contract, and of its certificate."""
    answer = await visit.station.call("Authorize", idToken=visit.token, **proof)
    return answer["idTokenInfo"]["status"], answer["certificateStatus"]


@shows("TC_C_50_CSMS")
async def test_a_contract_is_accepted_when_its_responder_says_that_its_certificate_holds(
    contracts: Contracts,
) -> None:
    site = contracts.site
    emaid, made = await contracts.contract()
    async with booted(site) as station:
        visit = Visit(station, emaid, kind="eMAID")
        await visit.plugged_in()
        before = contracts.of_between.asked
        said = await authorizes(visit, iso15118CertificateHashData=contracts.hashes(made))
        assert said == ("Accepted", "Accepted")
        assert contracts.of_between.asked == before + 1
        assert contracts.of_root.asked > 0
        await charges(visit, site)


@shows("TC_C_51_CSMS")
async def test_a_contract_is_refused_when_its_certificate_is_revoked(contracts: Contracts) -> None:
    emaid, made = await contracts.contract()
    contracts.of_between.revoked.add(made.certificate.serial_number)
    async with booted(contracts.site) as station:
        visit = Visit(station, emaid, kind="eMAID")
        await visit.plugged_in()
        before = contracts.of_between.asked
        said = await authorizes(visit, iso15118CertificateHashData=contracts.hashes(made))
        assert said == ("Invalid", "CertificateRevoked")
        assert contracts.of_between.asked == before + 1


@shows("TC_C_52_CSMS")
async def test_a_contract_is_accepted_when_its_certificate_holds_by_our_own_check(
    contracts: Contracts,
) -> None:
    site = contracts.site
    emaid, made = await contracts.contract()
    async with booted(site) as station:
        visit = Visit(station, emaid, kind="eMAID")
        await visit.plugged_in()
        before = contracts.of_between.asked
        said = await authorizes(visit, certificate=made.pem + contracts.between.pem)
        assert said == ("Accepted", "Accepted")
        assert contracts.of_between.asked == before + 1
        await charges(visit, site)
