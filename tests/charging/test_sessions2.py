"""Sessions of OCPP 2.x stations, whose reports are numbered and come as they please."""

from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from charging.made import TENANT, Network, at, event, register
from charging.test_lifecycle import CARD, WHOLE, settled
from currant.access.model import Presented, Reason
from currant.charging.model import Activity, Phase, Session, TransactionReport
from currant.db.engine import Database
from currant.kit.ids import SessionId
from currant.stations.model import ConnectorStatus
from services import fresh_database


@pytest.fixture
async def network(sqlite_database: Database) -> Network:
    network = Network(sqlite_database, version="ocpp2.0.1")
    await network.token()
    return network


def codes(session: Session) -> set[str]:
    return {repair.code for repair in session.repairs}


async def test_a_transaction_is_a_session_with_its_token_and_its_curve(network: Network) -> None:
    station = await network.connect()
    decisions = []
    for report in WHOLE:
        answer = await network.charging.transaction(station.station, station.sessions, report)
        decisions.append(answer.decision and answer.decision.reason)
    assert decisions == [None, Reason.ACCEPTED, *[None] * 5, Reason.ACCEPTED]
    session = await station.only()
    assert (session.transaction_id, session.energy_wh, session.phase) == ("tx", 5000, Phase.ENDED)
    assert session.authorised
    assert session.certain
    assert session.token_id is not None
    assert (session.idle_s, session.paused_by_station_s) == (30 * 60, 10 * 60)
    curve = await network.charging.curve(TENANT, session.id)
    assert [reading.energy_wh for reading in curve] == [1000, 4000, 5000, 5000, 6000, 6000]
    assert curve[0].context == "Transaction.Begin"


