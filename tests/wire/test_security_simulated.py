"""Simulated stations with keys of their own: their passwords rotated, their roots read, and led from profile 1 to 3."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from network import BY, PASSWORD, TENANT, until
from securing import OPERATOR, Secure, fresh_authority, secure_network

from currant.pki.authority import Authority
from currant.pki.model import CertificateStatus
from currant.pki.security_upgrade import UpgradePhase
from currant.simulator import Fleet, StationSpec
from currant.simulator.fleet import Link
from currant.simulator.specs import VersionName
from currant.stations.commanding.variables import SetVariables, Variable, VariableValue
from currant.stations.model import CommandStatus
from currant.stations.security_model import PasswordStatus

VERSIONS: tuple[VersionName, ...] = ("1.6", "2.0.1", "2.1")


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return fresh_authority(tmp_path_factory.mktemp("pki"))


@pytest.fixture
async def secure(tmp_path: Path, authority: Authority) -> AsyncIterator[Secure]:
    async with secure_network(tmp_path, authority) as built:
        yield built


@asynccontextmanager
async def simulated(secure: Secure, version: VersionName) -> AsyncIterator[Link]:
    """One station in security profile 1, living faster than we do."""
    await secure.net.add("CS-1", password=PASSWORD, security_profile=1)
    made = StationSpec(identity="CS-1", version=version, password=PASSWORD, security_profile=1)
    fleet = Fleet(
        [made],
        f"{secure.net.url}/{{identity}}",
        seed=7,
        speed=20,
        secure_url_template=f"{secure.net.tls_url}/{{identity}}",
    )
    fleet.start()
    try:
        [link] = fleet.links
        await until(lambda: link.station.accepted, within_s=30)
        yield link
    finally:
        await fleet.stop()


async def organised(secure: Secure, version: VersionName) -> None:
    """Tell the station whose it is: that goes into its requests (1.6 CpoName, 2.x OrganizationName)."""
    variable = (
        Variable(name="CpoName")
        if version == "1.6"
        else Variable(component="SecurityCtrlr", name="OrganizationName")
    )
    command = SetVariables(values=(VariableValue(variable=variable, value=OPERATOR),))
    record = await secure.net.commands.give(TENANT, "CS-1", command, by=BY)
    assert record.status is CommandStatus.ACCEPTED, record.reason


async def phase_is(secure: Secure, *wanted: UpgradePhase) -> None:
    async with asyncio.timeout(30):
        while True:
            found = await secure.upgrades.of(TENANT, "CS-1")
            if found is not None and found.phase in wanted:
                return
            assert found is None or not found.ended, f"{found.phase}: {found.reason}"
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_simulated_station_goes_from_1_to_3(secure: Secure, version: VersionName) -> None:
    async with simulated(secure, version):
        await organised(secure, version)
        await secure.upgrades.start(TENANT, "CS-1", 3, by=BY)
        await phase_is(secure, UpgradePhase.DONE)
        entry = secure.net.directory.find("CS-1")
        assert entry is not None
        await until(lambda: secure.net.registry.profile_of(entry.station_id) == 3, within_s=30)
        [kept] = (await secure.signing.list(TENANT)).items
        assert kept.status is CertificateStatus.INSTALLED
        assert await secure.held.holds_own_root(TENANT, "CS-1") or version == "1.6"


@pytest.mark.parametrize("version", VERSIONS)
async def test_a_simulated_station_comes_with_its_new_password(secure: Secure, version: VersionName) -> None:
    async with simulated(secure, version):
        offer = await secure.credentials.rotate(TENANT, "CS-1", by=BY)
        assert offer.status in (PasswordStatus.ACCEPTED, PasswordStatus.USED)
        entry = secure.net.directory.find("CS-1")
        assert entry is not None
        secure.net.registry.drop(entry.station_id, reason="It shall show its password.")
        await until(lambda: not secure.credentials.has_offers(entry.station_id), within_s=30)
        [told] = (await secure.credentials.of(TENANT, "CS-1")).rotations
        assert told.status is PasswordStatus.USED
