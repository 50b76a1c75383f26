"""Locations and stations as operators keep them."""

from datetime import timedelta

import pytest

from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import LocationId, TenantId
from currant.stations.drafts import LocationChange, LocationDraft, StationChange, StationDraft
from currant.stations.inventory import StationFilters
from currant.stations.model import (
    Admission,
    BootReport,
    Connector,
    ConnectorFormat,
    ConnectorStandard,
    Evse,
    OpeningPeriod,
    PowerType,
    StationSettings,
)

TENANT = TenantId("tenant-1")
DEPOT = LocationDraft(
    name="Depot",
    address="Hafenstr. 1",
    city="Hamburg",
    postal_code="20457",
    country="DE",
    latitude=53.541,
    longitude=9.984,
    time_zone="Europe/Berlin",
    opening_hours=(OpeningPeriod(weekday=1, begins="07:30", ends="24:00"),),
    facilities=("HOTEL", "CAFE"),
    reference="HH-1",
)
EVSES = (
    Evse(
        number=1,
        reference="DE*ABC*E1",
        max_power_w=150_000,
        connectors=(
            Connector(
                number=1,
                standard=ConnectorStandard.IEC_62196_T2_COMBO,
                format=ConnectorFormat.CABLE,
                power_type=PowerType.DC,
                max_voltage_v=920,
                max_current_a=500,
                max_power_w=150_000,
                ocpp16_connector_id=2,
            ),
            Connector(number=2, phases=3, phase_rotation="TRS"),
        ),
    ),
)


async def test_a_location_comes_back_as_it_was_made(network):
    made = await network.inventory.create_location(TENANT, DEPOT, by="olga")
    again = await network.inventory.get_location(TENANT, made.id)
    assert again == made
    assert again.opening_hours == DEPOT.opening_hours
    with pytest.raises(NotFound):
        await network.inventory.get_location(TenantId("another"), made.id)


async def test_a_change_names_what_shall_be_different_and_nothing_else(network):
    made = await network.inventory.create_location(TENANT, DEPOT, by="olga")
    change = LocationChange(name="Depot West", latitude=None, longitude=None)
    after = await network.inventory.update_location(TENANT, made.id, change, by="olga")
    assert (after.name, after.latitude, after.city, after.reference) == (
        "Depot West",
        None,
        "Hamburg",
        "HH-1",
    )
    assert await network.inventory.get_location(TENANT, made.id) == after


async def test_a_reference_is_one_locations_alone_within_a_tenant(network):
    made = await network.inventory.create_location(TENANT, DEPOT, by="olga")
    with pytest.raises(Conflict):
        await network.inventory.create_location(TENANT, DEPOT, by="olga")
    await network.inventory.create_location(TenantId("another"), DEPOT, by="olga")
    for _ in range(2):
        await network.inventory.create_location(TENANT, LocationDraft(name="No reference"), by="olga")
    other = await network.inventory.create_location(
        TENANT, LocationDraft(name="Other", reference="X"), by="olga"
    )
    with pytest.raises(Conflict):
        await network.inventory.update_location(TENANT, other.id, LocationChange(reference="HH-1"), by="olga")
    await network.inventory.update_location(
        TENANT, made.id, LocationChange(reference="HH-1", name="Same"), by="olga"
    )


async def test_a_location_with_stations_is_not_deleted(network):
    place = await network.inventory.create_location(TENANT, DEPOT, by="olga")
    await network.inventory.create_station(
        TENANT, StationDraft(identity="CP-1", location_id=place.id), by="olga"
    )
    with pytest.raises(Conflict):
        await network.inventory.delete_location(TENANT, place.id, by="olga")
    await network.inventory.update_station(TENANT, "CP-1", StationChange(location_id=None), by="olga")
    await network.inventory.delete_location(TENANT, place.id, by="olga")
    with pytest.raises(NotFound):
        await network.inventory.get_location(TENANT, place.id)


