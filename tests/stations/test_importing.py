"""Locations and stations in bulk."""

import json
import re

import pytest

from currant.kit.errors import Invalid
from currant.kit.ids import TenantId
from currant.stations.bulk import ROWS_MAX, Format
from currant.stations.drafts import LocationDraft, StationDraft
from currant.stations.model import Admission, ConnectorStandard, PowerType

TENANT = TenantId("tenant-1")
LOCATIONS = b"""reference,name,country,latitude,longitude,time_zone,facilities
HH-1,Depot,DE,53.5,9.9,Europe/Berlin,HOTEL|CAFE
HH-2,"Harbour, west",DE,,,,
"""
STATIONS = b"""identity;location_reference;evse;evse_reference;connector;standard;power_type;max_power_w
CP-1;HH-1;1;DE*1;1;IEC_62196_T2_COMBO;DC;150000
CP-1;HH-1;1;DE*1;2;CHADEMO;DC;50000
CP-1;HH-1;2;DE*2;1;IEC_62196_T2;AC_3_PHASE;22000
CP-2;HH-2;;;;;;
"""


async def told(chunks) -> bytes:
    return b"".join([chunk async for chunk in chunks])


async def test_an_import_creates_then_changes_then_leaves_alone(network):
    first = await network.imports.import_locations(TENANT, LOCATIONS, Format.CSV, by="olga")
    assert (first.created, first.changed, first.unchanged, first.applied) == (2, 0, 0, True)
    again = await network.imports.import_locations(TENANT, LOCATIONS, Format.CSV, by="olga")
    assert (again.created, again.changed, again.unchanged, again.applied) == (0, 0, 2, False)
    other = LOCATIONS.replace(b"Depot", b"Depot East")
    third = await network.imports.import_locations(TENANT, other, Format.CSV, by="olga")
    assert (third.created, third.changed, third.unchanged) == (0, 1, 1)
    depot, harbour = (await network.inventory.list_locations(TENANT)).items
    assert (depot.name, depot.facilities, depot.latitude) == ("Depot East", ("HOTEL", "CAFE"), 53.5)
    assert (harbour.name, harbour.time_zone) == ("Harbour, west", "UTC")


async def test_a_csv_of_connectors_becomes_stations(network):
    await network.imports.import_locations(TENANT, LOCATIONS, Format.CSV, by="olga")
    report = await network.imports.import_stations(TENANT, STATIONS, Format.CSV, by="olga")
    assert report.problems == ()
    assert report.created == 2
    station = (await network.inventory.get_station(TENANT, "CP-1")).station
    assert station.admission is Admission.ACCEPTED
    assert [(evse.number, evse.reference, len(evse.connectors)) for evse in station.evses] == [
        (1, "DE*1", 2),
        (2, "DE*2", 1),
    ]
    plug = station.evses[0].connectors[1]
    assert (plug.standard, plug.power_type, plug.max_power_w) == (
        ConnectorStandard.CHADEMO,
        PowerType.DC,
        50_000,
    )
    assert network.directory.find("CP-2") is not None
    again = await network.imports.import_stations(TENANT, STATIONS, Format.CSV, by="olga")
    assert (again.created, again.changed, again.unchanged) == (0, 0, 2)


async def test_one_wrong_row_keeps_all_out_unless_the_good_ones_are_wanted(network):
    content = (
        LOCATIONS
        + b"HH-3,Third,Deutschland,,,,\nHH-4,Fourth,DE,ninety,9,,\n,No reference,DE,,,,\nHH-1,Twice,DE,,,,\n"
    )
    report = await network.imports.import_locations(TENANT, content, Format.CSV, by="olga")
    assert not report.applied
    assert [(problem.row, problem.field) for problem in report.problems] == [
        (4, "country"),
        (5, "latitude"),
        (6, "reference"),
        (7, "reference"),
    ]
    assert (await network.inventory.list_locations(TENANT)).items == ()
    report = await network.imports.import_locations(TENANT, content, Format.CSV, by="olga", partial=True)
    assert (report.applied, report.created, report.failed, report.rows) == (True, 2, 4, 6)


async def test_a_dry_run_says_what_would_happen_and_does_nothing(network):
    report = await network.imports.import_locations(TENANT, LOCATIONS, Format.CSV, by="olga", dry_run=True)
    assert (report.created, report.applied) == (2, False)
    assert (await network.inventory.list_locations(TENANT)).items == ()


async def test_stations_at_unknown_places_or_of_other_tenants_are_told_by_row(network):
    await network.inventory.create_station(TenantId("another"), StationDraft(identity="CP-2"), by="mallory")
    content = b"identity,location_reference\nCP-1,NOWHERE\nCP-2,\nCP-3,\n"
    report = await network.imports.import_stations(TENANT, content, Format.CSV, by="olga")
    assert [(problem.row, problem.field) for problem in report.problems] == [
        (2, "location_reference"),
        (3, "identity"),
    ]
    assert network.directory.find("CP-3") is None


