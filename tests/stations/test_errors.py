"""One vocabulary for what is wrong, whatever the charger calls it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.stations.errors import CHARGEX, OTHER, OWN, ErrorCode, error_of

# OCPP 1.6, 7.6 ChargePointErrorCode.
OCPP16 = {
    "ConnectorLockFailure": "ConnectorLockFailure",
    "EVCommunicationError": "EVCommunicationError",
    "GroundFailure": "GroundFailure",
    "HighTemperature": "HighTemperature",
    "InternalError": "InternalError",
    "LocalListConflict": OTHER,
    "NoError": "",
    "OtherError": OTHER,
    "OverCurrentFailure": "OverCurrentFailure",
    "OverVoltage": "OverVoltage",
    "PowerMeterFailure": "PowerMeterFailure",
    "PowerSwitchFailure": "EVSEContactorFault",
    "ReaderFailure": "ReaderFailure",
    "ResetFailure": "ResetFailure",
    "UnderVoltage": "UnderVoltage",
    "WeakSignal": "WeakSignal",
}


def test_there_are_26_minimum_required_error_codes_numbered_in_order() -> None:
    assert len(ErrorCode) == len(CHARGEX) == 26
    assert CHARGEX["CX001"] is ErrorCode.CONNECTOR_LOCK_FAILURE
    assert CHARGEX["CX014"] is ErrorCode.PILOT_FAULT
    assert CHARGEX["CX020"] is ErrorCode.PARTIAL_INSERTION
    assert CHARGEX["CX026"] is ErrorCode.CUT_CABLE


@pytest.mark.parametrize(("raw", "word"), OCPP16.items())
def test_every_error_code_of_ocpp16_has_a_word(raw: str, word: str) -> None:
    assert error_of(raw) == word


@pytest.mark.parametrize(
    ("raw", "vendor_error", "word"),
    [
        ("OtherError", "CX008", "EmergencyStop"),
        ("OtherError", "cx26", "CutCable"),
        ("OtherError", "MREC14PilotFault", "PilotFault"),
        ("InternalError", "CX017", "EVSEContactorFault"),
        ("OtherError", "E-Stop", "EmergencyStop"),
        ("OtherError", "0x00A7", OTHER),
        ("Error", "", OTHER),  # charger_quirks C5
        ("groundfailure", "", "GroundFailure"),
        ("NoError", "0x0000", ""),  # charger_quirks C12
        ("", "0x0031", ""),
        ("NoError", "CX003", "HighTemperature"),
    ],
)
def test_a_vendors_words_make_a_vague_code_precise(raw: str, vendor_error: str, word: str) -> None:
    assert error_of(raw, vendor_error=vendor_error) == word


def test_chargex_codes_are_read_from_info_when_the_vendor_id_says_so() -> None:
    assert (
        error_of("OtherError", vendor_error="x", vendor_id="https://chargex.inl.gov", info="CX011")
        == "CableCheckFailure"
    )
    assert error_of("OtherError", vendor_error="x", vendor_id="Acme", info="CX011") == OTHER


def test_a_component_event_of_ocpp2_with_a_tech_code_has_the_same_word() -> None:
    assert error_of("CX002") == "GroundFailure"


@given(st.text(max_size=300), st.text(max_size=300), st.text(max_size=50))
def test_whatever_a_charger_says_there_is_a_word_of_ours_for_it(raw: str, vendor: str, info: str) -> None:
    known = {code.value for code in ErrorCode} | set(OWN) | {"", OTHER}
    assert error_of(raw, vendor_error=vendor, info=info) in known
