"""The way to another security profile, step by step, with stations that refuse, vanish and fall back."""

from datetime import UTC, datetime, timedelta

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from currant.kit.ids import StationId, TenantId
from currant.pki import security_upgrade as rules
from currant.pki.security_upgrade import ENDED, Came, Do, Facts, Upgrade, UpgradePhase

NOW = datetime(2026, 1, 31, 12, tzinfo=UTC)
YES = Came(accepted=True)
NO = Came(refused=True, reason="No.")
SILENCE = Came(reason="The station did not answer in time.")


def upgrade(version: str = "2.0.1", *, from_profile: int = 1, to_profile: int = 2, **more: object) -> Upgrade:
    start = Upgrade(
        id="u",
        tenant_id=TenantId("t"),
        station_id=StationId("s"),
        identity="CS-1",
        version=version,
        from_profile=from_profile,
        to_profile=to_profile,
        url="wss://csms.example.org/ocpp",
        phase=UpgradePhase.PREPARING,
        since=NOW,
        started_at=NOW,
        started_by="a test",
    )
    return msgspec.structs.replace(start, **more)


def facts(
    *,
    after: timedelta = timedelta(),
    connected: bool = True,
    trusts_us: bool | None = True,
    certified: bool = False,
) -> Facts:
    return Facts(now=NOW + after, connected=connected, trusts_us=trusts_us, has_certificate=certified)


def walked(move: Upgrade, known: Facts, came: dict[Do, Came] | None = None) -> tuple[Upgrade, list[Do]]:
    """Everything that is done until there is nothing more to do."""
    done: list[Do] = []
    for _ in range(50):
        move, do = rules.next_step(move, known)
        if do is Do.WAIT:
            return move, done
        done.append(do)
        move = rules.after(move, do, (came or {}).get(do, YES), now=known.now)
    raise AssertionError(f"It never rests: {done}")


def test_a_2_x_station_is_given_a_profile_its_order_and_a_restart() -> None:
    came = {Do.READ_PRIORITY: Came(accepted=True, value="1,3")}
    move, done = walked(upgrade(), facts(), came)
    assert done == [Do.READ_PRIORITY, Do.SET_PROFILE, Do.SET_PRIORITY, Do.RESTART]
    assert (move.phase, move.slot, move.priority_before) == (UpgradePhase.RETURNING, 3, "1,3")
    assert rules.with_slot_first(3, "1,3") == "3,1"


def test_a_1_6_station_is_told_the_profile_and_leaves_by_itself() -> None:
    move, done = walked(upgrade("1.6"), facts())
    assert done == [Do.SET_SECURITY_PROFILE]
    assert move.phase is UpgradePhase.RETURNING
    came = {Do.SET_SECURITY_PROFILE: Came(accepted=True, needs_restart=True)}
    move, done = walked(upgrade("1.6", address_key="CentralUrl"), facts(), came)
    assert done == [Do.SET_ADDRESS, Do.SET_SECURITY_PROFILE, Do.RESTART]


def test_a_station_that_does_not_trust_us_is_given_our_root_first() -> None:
    _, done = walked(upgrade("1.6"), facts(trusts_us=None))
    assert done[:2] == [Do.ASK_ROOTS, Do.INSTALL_ROOT]
    _, done = walked(upgrade("1.6"), facts(trusts_us=False))
    assert done[0] is Do.INSTALL_ROOT
    move, done = walked(upgrade("1.6"), facts(trusts_us=False), {Do.INSTALL_ROOT: NO})
    assert (move.phase, move.reason) == (UpgradePhase.FAILED, "No.")


def test_profile_3_waits_for_a_certificate() -> None:
    move = upgrade("1.6", from_profile=2, to_profile=3)
    move, done = walked(move, facts())
    assert done == [Do.ASK_CERTIFICATE]
    assert move.phase is UpgradePhase.CERTIFYING
    later, done = walked(move, facts(certified=True))
    assert done == [Do.SET_SECURITY_PROFILE]
    assert later.phase is UpgradePhase.RETURNING
    gone, done = walked(move, facts(after=timedelta(minutes=16)))
    assert (gone.phase, done) == (UpgradePhase.FAILED, [])


def test_a_slot_that_the_station_has_not_is_no_end() -> None:
    came = {Do.READ_PRIORITY: Came(accepted=True, value="0")}
    move, do = rules.next_step(upgrade(), facts())
    move = rules.after(move, do, came[do], now=NOW)
    slots = []
    while not move.ended:
        move, do = rules.next_step(move, facts())
        assert do is Do.SET_PROFILE
        slots.append(move.slot)
        move = rules.after(move, do, NO, now=NOW)
    assert slots == [1, 2, 3, 4]
    assert move.phase is UpgradePhase.FAILED