async def test_rows_that_disagree_about_one_station_are_told(small):
    content = b"identity,vendor,evse\nCP-1,Acme,1\nCP-1,Other,2\n"
    report = await small.imports.import_stations(TENANT, content, Format.CSV, by="olga", partial=True)
    assert [(problem.row, problem.field) for problem in report.problems] == [(3, "vendor")]
    assert small.directory.find("CP-1") is None


async def test_passwords_can_be_imported_and_are_never_exported(network):
    rows = [{"identity": "CP-1", "password": "an-old-password-1"}, {"identity": "CP-2", "password": "short"}]
    report = await network.imports.import_stations(
        TENANT, json.dumps(rows).encode(), Format.JSON, by="olga", partial=True
    )
    assert [(problem.row, problem.field) for problem in report.problems] == [(2, "password")]
    assert network.directory.check_password(network.directory.find("CP-1"), b"an-old-password-1")
    await network.directory.load()
    assert network.directory.check_password(network.directory.find("CP-1"), b"an-old-password-1")
    again = await network.imports.import_stations(
        TENANT, json.dumps(rows[:1]).encode(), Format.JSON, by="olga"
    )
    assert again.unchanged == 1
    for form in Format:
        assert b"an-old-password" not in await told(network.imports.export_stations(TENANT, form))


@pytest.mark.parametrize("form", list(Format))
async def test_what_was_exported_can_be_imported_and_changes_nothing(network, form):
    await network.imports.import_locations(TENANT, LOCATIONS, Format.CSV, by="olga")
    await network.imports.import_stations(TENANT, STATIONS, Format.CSV, by="olga")
    locations = await told(network.imports.export_locations(TENANT, form))
    stations = await told(network.imports.export_stations(TENANT, form))
    report = await network.imports.import_locations(TENANT, locations, form, by="olga")
    assert (report.unchanged, report.failed, report.changed) == (2, 0, 0), report.problems
    report = await network.imports.import_stations(TENANT, stations, form, by="olga")
    assert (report.unchanged, report.failed, report.changed) == (2, 0, 0), report.problems


async def test_an_export_is_written_page_by_page(small):
    content = json.dumps([{"identity": f"CP-{n}"} for n in range(1_100)]).encode()
    assert (await small.imports.import_stations(TENANT, content, Format.JSON, by="olga")).created == 1_100
    chunks = [chunk async for chunk in small.imports.export_stations(TENANT, Format.JSON)]
    assert len(chunks) == 5
    assert len(json.loads(b"".join(chunks))) == 1_100


async def test_a_spreadsheet_does_not_take_a_strangers_words_for_a_formula(small):
    await small.inventory.create_location(
        TENANT, LocationDraft(name='=HYPERLINK("x")', reference="-1+1"), by="olga"
    )
    exported = await told(small.imports.export_locations(TENANT, Format.CSV))
    assert b"'=HYPERLINK" in exported
    assert b"'-1+1" in exported
    report = await small.imports.import_locations(TENANT, exported, Format.CSV, by="olga")
    assert report.unchanged == 1


async def test_nor_does_one_that_separates_with_semicolons_or_minds_no_quotes(small):
    name = "a;=1+1;  @sum; '=2"
    await small.inventory.create_location(
        TENANT, LocationDraft(name=name, reference="R1", address='x";-2'), by="olga"
    )
    exported = await told(small.imports.export_locations(TENANT, Format.CSV))
    for cell in re.split("[;\t\r\n]", exported.decode()):
        assert not cell.lstrip().startswith(("=", "+", "-", "@")), cell
    report = await small.imports.import_locations(TENANT, exported, Format.CSV, by="olga")
    assert (report.problems, report.unchanged) == ((), 1), "it is read again as it was"


@pytest.mark.parametrize(
    ("content", "form"),
    [
        (b"", Format.CSV),
        (b"\xff\xfe\x00", Format.CSV),
        (b'name,reference\n"never closed', Format.CSV),
        (b"name,name\n1,2\n", Format.CSV),
        (b"{", Format.JSON),
        (b'{"name": "x"}', Format.JSON),
        (b"[1, 2]", Format.JSON),
        (b"reference\n" + b"x\n" * (ROWS_MAX + 1), Format.CSV),
    ],
)
async def test_what_cannot_be_read_as_a_whole_is_refused_in_words(small, content, form):
    with pytest.raises(Invalid):
        await small.imports.import_locations(TENANT, content, form, by="olga")


async def test_a_column_that_means_nothing_is_told(small):
    report = await small.imports.import_locations(
        TENANT, b"reference,name,colour\nA,B,red\n", Format.CSV, by="olga"
    )
    assert [(problem.row, problem.field) for problem in report.problems] == [(2, "colour")]
