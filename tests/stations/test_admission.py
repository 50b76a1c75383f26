"""Who may take part, and the passwords stations come with."""

import asyncio
import string
from datetime import timedelta

import pytest

from currant.kit.errors import Invalid, NotFound
from currant.kit.ids import LocationId, TenantId
from currant.stations.commanding.remote import Trigger
from currant.stations.directory import StationDirectory
from currant.stations.drafts import LocationDraft, StationChange, StationDraft
from currant.stations.events import StationChanged
from currant.stations.model import Admission, CommandOutcome, CommandStatus

TENANT = TenantId("tenant-1")


async def test_accepting_places_a_station_refreshes_its_connection_and_asks_it_to_boot(network):
    await network.stations.unknown_station("NEW")
    station = await network.attended("NEW")
    place = await network.inventory.create_location(TENANT, LocationDraft(name="Depot"), by="olga")
    accepted = await network.admissions.accept(TENANT, "NEW", by="olga", location_id=place.id, name="Gate 1")
    assert (accepted.admission, accepted.location_id, accepted.name) == (
        Admission.ACCEPTED,
        place.id,
        "Gate 1",
    )
    assert network.directory.find("NEW").admission is Admission.ACCEPTED
    assert network.link.refreshed == [station.station_id]
    await asyncio.sleep(0)
    assert network.link.sent == [(station.station_id, Trigger(message="boot"))]


@pytest.mark.parametrize("status", [CommandStatus.REFUSED, CommandStatus.UNSUPPORTED, CommandStatus.FAILED])
@pytest.mark.parametrize(
    ("version", "asked"),
    [
        ("1.6", [Trigger(message="status")]),
        ("2.0.1", [Trigger(message="status", evse=evse, connector=1) for evse in (1, 2, 3)]),
    ],
)
async def test_an_accepted_station_that_will_not_boot_again_is_asked_for_its_status(
    small, status, version, asked
):
    await small.stations.unknown_station("NEW")
    station = await small.attended("NEW", version=version)
    refused = CommandOutcome(status=status)
    small.link.outcomes = [refused, small.link.outcome, small.link.outcome, refused]
    await small.admissions.accept(TENANT, "NEW", by="olga")
    async with asyncio.timeout(30):
        while len(small.link.sent) < 1 + len(asked):
            await asyncio.sleep(0)
    for _ in range(3):
        await asyncio.sleep(0)
    assert small.link.sent == [(station.station_id, command) for command in (Trigger(message="boot"), *asked)]


async def test_an_offline_station_is_accepted_without_being_asked_anything(small):
    await small.stations.unknown_station("NEW")
    await small.admissions.accept(TENANT, "NEW", by="olga")
    await asyncio.sleep(0)
    assert small.link.sent == []


@pytest.mark.parametrize(
    ("verb", "admission"), [("refuse", Admission.REFUSED), ("retire", Admission.RETIRED)]
)
async def test_a_station_turned_away_loses_its_connection(small, verb, admission):
    await small.stations.unknown_station("NEW")
    station = await small.attended("NEW")
    await getattr(small.admissions, verb)(TENANT, station.station_id, by="olga")
    assert small.link.dropped == [station.station_id]
    assert small.directory.find("NEW").admission is admission
    assert (await small.inventory.get_station(TENANT, "NEW")).station.admission is admission


async def test_a_station_is_not_accepted_at_a_place_that_does_not_exist(network):
    await network.stations.unknown_station("NEW")
    with pytest.raises(NotFound):
        await network.admissions.accept(TENANT, "NEW", by="olga", location_id=LocationId("nowhere"))
    assert network.directory.find("NEW").admission is Admission.PENDING


async def test_another_tenant_cannot_accept_a_station(network):
    await network.stations.unknown_station("NEW")
    with pytest.raises(NotFound):
        await network.admissions.accept(TenantId("another"), "NEW", by="mallory")


async def test_a_new_password_fits_every_version_and_opens_the_door(network):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    password = await network.admissions.new_password(TENANT, "CP-1", by="olga")
    assert len(password) == 20
    assert set(password) <= set(string.ascii_letters + string.digits + "-_")
    entry = network.directory.find("CP-1")
    assert network.directory.check_password(entry, password.encode())
    assert not network.directory.check_password(entry, password.encode() + b"x")
    assert not network.directory.check_password(entry, b"")
    assert password.encode() not in (entry.digest or b"")


