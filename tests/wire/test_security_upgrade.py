"""Chargers moved to a better security profile over real sockets, and those that do not find the way."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from network import BY, PASSWORD, TENANT, client_context, until
from secure_chargers import on_profile_1
from securing import VERSIONS, Secure, fresh_authority, let_in, password, secure_network

from currant.kit.errors import Conflict, Invalid
from currant.pki.authority import Authority
from currant.pki.security_upgrade import Upgrade, UpgradePhase


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return fresh_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture
async def secure(tmp_path: Path, authority: Authority) -> AsyncIterator[Secure]:
    async with secure_network(tmp_path, authority) as built:
        yield built


async def phase_is(secure: Secure, *wanted: UpgradePhase) -> Upgrade:
    async with asyncio.timeout(30):
        while True:
            found = await secure.upgrades.of(TENANT, "CS-1")
            assert found is not None
            if found.phase in wanted:
                return found
            await asyncio.sleep(0.02)


def plain(secure: Secure) -> ssl.SSLContext:
    return client_context(secure.authority)


@pytest.mark.parametrize("version", VERSIONS)
async def test_from_1_to_2_and_never_back(secure: Secure, version: str) -> None:
    charger = await on_profile_1(secure, version)
    assert not await let_in(
        secure.net.tls_url, "CS-1", version, ssl=plain(secure), **password("CS-1", PASSWORD)
    )
    await secure.upgrades.start(TENANT, "CS-1", 2, by=BY)
    await asyncio.wait_for(charger.left.wait(), 30)
    await phase_is(secure, UpgradePhase.RETURNING)
    await charger.connect(secure.net.tls_url, ssl=plain(secure), **password("CS-1", PASSWORD))
    done = await phase_is(secure, UpgradePhase.DONE)
    if version != "1.6":
        [(slot, profile)] = charger.profiles.items()
        assert slot == done.slot == 2
        assert (profile["securityProfile"], profile["ocppCsmsUrl"]) == (2, secure.net.tls_url)
        # Tidied up: the new one alone (A05.FR.06).
        await until(lambda: charger.priority == "2")
    else:
        assert "InstallCertificate" in charger.actions()
    assert not await let_in(secure.net.url, "CS-1", version, **password("CS-1", PASSWORD))
    overview = await secure.net.inventory.get_station(TENANT, "CS-1")
    assert overview.station.security_profile == 2
    await charger.close()


@pytest.mark.parametrize("version", VERSIONS)
async def test_from_1_to_3_with_a_certificate_on_the_way(
    secure: Secure, version: str, tmp_path: Path
) -> None:
    charger = await on_profile_1(secure, version)
    await secure.upgrades.start(TENANT, "CS-1", 3, by=BY)
    await asyncio.wait_for(charger.left.wait(), 30)
    await phase_is(secure, UpgradePhase.RETURNING)
    await charger.connect(secure.net.tls_url, ssl=charger.context(secure.authority, tmp_path))
    await phase_is(secure, UpgradePhase.DONE)
    await charger.close()
    assert not await let_in(
        secure.net.tls_url, "CS-1", version, ssl=plain(secure), **password("CS-1", PASSWORD)
    )


@pytest.mark.parametrize("version", VERSIONS)
async def test_one_that_comes_back_in_the_old_profile_is_let_in(secure: Secure, version: str) -> None:
    charger = await on_profile_1(secure, version)
    await secure.upgrades.start(TENANT, "CS-1", 2, by=BY)
    await asyncio.wait_for(charger.left.wait(), 30)
    await phase_is(secure, UpgradePhase.RETURNING)
    await charger.connect(secure.net.url, **password("CS-1", PASSWORD))
    found = await phase_is(secure, UpgradePhase.FALLEN_BACK)
    assert found.reason == "The station came back in security profile 1."
    if version != "1.6":
        await until(lambda: charger.priority == "1")
    assert "SecurityUpgradeFellBack" in await secure.net.security_events()
    assert await let_in(secure.net.url, "CS-1", version, **password("CS-1", PASSWORD))
    # And should it find the way after all, it has arrived.
    assert await let_in(secure.net.tls_url, "CS-1", version, ssl=plain(secure), **password("CS-1", PASSWORD))
    await phase_is(secure, UpgradePhase.DONE)
    await charger.close()


async def test_what_a_station_refuses_changes_nothing(secure: Secure) -> None:
    charger = await on_profile_1(secure, "2.0.1")
    charger.refuses_priority = True
    await secure.upgrades.start(TENANT, "CS-1", 2, by=BY)
    found = await phase_is(secure, UpgradePhase.FAILED)
    assert "NetworkConfigurationPriority: Rejected" in found.reason
    assert not charger.left.is_set()
    await charger.close()
    assert not await let_in(
        secure.net.tls_url, "CS-1", "2.0.1", ssl=plain(secure), **password("CS-1", PASSWORD)
    )


async def test_it_goes_on_after_a_restart_of_ours(secure: Secure) -> None:
    charger = await on_profile_1(secure, "2.0.1")
    await secure.upgrades.start(TENANT, "CS-1", 2, by=BY)
    await asyncio.wait_for(charger.left.wait(), 30)
    await phase_is(secure, UpgradePhase.RETURNING)
    await secure.upgrades.stop()
    secure.upgrades._open.clear()
    await secure.upgrades.load()
    await charger.connect(secure.net.tls_url, ssl=plain(secure), **password("CS-1", PASSWORD))
    await phase_is(secure, UpgradePhase.DONE)
    await charger.close()


async def test_no_station_is_moved_down_or_twice_or_while_it_is_away(secure: Secure) -> None:
    charger = await on_profile_1(secure, "2.0.1")
    with pytest.raises(Invalid, match="already"):
        await secure.upgrades.start(TENANT, "CS-1", 1, by=BY)
    with pytest.raises(Invalid, match="lower"):
        await secure.upgrades.start(TENANT, "CS-1", 0, by=BY)
    with pytest.raises(Invalid, match="on site"):
        await secure.upgrades.start(TENANT, "CS-1", 0, by=BY, allow_downgrade=True)
    charger.handlers["Reset"] = lambda _: {"status": "Scheduled"}
    await secure.upgrades.start(TENANT, "CS-1", 2, by=BY)
    with pytest.raises(Conflict, match="on its way"):
        await secure.upgrades.start(TENANT, "CS-1", 2, by=BY)
    await phase_is(secure, UpgradePhase.RETURNING)
    stopped = await secure.upgrades.cancel(TENANT, "CS-1", by=BY)
    assert stopped.phase is UpgradePhase.CANCELLED
    await charger.close()
    await until(lambda: len(secure.net.registry) == 0)
    with pytest.raises(Conflict, match="not connected"):
        await secure.upgrades.start(TENANT, "CS-1", 2, by=BY)
