"""The pure rules: codes, distances, opening hours, and how a driver's session stands."""

from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from currant.charging.model import Activity, Phase, Session
from currant.drivers import codes, nearby, receipts, standing, words
from currant.drivers.model import LANGUAGES, EvseState, PlaceName, Receipt, SessionState, Start, StartState
from currant.kit.ids import LocationId, SessionId, StationId, TenantId
from currant.stations.model import OpeningPeriod

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)  # a Monday
START = Start(
    id="start-1",
    tenant_id=TenantId("t"),
    driver_id="d",
    code="CP-1",
    location_id=LocationId("l"),
    station_id=StationId("s"),
    evse=1,
    asked_at=NOW,
)
SESSION = Session(
    id=SessionId("session-1"),
    number=7,
    tenant_id=TenantId("t"),
    station_id=StationId("s"),
    transaction_id="7",
    started_at=NOW,
    evse=1,
    authorised=True,
)


@pytest.mark.parametrize(
    "typed",
    [
        "DE*CUR*E0042",
        " de cur e0042\n",
        "decure0042",
        "https://charge.example.com/c/DE*CUR*E0042",
        "https://charge.example.com/c/DE%2ACUR%2AE0042/?utm=1",
        "\u200bDE\u00a0CUR\u00a0E0042",
    ],
)
def test_spellings_of_one_code_are_one(typed: str) -> None:
    assert codes.normalised(typed) == "decure0042"


def test_hyphens_of_any_length_are_hyphens() -> None:
    assert codes.normalised("CP\u20131") == codes.normalised("cp_1") == "cp-1"


def test_what_is_no_code_is_nothing() -> None:
    assert codes.normalised(" * \u200b") == codes.normalised("https://charge.example.com/") == ""


@pytest.mark.parametrize(
    ("begin", "end", "metres"),
    [
        ((52.5200, 13.4050), (48.1374, 11.5755), 504_200),  # Berlin, Munich
        ((0, 179.9), (0, -179.9), 22_239),  # across the date line
        ((90, 0), (90, 123), 0),  # at the pole every longitude is the same place
        ((0, 0), (0, 180), 20_015_115),
    ],
)
def test_distances_are_along_the_surface(
    begin: tuple[float, float], end: tuple[float, float], metres: int
) -> None:
    assert nearby.distance_m(*begin, *end) == pytest.approx(metres, rel=1e-3, abs=1)


def test_a_place_is_open_by_its_own_clock_and_over_midnight() -> None:
    night = [OpeningPeriod(weekday=1, begins="22:00", ends="02:00")]
    assert nearby.open_at([], "UTC", NOW)
    assert not nearby.open_at(night, "UTC", NOW)
    assert nearby.open_at(night, "UTC", NOW.replace(hour=23))
    assert nearby.open_at(night, "UTC", NOW + timedelta(hours=13))
    assert not nearby.open_at(night, "UTC", NOW + timedelta(hours=14))
    # 12:00 UTC is 22:00 in Brisbane.
    assert nearby.open_at(night, "Australia/Brisbane", NOW)
    assert nearby.open_at([OpeningPeriod(weekday=1, begins="00:00", ends="24:00")], "UTC", NOW)


def test_a_wish_waits_for_the_vehicle_and_is_given_up_in_the_end() -> None:
    agreed = replace(START, state=StartState.AGREED)
    within = timedelta(minutes=10)
    assert standing.of_start(START, EvseState.AVAILABLE, NOW) == (SessionState.STARTING, "")
    assert standing.of_start(agreed, EvseState.AVAILABLE, NOW) == (SessionState.PLUG_IN, "plug_in")
    # "Preparing" may mean a cable or only that somebody may charge: what nothing comes of is a missing cable.
    soon, later = NOW + timedelta(seconds=10), NOW + timedelta(seconds=15)
    assert standing.of_start(agreed, EvseState.OCCUPIED, soon) == (SessionState.STARTING, "")
    assert standing.of_start(agreed, EvseState.OCCUPIED, later) == (SessionState.PLUG_IN, "plug_in_if_not")
    assert standing.of_start(START, EvseState.OCCUPIED, later) == (SessionState.STARTING, "")
    assert standing.given_up(agreed, NOW + timedelta(minutes=9), plug_in_within=within) == ""
    assert standing.given_up(agreed, NOW + timedelta(minutes=11), plug_in_within=within) == "not_plugged_in"
    assert standing.given_up(START, NOW + timedelta(minutes=2), plug_in_within=within) == "no_answer"


