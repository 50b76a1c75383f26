"""Sessions of OCPP 1.6 stations, from the report to the database and back."""

from datetime import UTC, datetime

import pytest

from charging.made import TENANT, Network, at, register, sample, value
from currant.access.model import ConcurrentUse, GroupDraft, Presented, Reason
from currant.charging.events import EnergyOutsideSession, SessionEnded, SessionStarted
from currant.charging.metering import Flag
from currant.charging.model import Activity, Phase
from currant.db.engine import Database
from currant.kit.errors import StoreUnavailable
from currant.kit.event import Event
from currant.stations.model import ConnectorStatus


@pytest.fixture
def events(network: Network) -> list[Event]:
    told: list[Event] = []
    network.database.listen(lambda _, events: told.extend(events))
    return told


def codes(session) -> set[str]:
    return {repair.code for repair in session.repairs}


async def test_a_session_is_begun_metered_and_ended(network: Network, events: list[Event]) -> None:
    token = await network.token()
    station = await network.connect()
    answer = await station.start()
    assert answer.number > 0
    assert answer.decision.reason is Reason.ACCEPTED
    await station.meter(5, register(5, 1500), transaction_id=str(answer.number))
    await station.meter(10, register(10, 2500), transaction_id=str(answer.number))
    decision = await station.stop(answer.number, wh=3000, presented=Presented(uid="CAFE0001"))
    assert decision.allowed
    session = await station.only()
    assert (session.number, session.transaction_id) == (answer.number, str(answer.number))
    assert (session.energy_wh, session.certain, session.token_id) == (2000, True, token.id)
    assert (session.started_at, session.ended_at) == (at(0), at(60))
    curve = await network.charging.curve(TENANT, session.id)
    assert [(reading.at, reading.energy_wh) for reading in curve] == [(at(5), 1500), (at(10), 2500)]
    assert [type(told) for told in events if isinstance(told, SessionStarted | SessionEnded)] == [
        SessionStarted,
        SessionEnded,
    ]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_a_session_is_the_same_on_every_database(database: Database) -> None:
    network = Network(database)
    await network.token()
    station = await network.connect()
    answer = await station.start()
    for minutes in range(1, 6):
        await station.meter(minutes, register(minutes, 1000 + 100 * minutes))
    await station.status(6, ConnectorStatus.SUSPENDED_EV)
    await station.meter(2.5, register(2.5, 1250))
    await station.stop(answer.number, 30, wh=1500)
    session = await station.only()
    assert (session.energy_wh, session.idle_s, session.certain) == (500, 24 * 60, True)
    assert len(await network.charging.curve(TENANT, session.id)) == 6
    points = await network.charging.load(TENANT, session.location_id, since=at(0), until=at(60), step_s=300)
    assert sum(point.evses for point in points) > 0


