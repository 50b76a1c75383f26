"""The pure rules of tenancy: who may do what, how often somebody may guess, what a password must be."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.kit.errors import Invalid
from currant.tenancy import attempts
from currant.tenancy.attempts import Attempts
from currant.tenancy.model import Permission, Role
from currant.tenancy.passwords import check_acceptable
from currant.tenancy.people import checked_login
from currant.tenancy.permissions import PERMISSIONS, may_grant, permissions_of

WRITING = {p for p in Permission if p.value.endswith((":write", ":manage", ":give", ":admit"))}


def test_who_only_reads_changes_nothing() -> None:
    assert not PERMISSIONS[Role.READ_ONLY] & WRITING


def test_who_only_reads_sees_no_drivers_and_no_messages() -> None:
    hidden = {
        Permission.TOKENS_READ,
        Permission.MESSAGES_READ,
        Permission.PEOPLE_READ,
        Permission.SECURITY_READ,
    }
    assert not PERMISSIONS[Role.READ_ONLY] & hidden


def test_only_owners_manage_people_and_keys() -> None:
    for role in Role:
        manages = bool(PERMISSIONS[role] & {Permission.PEOPLE_MANAGE, Permission.KEYS_MANAGE})
        assert manages == (role is Role.OWNER)


def test_only_owners_of_the_host_organisation_make_organisations() -> None:
    for role in Role:
        assert Permission.TENANTS_MANAGE not in permissions_of(role)
        assert (Permission.TENANTS_MANAGE in permissions_of(role, host=True)) == (role is Role.OWNER)


def test_every_role_may_see_itself() -> None:
    assert all(Permission.SELF in PERMISSIONS[role] for role in Role)


@given(giver=st.sampled_from(Role), given_role=st.sampled_from(Role))
def test_nobody_gives_a_right_they_do_not_have(giver: Role, given_role: Role) -> None:
    if may_grant(PERMISSIONS[giver], given_role):
        assert not PERMISSIONS[given_role] - PERMISSIONS[giver]
    else:
        assert PERMISSIONS[given_role] - PERMISSIONS[giver]


def slow() -> Attempts:
    return Attempts(free=3, first_pause_s=2, longest_s=60, forget_s=600)


def test_the_first_failures_are_free_and_then_pauses_double() -> None:
    guesses = slow()
    pauses = []
    for _ in range(8):
        guesses.fail("ada", now=0)
        pauses.append(guesses.pause("ada", now=0))
    assert pauses == [0, 0, 0, 2, 4, 8, 16, 32]
    assert guesses.pause("ada", now=31) == 1
    assert guesses.pause("ada", now=32) == 0
    assert guesses.pause("eve", now=0) == 0


def test_a_pause_never_exceeds_the_longest_however_many_failures() -> None:
    guesses = slow()
    for _ in range(5_000):
        guesses.fail("ada", now=0)
    assert guesses.pause("ada", now=0) == 60


def test_success_and_time_forgive() -> None:
    guesses = slow()
    for _ in range(6):
        guesses.fail("ada", now=0)
        guesses.fail("eve", now=0)
    guesses.succeed("ada")
    assert guesses.pause("ada", now=0) == 0
    assert guesses.pause("eve", now=600) == 0
    assert guesses.fail("eve", now=600) == 1


def test_many_addresses_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempts, "ENTRIES_MAX", 100)
    guesses = slow()
    for number in range(1_000):
        guesses.fail(number, now=number)
    assert len(guesses) == 100
    assert guesses.fail(999, now=1_000) == 2


@pytest.mark.parametrize("password", ["short", "x" * 201, "aaaaaaaaaaaa", "Password1234", "ada@example.com"])
def test_a_password_that_is_guessed_first_is_refused(password: str) -> None:
    with pytest.raises(Invalid):
        check_acceptable(password, login="ada@example.com")


@pytest.mark.parametrize("password", ["correct horse battery", "übermäßig lang", "7f9c!kd0qLwe"])
def test_a_long_password_of_any_characters_is_taken(password: str) -> None:
    check_acceptable(password, login="ada@example.com")


def test_a_login_is_kept_once_however_it_is_typed() -> None:
    assert checked_login("  Ada@Example.COM ") == "ada@example.com"


@pytest.mark.parametrize("login", ["", "a", "with space", "tab\there", "nul\0", "x" * 121])
def test_a_login_that_nobody_could_type_again_is_refused(login: str) -> None:
    with pytest.raises(Invalid):
        checked_login(login)