def test_a_session_answers_only_a_wish_that_may_still_come_true() -> None:
    soon = NOW + timedelta(minutes=1)
    assert standing.answers(replace(START, state=StartState.AGREED), evse=1, at=soon)
    assert standing.answers(replace(START, state=StartState.AGREED), evse=None, at=soon)
    assert not standing.answers(START, evse=2, at=soon)
    assert not standing.answers(replace(START, state=StartState.BEGUN), evse=1, at=soon)
    assert not standing.answers(replace(START, state=StartState.FAILED, why="refused"), evse=1, at=soon)
    assert standing.answers(replace(START, state=StartState.FAILED, why="no_answer"), evse=1, at=soon)
    assert not standing.answers(START, evse=1, at=NOW + timedelta(hours=1))


@pytest.mark.parametrize(
    ("activity", "state", "why"),
    [
        (Activity.CHARGING, SessionState.CHARGING, ""),
        (Activity.PAUSED_BY_VEHICLE, SessionState.PAUSED_BY_VEHICLE, "paused_by_vehicle"),
        (Activity.PAUSED_BY_STATION, SessionState.PAUSED_BY_STATION, "paused_by_station"),
        (Activity.IDLE, SessionState.FINISHED, ""),
    ],
)
def test_what_a_vehicle_does_has_a_word(activity: Activity, state: SessionState, why: str) -> None:
    running = replace(SESSION, activity=activity)
    assert standing.of_session(running, None, EvseState.CHARGING, NOW) == (state, why)


def test_a_stop_that_was_asked_for_is_ending_for_a_while_only() -> None:
    running = replace(SESSION, activity=Activity.CHARGING)
    asked = replace(START, state=StartState.BEGUN, stop_asked_at=NOW)
    assert standing.of_session(running, asked, EvseState.CHARGING, NOW)[0] is SessionState.ENDING
    later = NOW + timedelta(minutes=3)
    assert standing.of_session(running, asked, EvseState.CHARGING, later)[0] is SessionState.CHARGING


def test_why_a_session_ended_is_told() -> None:
    ended = replace(SESSION, phase=Phase.ENDED, energy_wh=5_000, stop_reason="EVDisconnected")
    assert standing.of_session(ended, None, EvseState.AVAILABLE, NOW) == (SessionState.ENDED, "unplugged")
    by_app = replace(ended, stop_reason="Remote")
    asked = replace(START, state=StartState.BEGUN, stop_asked_at=NOW)
    assert standing.of_session(by_app, asked, EvseState.AVAILABLE, NOW)[1] == "stopped_by_you"
    assert standing.of_session(by_app, None, EvseState.AVAILABLE, NOW)[1] == "stopped_remotely"
    refused = replace(ended, energy_wh=0, authorised=False, stop_reason="DeAuthorized")
    assert standing.of_session(refused, None, EvseState.AVAILABLE, NOW)[0] is SessionState.FAILED


def test_every_text_is_there_in_every_language() -> None:
    for texts in (words.REASONS, words.PUSH, words.MAIL, words.RECEIPT):
        for name, text in texts.items():
            assert set(text) == set(LANGUAGES), name
            holds = {language: sorted(_held(each)) for language, each in text.items()}
            assert len({tuple(each) for each in holds.values()}) == 1, name
    codes_used = {*standing.ENDED_BECAUSE.values(), *standing.NOT_STARTED.values(), "not_allowed", "plug_in"}
    assert codes_used <= set(words.REASONS)


def _held(text: str) -> list[str]:
    return [part.partition("}")[0] for part in text.split("{")[1:]]


@pytest.mark.parametrize(
    ("chosen", "accepted", "language"),
    [
        ("hi", "de", "hi"),
        ("", "fr-FR, de;q=0.5", "de"),
        ("", "AR-eg", "ar"),
        ("", "", "en"),
        ("xx", "*", "en"),
        ("", ";;,,,q=", "en"),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(chosen: str, accepted: str, language: str) -> None:
    assert words.language_of(chosen, accepted) == language


def test_a_receipt_shows_what_it_holds_and_runs_nothing() -> None:
    receipt = Receipt(
        organisation="<script>alert(1)</script>",
        number=7,
        place=PlaceName(id="l", name='Market "1"', address="<b>Square</b>"),
        evse_code="DE*1",
        started_at=NOW,
        ended_at=NOW + timedelta(hours=1, seconds=5),
        time_zone="Europe/Berlin",
        duration_s=3605,
        idle_s=0,
        energy_wh=12_345,
        meter_start_wh=1_000,
        meter_stop_wh=13_345,
    )
    for language in LANGUAGES:
        page = receipts.page(receipt, language)
        assert "<script>" not in page
        assert "<b>" not in page
        assert "12.345 kWh" in page
        assert "2026-03-02 13:00:00 CET" in page
        assert "1:00:05" in page
        assert f'dir="{"rtl" if language == "ar" else "ltr"}"' in page
