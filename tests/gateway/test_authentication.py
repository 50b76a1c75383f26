"""The security profiles as a rule, and how guessing is slowed down."""

from typing import Any

import msgspec
import pytest

from currant.gateway.attempts import Attempts
from currant.gateway.authentication import Credentials, Denied, Expected, Granted, judge
from currant.stations.model import Admission


def offered(
    profile: int, *, user: bytes = b"CP", password: bytes = b"secret", name: str = "CP"
) -> Credentials:
    basic = {"user": user, "password": password} if profile in (1, 2) else {}
    return Credentials(
        encrypted=profile >= 2, names=(name,) if profile == 3 else (), organisations=("Operator",), **basic
    )


def verdict(
    credentials: Credentials,
    *,
    matches: bool = True,
    admission: Admission = Admission.ACCEPTED,
    **expected: Any,
) -> Granted | Denied:
    wanted = Expected(
        identity="CP", admission=admission, **({"profile": None, "has_password": False} | expected)
    )
    return judge(credentials, wanted, password_matches=matches)


@pytest.mark.parametrize("required", [1, 2, 3])
@pytest.mark.parametrize("comes_with", [0, 1, 2, 3])
def test_a_station_uses_the_profile_that_is_set_and_no_other(required: int, comes_with: int) -> None:
    given = verdict(offered(comes_with), profile=required, has_password=True, allow_unauthenticated=True)
    assert isinstance(given, Granted) == (required == comes_with)


def test_profile_0_must_be_switched_on_for_the_network() -> None:
    assert isinstance(verdict(offered(0), profile=0), Denied)
    assert verdict(offered(0), profile=0, allow_unauthenticated=True) == Granted(profile=0)


def test_a_password_once_set_is_asked_for_even_where_unauthenticated_stations_are_allowed() -> None:
    assert isinstance(verdict(offered(0), has_password=True, allow_unauthenticated=True), Denied)
    assert verdict(offered(1), has_password=True) == Granted(profile=1)
    assert verdict(offered(2), has_password=True) == Granted(profile=2)


def test_without_a_password_to_compare_with_only_pending_stations_come_in() -> None:
    assert isinstance(verdict(offered(1)), Denied)
    assert verdict(offered(1), admission=Admission.PENDING) == Granted(profile=0)


def test_the_user_name_is_the_identity() -> None:
    assert isinstance(verdict(offered(2, user=b"cp"), profile=2, has_password=True), Denied)


def test_an_empty_password_is_never_right() -> None:
    assert isinstance(verdict(offered(1, password=b""), profile=1, has_password=True), Denied)


def test_a_certificate_names_the_station_and_the_operator() -> None:
    assert verdict(offered(3), profile=3, organisation="Operator") == Granted(profile=3)
    assert verdict(offered(3, name="SN-1"), profile=3, serial_number="SN-1") == Granted(profile=3)
    assert isinstance(verdict(offered(3, name="CP2"), profile=3), Denied)
    assert isinstance(verdict(offered(3), profile=3, organisation="Somebody else"), Denied)


@pytest.mark.parametrize("admission", [Admission.REFUSED, Admission.RETIRED])
def test_who_was_turned_away_stays_away(admission: Admission) -> None:
    assert isinstance(verdict(offered(2), admission=admission, has_password=True), Denied)


def attempts() -> Attempts:
    return Attempts(per_identity=3, per_address=5, window_s=60)


def test_after_a_few_failures_an_identity_has_to_wait() -> None:
    table = attempts()
    for _ in range(3):
        assert table.allowed("CP", "10.0.0.1", now=0)
        table.failed("CP", "10.0.0.1", now=0)
    assert not table.allowed("CP", "10.0.0.2", now=1)
    assert table.allowed("CP", "10.0.0.2", now=61)


def test_after_some_failures_an_address_has_to_wait() -> None:
    table = attempts()
    for number in range(5):
        table.failed(f"CP{number}", "10.0.0.1", now=0)
    assert not table.allowed("CP9", "10.0.0.1", now=1)
    assert table.allowed("CP9", "10.0.0.2", now=1)


def test_a_station_on_the_way_to_another_profile_may_come_in_either() -> None:
    on_its_way = Expected(
        identity="CP", admission=Admission.ACCEPTED, profile=1, has_password=True, also=(1, 2)
    )
    password = {"user": b"CP", "password": b"x"}
    for encrypted in (False, True):
        offered = Credentials(encrypted=encrypted, **password)
        assert judge(offered, on_its_way, password_matches=True) == Granted(profile=2 if encrypted else 1)
        assert isinstance(judge(offered, on_its_way, password_matches=False), Denied)
    to_3 = msgspec.structs.replace(on_its_way, profile=2, also=(2, 3))
    shown = Credentials(encrypted=True, names=("CP",))
    assert judge(shown, to_3, password_matches=False) == Granted(profile=3)
    assert isinstance(judge(Credentials(encrypted=False, **password), to_3, password_matches=True), Denied)


@pytest.mark.parametrize("profile", [None, 0, 1, 2, 3])
def test_a_revoked_certificate_opens_no_door(profile: int | None) -> None:
    offered = Credentials(encrypted=True, user=b"CP", password=b"x", names=("CP",), revoked="stolen")
    expected = Expected(
        identity="CP",
        admission=Admission.ACCEPTED,
        profile=profile,
        has_password=True,
        allow_unauthenticated=True,
        also=(0, 1, 2, 3),
    )
    verdict = judge(offered, expected, password_matches=True)
    assert isinstance(verdict, Denied)
    assert verdict.kind == "InvalidChargingStationCertificate"


def test_neither_a_guesser_nor_a_neighbour_locks_a_working_station_out() -> None:
    table = attempts()
    table.succeeded("CP", "10.0.0.1")
    for number in range(9):
        table.failed("CP", "66.6.6.6", now=0)
        table.failed(f"neighbour-{number}", "10.0.0.1", now=0)
    assert table.allowed("CP", "10.0.0.1", now=1)
    assert not table.allowed("CP", "66.6.6.6", now=1)


def test_a_failure_is_told_once_a_window() -> None:
    table = attempts()
    assert [table.failed("CP", "10.0.0.1", now=at) for at in (0, 1, 59, 60, 61)] == [
        True,
        False,
        False,
        True,
        False,
    ]
