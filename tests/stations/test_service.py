"""What stations tell of themselves, on a real database."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from currant.db import journal
from currant.db.commits import ChangeSet
from currant.kit.errors import NotFound
from currant.kit.ids import TenantId
from currant.stations.drafts import StationChange, StationDraft
from currant.stations.model import (
    Admission,
    AttendedStation,
    BootReport,
    Connector,
    ConnectorState,
    ConnectorStatus,
    Evse,
    Severity,
    StationSettings,
    StatusReport,
)
from currant.stations.service import (
    PENDING_MAX,
    PLACES_MAX,
    SEEN_EVERY_S,
    StationPolicy,
    StationService,
)

TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)


def report(
    status: ConnectorStatus = ConnectorStatus.AVAILABLE,
    *,
    evse: int = 1,
    connector: int = 1,
    at: datetime = NOW,
    **words: str,
) -> StatusReport:
    return StatusReport(evse=evse, connector=connector, status=status, at=at, received_at=NOW, **words)


async def tell(network, station: AttendedStation, status_report: StatusReport) -> ConnectorState | None:
    changes = ChangeSet(station.tenant_id)
    state = network.stations.gather_status(changes, station, status_report)
    if state is not None:
        await network.database.commit(changes)
        network.stations.apply_status(station, state)
    else:
        assert not changes
    return state


async def kinds(network) -> list[str]:
    """The kinds of all events in the journal, in order."""
    entries = await network.database.read(lambda conn: journal.read_after(conn, 0, limit=10_000))
    return [entry.kind for entry in entries]


async def registered(network, identity: str = "CP-1", **words) -> None:
    await network.inventory.create_station(TENANT, StationDraft(identity=identity, **words), by="olga")


async def test_a_connected_station_is_shown_connected_with_its_version_and_departs_again(network):
    await registered(network)
    station = await network.attended("CP-1", version="2.0.1")
    seen = (await network.inventory.get_station(TENANT, "CP-1")).station
    assert (seen.connected, seen.ocpp_version, seen.connected_at) == (True, "2.0.1", NOW)

    network.clock.advance(timedelta(minutes=5))
    await network.stations.departed(station, at=network.clock.now(), reason="gone")
    seen = (await network.inventory.get_station(TENANT, "CP-1")).station
    assert (seen.connected, seen.disconnected_at) == (False, NOW + timedelta(minutes=5))
    assert (await kinds(network))[-2:] == ["StationConnected", "StationDisconnected"]


async def test_the_end_of_an_older_connection_does_not_take_the_station_offline(network):
    await registered(network)
    older = await network.attended("CP-1")
    network.clock.advance(timedelta(seconds=1))
    await network.attended("CP-1")
    await network.stations.departed(older, at=network.clock.now())
    assert (await network.inventory.get_station(TENANT, "CP-1")).station.connected


async def test_a_node_that_starts_again_forgets_the_connections_it_held(network):
    await registered(network)
    await network.attended("CP-1")
    await network.stations.start()
    assert not (await network.inventory.get_station(TENANT, "CP-1")).station.connected


async def test_many_stations_that_come_at_once_each_get_their_own_states(network):
    for number in range(30):
        await registered(network, f"CP-{number}")
    for number in range(30):
        station = await network.attended(f"CP-{number}")
        await tell(network, station, report(connector=number % 3 + 1))
    again = await asyncio.gather(*(network.attended(f"CP-{number}") for number in range(30)))
    for number, station in enumerate(again):
        assert list(station.connectors) == [(1, number % 3 + 1)]


async def test_attending_holds_the_map_of_ocpp16_connector_ids(network):
    evses = (
        Evse(
            number=1,
            connectors=(
                Connector(number=1, ocpp16_connector_id=1),
                Connector(number=2, ocpp16_connector_id=2),
            ),
        ),
        Evse(number=2, connectors=(Connector(number=1, ocpp16_connector_id=3),)),
    )
    await registered(network, evses=evses)
    station = await network.attended("CP-1")
    assert [station.place_of(number) for number in (0, 1, 2, 3)] == [(0, 0), (1, 1), (1, 2), (2, 1)]
    assert [station.ocpp16_connector_of(*place) for place in ((1, 1), (1, 2), (2, 1))] == [1, 2, 3]


async def test_a_boot_is_kept_and_its_repetition_within_a_minute_is_no_news(network):
    await registered(network)
    station = await network.attended("CP-1")
    boot = BootReport(
        vendor="Acme", model="Fast", serial_number="7" * 34, firmware_version="1.2", reason="PowerUp"
    )
    answer = await network.stations.boot(station, boot, at=NOW)
    assert (answer.admission, answer.interval_s) == (Admission.ACCEPTED, 300)
    for second in (5, 10, 59):
        again = await network.stations.boot(station, boot, at=NOW + timedelta(seconds=second))
        assert again == answer
    assert (await kinds(network)).count("StationBooted") == 1
    await network.stations.boot(station, boot, at=NOW + timedelta(seconds=61))
    assert (await kinds(network)).count("StationBooted") == 2

    kept = (await network.inventory.get_station(TENANT, "CP-1")).station
    assert (kept.vendor, kept.model, kept.serial_number, kept.boot_reason) == (
        "Acme",
        "Fast",
        "7" * 34,
        "PowerUp",
    )
    assert kept.last_boot_at == NOW + timedelta(seconds=61)


async def test_over_long_words_of_a_boot_are_kept_to_255_characters(small):
    await registered(small)
    station = await small.attended("CP-1")
    await small.stations.boot(station, BootReport(vendor="v" * 1_000), at=NOW)
    assert (await small.inventory.get_station(TENANT, "CP-1")).station.vendor == "v" * 255


async def test_a_stations_own_heartbeat_interval_is_what_it_is_told(small):
    await registered(small, settings=StationSettings(heartbeat_interval_s=17))
    station = await small.attended("CP-1")
    assert (await small.stations.boot(station, BootReport(), at=NOW)).interval_s == 17


async def test_a_pending_station_is_told_so_until_it_is_accepted(network):
    entry = await network.stations.unknown_station("NEW", remote_address="192.0.2.9", version="1.6")
    assert entry is not None
    assert entry.admission is Admission.PENDING
    station = await network.attended("NEW")
    assert (
        await network.stations.boot(station, BootReport(vendor="Acme"), at=NOW)
    ).admission is Admission.PENDING
    assert (await network.inventory.get_station(TENANT, "NEW")).station.vendor == "Acme"

    await network.admissions.accept(TENANT, "NEW", by="olga")
    assert (
        await network.stations.boot(station, BootReport(vendor="Acme"), at=NOW)
    ).admission is Admission.ACCEPTED


async def test_an_unknown_station_that_comes_twice_at_once_is_kept_once(network):
    entries = await asyncio.gather(*(network.stations.unknown_station("TWIN") for _ in range(2)))
    assert entries[0] is not None
    assert entries[1] is not None
    assert entries[0].station_id == entries[1].station_id
    assert (await kinds(network)).count("StationAppeared") == 1


@pytest.mark.parametrize("identity", ["", " ", "a" * 49, "a:b", "a/b", "tab\there", " CP", "nul\0"])
async def test_what_cannot_be_an_identity_is_not_kept(small, identity):
    assert await small.stations.unknown_station(identity) is None
    assert len(small.directory) == 0


async def test_an_open_network_accepts_and_a_closed_one_turns_away(open_network, closed_network):
    entry = await open_network.stations.unknown_station("CP-1")
    assert entry is not None
    assert entry.admission is Admission.ACCEPTED
    assert await closed_network.stations.unknown_station("CP-1") is None


async def test_strangers_cannot_fill_the_store_with_pending_stations(small):
    await asyncio.gather(*(small.stations.unknown_station(f"S-{number}") for number in range(PENDING_MAX)))
    assert len(small.directory) == PENDING_MAX
    assert await small.stations.unknown_station("ONE-TOO-MANY") is None
    await small.admissions.accept(TENANT, "S-0", by="olga")
    assert await small.stations.unknown_station("ROOM-AGAIN") is not None
    assert await small.stations.unknown_station("TOO-MANY-AGAIN") is None


async def test_the_password_a_stranger_came_with_keeps_others_from_coming_as_it(small):
    entry = await small.stations.unknown_station("NEW", secret=b"the-first-password-it-had")
    assert entry is not None
    assert small.directory.check_password(entry, b"the-first-password-it-had")
    assert not small.directory.check_password(entry, b"somebody-elses-password")


async def test_a_changed_status_is_kept_with_its_history_and_a_repeated_one_is_not(network):
    await registered(network)
    station = await network.attended("CP-1")
    assert await tell(network, station, report(raw_status="Available")) is not None
    assert await tell(network, station, report(raw_status="Available")) is None
    assert await tell(network, station, report(ConnectorStatus.CHARGING, raw_status="Charging")) is not None

    overview = await network.inventory.get_station(TENANT, "CP-1")
    assert [(state.evse, state.connector, state.status) for state in overview.states] == [
        (1, 1, ConnectorStatus.CHARGING)
    ]
    history = await network.inventory.status_history(TENANT, "CP-1", evse=1, connector=1)
    assert [change.raw_status for change in history.items] == ["Charging", "Available"]
    assert (await kinds(network)).count("ConnectorStatusChanged") == 2


async def test_a_repeated_status_after_a_reconnect_is_no_news_either(network):
    await registered(network)
    station = await network.attended("CP-1")
    await tell(network, station, report(ConnectorStatus.FAULTED, raw_error="GroundFailure"))
    again = await network.attended("CP-1")
    assert await tell(network, again, report(ConnectorStatus.FAULTED, raw_error="GroundFailure")) is None
    assert await tell(network, again, report(ConnectorStatus.AVAILABLE, raw_error="NoError")) is not None


async def test_a_fault_is_kept_in_one_vocabulary_and_in_the_chargers_own_words(small):
    await registered(small)
    station = await small.attended("CP-1")
    state = await tell(
        small,
        station,
        report(
            ConnectorStatus.FAULTED,
            raw_error="OtherError",
            vendor_error="CX008",
            vendor_id="Acme",
            info="i" * 300,
        ),
    )
    assert state is not None
    assert (state.error, state.raw_error, state.vendor_error) == ("EmergencyStop", "OtherError", "CX008")
    assert len(state.info) == 255


async def test_a_status_from_a_wrong_clock_is_dated_by_when_it_arrived(small):
    await registered(small)
    station = await small.attended("CP-1")
    for wrong in (datetime(1970, 1, 1, tzinfo=UTC), NOW + timedelta(hours=2)):
        station.connectors.clear()
        state = await tell(small, station, report(at=wrong))
        assert state is not None
        assert state.since == NOW


async def test_an_offline_stations_connectors_are_unknown_to_readers(network):
    await registered(network)
    station = await network.attended("CP-1")
    await tell(network, station, report(ConnectorStatus.CHARGING))
    await network.stations.departed(station, at=NOW)
    state = (await network.inventory.get_station(TENANT, "CP-1")).states[0]
    assert (state.status, state.last_reported) == (ConnectorStatus.UNKNOWN, ConnectorStatus.CHARGING)


async def test_a_station_nobody_described_is_learned_from_what_it_reports(network):
    await registered(network)
    station = await network.attended("CP-1")
    for evse, connector in ((0, 0), (1, 1), (1, 2), (2, 1), (2, 0)):
        await tell(network, station, report(evse=evse, connector=connector))
    evses = (await network.inventory.get_station(TENANT, "CP-1")).station.evses
    assert [(evse.number, evse.learned, [each.number for each in evse.connectors]) for evse in evses] == [
        (1, True, [1, 2]),
        (2, True, [1]),
    ]
    # It goes on learning after a reconnect, and stops once somebody describes it.
    again = await network.attended("CP-1")
    assert again.learns
    await network.inventory.update_station(
        TENANT, "CP-1", StationChange(evses=(Evse(number=1, connectors=(Connector(number=1),)),)), by="olga"
    )
    await network.stations.reload(again)
    assert not again.learns
    await tell(network, again, report(evse=3, connector=1))
    described = (await network.inventory.get_station(TENANT, "CP-1")).station.evses
    assert [evse.number for evse in described] == [1]


async def test_a_charger_cannot_invent_connectors_without_end(small):
    await registered(small)
    station = await small.attended("CP-1")
    changes = ChangeSet(TENANT)
    for number in range(1, PLACES_MAX + 20):
        state = small.stations.gather_status(changes, station, report(evse=number))
        if state is not None:
            small.stations.apply_status(station, state)
    await small.database.commit(changes)
    assert len(station.connectors) == PLACES_MAX
    assert small.stations.gather_status(ChangeSet(TENANT), station, report(evse=10**9)) is None
    small.stations.flush_findings()
    await asyncio.sleep(0.3)
    (finding,) = await small.inventory.list_findings(TENANT, station="CP-1")
    assert (finding.code, finding.count) == ("too-many-connectors", 20)


class CountingNotes:
    """A database that is only noted in, and counts."""

    def __init__(self) -> None:
        self.rows: list[tuple[object, ...]] = []

    def note(self, write: object, row: tuple[object, ...]) -> None:
        self.rows.append(row)


async def test_last_seen_is_written_once_a_minute_at_most(small):
    await registered(small)
    station = await small.attended("CP-1")
    notes = CountingNotes()
    service = StationService(notes, small.directory, small.clock, StationPolicy(tenant_id=TENANT))
    for second in range(181):
        service.seen(station, NOW + timedelta(seconds=second))
    assert len(notes.rows) == 180 // SEEN_EVERY_S


async def test_last_seen_is_kept(network):
    await registered(network)
    station = await network.attended("CP-1")
    network.stations.seen(station, NOW + timedelta(minutes=2))
    await asyncio.sleep(0.3)
    assert (await network.inventory.get_station(TENANT, "CP-1")).station.last_seen_at == NOW + timedelta(
        minutes=2
    )


async def test_findings_are_counted_by_station_and_by_model(network):
    for identity in ("CP-1", "CP-2"):
        await registered(network, identity, vendor="Acme", model="Fast")
        station = await network.attended(identity)
        for index in range(3):
            network.stations.note_findings(
                station,
                "MeterValues",
                [("unknown-unit", f"meterValue[{index}].sampledValue[{index}].unit", f"detail {index}")],
            )
        network.stations.flush_findings()
        network.stations.note_findings(
            station, "MeterValues", [("unknown-unit", "meterValue[9].sampledValue[0].unit", "last")]
        )
        network.stations.flush_findings()
    await asyncio.sleep(0.4)
    (finding,) = await network.inventory.list_findings(TENANT, station="CP-1")
    assert (finding.field, finding.count, finding.example) == ("meterValue[].sampledValue[].unit", 4, "last")
    (whole,) = await network.inventory.list_findings(TENANT, by_model=True)
    assert (whole.count, whole.vendor, whole.model, whole.station_id) == (8, "Acme", "Fast", None)
    assert await network.inventory.list_findings(TenantId("another")) == ()


async def test_a_charger_cannot_make_findings_without_end(small):
    await registered(small)
    station = await small.attended("CP-1")
    small.stations.note_findings(
        station, "Heartbeat", [("unknown-field", f"f{n}x", "") for n in range(1_000)]
    )
    small.stations.flush_findings()
    await asyncio.sleep(0.3)
    findings = await small.inventory.list_findings(TENANT, limit=1_000)
    assert len(findings) == 201
    assert (findings[0].field, findings[0].count) == ("…", 800)


async def test_security_events_are_kept_and_a_repeated_one_is_the_same_one(network):
    await registered(network)
    entry = network.directory.find("CP-1")
    for _ in range(3):
        await network.stations.security_event(
            TENANT,
            identity="CP-1",
            kind="LoginFailed",
            at=NOW,
            severity=Severity.MEDIUM,
            station_id=entry.station_id,
            remote_address="192.0.2.7",
        )
    network.clock.advance(timedelta(seconds=11))
    await network.stations.security_event(
        TENANT, identity="CP-1", kind="LoginFailed", at=NOW, remote_address="192.0.2.7"
    )
    page = await network.inventory.list_security_events(TENANT, kind="LoginFailed")
    assert [event.severity for event in page.items] == [Severity.LOW, Severity.MEDIUM]
    assert len((await network.inventory.list_security_events(TENANT, station="CP-1")).items) == 1
    assert (await network.inventory.list_security_events(TenantId("another"))).items == ()


async def test_other_facts_a_station_tells_are_in_the_journal(small):
    await registered(small)
    station = await small.attended("CP-1")
    await small.stations.note_fact(station, topic="component_event", at=NOW, error="CX014", detail="raw")
    entries = await small.database.read(lambda conn: journal.read_after(conn, 0))
    assert entries[-1].kind == "StationReported"
    assert "PilotFault" in entries[-1].payload


async def test_another_tenants_station_does_not_exist(network):
    await registered(network)
    with pytest.raises(NotFound):
        await network.inventory.get_station(TenantId("another"), "CP-1")