async def test_what_is_acknowledged_is_there_after_a_reconnection(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.status(1, ConnectorStatus.CHARGING)
    await station.meter(5, register(5, 1500))
    held = station.sessions.open[str(answer.number)]
    again = await network.connect()
    assert again.sessions.open == {str(answer.number): held}
    await again.meter(10, register(10, 1700))
    await again.stop(answer.number, wh=1800)
    assert (await again.only()).energy_wh == 800


async def test_an_unknown_token_begins_a_session_that_is_not_authorised(network: Network) -> None:
    station = await network.connect()
    answer = await station.start(uid="DEADBEEF")
    assert answer.decision.reason is Reason.UNKNOWN
    session = await station.only()
    assert (session.authorised, session.authorisation, session.phase) == (False, "unknown", Phase.ACTIVE)


async def test_a_repeated_start_gets_the_same_number(network: Network) -> None:
    await network.token()
    station = await network.connect()
    first = await station.start()
    second = await station.start(received_at=at(7))
    assert (second.number, second.decision.allowed) == (first.number, True)
    again = await (await network.connect()).start(received_at=at(8))
    assert again.number == first.number
    await station.stop(first.number)
    late = await station.start(received_at=at(90))
    assert late.number == first.number
    assert (await station.only()).phase is Phase.ENDED
    assert not station.sessions.open


async def test_another_start_on_an_occupied_evse_ends_the_old_session_as_suspect(network: Network) -> None:
    await network.token()
    station = await network.connect()
    first = await station.start()
    await station.meter(5, register(5, 1500))
    second = await station.start(30, wh=1800)
    assert second.number != first.number
    new, old = await station.all()
    assert new.phase is Phase.ACTIVE
    assert (old.phase, old.ended_at, old.energy_wh) == (Phase.ENDED, at(5), 500)
    assert codes(old) == {"stop_lost"}
    assert not old.certain
    await station.stop(first.number, 29, wh=1790, received_at=at(31))
    _, old = await station.all()
    assert (old.ended_at, old.energy_wh, old.certain) == (at(29), 790, True)


async def test_sessions_on_two_evses_do_not_touch_each_other(network: Network) -> None:
    await network.token(concurrent_use=ConcurrentUse.ALLOWED)
    station = await network.connect()
    left = await station.start(evse=1)
    right = await station.start(1, evse=2)
    await station.meter(5, register(5, 1500), evse=2)
    await station.stop(left.number, wh=1000)
    sessions = {session.number: session for session in await station.all()}
    assert sessions[left.number].energy_wh == 0
    assert (sessions[right.number].phase, sessions[right.number].energy_wh) == (Phase.ACTIVE, 500)


async def test_a_token_may_charge_once_unless_it_may_more_often(network: Network) -> None:
    await network.token()
    await network.token("CAFE0002", concurrent_use=ConcurrentUse.ALLOWED)
    here, there = await network.connect("here"), await network.connect("there")
    assert (await here.start()).decision.allowed
    assert (await there.start(1)).decision.reason is Reason.IN_USE
    shown = await network.charging.authorize(here.station, here.sessions, Presented(uid="CAFE0001"))
    assert shown.allowed, "At the station where it charges a token is shown in order to stop."
    assert (await here.start(2, uid="CAFE0002", evse=2)).decision.allowed
    assert (await there.start(2, uid="CAFE0002", evse=2)).decision.allowed


async def test_a_stop_for_somebody_elses_session_stops_nothing(network: Network) -> None:
    await network.token()
    mine, other = await network.connect("mine"), await network.connect("other")
    answer = await mine.start()
    await other.stop(answer.number, wh=5000)
    assert (await mine.only()).phase is Phase.ACTIVE
    orphan = await other.only()
    assert {"start_lost", "stop_unassigned"} <= codes(orphan)
    assert orphan.number != answer.number
    await other.stop(answer.number, wh=5000, received_at=at(70))
    assert (await other.only()).number == orphan.number


@pytest.mark.parametrize("id", [0, -1])
async def test_a_stop_of_nobody_means_the_one_session_there_is(network: Network, id: int) -> None:
    await network.token()
    station = await network.connect()
    await station.start()
    await station.meter(5, register(5, 1500), transaction_id=str(id))
    await station.stop(id, wh=2000)
    session = await station.only()
    assert (session.phase, session.energy_wh) == (Phase.ENDED, 1000)
    await station.stop(id, wh=2000, received_at=at(70))
    assert (await station.only()).number == session.number


async def test_a_stop_of_nobody_among_two_goes_by_the_token_or_stops_nothing(network: Network) -> None:
    await network.token()
    await network.token("CAFE0002")
    station = await network.connect()
    left = await station.start(evse=1)
    right = await station.start(evse=2, uid="CAFE0002")
    await station.stop(0, wh=2000)
    assert len(station.sessions.open) == 2
    await station.stop(0, 61, wh=2000, presented=Presented(uid="CAFE0002"))
    running = {session.number for session in station.sessions.open.values()}
    assert running == {left.number}
    assert right.number not in running


async def test_a_second_stop_changes_no_bill(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.stop(answer.number, wh=2000)
    await station.stop(answer.number, 61, wh=9000)
    session = await station.only()
    assert (session.energy_wh, session.ended_at) == (1000, at(60))
    assert codes(session) == {"stop_repeated"}


async def test_a_stop_without_or_with_an_empty_token_is_taken(network: Network) -> None:
    await network.token()
    station = await network.connect()
    for minutes, presented in ((0, None), (100, Presented(uid="")), (200, Presented(uid="X" * 60))):
        answer = await station.start(minutes)
        await station.stop(answer.number, minutes + 10, wh=1100, presented=presented)
    assert not station.sessions.open
    assert all(session.phase is Phase.ENDED for session in await station.all())


async def test_a_foreign_token_that_stopped_a_session_is_noted_and_a_group_member_is_not(
    network: Network,
) -> None:
    group = await network.access.create_group(TENANT, GroupDraft(name="Fleet"), by="test")
    await network.token(group_id=group.id)
    await network.token("CAFE0002", group_id=group.id)
    await network.token("CAFE0003")
    station = await network.connect()
    for minutes, uid, expected in ((0, "CAFE0002", set()), (100, "CAFE0003", {"stop_token_foreign"})):
        answer = await station.start(minutes)
        await station.stop(answer.number, minutes + 10, wh=1100, presented=Presented(uid=uid))
        session = (await station.all())[0]
        assert session.phase is Phase.ENDED
        assert codes(session) == expected
        assert session.certain


async def test_meter_values_without_an_id_or_with_a_stale_one_go_by_their_evse(network: Network) -> None:
    await network.token()
    station = await network.connect()
    await station.start()
    await station.meter(1, register(1, 1100))
    await station.meter(2, register(2, 1200), transaction_id="0")
    await station.meter(3, register(3, 1300), transaction_id="99999")
    assert (await station.only()).energy_wh == 300


async def test_the_main_meter_belongs_to_no_session(network: Network) -> None:
    await network.token()
    station = await network.connect()
    await station.start()
    await station.meter(1, register(1, 99_000), evse=0)
    session = await station.only()
    assert session.energy_wh == 0
    assert await network.charging.curve(TENANT, session.id) == ()


async def test_a_repeated_message_counts_once_and_one_per_measurand_adds_up(network: Network) -> None:
    await network.token()
    station = await network.connect()
    await station.start()
    await station.meter(5, register(5, 1500))
    await station.meter(5, register(5, 1500))
    await station.meter(5, sample(5, value("7.2", "Power.Active.Import", "kW")))
    await station.meter(5, sample(5, value("40", "SoC", "Percent")))
    session = await station.only()
    (reading,) = await network.charging.curve(TENANT, session.id)
    assert (reading.energy_wh, reading.power_w, reading.soc_percent) == (1500, 7200, 40)
    assert (session.energy_wh, session.power_w, session.soc_percent) == (500, 7200, 40)


async def test_readings_that_come_after_the_stop_find_their_session(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.stop(answer.number, wh=8000)
    await station.meter(70, register(30, 4000), transaction_id=str(answer.number))
    session = await station.only()
    assert session.energy_wh == 7000
    assert [reading.energy_wh for reading in await network.charging.curve(TENANT, session.id)] == [4000]


async def test_an_offline_session_arrives_whole_and_with_its_own_times(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start(0, received_at=at(3000))
    await station.meter(3000, *(register(minutes, 1000 + minutes * 50) for minutes in (10, 20, 30)))
    await station.stop(answer.number, 40, wh=3000, received_at=at(3000))
    session = await station.only()
    assert (session.started_at, session.ended_at, session.energy_wh) == (at(0), at(40), 2000)
    assert session.offline
    assert session.certain


async def test_an_unset_clock_is_repaired_and_the_session_is_not_certain(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start(at=datetime(1970, 1, 1, tzinfo=UTC), received_at=at(0))
    await station.stop(answer.number, 60, wh=2000)
    session = await station.only()
    assert (session.started_at, session.energy_wh) == (at(0), 1000)
    assert codes(session) == {"clock_wrong"}


async def test_falling_registers_are_flagged_where_they_stand(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    for minutes, wh in ((1, 1100), (2, 0), (3, 1300)):
        await station.meter(minutes, register(minutes, wh))
    await station.stop(answer.number, wh=1400)
    session = await station.only()
    curve = await network.charging.curve(TENANT, session.id)
    assert [bool(reading.flags & Flag.METER_WENT_BACK) for reading in curve] == [False, True, False]
    assert (session.energy_wh, session.certain) == (400, True)
    assert codes(session) == {"meter_went_back"}


async def test_energy_outside_a_session_is_told_once(network: Network, events: list[Event]) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.stop(answer.number, wh=8000)
    for minutes, wh in ((61, 8010), (62, 8050), (63, 8200), (64, 9000)):
        await station.meter(minutes, register(minutes, wh))
    told = [event for event in events if isinstance(event, EnergyOutsideSession)]
    assert [(event.evse, event.energy_wh) for event in told] == [(1, 200)]
    assert (await station.only()).energy_wh == 7000


async def test_a_cars_pause_and_ours_are_told_apart(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.status(1, ConnectorStatus.CHARGING)
    await station.meter(30, register(30, 5000))
    await station.status(30, ConnectorStatus.SUSPENDED_EVSE)
    assert (await station.only()).activity is Activity.PAUSED_BY_STATION
    await station.status(40, ConnectorStatus.SUSPENDED_EV)
    await station.status(40, ConnectorStatus.SUSPENDED_EV)
    await station.stop(answer.number, 60, wh=5000)
    session = await station.only()
    assert (session.paused_by_station_s, session.idle_s) == (10 * 60, 20 * 60)


async def test_a_boot_ends_nothing_and_the_queued_stop_still_counts(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    for seconds in (0, 1, 2):
        await network.charging.booted(station.station, station.sessions, at=at(10 + seconds / 60))
    session = await station.only()
    assert (session.phase, codes(session)) == (Phase.ACTIVE, {"station_rebooted"})
    await station.stop(answer.number, 9, wh=2000, reason="PowerLoss", received_at=at(12))
    session = await station.only()
    assert (session.ended_at, session.energy_wh, session.stop_reason) == (at(9), 1000, "PowerLoss")
    assert session.certain


async def test_a_zombie_is_found_by_its_free_connector_and_corrected_by_its_stop(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.meter(5, register(5, 1500))
    await station.status(20, ConnectorStatus.AVAILABLE)
    assert await network.charging.reap(at(25)) == 0
    assert await network.charging.reap(at(36)) == 1
    session = await station.only()
    assert (session.phase, session.ended_at, session.energy_wh) == (Phase.ENDED, at(20), 500)
    assert codes(session) == {"zombie_closed", "stop_meter_missing"} - {"stop_meter_missing"}
    assert not session.certain
    await station.stop(answer.number, 19, wh=1900, received_at=at(40))
    session = await station.only()
    assert (session.ended_at, session.energy_wh, session.certain) == (at(19), 900, True)


async def test_a_session_given_up_for_its_silence_is_revived_by_its_meter(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.meter(5, register(5, 1500))
    assert await network.charging.reap(at(48 * 60)) == 0
    assert await network.charging.reap(at(49 * 60)) == 1
    assert (await station.only()).phase is Phase.ENDED
    await station.meter(49 * 60 + 1, register(49 * 60, 9500), transaction_id=str(answer.number))
    session = await station.only()
    assert (session.phase, session.energy_wh) == (Phase.ACTIVE, 8500)
    assert codes(session) == {"revived"}


async def test_a_station_that_rebooted_and_says_no_more_has_lost_its_session(network: Network) -> None:
    await network.token()
    station = await network.connect()
    await station.start()
    await network.charging.booted(station.station, station.sessions, at=at(10))
    assert await network.charging.reap(at(300)) == 0
    assert await network.charging.reap(at(400)) == 1


async def test_what_the_database_refused_never_was(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    await station.meter(5, register(5, 1500))
    before = dict(station.sessions.open)
    await network.database.close()
    with pytest.raises(StoreUnavailable):
        await station.meter(6, register(6, 1600))
    with pytest.raises(StoreUnavailable):
        await station.stop(answer.number)
    assert station.sessions.open == before
    assert station.sessions.last_readings[1, "Sample.Periodic"].at == at(5)


async def test_what_begins_no_session_leaves_no_gap_in_their_numbers(network: Network) -> None:
    station = await network.connect()
    numbers = []
    for hour in (0, 2, 4):
        for _ in range(2):
            answer = await station.start(hour * 60)
        numbers.append(answer.number)
        for _ in range(3):
            await station.stop(answer.number, hour * 60 + 60)
        await station.stop(-1, hour * 60 + 60)
        station = await network.connect()
        await station.stop(answer.number, hour * 60 + 60)
    assert numbers == [1, 2, 3]
    await station.stop(99, 600)
    assert [session.number for session in await station.all()] == [4, 3, 2, 1]


async def test_a_session_knows_what_sort_of_token_is_registered(network: Network) -> None:
    await network.token()
    station = await network.connect()
    await station.start()
    assert (await station.only()).token_kind == "rfid"
    await station.start(60, uid="NOBODYS")
    assert (await station.all())[0].token_kind == "unknown"