async def test_every_update_is_in_the_database_when_it_is_answered(network: Network) -> None:
    station = await network.connect()
    for report in WHOLE:
        await network.charging.transaction(station.station, station.sessions, report)
        stored = await station.only()
        held = {**station.sessions.open, **station.sessions.ended}["tx"]
        assert stored == held


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    order=st.permutations(WHOLE),
    repeated=st.lists(st.integers(0, 7), max_size=4),
    cuts=st.sets(st.integers(0, 12)),
)
async def test_whatever_the_order_the_database_holds_the_same(
    order: list[TransactionReport],
    repeated: list[int],
    cuts: set[int],
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Also when the connection is lost in between, and everything is read back."""
    database = fresh_database(tmp_path_factory.mktemp("order") / "currant.sqlite")
    try:
        network = Network(database)
        await network.token()
        station = await network.connect()
        for index, report in enumerate([*order, *(WHOLE[index] for index in repeated)]):
            if index in cuts:
                station = await network.connect()
            await network.charging.transaction(station.station, station.sessions, report)
        session = await station.only()
        assert (session.energy_wh, session.idle_s, session.paused_by_station_s) == (5000, 1800, 600)
        assert (session.started_at, session.ended_at) == (at(0), at(90))
        assert session.sequences_seen == ((0, 7),)
        assert (session.authorised, session.certain, session.repairs) == (True, True, ())
        assert len(await network.charging.curve(TENANT, session.id)) == 6
    finally:
        await database.close()


async def test_a_register_that_leaps_for_ever_leaves_nothing_certain(network: Network) -> None:
    station = await network.connect()
    await station.event("Started", 0, 0, evse=1, samples=(register(0, 1000),))
    for n in (1, 2, 3):
        await station.event("Updated", n, n, evse=1, samples=(register(n, n * 10**8),))
        session = await station.only()
        assert (session.energy_wh, session.certain) == (0, False)
        assert session == station.sessions.open["tx"]
    await station.event("Ended", 4, 4, evse=1, samples=(register(4, 4 * 10**8),))
    session = await station.only()
    assert (session.energy_wh, session.certain) == (0, False)
    assert codes(session) == {"meter_jumped", "meter_unsettled", "stop_meter_missing"}


async def test_a_leap_that_proves_wrong_leaves_the_session_certain(network: Network) -> None:
    station = await network.connect()
    for n, (type, wh) in enumerate((("Started", 1000), ("Updated", 10**8), ("Ended", 1400))):
        await station.event(type, n, n, evse=1, samples=(register(n, wh),))
    session = await station.only()
    assert (session.energy_wh, session.certain, codes(session)) == (400, True, {"meter_jumped"})


async def test_a_repeated_event_with_a_token_gets_its_decision_again(network: Network) -> None:
    station = await network.connect()
    for _ in range(2):
        for report in WHOLE[:2]:
            answer = await network.charging.transaction(station.station, station.sessions, report)
    assert answer.decision.reason is Reason.ACCEPTED
    assert len(await station.all()) == 1


async def test_an_unknown_token_is_refused_and_the_session_says_so(network: Network) -> None:
    station = await network.connect()
    answer = await station.event("Started", 0, 0, evse=1, presented=Presented(uid="DEADBEEF"))
    assert answer.decision.reason is Reason.UNKNOWN
    assert not (await station.only()).authorised


async def test_a_late_start_completes_a_session_that_was_seen_without_it(network: Network) -> None:
    station = await network.connect()
    for report in [*WHOLE[2:], WHOLE[1], WHOLE[0]]:
        await network.charging.transaction(station.station, station.sessions, report)
    session = await station.only()
    assert settled(session) == settled(
        replace(session, repairs=(), certain=True, started_at=at(0), token_uid="CAFE0001")
    )


async def test_offline_events_keep_their_times(network: Network) -> None:
    station = await network.connect()
    for report in WHOLE:
        late = replace(report, offline=True, received_at=at(3000))
        await network.charging.transaction(station.station, station.sessions, late)
    session = await station.only()
    assert (session.started_at, session.ended_at, session.offline) == (at(0), at(90), True)
    assert session.certain


async def test_a_token_that_comes_with_an_update_is_the_sessions(network: Network) -> None:
    station = await network.connect()
    await station.event("Started", 0, 0, evse=1, trigger="CablePluggedIn")
    assert not (await station.only()).authorised
    await station.event("Updated", 1, 1, presented=CARD, trigger="Authorized", remote_start_id=12)
    session = await station.only()
    assert (session.authorised, session.token_uid, session.remote_start_id) == (True, "CAFE0001", 12)


async def test_an_id_used_again_is_another_session(network: Network) -> None:
    station = await network.connect()
    for report in WHOLE:
        await network.charging.transaction(station.station, station.sessions, report)
    await station.event("Started", 0, 200, evse=1, presented=CARD)
    new, old = await station.all()
    assert (new.transaction_id, new.phase) == ("tx", Phase.ACTIVE)
    assert (old.transaction_id, old.energy_wh) == (f"tx#{old.number}", 5000)
    assert codes(new) == {"transaction_id_reused"}


async def test_a_new_transaction_ends_what_still_ran_on_the_evse_until_its_end_arrives(
    network: Network,
) -> None:
    station = await network.connect()
    for report in WHOLE[:4]:
        await network.charging.transaction(station.station, station.sessions, report)
    await station.event("Started", 0, 100, evse=1, transaction_id="next")
    _, old = await station.all()
    assert codes(old) == {"stop_lost"}
    for report in WHOLE[4:]:
        await network.charging.transaction(station.station, station.sessions, report)
    new, old = await station.all()
    assert (old.ended_at, old.energy_wh, old.certain) == (at(90), 5000, True)
    assert new.phase is Phase.ACTIVE


async def test_the_evse_may_be_told_after_the_first_readings(network: Network) -> None:
    station = await network.connect()
    await station.event("Started", 0, 0, samples=(register(0, 1000, context="Transaction.Begin"),))
    await station.event("Updated", 1, 5, evse=2, connector=1, samples=(register(5, 1500),))
    session = await station.only()
    assert (session.evse, session.energy_wh) == (2, 500)
    assert [reading.evse for reading in await network.charging.curve(TENANT, session.id)] == [0, 2]


async def test_clock_aligned_values_count_for_the_session_and_for_none_without_one(network: Network) -> None:
    station = await network.connect()
    await station.meter(0, register(0, 900, context="Sample.Clock"))
    await station.event("Started", 0, 1, evse=1, samples=(register(1, 1000),))
    await station.meter(15, register(15, 2000, context="Sample.Clock"))
    session = await station.only()
    assert session.energy_wh == 1000
    assert len(await network.charging.curve(TENANT, session.id)) == 2


async def test_a_signed_value_is_kept_as_it_came(network: Network) -> None:
    station = await network.connect()
    signature = {
        "signedMeterData": "T0NNRg==",
        "signingMethod": "ECDSA",
        "encodingMethod": "OCMF",
        "publicKey": "",
    }
    await station.event("Started", 0, 0, evse=1, samples=(register(0, 1000, signed=signature),))
    session = await station.only()
    (reading,) = await network.charging.curve(TENANT, session.id)
    assert reading.signed[0] | signature == reading.signed[0]


async def test_a_free_connector_makes_a_zombie_and_a_report_brings_it_back(network: Network) -> None:
    station = await network.connect()
    for report in WHOLE[:4]:
        await network.charging.transaction(station.station, station.sessions, report)
    await station.status(40, ConnectorStatus.AVAILABLE)
    assert await network.charging.reap(at(60)) == 1
    assert (await station.only()).phase is Phase.ENDED
    await station.event("Updated", 4, 61, charging_state="Charging", samples=(register(61, 4500),))
    session = await station.only()
    assert (session.phase, session.energy_wh, session.activity) == (Phase.ACTIVE, 3500, Activity.CHARGING)
    assert codes(session) == {"revived"}


async def test_an_operator_closes_a_session_once(network: Network) -> None:
    from currant.kit.errors import Conflict, NotFound

    station = await network.connect()
    for report in WHOLE[:4]:
        await network.charging.transaction(station.station, station.sessions, report)
    session = await station.only()
    closed = await network.charging.close(TENANT, session.id, by="Ada", reason="Charger was removed.")
    assert (closed.phase, closed.ended_at, closed.energy_wh) == (Phase.ENDED, at(30), 3000)
    assert closed.repairs[0].explanation == "Closed by Ada: Charger was removed."
    with pytest.raises(Conflict):
        await network.charging.close(TENANT, session.id, by="Ada", reason="Again.")
    with pytest.raises(NotFound):
        await network.charging.close(TENANT, SessionId("none"), by="Ada", reason="What?")
    await network.charging.transaction(station.station, station.sessions, WHOLE[7])
    assert (await station.only()).ended_at == at(90)


async def test_sequence_numbers_need_not_begin_at_nought(network: Network) -> None:
    station = await network.connect()
    for report in WHOLE:
        moved = replace(report, sequence=report.sequence + 100)
        await network.charging.transaction(station.station, station.sessions, moved)
    session = await station.only()
    assert (session.sequences_seen, session.certain, session.repairs) == (((100, 107),), True, ())


async def test_a_day_of_updates_stays_small(network: Network) -> None:
    station = await network.connect()
    await station.event("Started", 0, 0, evse=1, samples=(register(0, 0),))
    for sequence in range(1, 200):
        samples = (register(sequence, 100 * sequence),)
        await network.charging.transaction(
            station.station,
            station.sessions,
            event("Updated", sequence, sequence, charging_state="Charging", samples=samples),
        )
    session = await station.only()
    assert session.sequences_seen == ((0, 199),)
    assert len(session.timeline) == 1
    assert session.energy_wh == 19_900
    assert session.updated_at == at(0) + timedelta(minutes=199)


async def test_reports_of_known_transactions_use_up_no_numbers(network: Network) -> None:
    station = await network.connect()
    for _ in range(2):
        for report in WHOLE:
            await network.charging.transaction(station.station, station.sessions, report)
        station = await network.connect()
    await network.charging.transaction(station.station, station.sessions, WHOLE[-1])
    await station.event("Started", 0, 200, transaction_id="next", evse=1)
    assert [session.number for session in await station.all()] == [2, 1]
