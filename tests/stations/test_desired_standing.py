"""The retry policy, as a pure function: when it is tried again, and when not any more."""

from hypothesis import given
from hypothesis import strategies as st

from currant.stations.desired import standing as rules
from currant.stations.desired.aspect import Refusal
from currant.stations.desired.model import Cause, KeyState, Standing
from currant.stations.model import CommandStatus

SECOND = rules.SECOND
NOW = 1_700_000_000 * SECOND


def told(state: KeyState, status: CommandStatus, *, now: int = NOW, says=None, heard=False) -> KeyState:
    return rules.answered(state, status, "", step="s", says=says, heard=heard, now=now, chance=0.5)


def test_pauses_double_up_to_an_hour_give_or_take_a_fifth() -> None:
    pauses = [rules.pause_after(attempts, chance=0.5) // SECOND for attempts in range(1, 12)]
    assert pauses == [10, 20, 40, 80, 160, 320, 640, 1280, 2560, 3600, 3600]
    assert rules.pause_after(1, chance=0.0) == 8 * SECOND
    assert rules.pause_after(1, chance=1.0) == 12 * SECOND


def test_errors_without_end_become_a_refusal() -> None:
    state = KeyState()
    for _ in range(rules.FAILED_MAX - 1):
        state = told(state, CommandStatus.FAILED)
        assert (state.standing, state.cause) == (Standing.WAITING, Cause.FAILED)
    assert told(state, CommandStatus.FAILED).standing is Standing.REFUSED


def test_silence_is_never_a_refusal() -> None:
    state = KeyState()
    for _ in range(100):
        state = told(state, CommandStatus.UNANSWERED)
    assert (state.standing, state.cause) == (Standing.WAITING, Cause.UNANSWERED)


def test_a_refused_answer_counts_for_the_keys_it_is_said_of() -> None:
    assert told(KeyState(), CommandStatus.REFUSED).standing is Standing.REFUSED
    assert told(KeyState(), CommandStatus.REFUSED, heard=True).standing is Standing.IN_PROGRESS
    refused = told(KeyState(), CommandStatus.ACCEPTED, says=Refusal(reason="No."), heard=True)
    assert (refused.standing, refused.reason) == (Standing.REFUSED, "No.")
    cannot = told(KeyState(), CommandStatus.ACCEPTED, says=Refusal(reason="No.", unsupported=True))
    assert cannot.standing is Standing.UNSUPPORTED


def test_since_stays_while_nothing_changes() -> None:
    first = rules.held(KeyState(), Cause.OFFLINE, "away", now=NOW)
    later = rules.held(first, Cause.OFFLINE, "still away", now=NOW + SECOND)
    other = rules.held(later, Cause.IN_SESSION, "busy", now=NOW + 2 * SECOND)
    assert (first.since, later.since, other.since) == (NOW, NOW, NOW + 2 * SECOND)


def test_what_drifted_is_called_so_until_it_is_in_step_again() -> None:
    state = rules.in_step(KeyState(), wanted="w", now=NOW)
    state = rules.working(state, now=NOW)
    assert state.standing is Standing.DRIFTING
    state = told(state, CommandStatus.ACCEPTED)
    assert state.standing is Standing.DRIFTING
    assert rules.in_step(state, wanted="w", now=NOW).given == {}


def test_a_station_that_reconnects_again_and_again_is_not_asked_each_time() -> None:
    state = KeyState()
    asked = 0
    for _ in range(20):
        state = rules.reconnected(state)
        if not rules.must_rest(state, now=NOW):
            asked += 1
            state = told(state, CommandStatus.UNANSWERED)
    assert asked == rules.RECONNECTIONS_MAX + 1


def test_a_step_taken_in_vain_is_given_thrice_and_not_a_fourth_time() -> None:
    state, now, given = KeyState(), NOW, 0
    for _ in range(500):
        found = rules.repeated(state, "s", reported="old", now=now, chance=0.5)
        if found is None or found.again:
            state = told(state if found is None else found.state, CommandStatus.ACCEPTED, now=now)
            given += 1
        else:
            state = found.state
        if rules.is_settled(state):
            break
        now += SECOND
    assert given == rules.NOT_KEPT_MAX
    assert state.standing is Standing.REFUSED
    assert "keeps old" in state.reason


standings = st.sampled_from(list(Standing))


@given(st.dictionaries(st.text(max_size=3), st.builds(KeyState, standing=standings), max_size=6))
def test_an_aspect_is_in_step_only_when_everything_of_it_is(keys) -> None:
    shown = rules.worst(keys.values()).standing
    assert (shown is Standing.IN_STEP) == all(each.standing is Standing.IN_STEP for each in keys.values())
    if any(each.standing is Standing.REFUSED for each in keys.values()):
        assert shown is Standing.REFUSED


@given(st.lists(st.sampled_from(list(CommandStatus)), max_size=30))
def test_whatever_is_answered_the_key_rests_or_waits_for_something(statuses) -> None:
    state = KeyState()
    for status in statuses:
        state = told(state, status)
        assert state.reason or state.standing in (Standing.IN_PROGRESS, Standing.DRIFTING)
        assert len(state.given) <= 8
        assert state.next_at == 0 or state.next_at > NOW