async def test_locations_are_listed_by_name_in_pages_and_searched(network):
    for name in ("b", "a", "a", "c", "B"):
        await network.inventory.create_location(TENANT, LocationDraft(name=name, country="DE"), by="olga")
    await network.inventory.create_location(TENANT, LocationDraft(name="100% green", country="NL"), by="olga")
    names, cursor = [], None
    while True:
        page = await network.inventory.list_locations(TENANT, cursor=cursor, limit=2)
        names += [location.name for location in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert names == ["100% green", "B", "a", "a", "b", "c"]
    assert len((await network.inventory.list_locations(TENANT, text="B")).items) == 2
    assert len((await network.inventory.list_locations(TENANT, text="%")).items) == 1
    assert len((await network.inventory.list_locations(TENANT, country="NL")).items) == 1
    with pytest.raises(Invalid):
        await network.inventory.list_locations(TENANT, limit=501)


async def test_a_station_comes_back_as_it_was_registered(network):
    place = await network.inventory.create_location(TENANT, DEPOT, by="olga")
    draft = StationDraft(
        identity="CP-1",
        location_id=place.id,
        name="Gate",
        vendor="Acme",
        model="Fast",
        serial_number="123",
        security_profile=2,
        evses=EVSES,
        settings=StationSettings(assume_version="1.6", ping_interval_s=0, clock_zone="Europe/Berlin"),
    )
    made = await network.inventory.create_station(TENANT, draft, by="olga")
    again = (await network.inventory.get_station(TENANT, made.id)).station
    assert again == made
    assert again.evses == EVSES
    entry = network.directory.find("CP-1")
    assert (entry.security_profile, entry.settings, entry.location_id) == (2, draft.settings, place.id)


async def test_an_identity_is_one_stations_alone_whatever_the_tenant(network):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    for tenant_id in (TENANT, TenantId("another")):
        with pytest.raises(Conflict):
            await network.inventory.create_station(tenant_id, StationDraft(identity="CP-1"), by="olga")


async def test_a_station_cannot_stand_at_another_tenants_location(network):
    theirs = await network.inventory.create_location(TenantId("another"), DEPOT, by="mallory")
    with pytest.raises(Invalid):
        await network.inventory.create_station(
            TENANT, StationDraft(identity="CP-1", location_id=theirs.id), by="olga"
        )


async def test_changing_a_registration_leaves_what_the_station_says_of_itself(network):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    station = await network.attended("CP-1")
    await network.stations.boot(
        station, BootReport(vendor="Acme", firmware_version="9"), at=network.clock.now()
    )
    await network.inventory.update_station(TENANT, "CP-1", StationChange(name="Gate"), by="olga")
    again = (await network.inventory.get_station(TENANT, "CP-1")).station
    assert (again.name, again.vendor, again.firmware_version, again.connected) == ("Gate", "Acme", "9", True)
    assert network.link.refreshed[-1] == station.station_id


async def test_new_evses_replace_the_old_ones(network):
    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1", evses=EVSES), by="olga")
    evses = (Evse(number=2, connectors=(Connector(number=1),)),)
    await network.inventory.update_station(TENANT, "CP-1", StationChange(evses=evses), by="olga")
    assert (await network.inventory.get_station(TENANT, "CP-1")).station.evses == evses


async def test_stations_are_filtered_and_paged_by_identity(network):
    place = await network.inventory.create_location(TENANT, DEPOT, by="olga")
    await network.inventory.create_station(
        TENANT,
        StationDraft(identity="A-1", location_id=place.id, vendor="Acme", model="Fast", name="Gate"),
        by="olga",
    )
    await network.inventory.create_station(TENANT, StationDraft(identity="A-2", vendor="Acme"), by="olga")
    await network.stations.unknown_station("B-1")
    await network.inventory.create_station(TenantId("another"), StationDraft(identity="A-3"), by="mallory")
    await network.attended("A-2", version="2.1")

    async def found(**wanted) -> list[str]:
        page = await network.inventory.list_stations(TENANT, StationFilters(**wanted))
        assert await network.inventory.count_stations(TENANT, StationFilters(**wanted)) == len(page.items)
        return [overview.station.identity for overview in page.items]

    assert await found() == ["A-1", "A-2", "B-1"]
    assert await found(location_id=place.id) == ["A-1"]
    assert await found(admission=Admission.PENDING) == ["B-1"]
    assert await found(connected=True) == ["A-2"]
    assert await found(version="2.1") == ["A-2"]
    assert await found(vendor="Acme", model="Fast") == ["A-1"]
    assert await found(text="gat") == ["A-1"]
    assert await found(location_id=LocationId("nowhere")) == []

    page = await network.inventory.list_stations(TENANT, limit=2)
    rest = await network.inventory.list_stations(TENANT, limit=2, cursor=page.next_cursor)
    assert [overview.station.identity for overview in (*page.items, *rest.items)] == ["A-1", "A-2", "B-1"]


async def test_history_is_read_in_pages_latest_first(network):
    from currant.db.commits import ChangeSet
    from currant.stations.model import ConnectorStatus, StatusReport

    await network.inventory.create_station(TENANT, StationDraft(identity="CP-1"), by="olga")
    station = await network.attended("CP-1")
    start = network.clock.now()
    for number in range(7):
        status = (ConnectorStatus.AVAILABLE, ConnectorStatus.PREPARING)[number % 2]
        at = start + timedelta(seconds=number // 2)
        changes = ChangeSet(TENANT)
        report = StatusReport(
            evse=1, connector=1, status=status, at=at, received_at=at, raw_status=str(number)
        )
        network.stations.apply_status(station, network.stations.gather_status(changes, station, report))
        await network.database.commit(changes)
    seen, cursor = [], None
    while True:
        page = await network.inventory.status_history(TENANT, "CP-1", cursor=cursor, limit=3)
        seen += [change.raw_status for change in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == ["6", "5", "4", "3", "2", "1", "0"]
    page = await network.inventory.status_history(TENANT, "CP-1", since=start + timedelta(seconds=2))
    assert [change.raw_status for change in page.items] == ["6", "5", "4"]
    assert (await network.inventory.status_history(TENANT, "CP-1", evse=2)).items == ()


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        (LocationDraft(name=""), "name"),
        (LocationDraft(name="x" * 201), "name"),
        (LocationDraft(name="x", country="Germany"), "country"),
        (LocationDraft(name="x", latitude=1.0), "longitude"),
        (LocationDraft(name="x", latitude=91.0, longitude=0.0), "latitude"),
        (LocationDraft(name="x", latitude=0.0, longitude=float("nan")), "longitude"),
        (LocationDraft(name="x", time_zone="Mars/Olympus"), "time_zone"),
        (LocationDraft(name="x", time_zone="../../etc/passwd"), "time_zone"),
        (
            LocationDraft(name="x", opening_hours=(OpeningPeriod(weekday=8, begins="07:00", ends="08:00"),)),
            "opening_hours",
        ),
        (
            LocationDraft(name="x", opening_hours=(OpeningPeriod(weekday=1, begins="7:00", ends="08:00"),)),
            "opening_hours",
        ),
        (
            LocationDraft(name="x", opening_hours=(OpeningPeriod(weekday=1, begins="09:00", ends="08:00"),)),
            "opening_hours",
        ),
        (LocationDraft(name="nul\0"), "name"),
    ],
)
async def test_a_location_that_cannot_be_is_refused_by_the_field(small, draft, field):
    with pytest.raises(Invalid) as refused:
        await small.inventory.create_location(TENANT, draft, by="olga")
    assert refused.value.facts["field"] == field


@pytest.mark.parametrize(
    "draft",
    [
        StationDraft(identity="a:b"),
        StationDraft(identity="x", security_profile=4),
        StationDraft(identity="x", evses=(Evse(number=0),)),
        StationDraft(identity="x", evses=(Evse(number=1), Evse(number=1))),
        StationDraft(
            identity="x", evses=(Evse(number=1, connectors=(Connector(number=1), Connector(number=1))),)
        ),
        StationDraft(identity="x", evses=(Evse(number=1, connectors=(Connector(number=1, phases=4),)),)),
        StationDraft(
            identity="x", evses=(Evse(number=1, connectors=(Connector(number=1, phase_rotation="RRS"),)),)
        ),
        StationDraft(
            identity="x", evses=(Evse(number=1, connectors=(Connector(number=1, max_power_w=-1),)),)
        ),
        StationDraft(
            identity="x",
            evses=tuple(
                Evse(number=n, connectors=(Connector(number=1, ocpp16_connector_id=1),)) for n in (1, 2)
            ),
        ),
        StationDraft(identity="x", settings=StationSettings(assume_version="1.5")),
        StationDraft(identity="x", settings=StationSettings(heartbeat_interval_s=0)),
        StationDraft(identity="x", settings=StationSettings(clock_zone="Nowhere")),
    ],
)
async def test_a_station_that_cannot_be_is_refused(small, draft):
    with pytest.raises(Invalid):
        await small.inventory.create_station(TENANT, draft, by="olga")
    assert len(small.directory) == 0
