"""Link security declared: what a declaration may say, and what follows from it at a station."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from network import BY, PASSWORD, TENANT, client_context, until
from secure_chargers import Shelf, holding, on_profile_1, taking
from securing import Charger, Secure, fresh_authority, password, secure_network

from currant.kit.clock import ManualClock
from currant.kit.errors import Invalid
from currant.pki.aspects import ConnectionProfiles, PasswordRotation, RootCertificates, SecurityProfiles
from currant.pki.authority import Authority
from currant.pki.hashes import fingerprint
from currant.stations.commanding.certificates import (
    DeleteCertificate,
    GetInstalledCertificates,
    InstallCertificate,
)
from currant.stations.desired.aspect import Aspect, Desired, Refusal
from currant.stations.directory import DirectoryEntry

CSMS_URL = "wss://csms.example.org/ocpp"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return fresh_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture
async def secure(tmp_path: Path, authority: Authority) -> AsyncIterator[Secure]:
    async with secure_network(tmp_path, authority) as built:
        yield built


def desired(aspect: Aspect, key: str, value: Any, *, may_restart: bool = True) -> Desired:
    return Desired(
        aspect=aspect.name,
        key=key,
        value=aspect.check(key, value),
        declaration_id="d",
        declared_at=ManualClock().now(),
        may_restart=may_restart,
    )


def entry_of(secure: Secure) -> DirectoryEntry:
    entry = secure.net.directory.find("CS-1")
    assert entry is not None
    return entry


async def brought_into_step(
    secure: Secure, aspect: Aspect, wanted: list[Desired], version: str = "2.0.1"
) -> list[str] | Refusal:
    """Take steps as the reconciler does, and name the commands given until everything agrees."""
    given: list[str] = []
    entry = entry_of(secure)
    for _ in range(20):
        reported = await aspect.reported(entry, version, wanted)
        differing = [each for each in wanted if not aspect.agrees(each, reported.get(each.key))]
        if not differing:
            return given
        steps = await aspect.steps(entry, version, differing, reported)
        if isinstance(steps, Refusal):
            return steps
        if not steps:
            return given
        command = steps[0].command
        given.append(type(command).__name__)
        record = await secure.net.commands.give(TENANT, "CS-1", command, by=BY)
        await aspect.took(entry, steps[0], record)
    raise AssertionError(f"It never agrees: {given}")


async def shelf_of(secure: Secure) -> tuple[Charger, Shelf]:
    charger = await taking(secure, "2.0.1")
    return charger, Shelf(charger)


async def test_declared_roots_are_installed_before_old_ones_are_deleted(
    secure: Secure, tmp_path: Path
) -> None:
    charger, _ = await shelf_of(secure)
    aspect = RootCertificates(secure.held, secure.net.clock)
    old, new = fresh_authority(tmp_path / "old"), fresh_authority(tmp_path / "new")
    old_key, new_key = (f"csms/{fingerprint(each.certificate)}" for each in (old, new))
    first = [desired(aspect, old_key, old.root.read_text())]
    assert await brought_into_step(secure, aspect, first) == [
        GetInstalledCertificates.__name__,
        InstallCertificate.__name__,
    ]
    # Nobody takes the last root away from a station.
    refused = await brought_into_step(secure, aspect, [desired(aspect, old_key, None)])
    assert isinstance(refused, Refusal)
    assert "last root" in refused.reason
    both = [desired(aspect, old_key, None), desired(aspect, new_key, new.root.read_text())]
    assert await brought_into_step(secure, aspect, both) == [
        InstallCertificate.__name__,
        DeleteCertificate.__name__,
    ]
    assert await brought_into_step(secure, aspect, both) == []
    await charger.close()


def test_a_root_is_named_by_what_it_is(secure: Secure, tmp_path: Path) -> None:
    aspect = RootCertificates(secure.held, secure.net.clock)
    pem = secure.authority.root.read_text()
    mark = fingerprint(secure.authority.certificate)
    assert aspect.check(f"csms/{mark}", pem) == pem
    for key, value in ((f"csms/{'0' * 64}", pem), ("csms/1", pem), (f"web/{mark}", pem), (f"csms/{mark}", 1)):
        with pytest.raises(Invalid):
            aspect.check(key, value)


async def test_a_password_is_rotated_when_it_is_old(secure: Secure) -> None:
    holder = await holding(secure, "2.0.1")
    clock = ManualClock(secure.net.clock.now())
    aspect = PasswordRotation(secure.credentials, clock)
    wanted = [desired(aspect, "password", {"every_days": 30})]
    assert await brought_into_step(secure, aspect, wanted) == []
    assert holder.given is None
    clock.advance(timedelta(days=31))
    assert await brought_into_step(secure, aspect, wanted) == []
    assert holder.given is not None
    holder.answer = "Rejected"
    refused = await brought_into_step(secure, aspect, wanted)
    assert isinstance(refused, Refusal)
    for wrong in ({"every_days": 0}, {"every_days": True}, 30, {"every_days": 30, "at": 1}):
        with pytest.raises(Invalid):
            aspect.check("password", wrong)
    await holder.close()


async def test_a_declared_security_profile_moves_the_station_once(secure: Secure) -> None:
    charger = await on_profile_1(secure, "2.0.1")
    aspect = SecurityProfiles(secure.upgrades, secure.net.registry, secure.net.clock)
    held_back = await brought_into_step(secure, aspect, [desired(aspect, "profile", 2, may_restart=False)])
    assert isinstance(held_back, Refusal)
    wanted = [desired(aspect, "profile", 2)]
    assert await brought_into_step(secure, aspect, wanted) == []
    assert await brought_into_step(secure, aspect, wanted) == []
    await until(charger.left.is_set)
    await charger.connect(
        secure.net.tls_url, ssl=client_context(secure.authority), **password("CS-1", PASSWORD)
    )
    reported = await aspect.reported(entry_of(secure), "2.0.1", wanted)
    assert aspect.agrees(wanted[0], reported["profile"])
    assert charger.actions().count("SetNetworkProfile") == 1
    await charger.close()


async def test_connection_profiles_are_set_once_and_hold_no_secrets(secure: Secure) -> None:
    charger = await on_profile_1(secure, "2.0.1")
    aspect = ConnectionProfiles(secure.net.database, secure.net.clock)
    wanted = [desired(aspect, "2", {"url": CSMS_URL, "security_profile": 2})]
    assert await brought_into_step(secure, aspect, wanted) == ["SetNetworkProfile"]
    assert await brought_into_step(secure, aspect, wanted) == []
    assert charger.profiles[2]["ocppCsmsUrl"] == CSMS_URL
    refused = await brought_into_step(
        secure, aspect, [desired(aspect, "3", {"url": CSMS_URL, "security_profile": 3})], "1.6"
    )
    assert isinstance(refused, Refusal)
    assert refused.unsupported
    with pytest.raises(Invalid, match="no passwords"):
        aspect.check("2", {"url": CSMS_URL, "security_profile": 2, "password": "sixteen-characters"})
    with pytest.raises(Invalid, match="slot"):
        aspect.check("two", {"url": CSMS_URL, "security_profile": 2})
    await charger.close()
