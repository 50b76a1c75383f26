"""Who comes, who stands there, what goes wrong on the line and what is kept of it: all by seed."""

from collections import Counter
from pathlib import Path

import pytest

from currant.simulator import (
    EvseSpec,
    Fact,
    Faults,
    Site,
    StationSpec,
    Truth,
    invent,
    invent_tokens,
    read_truth,
)
from currant.simulator.__main__ import parse
from currant.simulator.dice import Dice
from currant.simulator.drivers import next_arrival, visit
from currant.simulator.faults import BadLine, Mishap

MIDNIGHT = 1_769_817_600.0  # 2026-01-31T00:00:00Z
DAY_S = 86_400


def arrivals(spec: StationSpec, days: int, *, seed: int = 1) -> list[float]:
    dice, at, found = Dice(seed), MIDNIGHT, []
    while True:
        when = next_arrival(spec, dice, at)
        assert when is not None
        if when > MIDNIGHT + days * DAY_S:
            return found
        found.append(at := when)


def test_as_many_drivers_come_as_the_mean_says() -> None:
    spec = StationSpec(identity="A", sessions_per_day=20, demand="public")
    assert len(arrivals(spec, 100)) == pytest.approx(2_000, rel=0.1)


def test_workplaces_fill_in_the_morning_of_their_own_time_zone() -> None:
    spec = StationSpec(identity="A", sessions_per_day=20, demand="workplace", time_zone="America/New_York")
    hours = Counter(int((at - MIDNIGHT) % DAY_S // 3600) for at in arrivals(spec, 60))
    assert hours.most_common(1)[0][0] in (12, 13)  # 07 and 08 in New York


def test_nobody_comes_where_nobody_is_expected() -> None:
    assert next_arrival(StationSpec(identity="A"), Dice(1), MIDNIGHT) is None


def test_a_visit_fits_its_outlet() -> None:
    spec = StationSpec(identity="A", evses=(EvseSpec(connectors=("IEC_62196_T2", "DOMESTIC_F")),))
    dice = Dice(7)
    visits = [visit(spec, 1, "T", dice) for _ in range(300)]
    assert {each.connector for each in visits} == {1, 2}
    assert all(
        0 < each.vehicle.soc < each.vehicle.target_soc <= 1 or each.vehicle.satisfied for each in visits
    )


def test_the_same_seed_invents_the_same_network() -> None:
    sites = [Site(name="Harbour"), Site(name="Motorway", demand="highway")]
    assert invent(50, seed=4, sites=sites) == invent(50, seed=4, sites=sites)
    assert invent(50, seed=4) != invent(50, seed=5)
    assert {spec.site for spec in invent(50, seed=4, sites=sites)} == {"Harbour", "Motorway"}
    assert len(set(invent_tokens(500, seed=1))) == 500


def test_streams_of_chance_are_even_and_apart() -> None:
    one, other = Dice("a", 1), Dice("a", 2)
    numbers = [one.random() for _ in range(20_000)]
    assert sum(numbers) / len(numbers) == pytest.approx(0.5, abs=0.01)
    assert all(0 <= number < 1 for number in numbers)
    assert numbers[:5] != [other.random() for _ in range(5)]


def test_a_bad_line_loses_repeats_and_breaks_as_often_as_told() -> None:
    faults = Faults(lose=0.2, repeat=0.1, delay=0.1, disconnect=0.05, malformed=0.1)
    line = BadLine(faults, Dice(1))
    deliveries = [line.outbound(b"[2]") for _ in range(10_000)]
    for _ in range(10_000):
        line.inbound(b"[3]")
    assert line.count[Mishap.LOST] / 10_000 == pytest.approx(0.2, abs=0.02)
    assert line.count[Mishap.DISCONNECTED] / 10_000 == pytest.approx(0.05, abs=0.02)
    assert all(d.frames == (b"[2]", b"[2]") for d in deliveries if d.mishap is Mishap.REPEATED)
    assert all(d.frames[-1] == b"[2]" for d in deliveries if d.mishap is Mishap.MALFORMED)


def fact(sequence: int) -> Fact:
    return Fact(
        kind="reading",
        identity="A",
        version="1.6",
        evse=1,
        connector=1,
        transaction="7",
        sequence=sequence,
        at=1,
        energy_wh=2,
    )


def test_a_truth_cut_short_by_a_kill_is_read_up_to_its_last_whole_line(tmp_path: Path) -> None:
    path = tmp_path / "truth.jsonl"
    with Truth(path) as truth:
        truth.record(fact(0))
        truth.record(fact(1))
        # Readable before anything is closed: each line leaves at once.
        assert list(read_truth(path)) == [fact(0), fact(1)]
    path.write_bytes(path.read_bytes()[:-5])
    assert list(read_truth(path)) == [fact(0)]


def test_the_command_line_reads_versions_and_misfortunes() -> None:
    options = parse(["--versions", "1.6=3,2.1", "--fault-lose", "0.5", "--tokens", "A,B", "--duration", "3"])
    assert options.versions == {"1.6": 3.0, "2.1": 1.0}
    assert options.faults.lose == 0.5
    assert options.tokens == ("A", "B")
    with pytest.raises(SystemExit):
        parse(["--versions", "3.0"])
