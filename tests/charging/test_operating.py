"""Lists, curves, loads and thinning, as operators and duties use them."""

from datetime import timedelta

import pytest

from charging.made import NOON, TENANT, Network, at, register, sample, value
from currant.charging.model import Phase, SessionFilter
from currant.db.engine import Database
from currant.events.live import Change
from currant.kit.errors import Conflict, Invalid, NotFound
from currant.kit.ids import LocationId, TenantId


@pytest.fixture
async def charged(network: Network) -> Network:
    """Twelve sessions at two stations, every third not authorised, the last still running."""
    await network.token()
    left, right = await network.connect("left"), await network.connect("right")
    for index in range(12):
        station = left if index % 2 else right
        uid = "CAFE0001" if index % 3 else "DEADBEEF"
        answer = await station.start(index * 100, uid=uid)
        if index < 11:
            await station.stop(answer.number, index * 100 + 50, wh=2000)
    return network


async def test_a_list_is_paged_through_without_loss(charged: Network) -> None:
    seen, cursor = [], None
    while True:
        page = await charged.charging.list(TENANT, cursor=cursor, limit=5)
        seen += [session.number for session in page.items]
        cursor = page.next_cursor
        if cursor is None:
            break
    assert len(seen) == 12
    assert seen == sorted(seen, reverse=True)


@pytest.mark.parametrize(
    ("wanted", "count"),
    [
        (SessionFilter(station_id="left"), 6),
        (SessionFilter(location_id="location"), 12),
        (SessionFilter(location_id="elsewhere"), 0),
        (SessionFilter(phase=Phase.ACTIVE), 1),
        (SessionFilter(phase=Phase.ENDED), 11),
        (SessionFilter(token_uid="DEADBEEF"), 4),
        (SessionFilter(certain=False), 0),
        (SessionFilter(since=at(500), until=at(800)), 3),
        (SessionFilter(station_id="left", phase=Phase.ENDED, since=at(500)), 3),
        (SessionFilter(number=3), 1),
    ],
)
async def test_sessions_are_found_by_what_is_asked(
    charged: Network, wanted: SessionFilter, count: int
) -> None:
    page = await charged.charging.list(TENANT, wanted)
    assert len(page.items) == await charged.charging.count(TENANT, wanted) == count


async def test_another_tenant_sees_nothing(charged: Network) -> None:
    other = TenantId("other")
    session = (await charged.charging.list(TENANT)).items[0]
    assert (await charged.charging.list(other)).items == ()
    with pytest.raises(NotFound):
        await charged.charging.get(other, session.id)
    with pytest.raises(NotFound):
        await charged.charging.curve(other, session.id)
    with pytest.raises(NotFound):
        await charged.charging.close(other, session.id, by="x", reason="y")
    assert (
        await charged.charging.load(other, LocationId("location"), since=at(0), until=at(60), step_s=60) == ()
    )


async def test_what_cannot_be_asked_is_said(charged: Network) -> None:
    session = (await charged.charging.list(TENANT)).items[-1]
    with pytest.raises(Invalid):
        await charged.charging.list(TENANT, cursor="nonsense")
    with pytest.raises(Invalid):
        await charged.charging.curve(TENANT, session.id, max_points=0)
    with pytest.raises(Invalid):
        await charged.charging.load(TENANT, LocationId("location"), since=at(0), until=at(0), step_s=60)
    with pytest.raises(Invalid):
        await charged.charging.load(
            TENANT, LocationId("location"), since=at(0), until=at(0) + timedelta(days=31), step_s=1
        )
    with pytest.raises(Conflict):
        await charged.charging.close(TENANT, session.id, by="x", reason="y")


async def metered(network: Network, minutes: int) -> object:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    for minute in range(1, minutes + 1):
        await station.meter(
            minute,
            sample(
                minute,
                value(1000 + 100 * minute, "Energy.Active.Import.Register", "Wh"),
                value(6000, "Power.Active.Import", "W"),
            ),
        )
    await station.stop(answer.number, minutes, wh=1000 + 100 * minutes)
    return await station.only()


