"""A made-up past that could have been: by habit, within the meters, over before the network begins to live."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from currant.app.demo_history import DAYS, PastDriver, PastPlace, sessions_before
from currant.charging.model import Phase
from currant.charging.numbering import SessionNumbers
from currant.charging.past import PastSession, take_in
from currant.charging.running_store import spells
from currant.db.numbers import Numbers
from currant.kit.clock import micros
from currant.kit.ids import LocationId, StationId, TenantId, TokenId
from currant.simulator import Site, invent
from services import fresh_database

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
TENANT = TenantId("tenant")
DRIVERS = [
    PastDriver(uid=f"CAFE{n:04}", kind="rfid", token_id=TokenId(f"t{n}"), account_id=None) for n in range(9)
]
REGISTER = 100_000_000


def made(*, per_day: float = 12.0, stations: int = 4, seed: int = 1) -> list[PastSession]:
    site = Site(name="Place", time_zone="Europe/Berlin", demand="public", sessions_per_day=per_day)
    places = [
        PastPlace(
            spec=spec,
            station_id=StationId(spec.identity),
            location_id=LocationId("place"),
            registers_wh=(REGISTER,) * len(spec.evses),
        )
        for spec in invent(stations, seed=seed, sites=[site])
    ]
    return list(sessions_before(TENANT, places, DRIVERS, now=NOW, seed=seed))


def test_every_session_is_over_and_says_that_it_is_made_up() -> None:
    past = [each.session for each in made()]
    assert len(past) > 50
    for session in past:
        assert session.phase is Phase.ENDED
        assert session.start_cause == "Demo"
        assert session.ended_at is not None
        assert NOW - timedelta(days=DAYS) < session.started_at < session.ended_at < NOW
        assert session.energy_wh >= 0
    assert {session.started_at.date() for session in past} >= {
        NOW.date() - timedelta(days=n) for n in range(7)
    }


def test_an_evse_has_one_session_at_a_time_and_a_register_that_only_rises() -> None:
    by_evse = defaultdict(list)
    for each in made(per_day=30.0):
        by_evse[each.session.station_id, each.session.evse].append(each)
    for past in by_evse.values():
        past.sort(key=lambda each: each.session.started_at)
        for before, after in pairwise(past):
            assert before.session.ended_at < after.session.started_at
            assert before.session.meter_stop_wh <= after.session.meter_start_wh
        assert past[-1].session.meter_stop_wh == REGISTER
        for each in past:
            registers = [reading.energy_wh for reading in each.readings]
            assert registers == sorted(registers)
            assert (registers[0], registers[-1]) == (each.session.meter_start_wh, each.session.meter_stop_wh)


def test_the_same_seed_makes_the_same_past() -> None:
    def shape(past: list[PastSession]) -> list[tuple[object, ...]]:
        return [(p.session.transaction_id, p.session.started_at, p.session.energy_wh) for p in past]

    assert shape(made()) == shape(made())
    assert shape(made()) != shape(made(seed=2))


async def test_it_is_kept_with_numbers_in_the_order_of_time(tmp_path: Path) -> None:
    database = fresh_database(tmp_path / "past.sqlite")
    past = made()
    assert await take_in(database, SessionNumbers(database, Numbers(database)), TENANT, past) == len(past)
    since = micros(NOW - timedelta(days=2))
    found = await database.read(lambda conn: spells(conn, TENANT, since_us=since, until_us=micros(NOW)))
    wanted = [
        each.session
        for each in past
        if each.session.ended_at > NOW - timedelta(days=2)
        and each.session.started_at > NOW - timedelta(days=3)
    ]
    assert len(found) == len(wanted)
    assert sum(spell.energy_wh for spell in found) == sum(session.energy_wh for session in wanted)
    await database.close()
