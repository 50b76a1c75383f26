"""Reservations from the asking to the end: placed at stations that answer well, badly or not at all."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import combinations
from random import Random

import pytest

from charging.made import TENANT
from charging.reserving import Site, turned_down
from currant.access.model import GroupDraft, Presented, Reason
from currant.access.policy_model import Day, PolicyDraft, Window
from currant.charging.model import SessionFilter
from currant.charging.reservations.events import ReservationEnded, ReservationEvent
from currant.charging.reservations.model import (
    ReservationChange,
    ReservationDraft,
    ReservationFilter,
    ReservationState,
    StationWord,
)
from currant.db.engine import Database
from currant.kit.errors import Conflict, CurrantError, Invalid, NotFound
from currant.kit.ids import ReservationId, TenantId
from currant.stations.commanding.reservations import CancelReservation, Reserve
from currant.stations.commands import StationNotAccepted
from currant.stations.model import CommandOutcome, CommandStatus, ConnectorStandard, ConnectorStatus

S = ReservationState


@pytest.fixture
async def site(sqlite_database: Database) -> AsyncIterator[Site]:
    """One station with two EVSEs, and the tokens of two drivers."""
    site = await Site(sqlite_database).opened("CP-1", evses=2)
    await site.token("CAFE0001")
    await site.token("CAFE0002")
    yield site
    await site.closed()


async def test_a_place_from_now_on_is_held_by_its_station(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=2, ends_at=45)
    assert (made.state, made.place_evse, made.ad_hoc) == (S.HELD, 2, True)
    (told,) = site.asked()
    assert told == Reserve(
        reservation_id=made.number,
        expires_at=site.clock.now() + timedelta(minutes=45),
        token_uid="CAFE0001",
        token_kind="rfid",
        evse=2,
    )
    assert site.kinds(ReservationEvent) == ["ReservationMade", "ReservationHeld"]


async def test_another_token_is_refused_at_a_held_evse_and_told_until_when(site: Site) -> None:
    await site.reserve("CAFE0001", station="CP-1", evse=2)
    station = site.at["CP-1"]
    decision = await station.authorize("CAFE0002", 2)
    assert (decision.allowed, decision.reason) == (False, Reason.RESERVED)
    assert decision.explanation == "EVSE 2 is reserved for another driver until 12:30 UTC."
    assert decision.valid_until == site.clock.now() + timedelta(minutes=30)
    assert (await station.authorize("CAFE0001", 2)).allowed
    assert (await station.authorize("CAFE0002", 1)).allowed
    # A reader for the whole station: there is another EVSE.
    assert (await station.authorize("CAFE0002")).allowed
    await station.start("CAFE0002", evse=1)
    await site.token("CAFE0003")
    # The station turns away whom it has to: it keeps the place itself.
    assert (await station.authorize("CAFE0003")).allowed
    assert (await station.authorize("CAFE0003", 2)).reason is Reason.RESERVED
    # Whoever charges there may present the token in order to stop.
    assert (await station.authorize("CAFE0002")).allowed


async def test_a_session_of_another_token_begun_there_all_the_same_is_not_authorised(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    answer = await site.at["CP-1"].start("CAFE0002", evse=1)
    assert answer.decision.reason is Reason.RESERVED
    assert (await site.look(made)).state is S.HELD
    (session,) = (await site.charging.list(TENANT, SessionFilter())).items
    assert (session.authorised, session.authorisation) == (False, "reserved")


@pytest.mark.parametrize("says_so", [True, False])
async def test_the_session_it_is_for_uses_it_up_whether_or_not_the_station_says_so(
    site: Site, says_so: bool
) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    answer = await site.at["CP-1"].start("CAFE0001", reservation_id=made.number if says_so else None)
    assert answer.decision.allowed
    used = await site.look(made)
    assert (used.state, used.session_number) == (S.USED, answer.number)
    (session,) = (await site.charging.list(TENANT, SessionFilter())).items
    assert session.reservation_id == made.number
    await site.pass_time(60)
    # The station ended it by itself: nothing is cancelled.
    assert [type(command) for command in site.asked()] == [Reserve]


async def test_a_token_of_the_group_uses_it_and_a_stranger_does_not(site: Site) -> None:
    group = await site.access.create_group(TENANT, GroupDraft(name="Fleet", parent_uid="FLEET"), by="test")
    for uid in ("BEEF0001", "BEEF0002"):
        await site.token(uid, group_id=group.id)
    made = await site.reserve("BEEF0001", station="CP-1", evse=1, for_group=True)
    (told,) = site.asked()
    assert isinstance(told, Reserve)
    assert told.parent_uid == "FLEET"
    assert not (await site.at["CP-1"].authorize("CAFE0002", 1)).allowed
    answer = await site.at["CP-1"].start("BEEF0002")
    assert answer.decision.allowed
    assert (await site.look(made)).state is S.USED


async def test_a_token_presented_after_the_cable_uses_it_up_too(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    station = site.at["CP-1"]
    await station.event("Started", 0, evse=1, connector=1, trigger="CablePluggedIn")
    assert (await site.look(made)).state is S.HELD
    answer = await station.event(
        "Updated", 1, trigger="Authorized", presented=Presented(uid="CAFE0001"), evse=1
    )
    assert answer.decision.allowed
    used = await site.look(made)
    assert used.state is S.USED
    await station.event("Ended", 2, trigger="EVDeparted")
    (session,) = (await site.charging.list(TENANT, SessionFilter())).items
    assert (session.id, session.reservation_id) == (used.session_id, made.number)


async def test_a_session_that_an_offline_station_tells_late_was_no_no_show(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, ends_at=30)
    began = site.clock.now() + timedelta(minutes=10)
    await site.pass_time(40)
    assert (await site.look(made)).state is S.EXPIRED
    await site.at["CP-1"].start("CAFE0001", at=began, reservation_id=made.number)
    used = await site.look(made)
    assert used.state is S.USED
    assert "late" in used.reason


async def test_cancelling_gives_the_place_free_at_once_and_tells_the_station(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    over = await site.reservations.cancel(TENANT, made.id, by="test")
    assert (over.state, over.station_knows) == (S.CANCELLED, False)
    assert site.asked()[-1] == CancelReservation(reservation_id=made.number)
    assert (await site.at["CP-1"].authorize("CAFE0002", 1)).allowed
    again = await site.reservations.cancel(TENANT, made.id, by="test")
    assert again == over
    assert len(site.asked()) == 2


async def test_what_is_cancelled_while_the_station_is_being_told_is_taken_back(site: Site) -> None:
    site.link.held = asyncio.Event()
    making = asyncio.create_task(site.reserve("CAFE0001", station="CP-1", evse=1))
    while not site.asked():
        await asyncio.sleep(0.005)
    (made,) = (await site.reservations.list(TENANT)).items
    assert made.state is S.PLACING
    assert (await site.reservations.cancel(TENANT, made.id, by="test")).state is S.CANCELLED
    site.link.held.set()
    assert (await making).state is S.CANCELLED
    assert [type(command) for command in site.asked()] == [Reserve, CancelReservation]


async def test_a_cancellation_reaches_a_station_that_was_away(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, ends_at=60)
    site.link.connected.clear()
    over = await site.reservations.cancel(TENANT, made.id, by="test")
    assert over.station_knows
    site.link.connected.add(site.at["CP-1"].id)
    site.begin_again()
    await site.pass_time(5)
    assert site.asked()[-1] == CancelReservation(reservation_id=made.number)
    assert not (await site.look(made)).station_knows


@pytest.mark.parametrize(("word", "reason"), [("Occupied", "occupied"), ("Faulted", "out of order")])
async def test_a_named_place_that_is_taken_or_broken_is_refused(site: Site, word: str, reason: str) -> None:
    site.link.outcomes = [turned_down(word)]
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    assert made.state is S.REFUSED
    assert reason in made.reason
    assert (await site.at["CP-1"].authorize("CAFE0002", 1)).allowed


@pytest.mark.parametrize(
    "outcome",
    [
        turned_down("Rejected"),
        CommandOutcome(status=CommandStatus.UNSUPPORTED, reason="OCPP 1.6 has no message for it."),
    ],
)
async def test_a_station_that_takes_no_reservations_has_them_held_by_us(
    site: Site, outcome: CommandOutcome
) -> None:
    site.link.outcomes = [outcome]
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    assert made.state is S.HELD_BY_US
    assert made.reason
    assert (await site.at["CP-1"].authorize("CAFE0002", 1)).reason is Reason.RESERVED
    await site.pass_time(20)
    assert len(site.asked()) == 1, "It is not asked again in vain."
    await site.pass_time(11)
    assert (await site.look(made)).state is S.EXPIRED
    assert (await site.at["CP-1"].authorize("CAFE0002", 1)).allowed


async def test_a_station_that_is_away_is_told_when_it_is_back(site: Site) -> None:
    station = site.at["CP-1"]
    site.link.connected.clear()
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, ends_at=60)
    assert (made.state, made.reason) == (S.HELD_BY_US, "The station is offline.")
    site.clock.advance(timedelta(seconds=5))
    await site.connect("CP-1")
    await site.pass_time()
    assert (await site.look(made)).state is S.HELD
    assert (await station.authorize("CAFE0002", 1)).reason is Reason.RESERVED


async def test_any_evse_of_a_station_is_asked_for_as_any_and_then_by_name(site: Site) -> None:
    site.link.outcomes = [turned_down("Rejected")]
    made = await site.reserve("CAFE0001", station="CP-1", connector_standard=ConnectorStandard.IEC_62196_T2)
    first, second = site.asked()
    assert isinstance(first, Reserve)
    assert isinstance(second, Reserve)
    assert (first.evse, first.connector_standard) == (None, "IEC_62196_T2")
    assert (second.evse, second.connector_standard) == (1, None)
    assert (made.state, made.any_evse, made.place_evse) == (S.HELD, False, 1)


async def test_a_station_that_holds_any_of_its_evses_turns_others_away_at_the_last_one(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1")
    assert (made.state, made.any_evse) == (S.HELD, True)
    station = site.at["CP-1"]
    assert (await station.authorize("CAFE0002", 1)).allowed
    await station.start("CAFE0002", evse=1)
    await site.token("CAFE0003")
    assert (await station.authorize("CAFE0003", 2)).reason is Reason.RESERVED
    answer = await station.start("CAFE0001", evse=2)
    assert answer.decision.allowed
    assert (await site.look(made)).state is S.USED


async def test_any_place_of_a_location_moves_on_where_one_is_taken_after_all(site: Site) -> None:
    await site.add("CP-2")
    site.link.outcomes = [turned_down("Occupied")]
    made = await site.reserve("CAFE0001")
    asked = [command for command in site.asked() if isinstance(command, Reserve)]
    assert len(asked) == 2
    assert made.state is S.HELD
    assert (asked[0].evse, site.link.sent[0][0]) != (made.place_evse, made.place_station_id)


async def test_a_place_ahead_of_time_is_told_shortly_before_and_kept_for_the_grace(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, starts_at=120, ends_at=240)
    assert made.state is S.PLANNED
    assert site.asked() == []
    assert (await site.at["CP-1"].authorize("CAFE0002", 1)).allowed
    await site.pass_time(105)
    held = await site.look(made)
    assert held.state is S.HELD
    (told,) = site.asked()
    assert isinstance(told, Reserve)
    assert told.expires_at == made.starts_at + timedelta(minutes=15)
    assert (await site.at["CP-1"].authorize("CAFE0002", 1)).reason is Reason.RESERVED
    await site.pass_time(31)
    gone = await site.look(made)
    assert (gone.state, gone.station_knows) == (S.NO_SHOW, False)
    assert (await site.at["CP-1"].authorize("CAFE0002", 1)).allowed
    # The rest of the time can be booked by somebody else.
    other = await site.reserve("CAFE0002", station="CP-1", evse=1, ends_at=60)
    assert other.state is S.HELD


async def test_a_driver_who_comes_early_and_charges_there_already_has_used_it(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, starts_at=60, ends_at=120)
    answer = await site.at["CP-1"].start("CAFE0001", evse=1)
    assert (await site.look(made)).state is S.PLANNED
    await site.pass_time(50)
    used = await site.look(made)
    assert (used.state, used.session_number) == (S.USED, answer.number)
    assert site.asked() == []


async def test_a_planned_place_that_is_occupied_is_kept_by_us_until_it_is_free(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, starts_at=60, ends_at=120)
    station = site.at["CP-1"]
    other = await station.start("CAFE0002", evse=1)
    await station.status(ConnectorStatus.CHARGING)
    site.link.outcomes = [turned_down("Occupied")]
    await site.pass_time(46)
    assert (await site.look(made)).state is S.HELD_BY_US
    await station.stop(other.number)
    await station.status(ConnectorStatus.AVAILABLE)
    await site.pass_time()
    assert (await site.look(made)).state is S.HELD


async def test_after_a_boot_the_station_is_told_again_under_the_same_number(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, ends_at=60)
    site.clock.advance(timedelta(minutes=5))
    await site.at["CP-1"].boot()
    await site.pass_time()
    assert len(site.asked()) == 1, "It has some seconds to say how its connectors stand."
    await site.pass_time(0.5)
    first, again = site.asked()
    assert first == again
    assert (await site.look(made)).state is S.HELD
    assert site.kinds(ReservationEvent) == ["ReservationMade", "ReservationHeld"]
    await site.pass_time(1)
    assert len(site.asked()) == 2


async def test_a_station_that_shows_the_place_as_reserved_after_its_boot_is_left_alone(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, ends_at=60)
    site.clock.advance(timedelta(minutes=5))
    await site.at["CP-1"].boot()
    await site.pass_time()
    await site.at["CP-1"].status(ConnectorStatus.RESERVED)
    await site.pass_time(0.5)
    assert len(site.asked()) == 1
    assert (await site.look(made)).state is S.HELD


async def test_a_restart_of_the_server_forgets_no_reservation(site: Site) -> None:
    soon = await site.reserve("CAFE0001", station="CP-1", evse=1, starts_at=30, ends_at=60)
    held = await site.reserve("CAFE0002", station="CP-1", evse=2, ends_at=20)
    site.begin_again()
    await site.pass_time(21)
    assert (await site.look(held)).state is S.EXPIRED
    assert (await site.look(soon)).state is S.HELD


async def test_a_station_that_says_its_time_is_over_is_believed_when_it_is(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, ends_at=30)
    site.clock.advance(timedelta(minutes=29))
    station = site.at["CP-1"]
    await site.reservations.report(TENANT, station.id, made.number, StationWord.EXPIRED, at=site.clock.now())
    over = await site.look(made)
    assert (over.state, over.ended_at) == (S.EXPIRED, site.clock.now())
    await site.reservations.report(TENANT, station.id, made.number, StationWord.EXPIRED, at=site.clock.now())
    assert len([told for told in site.told if isinstance(told, ReservationEnded)]) == 1


async def test_a_place_that_the_station_gave_up_is_lost_or_replaced(site: Site) -> None:
    await site.add("CP-2")
    fixed = await site.reserve("CAFE0001", station="CP-1", evse=1)
    await site.reservations.report(
        TENANT, site.at["CP-1"].id, fixed.number, StationWord.REMOVED, at=site.clock.now()
    )
    assert (await site.look(fixed)).state is S.REMOVED
    anywhere = await site.reserve("CAFE0002")
    before = anywhere.place
    await site.reservations.report(
        TENANT, anywhere.place_station_id, anywhere.number, StationWord.REMOVED, at=site.clock.now()
    )
    await site.pass_time()
    after = await site.look(anywhere)
    assert after.state is S.HELD
    assert after.place != before


async def test_a_1_6_station_that_breaks_down_keeps_no_place(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    await site.at["CP-1"].status(ConnectorStatus.FAULTED)
    await site.pass_time()
    assert (await site.look(made)).state is S.REMOVED


async def test_a_driver_who_presents_the_token_and_never_plugs_in_did_not_come(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    await site.reservations.report(
        TENANT, site.at["CP-1"].id, made.number, StationWord.NO_TRANSACTION, at=site.clock.now()
    )
    assert (await site.look(made)).state is S.NO_SHOW


async def test_nobody_reports_another_stations_or_tenants_reservation(site: Site) -> None:
    other = await site.add("CP-2")
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    now = site.clock.now()
    await site.reservations.report(TENANT, other.id, made.number, StationWord.REMOVED, at=now)
    await site.reservations.report(
        TenantId("x"), site.at["CP-1"].id, made.number, StationWord.REMOVED, at=now
    )
    assert (await site.look(made)).state is S.HELD
    with pytest.raises(NotFound):
        await site.reservations.get(TenantId("x"), made.id)


async def test_a_driver_who_charges_elsewhere_at_the_site_frees_the_place_that_was_kept(site: Site) -> None:
    other = await site.add("CP-2")
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    await other.start("CAFE0001")
    await site.pass_time()
    assert (await site.look(made)).state is S.USED
    assert site.asked()[-1] == CancelReservation(reservation_id=made.number)


async def test_places_are_not_booked_twice_and_slots_say_what_is_left(site: Site) -> None:
    now = site.clock.now()
    await site.reserve("CAFE0001", station="CP-1", evse=1, starts_at=60, ends_at=120)
    with pytest.raises(Conflict):
        await site.reserve("CAFE0002", station="CP-1", evse=1, starts_at=90, ends_at=150)
    await site.reserve("CAFE0002", station="CP-1", evse=1, starts_at=120, ends_at=150)
    slots = await site.reservations.slots(TENANT, site.location_id, since=now, until=now + timedelta(hours=3))
    assert [
        (slot.evse, (slot.starts_at - now).seconds // 60, (slot.ends_at - now).seconds // 60)
        for slot in slots
    ] == [(1, 0, 60), (2, 0, 180), (1, 150, 180)]


async def test_what_was_planned_for_any_place_makes_room_for_who_needs_that_one(site: Site) -> None:
    flexible = await site.reserve("CAFE0001", starts_at=60, ends_at=120)
    asked_for = flexible.place_evse
    fixed = await site.reserve("CAFE0002", station="CP-1", evse=asked_for, starts_at=60, ends_at=120)
    assert fixed.place_evse == asked_for
    moved = await site.look(flexible)
    assert moved.place_evse != asked_for
    await site.token("CAFE0003")
    with pytest.raises(Conflict):
        await site.reserve("CAFE0003", starts_at=60, ends_at=120)


async def test_shares_notice_and_lengths_have_limits(site: Site) -> None:
    await site.reserve("CAFE0001", starts_at=60, ends_at=90)
    await site.reserve("CAFE0001", starts_at=120, ends_at=150)
    with pytest.raises(Conflict, match="2 open reservations"):
        await site.reserve("CAFE0001", starts_at=180, ends_at=200)
    for times in (
        {"ends_at": 121},
        {"ends_at": -1},
        {"starts_at": 60, "ends_at": 60},
        {"starts_at": 60, "ends_at": 60 + 12 * 60 + 1},
        {"starts_at": -60},
        {"starts_at": 31 * 24 * 60},
    ):
        with pytest.raises(Invalid):
            await site.reserve("CAFE0002", **times)


async def test_only_tokens_that_may_charge_there_can_reserve(site: Site) -> None:
    with pytest.raises(Invalid, match="registered"):
        await site.reserve("NOBODY")
    await site.token("BEEF0009", valid_until=site.clock.now() + timedelta(minutes=30))
    with pytest.raises(Conflict, match="valid until"):
        await site.reserve("BEEF0009", starts_at=60)
    with pytest.raises(NotFound):
        await site.reserve("CAFE0001", station="NO-SUCH")
    await site.admissions.retire(TENANT, "CP-1", by="test")
    with pytest.raises(Conflict, match="No fitting place"):
        await site.reserve("CAFE0001")
    with pytest.raises(StationNotAccepted):
        await site.reserve("CAFE0001", station="CP-1", evse=1)
    with pytest.raises(Invalid):
        await site.reservations.reserve(TENANT, ReservationDraft(token_uid="CAFE0001", evse=1), by="test")


async def test_who_may_not_charge_at_that_time_cannot_reserve_it(site: Site) -> None:
    # The 31st of January 2026 is a Saturday.
    on_mondays = Window(days=(Day.MONDAY,), begin="08:00", end="18:00")
    draft = PolicyDraft(name="Employees", windows=(on_mondays,))
    policy = await site.access.policies.create_policy(TENANT, draft, by="test")
    await site.token("BEEF0001", policies=(policy.id,))
    with pytest.raises(Conflict, match="Employees"):
        await site.reserve("BEEF0001", starts_at=60)
    monday = site.clock.now() + timedelta(days=2)
    made = await site.reserve("BEEF0001", starts_at=monday, ends_at=monday + timedelta(hours=1))
    assert made.state is S.PLANNED


async def test_an_evse_that_nobody_described_can_be_reserved_by_its_number(site: Site) -> None:
    await site.add("CP-NEW", standards=())
    made = await site.reserve("CAFE0001", station="CP-NEW", evse=2)
    assert (made.state, made.place_evse) == (S.HELD, 2)
    with pytest.raises(Conflict):
        await site.reserve("CAFE0002", station="CP-NEW", evse=2)
    with pytest.raises(Conflict):
        await site.reserve("CAFE0002", station="CP-1", evse=3)


async def test_times_are_changed_and_the_station_told_of_a_new_end(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, ends_at=30)
    longer = await site.reservations.change(
        TENANT, made.id, ReservationChange(ends_at=made.ends_at + timedelta(minutes=15)), by="test"
    )
    assert longer.state is S.HELD
    _, again = site.asked()
    assert isinstance(again, Reserve)
    assert (again.reservation_id, again.expires_at) == (made.number, longer.ends_at)
    await site.reserve("CAFE0002", station="CP-1", evse=1, starts_at=60, ends_at=90)
    with pytest.raises(Conflict, match="somebody else"):
        await site.reservations.change(
            TENANT, made.id, ReservationChange(ends_at=made.starts_at + timedelta(minutes=61)), by="test"
        )
    with pytest.raises(Conflict):
        await site.reservations.change(
            TENANT, made.id, ReservationChange(starts_at=made.starts_at + timedelta(minutes=5)), by="test"
        )


async def test_a_session_that_ends_early_leaves_the_rest_of_its_slot(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=1, starts_at=30, ends_at=240)
    await site.pass_time(30)
    station = site.at["CP-1"]
    answer = await station.start("CAFE0001")
    with pytest.raises(Conflict):
        await site.reserve("CAFE0002", station="CP-1", evse=1, starts_at=60, ends_at=90)
    site.clock.advance(timedelta(minutes=20))
    await station.stop(answer.number)
    await site.pass_time()
    assert (await site.look(made)).state is S.USED
    assert (await site.reserve("CAFE0002", station="CP-1", evse=1, starts_at=60, ends_at=90)).place_evse == 1


async def test_reservations_are_found_by_token_evse_number_and_state(site: Site) -> None:
    made = await site.reserve("CAFE0001", station="CP-1", evse=2)
    await site.reserve("CAFE0002", starts_at=90)

    async def found(**wanted) -> list[int]:
        page = await site.reservations.list(TENANT, ReservationFilter(**wanted))
        return [each.number for each in page.items]

    for wanted in (
        {"token_uid": "cafe0001", "open": True},
        {"station_id": made.place_station_id, "evse": 2, "open": True},
        {"number": made.number},
        {"state": S.HELD},
    ):
        assert await found(**wanted) == [made.number]
    assert await found(token_uid="CAFE0001", open=False) == []
    page = await site.reservations.list(TENANT, limit=1)
    assert len(page.items) == 1
    rest = await site.reservations.list(TENANT, cursor=page.next_cursor, limit=1)
    assert rest.items[0].number == made.number


async def test_the_life_of_a_reservation_is_the_same_on_every_database(database: Database) -> None:
    site = await Site(database).opened("CP-1", evses=2)
    for uid in ("CAFE0001", "CAFE0002"):
        await site.token(uid)
    station = site.at["CP-1"]
    made = await site.reserve("CAFE0001", station="CP-1", evse=1)
    assert (await station.authorize("CAFE0002", 1)).reason is Reason.RESERVED
    await station.start("CAFE0001", reservation_id=made.number)
    assert (await site.look(made)).state is S.USED
    other = await site.reserve("CAFE0002", station="CP-1", evse=2, ends_at=10)
    waiting = await site.wait("CAFE0001", station="CP-1", location_id=None)
    assert (waiting.position, waiting.waiting.state) == (1, "waiting")
    await site.pass_time(10)
    assert (await site.look(other)).state is S.EXPIRED
    await site.pass_time(0)
    called = (await site.waiting.get(TENANT, waiting.waiting.id)).waiting
    assert called.state == "called"
    assert len((await site.reservations.list(TENANT, ReservationFilter(open=True))).items) == 1
    await site.closed()


async def test_no_place_is_booked_twice_however_many_ask_at_once(database: Database) -> None:
    site = await Site(database, open_per_token=50).opened("CP-1", "CP-2", evses=2)
    for index in range(12):
        await site.token(f"BEEF{index:04}")

    async def ask(index: int) -> str:
        begins = 60 + 15 * (index % 3)
        place = [{}, {"station": "CP-1"}, {"station": "CP-2", "evse": 1}][index % 3]
        try:
            await site.reserve(f"BEEF{index:04}", starts_at=begins, ends_at=begins + 60, **place)
        except Conflict:
            return "refused"
        except CurrantError as error:
            return str(error)
        return "booked"

    answers = await asyncio.gather(*(ask(index) for index in range(12)))
    assert set(answers) == {"booked", "refused"}
    booked = (await site.reservations.list(TENANT, limit=100)).items
    assert len(booked) == answers.count("booked") == 4
    for one in booked:
        for other in booked:
            overlaps = one.starts_at < other.ends_at and other.starts_at < one.ends_at
            assert one.id == other.id or one.place != other.place or not overlaps
    await site.closed()


@pytest.mark.parametrize("seed", [1, 2])
async def test_random_bookings_changes_and_cancellations_side_by_side_keep_places_apart(
    database: Database, seed: int
) -> None:
    site = await Site(database, open_per_token=50).opened("CP-1", "CP-2", evses=2)
    dice = Random(seed)
    for index in range(4):
        await site.token(f"BEEF{index:04}")
    made: list[ReservationId] = []
    places = [{}, {"station": "CP-1"}, {"station": "CP-1", "evse": 1}, {"station": "CP-2", "evse": 2}]

    async def once() -> None:
        begins = dice.randrange(60, 400, 10)
        length = dice.randrange(10, 90, 10)
        uid, place, what = f"BEEF{dice.randrange(4):04}", dice.choice(places), dice.random()
        with contextlib.suppress(Conflict, Invalid):
            if what < 0.6 or not made:
                ends = begins + length
                made.append((await site.reserve(uid, starts_at=begins, ends_at=ends, **place)).id)
            elif what < 0.8:
                await site.reservations.cancel(TENANT, dice.choice(made), by="test")
            else:
                begins_at = site.clock.now() + timedelta(minutes=begins)
                change = ReservationChange(starts_at=begins_at, ends_at=begins_at + timedelta(minutes=length))
                await site.reservations.change(TENANT, dice.choice(made), change, by="test")

    for _ in range(8):
        await asyncio.gather(*(once() for _ in range(8)))
    booked = (await site.reservations.list(TENANT, ReservationFilter(open=True), limit=200)).items
    assert len(booked) > 8
    for one, other in combinations(booked, 2):
        overlaps = one.starts_at < other.ends_at and other.starts_at < one.ends_at
        assert one.place != other.place or not overlaps
    for each in booked:
        assert each.evse in (None, each.place_evse)
        assert each.station_id in (None, each.place_station_id)
    await site.closed()
