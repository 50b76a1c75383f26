"""Meter values in every spelling that chargers have for them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charging.made import NOON, at, register, sample, value
from currant.charging.metering import Flag, normalise
from currant.charging.model import MeterSample, Reading, SampledValue


def read(*values: SampledValue) -> Reading:
    (found,) = normalise((sample(0, *values),), received_at=NOON, evse=1)
    return found


@pytest.mark.parametrize(
    ("given_value", "column", "expected"),
    [
        (value("12345"), "energy_wh", 12345),
        (value("12.5", "Energy.Active.Import.Register", "kWh"), "energy_wh", 12500),
        (value(12.5, "Energy.Active.Import.Register", "Wh", multiplier=3), "energy_wh", 12500),
        (value("7.4", "Power.Active.Import", "kW"), "power_w", 7400),
        (value("7400", "Power.Active.Import"), "power_w", 7400),
        (value("11", "Power.Offered", "kW"), "power_offered_w", 11000),
        (value("16", "Current.Offered", "A"), "current_offered_a", 16),
        (value("16", "Current.Import", "A", phase="L2"), "current_l2_a", 16),
        (value("16", "Current.Import", "A"), "current_l1_a", 16),
        (value("230", "Voltage", "V", phase="L3-N"), "voltage_l3_v", 230),
        (value("55", "SoC", "Percent", location="EV"), "soc_percent", 55),
        (value("50", "Frequency", "Hertz"), "frequency_hz", 50),
        (value("50", "Frequency", "Hz"), "frequency_hz", 50),
        (value("40", "Temperature", "Celsius"), "temperature_c", 40),
        (value("40", "Temperature", "Celcius"), "temperature_c", 40),
        (value("313.15", "Temperature", "K"), "temperature_c", 40),
        (value("104", "Temperature", "Fahrenheit"), "temperature_c", 40),
        (value("-12", "Temperature", "Celsius"), "temperature_c", -12),
        (value("16", "Current.import", "A", phase="L1"), "current_l1_a", 16),
        (value("16", "CURRENT.IMPORT", "a", phase="l1"), "current_l1_a", 16),
        (value("12,5", "Energy.Active.Import.Register", "kWh"), "energy_wh", 12500),
    ],
)
def test_a_value_finds_its_column_in_si_units(
    given_value: SampledValue, column: str, expected: float
) -> None:
    found = read(given_value)
    assert getattr(found, column) == pytest.approx(expected)
    assert found.flags == 0


@pytest.mark.parametrize(
    ("given_value", "column", "expected"),
    [
        (value("7400", "Power.Active.Import", "Wh"), "power_w", 7400),
        (value("7.4", "Power.Active.Import", "kWh"), "power_w", 7400),
        (value("12.5", "Energy.Active.Import.Register", "kW"), "energy_wh", 12500),
        (value("230", "Voltage", "bananas"), "voltage_l1_v", 230),
    ],
)
def test_the_measurand_beats_the_unit(given_value: SampledValue, column: str, expected: float) -> None:
    found = read(given_value)
    assert getattr(found, column) == pytest.approx(expected)
    assert found.flags & Flag.UNIT_ODD


def test_phases_add_up_only_where_there_is_no_total() -> None:
    phases = [value("1000", "Power.Active.Import", "W", phase=f"L{n}") for n in (1, 2, 3)]
    assert read(*phases).power_w == 3000
    total = value("2950", "Power.Active.Import", "W")
    assert read(total, *phases).power_w == 2950
    mixed = read(*phases, total)
    assert mixed.power_w == 2950
    assert mixed.others == {f"Power.Active.Import.L{n}": 1000.0 for n in (1, 2, 3)}


def test_a_total_current_gives_way_to_the_current_of_the_first_phase() -> None:
    total = value("30", "Current.Import", "A")
    phases = [value(f"{10 + n}", "Current.Import", "A", phase=f"L{n}") for n in (1, 2, 3)]
    for values in ([total, *phases], [*phases, total]):
        found = read(*values)
        assert (found.current_l1_a, found.current_l2_a, found.current_l3_a) == (11, 12, 13)
        assert found.others == {"Current.Import": 30.0}


def test_voltages_between_phases_and_the_neutral_current_have_no_column() -> None:
    found = read(value("400", "Voltage", "V", phase="L1-L2"), value("3", "Current.Import", "A", phase="N"))
    assert found.voltage_l1_v is None
    assert found.current_l1_a is None
    assert found.others == {"Voltage.L1-L2": 400.0, "Current.Import.N": 3.0}


@pytest.mark.parametrize("turned", [False, True])
def test_the_outlet_is_preferred_to_the_inlet(turned: bool) -> None:
    values = [
        value("900", "Energy.Active.Import.Register", "Wh", location="Inlet"),
        value("800", "Energy.Active.Import.Register", "Wh", location="Outlet"),
    ]
    found = read(*(reversed(values) if turned else values))
    assert found.energy_wh == 800
    assert found.others == {"Energy.Active.Import.Register@Inlet": 900.0}
    assert not found.flags & Flag.OTHER_LOCATION


def test_the_inlet_is_taken_for_want_of_an_outlet_and_what_the_car_says_of_its_power_never() -> None:
    inlet = read(value("900", "Energy.Active.Import.Register", "Wh", location="Inlet"))
    assert inlet.energy_wh == 900
    assert inlet.flags & Flag.OTHER_LOCATION
    car = read(value("5000", "Power.Active.Import", "W", location="EV"))
    assert car.power_w is None
    assert car.others == {"Power.Active.Import@EV": 5000.0}


def test_temperatures_of_other_places_stay_apart() -> None:
    found = read(
        value("20", "Temperature", "Celsius", location="EV"),
        value("40", "Temperature", "Celsius", location="Body"),
        value("60", "Temperature", "Celsius", location="Cable"),
    )
    assert found.temperature_c == 40
    assert found.others == {"Temperature@EV": 20.0, "Temperature@Cable": 60.0}


def test_contexts_of_one_sample_become_readings_of_their_own() -> None:
    first, second = normalise(
        (
            sample(
                0,
                value("100", context="Transaction.Begin"),
                value("105", context="Sample.Periodic"),
                value("7", "Power.Active.Import", "kW", context="Transaction.Begin"),
            ),
        ),
        received_at=NOON,
        evse=1,
    )
    assert (first.context, first.energy_wh, first.power_w) == ("Transaction.Begin", 100, 7000)
    assert (second.context, second.energy_wh, second.power_w) == ("Sample.Periodic", 105, None)


def test_no_context_is_periodic_and_an_unknown_one_is_other() -> None:
    (both,) = normalise(
        (sample(0, value("1"), value("2", "SoC", context="sample.periodic")),), received_at=NOON, evse=1
    )
    assert (both.context, both.energy_wh, both.soc_percent) == ("Sample.Periodic", 1, 2)
    assert read(value("1", context="Weekly")).context == "Other"


def test_nothing_measured_is_no_reading() -> None:
    assert normalise((), received_at=NOON, evse=1) == ()
    assert normalise((sample(0),), received_at=NOON, evse=1) == ()


@pytest.mark.parametrize("raw", ["", "null", "NaN", "inf", "0x0000", "1e400", "twelve", "1 2"])
def test_what_is_no_number_is_kept_raw_and_flagged(raw: str) -> None:
    found = read(value(raw), value("5", "Power.Active.Import", "W"))
    assert found.energy_wh is None
    assert found.power_w == 5
    assert found.others == {"Energy.Active.Import.Register": raw}
    assert found.flags & Flag.UNREADABLE


def test_a_state_of_charge_above_a_hundred_is_not_believed() -> None:
    found = read(value("6500", "SoC", "Percent"))
    assert found.soc_percent is None
    assert found.others == {"SoC": 6500.0}


def test_a_negative_power_flows_the_other_way() -> None:
    found = read(value("-3000", "Power.Active.Import", "W"))
    assert (found.power_w, found.power_export_w) == (0, 3000)
    assert found.flags & Flag.SIGN_TURNED
    phases = read(*(value("-1000", "Power.Active.Import", "W", phase=f"L{n}") for n in (1, 2, 3)))
    assert (phases.power_w, phases.power_export_w) == (0, 3000)


def test_a_negative_register_is_no_register() -> None:
    found = read(value("-1"))
    assert found.energy_wh is None
    assert found.others == {"Energy.Active.Import.Register": -1.0}


def test_intervals_vendors_words_and_reactive_energy_are_kept_in_si_units() -> None:
    found = read(
        value("0.25", "Energy.Active.Import.Interval", "kWh"),
        value("2", "Energy.Reactive.Import.Register", "kvarh"),
        value("3", "Vendor.Fan.Speed", "rpm"),
    )
    assert found.others == {
        "Energy.Active.Import.Interval": 250.0,
        "Energy.Reactive.Import.Register": 2000.0,
        "Vendor.Fan.Speed": 3.0,
    }
    assert found.flags == 0


def test_a_signed_value_is_kept_raw_beside_its_number() -> None:
    signature = {"signedMeterData": "T0NNRnw=", "encodingMethod": "OCMF"}
    found = read(value(1234.0, context="Transaction.End", signed=signature))
    assert found.energy_wh == 1234
    assert found.signed == (
        {
            "measurand": "Energy.Active.Import.Register",
            "context": "Transaction.End",
            "value": 1234.0,
            **signature,
        },
    )
    text = read(value("OCMF|{}|{}", signed={"format": "SignedData"}))
    assert text.energy_wh is None
    assert text.signed[0]["value"] == "OCMF|{}|{}"
    assert not text.flags & Flag.UNREADABLE


def test_one_measurand_twice_keeps_the_first_and_flags_it() -> None:
    found = read(value("100"), value("200"), value("300"))
    assert found.energy_wh == 100
    assert found.flags & Flag.REPEATED
    assert found.others == {
        "Energy.Active.Import.Register": 200.0,
        "Energy.Active.Import.Register#2": 300.0,
    }


@pytest.mark.parametrize(
    "wrong", [None, datetime(1970, 1, 1, 0, 3, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), at(65)]
)
def test_a_clock_that_cannot_be_right_gives_way_to_the_receipt(wrong: datetime | None) -> None:
    (found,) = normalise((MeterSample(at=wrong, values=(value("5"),)),), received_at=NOON, evse=1)
    assert found.at == NOON
    assert found.flags & Flag.CLOCK_WRONG
    assert found.others == {"reported_at": None if wrong is None else wrong.isoformat()}


def test_samples_of_an_unset_clock_keep_their_distances() -> None:
    boot = datetime(1970, 1, 1, tzinfo=UTC)
    samples = tuple(
        MeterSample(at=boot + timedelta(minutes=minutes), values=(value(str(minutes)),))
        for minutes in (0, 5, 15)
    )
    found = normalise(samples, received_at=NOON, evse=1)
    assert [reading.at for reading in found] == [at(-15), at(-10), at(0)]


def test_readings_come_in_the_order_of_their_times() -> None:
    found = normalise((register(-1, 30), register(-3, 10), register(-2, 20)), received_at=NOON, evse=1)
    assert [reading.energy_wh for reading in found] == [10, 20, 30]


words = st.text(max_size=40)


@given(
    st.lists(
        st.builds(
            SampledValue,
            value=st.one_of(st.text(max_size=30), st.floats(), st.integers()),
            measurand=st.one_of(
                words,
                st.sampled_from(
                    ["", "Power.Active.Import", "SoC", "Voltage", "Temperature", "Current.Import"]
                ),
            ),
            unit=st.one_of(words, st.sampled_from(["", "Wh", "kWh", "W", "kW", "A", "V", "K", "Percent"])),
            multiplier=st.integers(-400, 400),
            phase=st.one_of(words, st.sampled_from(["", "L1", "L2", "L3", "N", "L1-N", "L1-L2"])),
            context=st.one_of(words, st.sampled_from(["", "Sample.Periodic", "Transaction.Begin"])),
            location=st.one_of(words, st.sampled_from(["", "Outlet", "Inlet", "EV", "Body", "Cable"])),
            signed=st.one_of(st.none(), st.dictionaries(words, words, max_size=2)),
        ),
        max_size=12,
    )
)
def test_whatever_a_charger_sends_becomes_readings_that_can_be(values: list[SampledValue]) -> None:
    found = normalise((sample(0, *values),), received_at=NOON, evse=1)
    for reading in found:
        for column in ("energy_wh", "energy_export_wh", "power_w", "power_export_w", "soc_percent"):
            number = getattr(reading, column)
            assert number is None or 0 <= number < 1e14
    assert bool(found) == bool(values)
