"""The table of charger quirks: each row of it, and the tests that prove that Currant copes with it."""

import ast
from functools import cache
from pathlib import Path

import pytest

TESTS = Path(__file__).parent

# Row by row: A the opening, B frames, C payloads, D time, E transactions, F metering.
COVERED: dict[str, tuple[str, ...]] = {
    "A1": (
        "wire/test_opening.py::test_without_a_subprotocol_the_opening_is_completed_and_then_closed",
        "wire/test_opening.py::test_a_version_can_be_assumed_for_a_station_that_offers_none",
    ),
    "A2": ("wire/test_opening.py::test_other_requests_get_a_short_answer",),
    "A3": ("wire/test_opening.py::test_a_station_without_a_path_is_known_by_its_user_name",),
    "A4": (
        "wire/test_opening.py::test_a_known_station_is_found_however_it_spells_the_path",
        "gateway/test_handshake.py::test_the_identity_is_the_last_segment_decoded_after_splitting",
    ),
    "A5": (
        "wire/test_opening.py::test_a_known_station_is_found_however_it_spells_the_path",
        "wire/test_opening.py::test_other_requests_get_a_short_answer",
    ),
    "A6": ("wire/test_opening.py::test_a_known_station_is_found_however_it_spells_the_path",),
    "A8": ("wire/test_opening.py::test_a_known_station_is_found_however_it_spells_the_path",),
    "A10": (
        "wire/test_opening.py::test_the_authorization_header_has_any_case_and_the_password_any_bytes",
        "wire/test_opening.py::test_bad_credentials_are_answered_401_and_recorded",
    ),
    "A11": ("wire/test_security.py::test_tls_1_1_is_refused",),
    "A12": (
        "wire/test_security.py::test_a_charger_that_does_not_trust_this_server_is_noticed",
        "wire/test_security.py::test_a_charger_may_say_that_it_does_not_trust_this_server",
    ),
    "A13": (
        "wire/test_opening.py::test_tls_and_garbage_on_the_plain_port_are_closed_and_counted",
        "wire/test_security.py::test_what_is_no_tls_on_the_tls_port_is_closed_counted_and_told",
    ),
    "A14": ("wire/test_quirks.py::test_a14_the_version_is_the_connections_and_not_the_stations",),
    "A15": (
        "wire/test_reconnecting.py::test_a_thousand_stations_take_over_from_their_half_open_sockets",
        "stations/test_service.py::test_the_end_of_an_older_connection_does_not_take_the_station_offline",
    ),
    "A16": (
        "wire/test_reconnecting.py::test_a_silent_station_is_pinged_and_then_closed",
        "wire/test_reconnecting.py::test_a_station_that_never_answers_pings_has_three_heartbeats",
    ),
    "A17": ("wire/test_reconnecting.py::test_a_station_that_never_answers_pings_has_three_heartbeats",),
    "A18": (
        "wire/test_frames.py::test_reserved_bits_and_wrong_frames_end_the_connection",
        "wire/test_frames.py::test_stations_with_and_without_compression_are_understood",
    ),
    "A19": ("wire/test_reconnecting.py::test_three_unanswered_calls_in_a_row_end_the_connection",),
    "B1": (
        "ocpp/test_frames.py::test_b1_a_truncated_answer_is_never_answered",
        "ocpp/test_frames.py::test_b1_what_cannot_be_read_is_dropped_in_1_6",
        "ocpp/test_frames.py::test_b1_what_cannot_be_read_is_answered_without_an_id_in_2_x",
        "ocpp/test_peer.py::test_b1_an_unreadable_answer_fails_its_call",
        "wire/test_frames.py::test_garbage_is_survived_and_logged",
    ),
    "B2": ("ocpp/test_frames.py::test_broken_json_whose_id_can_be_read_is_answered_under_it",),
    "B3": ("ocpp/test_frames.py::test_broken_json_whose_id_can_be_read_is_answered_under_it",),
    "B4": (
        "ocpp/test_frames.py::test_b4_nul_characters_are_removed",
        "ocpp/test_frames.py::test_b4_invalid_utf8_is_replaced",
        "ocpp/test_reading.py::test_b4_no_nul_comes_in_under_a_signature",
        "stations/test_messages.py::test_nul_characters_do_not_keep_a_message_out_of_any_store",
    ),
    "B5": ("ocpp/test_frames.py::test_b5_stray_backslashes_and_control_characters_are_kept_or_blanked",),
    "B6": (
        "ocpp/test_frames.py::test_b6_unknown_kinds_of_messages_are_ignored",
        "ocpp/test_frames.py::test_b6_unknown_kinds_of_messages_are_refused_in_2_0_1",
    ),
    "B7": (
        "wire/test_quirks.py::test_b7_message_ids_are_echoed_as_they_came",
        "ocpp/test_peer.py::test_b7_a_long_message_id_is_echoed_and_found",
    ),
    "B9": (
        "ocpp/test_peer.py::test_b9_pipelined_calls_are_handed_out_one_by_one_and_in_order",
        "wire/test_frames.py::test_messages_sent_without_waiting_are_answered_in_order",
    ),
    "B10": (
        "ocpp/test_peer.py::test_b10_calls_may_cross",
        "wire/test_reconnecting.py::test_calls_cross_in_both_directions",
    ),
    "B11": (
        "ocpp/test_peer.py::test_b11_late_and_unknown_answers_harm_nothing",
        "wire/test_reconnecting.py::test_a_late_answer_is_ignored",
    ),
    "B12": (
        "ocpp/test_reading.py::test_b12_an_answer_that_lacks_what_matters_fails_the_command",
        "ocpp/test_reading.py::test_b12_senseless_numbers_in_an_answer_are_kept_for_those_who_know",
        "ocpp/test_peer.py::test_only_2_1_is_told_that_its_answer_was_unusable",
        "wire/test_frames.py::test_an_unreadable_answer_is_told_to_a_2_1_station_and_fails_the_command",
    ),
    "B13": (
        "ocpp/test_frames.py::test_b13_errors_of_any_shape_are_understood",
        "ocpp/test_frames.py::test_b13_misspelt_codes_are_understood",
    ),
    "B15": ("wire/test_reconnecting.py::test_a_station_that_did_not_boot_is_asked_to_after_a_while",),
    "B16": (
        "wire/test_admission.py::test_a_boot_loop_is_answered_each_time",
        "charging/test_sessions16.py::test_a_boot_ends_nothing_and_the_queued_stop_still_counts",
        "stations/test_service.py::test_a_boot_is_kept_and_its_repetition_within_a_minute_is_no_news",
    ),
    "B17": (
        "wire/test_admission.py::test_a_pending_station_is_accepted_while_it_is_connected",
        "wire/test_sessions.py::test_a_pending_station_may_only_boot_until_it_is_accepted",
    ),
    "B18": (
        "wire/test_quirks.py::test_b18_a_message_that_is_sent_again_and_again_in_vain_is_noticed",
        "wire/test_quirks.py::test_every_action_of_every_version_is_answered",
    ),
    "C1": (
        "ocpp/test_reading.py::test_c1_c2_long_names_and_serial_numbers_are_kept_whole",
        "stations/test_service.py::test_over_long_words_of_a_boot_are_kept_to_255_characters",
    ),
    "C2": ("ocpp/test_reading.py::test_c1_c2_long_names_and_serial_numbers_are_kept_whole",),
    "C3": ("ocpp/test_reading.py::test_c3_a_long_info_is_kept_whole",),
    "C4": ("ocpp/test_reading.py::test_c4_a_long_configuration_value_is_kept_whole",),
    "C5": (
        "ocpp/test_reading.py::test_c5_an_unknown_error_code_becomes_other_error_and_stays_readable",
        "wire/test_quirks.py::test_c5_an_unknown_error_code_is_kept_as_the_charger_spelled_it",
    ),
    "C6": ("ocpp/test_reading.py::test_c6_units_are_understood_in_other_spellings",),
    "C8": (
        "ocpp/test_reading.py::test_c8_empty_lists_of_values_are_accepted",
        "wire/test_quirks.py::test_c8_empty_meter_values_are_accepted_and_store_nothing",
    ),
    "C9": ("ocpp/test_reading.py::test_c9_measurands_are_understood_in_any_case_and_kept_when_unknown",),
    "C10": (
        "ocpp/test_reading.py::test_c10_unknown_properties_are_dropped",
        "ocpp/test_writing.py::test_absent_and_empty_fields_are_not_written",
    ),
    "C11": ("ocpp/test_reading.py::test_c11_no_reservation_may_be_written_as_zero",),
    "C12": (
        "ocpp/test_reading.py::test_c12_optional_texts_that_say_nothing_are_absent",
        "ocpp/test_reading.py::test_c12_an_empty_value_of_a_variable_is_a_value",
    ),
    "C13": (
        "ocpp/test_reading.py::test_c13_the_data_of_a_data_transfer_may_be_an_object",
        "wire/test_quirks.py::test_c13_data_that_is_an_object_is_answered_unknown_vendor",
    ),
    "C14": (
        "ocpp/test_reading.py::test_c14_configuration_values_may_be_missing_numbers_or_booleans",
        "wire/test_quirks.py::test_c14_a_station_that_ignores_the_filter_tells_only_what_was_asked",
    ),
    "C15": (
        "ocpp/test_reading.py::test_c15_every_answer_to_a_change_of_configuration_is_read",
        "wire/test_quirks.py::test_c15_a_change_that_is_refused_is_said_beside_those_that_are_not",
    ),
    "C16": (
        "ocpp/test_reading.py::test_c16_the_shape_of_2_0_is_refused_and_named",
        "ocpp/test_reading.py::test_c16_words_of_2_0_in_an_otherwise_clear_message_are_left_out",
    ),
    "C17": (
        "ocpp/test_reading.py::test_c17_a_transaction_event_may_lack_its_trigger_and_its_connector",
        "charging/test_lifecycle.py::test_the_evse_may_be_known_later_than_the_session",
    ),
    "D1": (
        "ocpp/test_reading.py::test_d1_a_time_without_a_zone_is_in_utc",
        "wire/test_quirks.py::test_d1_a_time_without_a_zone_is_local_where_a_zone_is_set",
    ),
    "D3": ("ocpp/test_reading.py::test_d3_fractions_of_any_length_are_read",),
    "D4": (
        "ocpp/test_reading.py::test_d4_a_clock_that_was_never_set_is_no_time",
        "wire/test_quirks.py::test_d4_a_start_in_1970_takes_the_time_of_receipt",
        "charging/test_sessions16.py::test_an_unset_clock_is_repaired_and_the_session_is_not_certain",
    ),
    "D5": (
        "ocpp/test_reading.py::test_d5_times_in_the_future_are_read_as_they_come",
        "charging/test_lifecycle.py::test_a_wrong_clock_is_repaired_and_said",
        "charging/test_lifecycle.py::test_local_time_called_utc_is_found_out_when_the_station_says_it_is_online",
    ),
    "D7": ("ocpp/test_writing.py::test_d7_times_are_written_to_the_second_with_a_z",),
    "D8": ("ocpp/test_reading.py::test_d8_an_unreadable_time_is_no_time",),
    "E2": (
        "ocpp/test_reading.py::test_e2_no_transaction_may_be_written_as_zero",
        "charging/test_sessions16.py::test_a_stop_of_nobody_means_the_one_session_there_is",
        "db/test_numbers.py::test_numbers_ascend_from_one_while_blocks_are_leased_ahead",
    ),
    "E3": (
        "ocpp/test_reading.py::test_e3_meter_values_need_no_transaction",
        "charging/test_sessions16.py::test_meter_values_without_an_id_or_with_a_stale_one_go_by_their_evse",
        "charging/test_sessions16.py::test_the_main_meter_belongs_to_no_session",
    ),
    "E4": (
        "charging/test_sessions16.py::test_what_is_acknowledged_is_there_after_a_reconnection",
        "charging/test_sessions16.py::test_meter_values_without_an_id_or_with_a_stale_one_go_by_their_evse",
        "db/test_numbers.py::test_a_restart_never_repeats_a_number",
    ),
    "E5": (
        "db/test_numbers.py::test_two_nodes_never_give_the_same_number",
        "db/test_numbers.py::test_the_last_number_fits_32_bits",
    ),
    "E7": (
        "charging/test_sessions16.py::test_a_repeated_start_gets_the_same_number",
        "charging/test_sessions16.py::test_another_start_on_an_occupied_evse_ends_the_old_session_as_suspect",
    ),
    "E8": (
        "charging/test_sessions16.py::test_a_second_stop_changes_no_bill",
        "charging/test_lifecycle.py::test_the_first_of_two_stops_counts_and_the_second_is_noted",
    ),
    "E10": (
        "wire/test_quirks.py::test_e10_e12_a_stop_alone_with_an_endless_tag_is_accepted_and_kept",
        "charging/test_lifecycle.py::test_only_a_stop_leaves_an_orphan_of_which_nothing_is_certain",
    ),
    "E12": (
        "ocpp/test_reading.py::test_e12_a_stop_may_have_an_empty_or_a_long_tag",
        "charging/test_sessions16.py::test_a_stop_without_or_with_an_empty_token_is_taken",
        "wire/test_quirks.py::test_e10_e12_a_stop_alone_with_an_endless_tag_is_accepted_and_kept",
    ),
    "E13": ("charging/test_sessions16.py::test_energy_outside_a_session_is_told_once",),
    "E15": ("wire/test_quirks.py::test_e15_a_remote_start_names_the_connector_where_there_is_but_one",),
    "E16": (
        "access/test_uids.py::test_a_virtual_uid_is_what_every_charger_takes_and_never_the_same",
        "access/test_service.py::test_a_token_without_a_card_gets_a_uid_every_charger_can_carry",
    ),
    "F1": ("charging/test_metering.py::test_the_measurand_beats_the_unit",),
    "F3": (
        "charging/test_metering.py::test_a_value_finds_its_column_in_si_units",
        "charging/test_metering.py::test_phases_add_up_only_where_there_is_no_total",
    ),
    "F5": (
        "charging/test_tally.py::test_a_register_that_drops_to_zero_for_a_while_is_not_counted",
        "charging/test_sessions16.py::test_falling_registers_are_flagged_where_they_stand",
    ),
    "F6": ("charging/test_metering.py::test_contexts_of_one_sample_become_readings_of_their_own",),
    "F7": (
        "charging/test_tally.py::test_power_is_derived_where_none_is_reported_and_none_flows_when_the_register_stands",
    ),
    "F8": (
        "charging/test_lifecycle.py::test_a_register_lower_than_at_the_start_is_no_negative_energy",
        "charging/test_tally.py::test_start_and_stop_are_believed_where_they_agree",
    ),
}

# Rows are never taken out: what a charger once did, another one will do again.
ROWS = {"A": 17, "B": 16, "C": 16, "D": 6, "E": 11, "F": 6}


@cache
def checks_in(file: str) -> frozenset[str]:
    """The tests of a file that can be run, and that check something."""
    tree = ast.parse((TESTS / file).read_text())
    return frozenset(
        node.name
        for node in tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and any(isinstance(inner, ast.Assert) for inner in ast.walk(node))
    )


@pytest.mark.parametrize("row", list(COVERED))
def test_the_row_has_its_tests(row: str) -> None:
    assert COVERED[row]
    for test in COVERED[row]:
        file, _, name = test.partition("::")
        assert name.startswith("test_")
        assert name in checks_in(file), f"{row}: there is no {test} that asserts anything"


def test_no_row_is_missing() -> None:
    assert {part: sum(row[0] == part for row in COVERED) for part in ROWS} == ROWS
    assert len(COVERED) == sum(ROWS.values())
