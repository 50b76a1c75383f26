"""Names of variables, the keys of OCPP 1.6 among them, and when two values are the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.kit.errors import Invalid
from currant.stations.commanding.variables import Traits, Variable
from currant.stations.device import mapping16, naming
from currant.stations.device.comparing import same_value, why_not

words = st.text(min_size=1, max_size=20).filter(lambda word: word == word.strip())
variables = st.builds(
    Variable,
    component=words,
    name=words,
    instance=st.none() | words,
    component_instance=st.none() | words,
    evse=st.none() | st.integers(1, 9_999),
    connector=st.none(),
    attribute=st.sampled_from(naming.ATTRIBUTES),
)


@given(variables)
def test_a_variable_written_in_one_line_is_read_as_the_same_one(variable: Variable) -> None:
    assert naming.read(naming.text_of(variable)) == variable


def test_a_name_has_its_instances_place_and_attribute() -> None:
    text = "Connector[left].ChargeProtocol[main]@2/1#Target"
    assert naming.read(text) == Variable(
        component="Connector",
        component_instance="left",
        name="ChargeProtocol",
        instance="main",
        evse=2,
        connector=1,
        attribute="Target",
    )


@pytest.mark.parametrize("text", ["", "A.B#Nonsense", "A.B@x", "A[.B", "A." + "x" * 1000])
def test_what_names_no_variable_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        naming.read(text)


@pytest.mark.parametrize("mapped", mapping16.MAPPED, ids=lambda mapped: mapped.key)
def test_every_mapped_key_has_its_way_there_and_back(mapped: mapping16.Mapped) -> None:
    assert mapping16.key_of(mapping16.variable_of(mapped.key.upper())) == mapped.key


@given(words)
def test_every_other_key_is_a_variable_of_its_own(key: str) -> None:
    found = mapping16.key_of(mapping16.variable_of(key))
    assert found is not None
    assert found.lower() == key.lower() or mapping16.is_mapped(key)


def test_no_two_keys_are_the_same_variable() -> None:
    names = [naming.folded(mapped.variable) for mapped in mapping16.MAPPED]
    assert len(set(names)) == len(names)


def test_what_1_6_cannot_have_has_no_key() -> None:
    assert mapping16.key_of(naming.read("TxCtrlr.TxStartPoint")) is None
    assert mapping16.key_of(naming.read("OCPPCommCtrlr.HeartbeatInterval#Target")) is None
    assert mapping16.key_of(naming.read("AlignedDataCtrlr.Interval@1")) is None


@given(
    st.sampled_from([m for m in mapping16.MAPPED if m.kind is mapping16.Kind.RATE_UNITS]),
    st.lists(st.sampled_from(["A", "W"]), unique=True),
)
def test_units_of_rates_are_words_in_1_6(mapped: mapping16.Mapped, units: list[str]) -> None:
    value = ",".join(units)
    there = mapping16.to_key(mapped.key, value)
    assert set(there.split(",")) <= {"Current", "Power", ""}
    assert mapping16.to_model(mapped.key, there) == value


def test_a_password_is_sent_to_1_6_in_hexadecimal_digits() -> None:
    assert mapping16.to_key("AuthorizationKey", "sixteen-chars-ok") == b"sixteen-chars-ok".hex()
    spelled = "0123456789abcdef0123456789abcdef01234567"
    assert mapping16.to_key("AuthorizationKey", spelled) == spelled


def test_a_meters_public_key_belongs_to_its_evse() -> None:
    variable = mapping16.variable_of("MeterPublicKey2")
    assert naming.text_of(variable) == "FiscalMetering.PublicKey@2"
    assert mapping16.key_of(variable) == "MeterPublicKey2"


@pytest.mark.parametrize(
    ("wanted", "reported", "kind"),
    [
        ("60", "60.0", "integer"),
        ("0.5", ".50", "decimal"),
        ("true", "TRUE", "boolean"),
        ("SoC,Voltage", "Voltage, SoC", "MemberList"),
        ("2026-01-31T12:00:00Z", "2026-01-31T12:00:00.000+00:00", "dateTime"),
        ("1,2", "1, 2", "SequenceList"),
        ("60", "60.0", ""),
        ("true", "True", ""),
    ],
)
def test_the_same_value_may_be_written_differently(wanted: str, reported: str, kind: str) -> None:
    assert same_value(wanted, reported, Traits(data_type=kind))


@pytest.mark.parametrize(
    ("wanted", "reported", "kind"),
    [
        ("1.0", "1", "string"),
        ("1,2", "2,1", "SequenceList"),
        ("SoC", "SoC,Voltage", "MemberList"),
        ("60", "61", "integer"),
        ("true", "false", "boolean"),
        ("a", None, ""),
    ],
)
def test_other_values_are_not_the_same(wanted: str, reported: str | None, kind: str) -> None:
    assert not same_value(wanted, reported, Traits(data_type=kind))


@pytest.mark.parametrize(
    ("value", "traits"),
    [
        ("x", Traits(data_type="integer")),
        ("1.5", Traits(data_type="integer")),
        ("9", Traits(data_type="integer", min_limit=10)),
        ("11", Traits(data_type="decimal", max_limit=10.5)),
        ("maybe", Traits(data_type="boolean")),
        ("C", Traits(data_type="OptionList", values="A,B")),
        ("abcdef", Traits(data_type="string", max_limit=5)),
        ("1", Traits(mutability="ReadOnly")),
    ],
)
def test_what_a_station_says_it_will_not_take_is_known_before(value: str, traits: Traits) -> None:
    assert why_not(value, traits).startswith("The station says")


def test_nothing_speaks_against_a_fitting_value() -> None:
    assert why_not("B,A", Traits(data_type="MemberList", values="A,B,C")) == ""
    assert why_not("12", Traits(data_type="integer", min_limit=1, max_limit=12)) == ""
    assert why_not("anything", None) == ""