@pytest.mark.parametrize("version", ["1.6", "2.0.1", "2.1"])
def test_back_in_the_new_profile_it_has_arrived(version: str) -> None:
    move, _ = walked(upgrade(version), facts())
    assert rules.came_back(move, 2, now=NOW).phase is UpgradePhase.DONE
    assert rules.accepted_profiles(rules.came_back(move, 2, now=NOW)) == ()


def test_back_in_the_old_profile_it_has_fallen_back_and_is_let_in() -> None:
    move, _ = walked(upgrade(), facts())
    back = rules.came_back(move, 1, now=NOW)
    assert back.phase is UpgradePhase.FALLEN_BACK
    assert "security profile 1" in back.reason
    assert rules.accepted_profiles(back) == (1, 2)
    # The old order of connection profiles is put in force again.
    back, done = walked(back, facts())
    assert done == [Do.RESTORE_PRIORITY]
    # It may still find the way.
    assert rules.came_back(back, 2, now=NOW).phase is UpgradePhase.DONE


def test_one_that_restarts_when_idle_may_lose_its_line_before() -> None:
    came = {Do.RESTART: Came(accepted=True, scheduled=True)}
    move, _ = walked(upgrade(), facts(), came)
    assert rules.came_back(move, 1, now=NOW) == move
    late, _ = rules.next_step(move, facts(after=timedelta(hours=25)))
    assert late.phase is UpgradePhase.FALLEN_BACK


def test_one_that_does_not_come_back_in_time_has_fallen_back() -> None:
    move, _ = walked(upgrade(), facts())
    waiting, _ = rules.next_step(move, facts(after=timedelta(minutes=14), connected=False))
    assert waiting == move
    late, _ = rules.next_step(move, facts(after=timedelta(minutes=16), connected=False))
    assert late.phase is UpgradePhase.FALLEN_BACK
    assert rules.came_back(late, 2, now=NOW).phase is UpgradePhase.DONE


def test_a_lost_answer_is_asked_again_and_not_for_ever() -> None:
    move = upgrade("1.6")
    for _ in range(4):
        move, do = rules.next_step(move, facts())
        assert do is Do.SET_SECURITY_PROFILE
        move = rules.after(move, do, SILENCE, now=NOW)
        assert not move.ended
    # It may have been told: both profiles stay good.
    gave_up = rules.after(move, Do.SET_SECURITY_PROFILE, SILENCE, now=NOW)
    assert gave_up.phase is UpgradePhase.FALLEN_BACK
    assert rules.accepted_profiles(gave_up) == (1, 2)


def test_nothing_is_done_while_it_is_away() -> None:
    move, do = rules.next_step(upgrade(), facts(connected=False))
    assert do is Do.WAIT
    late, _ = rules.next_step(move, facts(connected=False, after=timedelta(minutes=11)))
    assert late.phase is UpgradePhase.FAILED


CAME = st.sampled_from(
    [YES, NO, SILENCE, Came(accepted=True, scheduled=True), Came(accepted=True, needs_restart=True)]
)


@given(
    version=st.sampled_from(["1.6", "2.0.1", "2.1"]),
    to_profile=st.sampled_from([2, 3]),
    events=st.lists(st.one_of(CAME, st.sampled_from([1, 2, 3]), st.booleans(), st.just(None)), max_size=40),
)
def test_until_it_has_arrived_the_old_profile_is_taken(
    version: str, to_profile: int, events: list[object]
) -> None:
    """Whatever happens: no station is ever shut out of the profile in which it was."""
    move, now, connected, certified = upgrade(version, to_profile=to_profile), NOW, True, False
    for event in events:
        now += timedelta(seconds=30)
        if isinstance(event, bool):
            connected, certified = event, event
        elif isinstance(event, int):
            move = rules.came_back(move, event, now=now)
        elif event is None:
            now += timedelta(hours=1)
        else:
            assert isinstance(event, Came)
            known = Facts(now=now, connected=connected, trusts_us=connected, has_certificate=certified)
            move, do = rules.next_step(move, known)
            if do is not Do.WAIT:
                move = rules.after(move, do, event, now=now)
        if move.phase is UpgradePhase.DONE:
            return
        if move.phase is UpgradePhase.FAILED:
            # The station was told nothing that could lead it elsewhere.
            assert rules.accepted_profiles(move) == ()
            return
        assert {1, to_profile} == set(rules.accepted_profiles(move))
    assert move.phase not in ENDED or move.phase in (UpgradePhase.FALLEN_BACK, UpgradePhase.CANCELLED)
