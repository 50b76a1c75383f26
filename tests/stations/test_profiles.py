"""What is known of stations' profiles and controls, whoever changed them; and declared ones put in force."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from currant.db.numbers import Numbers
from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import StationId, TenantId
from currant.stations.commanding.der import ClearDerControls, DerControl, GetDerControls, SetDerControl
from currant.stations.commanding.profiles import (
    ChargingSchedule,
    ClearChargingProfiles,
    GetChargingProfiles,
    ProfilePurpose,
    SchedulePeriod,
    SetChargingProfile,
)
from currant.stations.desired.aspect import Aspect, Desired, Refusal
from currant.stations.desired.aspect import Reported as Known
from currant.stations.directory import DirectoryEntry
from currant.stations.drafts import StationDraft
from currant.stations.events import CommandEnded
from currant.stations.model import AttendedStation, CommandOutcome, CommandRecord, CommandStatus
from currant.stations.profiles.aspects import (
    ChargingProfilesAspect,
    DerControlsAspect,
    control_id_of,
    id_of,
)
from currant.stations.profiles.der import DerService
from currant.stations.profiles.model import ProfileDraft, ProfileFilter, Reported
from currant.stations.profiles.service import ProfileService

Network = Any
TENANT = TenantId("tenant-1")
NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
BY = "a test"
REFUSED = CommandOutcome(
    status=CommandStatus.REFUSED, reason="The station answered Rejected.", answer={"status": "Rejected"}
)


class Charging:
    """A network with one station, and the services of its profiles and controls."""

    def __init__(self, network: Network, station: AttendedStation, variables: dict[str, str]) -> None:
        self.network = network
        self.station = station
        self.variables: dict[str, str | None] = dict(variables)
        self.profiles = ProfileService(
            network.database,
            network.directory,
            network.commands,
            Numbers(network.database),
            network.clock,
            known=self.known,
        )
        self.der = DerService(network.database, network.commands, network.clock)

    async def known(self, tenant_id: TenantId, station_id: StationId) -> dict[str, str | None]:
        return self.variables

    @property
    def entry(self) -> DirectoryEntry:
        entry = self.network.directory.find("CP")
        assert entry is not None
        return entry

    async def set(self, evse: int = 0, **more: Any) -> CommandRecord:
        return await self.profiles.set(TENANT, "CP", evse, draft(**more), by=BY)

    async def ids(self) -> list[int]:
        found = await self.profiles.of_station(TENANT, self.station.station_id)
        return [installed.profile.id for installed in found]

    async def give(self, command: Any) -> CommandRecord:
        return await self.network.commands.give(TENANT, "CP", command, by=BY)


def draft(**more: Any) -> ProfileDraft:
    periods = (SchedulePeriod(start_s=0, limit=16.0),)
    schedule = ChargingSchedule(unit="A", periods=periods, starts_at=NOW)
    return ProfileDraft(**({"purpose": ProfilePurpose.TX_DEFAULT, "schedules": (schedule,)} | more))


async def charging(network: Network, version: str = "2.0.1", **variables: str) -> Charging:
    await network.inventory.create_station(TENANT, StationDraft(identity="CP"), by=BY)
    station = await network.attended("CP", version=version)
    made = Charging(network, station, variables)
    await made.profiles.start()
    return made


async def test_profiles_are_kept_as_they_are_accepted(network: Network) -> None:
    at = await charging(network)
    await at.set(id=5)
    await at.set(evse=2, id=6, stack_level=1)
    network.link.outcome = REFUSED
    await at.set(id=7, stack_level=2)
    assert await at.ids() == [5, 6]
    page = await at.profiles.list(TENANT, ProfileFilter(evse=2))
    assert [found.profile.id for found in page.items] == [6]
    assert (await at.profiles.list(TenantId("somebody-else"))).items == ()


async def test_lists_go_on_where_they_ended(small: Network) -> None:
    at = await charging(small)
    for number in range(5):
        await at.set(id=number, stack_level=number)
    seen: list[int] = []
    cursor = None
    while True:
        page = await at.profiles.list(TENANT, cursor=cursor, limit=2)
        seen += [found.profile.id for found in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert seen == [0, 1, 2, 3, 4]


async def test_ids_are_given_once_and_above_the_stations_own(small: Network) -> None:
    at = await charging(small, **{"SmartChargingCtrlr.MaxExternalConstraintsId": "500000"})
    first = await at.set()
    assert isinstance(first.command, SetChargingProfile)
    assert first.command.profile.id == 500_001
    at.variables.clear()
    second = await at.set(stack_level=1)
    assert isinstance(second.command, SetChargingProfile)
    assert 100_000 < second.command.profile.id < 500_000


async def test_what_the_station_cannot_take_is_not_sent(small: Network) -> None:
    at = await charging(small, **{"SmartChargingCtrlr.ProfileStackLevel": "2"})
    with pytest.raises(Invalid, match="up to 2"):
        await at.set(stack_level=3)
    await at.set(id=5)
    with pytest.raises(Conflict, match="Profile 5"):
        await at.set(id=6)
    assert len(small.link.sent) == 1


async def test_the_journal_tells_of_others_commands_in_their_order(small: Network) -> None:
    at = await charging(small)
    record = await at.set(id=5)
    profile = draft().numbered(6)
    other = await at.give(SetChargingProfile(evse=1, profile=profile))
    cleared = await at.give(ClearChargingProfiles(profile_id=5))

    def told(record: CommandRecord) -> CommandEnded:
        return CommandEnded(
            tenant_id=TENANT,
            happened_at=NOW,
            command_id=record.id,
            station_id=record.station_id,
            command=type(record.command).__name__,
            status=record.status,
        )

    for each in (record, other, cleared, record):
        # The first was taken note of at once, and its repetition brings nothing back.
        await at.profiles.command_ended(told(each))
    assert await at.ids() == [6]


async def test_a_report_is_kept_without_anybody_asking(small: Network) -> None:
    at = await charging(small)
    await at.set(id=5)
    small.clock.advance(timedelta(minutes=1))
    theirs = draft(stack_level=4).numbered(5)
    external = draft(purpose=ProfilePurpose.EXTERNAL).numbered(-3)
    now = small.clock.now()
    await at.profiles.reported(
        at.station, Reported(evse=0, source="ems", profiles=(theirs, external)), at=now
    )
    [first, second] = await at.profiles.of_station(TENANT, at.station.station_id)
    assert (first.profile.id, first.source, first.confirmed_at, first.command_id) == (-3, "ems", now, None)
    assert (second.profile.stack_level, second.installed_at, second.confirmed_at) == (4, NOW, now)
    assert second.command_id is not None


async def test_a_complete_answer_removes_what_it_leaves_out(small: Network) -> None:
    at = await charging(small)
    await at.set(id=5)
    await at.set(id=6, evse=1, stack_level=1)
    small.clock.advance(timedelta(minutes=1))
    for complete, left in ((False, [5, 6]), (True, [6])):
        small.link.outcome = CommandOutcome(
            status=CommandStatus.ACCEPTED, answer={"status": "Accepted", "complete": complete}
        )
        await at.profiles.ask(TENANT, "CP", GetChargingProfiles(evse=0, stack_level=0), by=BY)
        assert await at.ids() == left


# DER controls


def control(**more: Any) -> DerControl:
    return DerControl(
        **(
            {
                "id": "c1",
                "kind": "volt_watt",
                "default": True,
                "points": ((106.0, 100.0), (110.0, 0.0)),
                "y_unit": "percent_max_w",
            }
            | more
        )
    )


async def test_controls_are_set_superseded_started_and_cleared(network: Network) -> None:
    at = await charging(network, "2.1")
    await at.der.give(TENANT, "CP", SetDerControl(control=control()), by=BY)
    network.link.outcome = CommandOutcome(
        status=CommandStatus.ACCEPTED, answer={"status": "Accepted", "supersededIds": ["c1"]}
    )
    scheduled = control(id="c2", default=False, starts_at=NOW, duration_s=60.0)
    await at.der.give(TENANT, "CP", SetDerControl(control=control(id="c3")), by=BY)
    network.link.outcome = CommandOutcome(status=CommandStatus.ACCEPTED, answer={"status": "Accepted"})
    await at.der.give(TENANT, "CP", SetDerControl(control=scheduled), by=BY)

    async def standing() -> list[tuple[str, bool, bool]]:
        return [
            (found.control.id, found.superseded, found.started)
            for found in await at.der.controls(TENANT, at.station.station_id)
        ]

    assert await standing() == [("c1", True, False), ("c2", False, False), ("c3", False, False)]
    await at.der.started_or_stopped(at.station, "c2", started=True, superseded=("c3",), at=NOW)
    assert await standing() == [("c1", True, False), ("c2", False, True), ("c3", True, False)]
    await at.der.started_or_stopped(at.station, "c2", started=False, superseded=(), at=NOW)
    await at.der.give(TENANT, "CP", ClearDerControls(default=True, id="c1"), by=BY)
    assert await standing() == [("c3", True, False)]
    network.clock.advance(timedelta(minutes=1))
    network.link.outcome = CommandOutcome(
        status=CommandStatus.ACCEPTED, answer={"status": "NotFound", "complete": True}
    )
    await at.der.give(TENANT, "CP", GetDerControls(), by=BY)
    assert await standing() == []


async def test_an_alarm_lasts_until_it_ends_or_another_takes_over(network: Network) -> None:
    at = await charging(network, "2.1")
    for minutes, kind, ended in ((0, "hv_may_trip", False), (1, "volt_watt", False), (2, "volt_watt", True)):
        await at.der.alarm(
            at.station,
            kind,
            "OverVoltage",
            ended=ended,
            info="",
            at=NOW + timedelta(minutes=minutes),
        )
    page = await at.der.alarms(TENANT, at.station.station_id)
    assert [(alarm.kind, (alarm.ended_at or NOW) - alarm.began_at) for alarm in page.items] == [
        ("volt_watt", timedelta(minutes=1)),
        ("hv_may_trip", timedelta(minutes=1)),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"kind": "steam"},
        {"points": ()},
        {"points": ((0.0, 0.0),) * 11},
        {"y_unit": None},
        {"starts_at": NOW},
        {"default": False},
        {"default": False, "starts_at": NOW},
        {"settings": {"gradient": 1.0}},
        {"settings": {"response_time": "long"}},
        {"kind": "enter_service", "points": (), "y_unit": None},
        {"kind": "gradients", "points": (), "y_unit": None, "default": False, "starts_at": NOW},
        {"kind": "fixed_var", "points": (), "settings": {"setpoint": 5.0}, "y_unit": None},
        {"kind": "limit_max_discharge", "points": (), "y_unit": None},
        {"id": "x" * 37},
    ],
)
async def test_a_control_is_what_its_kind_says(small: Network, wrong: dict[str, Any]) -> None:
    at = await charging(small, "2.1")
    with pytest.raises(Invalid):
        await at.der.give(TENANT, "CP", SetDerControl(control=control(**wrong)), by=BY)
    assert small.link.sent == []


# Declared


async def settled(at: Charging, aspect: Aspect, declared: dict[str, Any], version: str = "2.0.1") -> Any:
    """What the reconciler does, without its patience: step by step until all agrees, or a refusal."""
    wanted = [
        Desired(
            aspect=aspect.name,
            key=key,
            value=None if value is None else aspect.check(key, value),
            declaration_id="d",
            declared_at=NOW,
        )
        for key, value in declared.items()
    ]
    for _ in range(10):
        reported = await aspect.reported(at.entry, version, wanted)
        differing = [each for each in wanted if not aspect.agrees(each, reported.get(each.key))]
        if not differing:
            return None
        steps = await aspect.steps(at.entry, version, differing, reported)
        if isinstance(steps, Refusal):
            return steps
        record = await at.give(steps[0].command)
        says = await aspect.took(at.entry, steps[0], record)
        refusals = [refusal for refusal in says.values() if refusal is not None]
        if refusals:
            return refusals[0]
    raise AssertionError("It never settles.")


def declared(limit: float = 16.0, **more: Any) -> dict[str, Any]:
    schedule = {
        "unit": "A",
        "starts_at": "2026-01-01T00:00:00Z",
        "periods": [{"start_s": 0, "limit": limit}],
    }
    return {"evse": 0, "profile": {"purpose": "tx_default", "schedules": [schedule], **more}}


async def test_declared_profiles_are_set_changed_and_withdrawn(small: Network) -> None:
    at = await charging(small)
    aspect = ChargingProfilesAspect(at.profiles)
    site = {"site": declared(), "nights": declared(10.0, stack_level=1)}
    assert await settled(at, aspect, site) is None
    assert await at.ids() == sorted((id_of("site"), id_of("nights")))
    before = len(small.link.sent)
    assert await settled(at, aspect, site) is None
    assert len(small.link.sent) == before
    assert await settled(at, aspect, {**site, "site": declared(8.0)}) is None
    assert len(small.link.sent) == before + 1
    # One is withdrawn in words; the other is simply not declared any more.
    assert await settled(at, aspect, {"site": declared(8.0), "nights": None}) is None
    assert await settled(at, aspect, {"days": declared(12.0, stack_level=1), "nights": None}) is None
    assert await settled(at, aspect, {"days": declared(12.0, stack_level=1)}) is None
    assert await at.ids() == [id_of("days")]


async def test_a_declared_profile_is_put_back_when_the_station_reports_another(small: Network) -> None:
    at = await charging(small)
    aspect = ChargingProfilesAspect(at.profiles)
    await settled(at, aspect, {"site": declared()})
    changed = draft(stack_level=0, schedules=draft().schedules).numbered(id_of("site"))
    await at.profiles.reported(at.station, Reported(evse=0, source="cso", profiles=(changed,)), at=NOW)
    before = len(small.link.sent)
    assert await settled(at, aspect, {"site": declared()}) is None
    assert len(small.link.sent) == before + 1


async def test_a_station_that_cannot_take_a_declared_profile_says_why(small: Network) -> None:
    at = await charging(small, **{"SmartChargingCtrlr.RateUnit": "W"})
    aspect = ChargingProfilesAspect(at.profiles)
    refusal = await settled(at, aspect, {"site": declared()})
    assert (refusal.final, "limits in W" in refusal.reason) == (True, True)
    at.variables.clear()
    await at.set(id=5)
    refusal = await settled(at, aspect, {"site": declared()})
    assert (refusal.final, "Profile 5" in refusal.reason) == (False, True)
    await at.profiles.clear(TENANT, "CP", ClearChargingProfiles(profile_id=5), by=BY)
    small.link.outcome = REFUSED
    assert (await settled(at, aspect, {"site": declared()})).final


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        (declared(purpose="tx"), "profile.purpose"),
        (declared(id=5), "profile.id"),
        (declared(8.15), "profile.schedules[0].periods[0].limit"),
        ({"evse": 0}, "value"),
        ({**declared(), "limit": 5}, "value"),
    ],
)
async def test_a_declaration_that_no_station_could_take_is_invalid(
    small: Network, wrong: dict[str, Any], field: str
) -> None:
    at = await charging(small)
    with pytest.raises(Invalid) as found:
        ChargingProfilesAspect(at.profiles).check("site", wrong)
    assert found.value.facts["field"] == field


async def test_declared_controls_are_set_changed_and_withdrawn(small: Network) -> None:
    at = await charging(small, "2.1")
    aspect = DerControlsAspect(at.der)
    value = {"kind": "gradients", "settings": {"gradient": 10.0, "soft_gradient": 5.0}}
    assert await settled(at, aspect, {"ramp": value}, "2.1") is None
    faster = {"kind": "gradients", "settings": {"gradient": 20.0, "soft_gradient": 5.0}}
    assert await settled(at, aspect, {"ramp": faster}, "2.1") is None
    [found] = await at.der.controls(TENANT, at.station.station_id)
    assert (found.control.id, found.control.settings["gradient"]) == (control_id_of("ramp"), 20.0)
    assert await settled(at, aspect, {"ramp": None}, "2.1") is None
    assert await at.der.controls(TENANT, at.station.station_id) == []
    assert "2.1" in (await settled(at, aspect, {"ramp": value})).reason
    with pytest.raises(Invalid):
        aspect.check("ramp", {**value, "id": "mine"})


async def test_a_number_with_more_decimals_than_travel_is_no_difference(small: Network) -> None:
    at = await charging(small, "2.1")
    aspect = DerControlsAspect(at.der)
    wanted = Desired(
        aspect=aspect.name,
        key="ramp",
        value={"kind": "gradients", "settings": {"gradient": 32 / 3, "soft_gradient": 5.0}},
        declaration_id="d",
        declared_at=NOW,
    )
    for told, agrees in ((10.666667, True), (10.66, False)):
        said = {**wanted.value, "default": True, "settings": {"gradient": told, "soft_gradient": 5.0}}
        found = Known(key="ramp", value={**said, "id": control_id_of("ramp")}, at=NOW)
        assert aspect.agrees(wanted, found) is agrees