@pytest.mark.parametrize("key", ["00ff" * 10, "00FF" * 8])
async def test_a_hexadecimal_key_is_taken_as_its_digits_and_as_the_bytes_they_spell(network, key):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    await network.admissions.set_password(TENANT, "CP-1", key, by="olga")
    entry = network.directory.find("CP-1")
    assert network.directory.check_password(entry, key.encode())
    assert network.directory.check_password(entry, bytes.fromhex(key))
    assert not network.directory.check_password(entry, bytes.fromhex(key)[:-1])
    assert not network.directory.check_password(entry, bytes.fromhex(key).hex().swapcase().encode() + b"0")


async def test_passwords_survive_a_restart_with_the_same_key_alone(network):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    password = (await network.admissions.new_password(TENANT, "CP-1", by="olga")).encode()
    for key, fits in ((b"an installation's own key", True), (b"another key", False)):
        again = StationDirectory(network.database, network.clock, key=key)
        await again.load()
        assert again.check_password(again.find("CP-1"), password) is fits


async def test_a_station_without_a_password_is_let_in_with_none(small):
    await small.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    entry = small.directory.find("CP-1")
    assert not entry.has_password
    assert not small.directory.check_password(entry, b"")
    assert not small.directory.check_password(entry, bytes(32))


async def test_the_password_before_is_taken_for_two_days_when_it_is_kept(network):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    old = (await network.admissions.new_password(TENANT, "CP-1", by="olga")).encode()
    new = (await network.admissions.new_password(TENANT, "CP-1", by="olga", keep_previous=True)).encode()
    entry = network.directory.find("CP-1")
    assert network.directory.check_password(entry, old)
    assert network.directory.check_password(entry, new)
    await network.directory.load()
    assert network.directory.check_password(network.directory.find("CP-1"), old)
    network.clock.advance(timedelta(days=2))
    assert not network.directory.check_password(entry, old)
    assert network.directory.check_password(entry, new)


async def test_a_password_changed_at_once_ends_the_connection_made_with_the_old_one(small):
    await small.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    old = (await small.admissions.new_password(TENANT, "CP-1", by="olga")).encode()
    station = await small.attended("CP-1")
    small.link.dropped.clear()
    await small.admissions.new_password(TENANT, "CP-1", by="olga")
    assert small.link.dropped == [station.station_id]
    assert not small.directory.check_password(small.directory.find("CP-1"), old)


async def test_a_password_may_be_raw_bytes_as_ocpp16_has_them_on_the_wire(small):
    await small.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    secret = bytes(range(236, 256))
    await small.admissions.set_password(TENANT, "CP-1", secret, by="olga")
    assert small.directory.check_password(small.directory.find("CP-1"), secret)


@pytest.mark.parametrize("password", ["", "short", "x" * 65])
async def test_a_password_no_version_could_carry_is_not_set(small, password):
    await small.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    with pytest.raises(Invalid):
        await small.admissions.set_password(TENANT, "CP-1", password, by="olga")


async def test_a_forgotten_password_fits_no_more(network):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    password = (await network.admissions.new_password(TENANT, "CP-1", by="olga")).encode()
    await network.admissions.forget_password(TENANT, "CP-1", by="olga")
    await network.directory.load()
    assert not network.directory.check_password(network.directory.find("CP-1"), password)


async def test_the_directory_of_another_node_follows_by_events(network):
    elsewhere = StationDirectory(network.database, network.clock, key=b"an installation's own key")
    await elsewhere.load()
    made = await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    event = StationChanged(
        tenant_id=TENANT,
        happened_at=network.clock.now(),
        station_id=made.id,
        identity="CP-1",
        fields=("created",),
    )
    await elsewhere.follow(event)
    assert elsewhere.find("CP-1") == network.directory.find("CP-1")
    await network.inventory.update_station(TENANT, "CP-1", StationChange(security_profile=2), by="olga")
    await elsewhere.follow(event)
    assert elsewhere.find("CP-1").security_profile == 2


async def test_ten_thousand_stations_are_loaded_into_the_directory(sqlite_database, small):
    content = b"identity\n" + b"\n".join(b"CP-%05d" % number for number in range(10_000))
    report = await small.imports.import_stations(TENANT, content, "csv", by="olga")
    assert report.created == 10_000
    again = StationDirectory(sqlite_database, small.clock, key=b"k")
    await again.load()
    assert len(again) == 10_000
    assert again.find("CP-09999").admission is Admission.ACCEPTED