async def test_a_curve_is_thinned_evenly_and_keeps_its_ends(network: Network) -> None:
    session = await metered(network, 100)
    curve = await network.charging.curve(TENANT, session.id, max_points=11)
    assert [reading.at for reading in curve] == sorted(reading.at for reading in curve)
    assert len(curve) == 11
    assert (curve[0].at, curve[-1].at) == (at(1), at(100))


async def test_the_load_of_a_location_adds_up_its_evses(network: Network) -> None:
    await network.token()
    left, right = await network.connect("left"), await network.connect("right")
    for station in (left, right):
        for minute in (0, 5, 10):
            await station.meter(minute, sample(minute, value(3000, "Power.Active.Import", "W")), evse=1)
            await station.meter(minute, sample(minute, value(3100, "Power.Active.Import", "W")), evse=0)
    points = await network.charging.load(TENANT, LocationId("location"), since=at(0), until=at(15), step_s=60)
    assert [(point.at, point.power_w, point.evses) for point in points] == [
        (at(minute), 6000, 2) for minute in range(11)
    ]


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_the_load_of_long_steps_is_told_from_the_registers(database: Database) -> None:
    network = Network(database)
    await metered(network, 90)
    location = LocationId("location")
    hour = await network.charging.load(TENANT, location, since=at(-30), until=at(120), step_s=1800)
    # 100 Wh a minute from the first minute on: 6 kW, but for the first half-hour, which begins with a register.
    assert [(point.at, point.power_w) for point in hour] == [
        (at(0), pytest.approx(5600, abs=200)),
        (at(30), 6000),
        (at(60), 6000),
        (at(90), pytest.approx(200, abs=200)),
    ]
    minutes = await network.charging.load(TENANT, location, since=at(0), until=at(90), step_s=60)
    assert sum(point.power_w for point in minutes) / len(minutes) == pytest.approx(6000, rel=0.02)


async def test_the_load_of_long_steps_needs_no_register(network: Network) -> None:
    station = await network.connect()
    for minute in range(0, 60, 10):
        await station.meter(minute, sample(minute, value(3000, "Power.Active.Import", "W")), evse=1)
    points = await network.charging.load(
        TENANT, LocationId("location"), since=at(0), until=at(60), step_s=1800
    )
    assert [(point.at, point.power_w) for point in points] == [(at(0), 3000), (at(30), 3000)]


async def test_a_station_with_a_main_meter_alone_is_counted_by_it(network: Network) -> None:
    station = await network.connect()
    await station.meter(0, sample(0, value(3100, "Power.Active.Import", "W")), evse=0)
    (point,) = await network.charging.load(
        TENANT, LocationId("location"), since=at(0), until=at(5), step_s=300
    )
    assert (point.power_w, point.evses) == (3100, 1)


@pytest.mark.parametrize("database_url", ["sqlite", "postgresql"], indirect=True)
async def test_old_readings_are_thinned_to_one_per_step_and_the_ends(database: Database) -> None:
    network = Network(database)
    session = await metered(network, 60)
    gone = await network.charging.thin_readings(before=at(40), keep_every_s=600)
    curve = await network.charging.curve(TENANT, session.id)
    assert gone == 60 - len(curve)
    assert [(reading.at - NOON).seconds // 60 for reading in curve] == [1, 10, 20, 30, 39, *range(40, 61)]
    assert await network.charging.thin_readings(before=at(40), keep_every_s=600) == 0
    assert (await network.charging.get(TENANT, session.id)).energy_wh == 6000


async def test_readings_can_be_deleted_by_age(network: Network) -> None:
    session = await metered(network, 60)
    assert await network.charging.delete_readings(before=at(31)) == 30
    assert len(await network.charging.curve(TENANT, session.id)) == 30


async def test_whoever_looks_sees_a_session_move(network: Network) -> None:
    await network.token()
    station = await network.connect()
    answer = await station.start()
    reader = network.live.subscribe(TENANT)
    await station.meter(5, register(5, 1500))
    change: Change = await anext(reader)
    assert (change.kind, change.payload["number"], change.payload["energy_wh"]) == (
        "session_metered",
        answer.number,
        500,
    )
    reader.close()
