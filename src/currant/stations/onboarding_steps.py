"""How far a charger has come, as a pure function of what is known of it.

A step is done by a fact: a connection that stood, a boot, a status. It failed when the latest
attempt, later than any connection, ended there; what comes before the place where an attempt
ended, it passed.
"""

from collections.abc import Sequence
from datetime import datetime

from currant.stations.model import Admission, ConnectorStatus, StationOverview
from currant.stations.onboarding_model import Attempt, Facts, OnboardingStep, StepCode, StepState, Trouble

C, T = StepCode, Trouble

# The steps that an attempt passes before it can fail, in the order in which the door looks.
_DOOR = (C.REACHED, C.TLS, C.PATH, C.PASSWORD, C.SUBPROTOCOL)

FAILS_AT: dict[Trouble, StepCode] = {
    T.NO_ROOM: C.REACHED,
    T.NOT_HTTP: C.TLS,
    T.TLS_FAILED: C.TLS,
    T.TLS_TOO_OLD: C.TLS,
    T.TLS_NO_SHARED_CIPHER: C.TLS,
    T.TLS_UNTRUSTED: C.TLS,
    T.PLAIN_TO_TLS: C.TLS,
    T.TLS_TO_PLAIN: C.TLS,
    T.CERTIFICATE_WRONG: C.TLS,
    T.NO_CERTIFICATE: C.TLS,
    T.WRONG_SECURITY_PROFILE: C.TLS,
    T.NOT_WEBSOCKET: C.PATH,
    T.WRONG_PATH: C.PATH,
    T.UNKNOWN_IDENTITY: C.PATH,
    T.TOO_MANY_ATTEMPTS: C.PASSWORD,
    T.NO_PASSWORD: C.PASSWORD,
    T.PASSWORD_NOT_SET: C.PASSWORD,
    T.PROFILE_0_OFF: C.PASSWORD,
    T.WRONG_USER: C.PASSWORD,
    T.WRONG_PASSWORD: C.PASSWORD,
    T.NO_SUBPROTOCOL: C.SUBPROTOCOL,
    T.UNKNOWN_SUBPROTOCOL: C.SUBPROTOCOL,
    T.NOT_ADMITTED: C.ACCEPTED,
}


def steps_of(
    overview: StationOverview, attempts: Sequence[Attempt], *, since: datetime | None
) -> tuple[OnboardingStep, ...]:
    """The steps of a station; attempts latest first. What was before `since` (a new password) counts no more."""
    station = overview.station
    connected_at = station.connected_at
    if not station.connected and connected_at is not None and since is not None and connected_at < since:
        connected_at = None
    last = attempts[0] if attempts else None
    if last is not None and (
        station.connected
        or (connected_at is not None and last.at < connected_at)
        or (since is not None and last.at < since)
    ):
        last = None
    came = {**_came(connected_at, overview), **_stopped(last, connected_at)}
    steps = {
        **{code: came.get(code, OnboardingStep(code=code, state=StepState.WAITING)) for code in _DOOR},
        C.BOOTED: _booted(overview, connected_at, since),
        C.ACCEPTED: _accepted(overview),
        C.STATUS: _status(overview, connected_at),
    }
    ready = all(step.state is StepState.DONE for step in steps.values())
    steps[C.READY] = OnboardingStep(
        code=C.READY,
        state=StepState.DONE if ready else StepState.WAITING,
        at=max((step.at for step in steps.values() if step.at is not None), default=None) if ready else None,
    )
    return tuple(steps[code] for code in StepCode)


def _came(at: datetime | None, overview: StationOverview) -> dict[StepCode, OnboardingStep]:
    """What a connection that stood shows."""
    if at is None:
        return {}
    facts: dict[StepCode, Facts] = {
        C.REACHED: {"remote_address": overview.connection.remote_address},
        C.TLS: {"security_profile": overview.connection.security_profile},
        C.SUBPROTOCOL: {"version": overview.connection.ocpp_version},
    }
    return {
        code: OnboardingStep(code=code, state=StepState.DONE, at=at, facts=facts.get(code, {}))
        for code in _DOOR
    }


def _stopped(last: Attempt | None, connected_at: datetime | None) -> dict[StepCode, OnboardingStep]:
    """What the latest attempt shows: where it ended, and what it had passed by then."""
    if last is None:
        return {}
    where = FAILS_AT[last.problem]
    passed = _DOOR if where not in _DOOR else _DOOR[: _DOOR.index(where)]
    steps = {code: OnboardingStep(code=code, state=StepState.DONE, at=last.at) for code in passed}
    if where in _DOOR:
        facts: Facts = {"problem": last.problem.value, **last.facts}
        steps[where] = OnboardingStep(code=where, state=StepState.FAILED, at=last.at, facts=facts)
        for code in _DOOR[_DOOR.index(where) + 1 :]:
            steps[code] = OnboardingStep(code=code, state=StepState.WAITING)
    if where is C.PASSWORD and last.problem is not T.TOO_MANY_ATTEMPTS:
        # The door looks at the password first, yet the opening says at once which version is spoken.
        steps[C.SUBPROTOCOL] = _subprotocol(last)
    return steps


def _subprotocol(last: Attempt) -> OnboardingStep:
    if last.version is not None:
        return OnboardingStep(
            code=C.SUBPROTOCOL, state=StepState.DONE, at=last.at, facts={"version": last.version}
        )
    problem = T.UNKNOWN_SUBPROTOCOL if last.facts.get("offered") else T.NO_SUBPROTOCOL
    facts: Facts = {"problem": problem.value, "offered": last.facts.get("offered")}
    return OnboardingStep(code=C.SUBPROTOCOL, state=StepState.FAILED, at=last.at, facts=facts)


def _booted(
    overview: StationOverview, connected_at: datetime | None, since: datetime | None
) -> OnboardingStep:
    station = overview.station
    at = station.last_boot_at
    old = at is not None and since is not None and at < since and not station.connected
    if at is None or old or connected_at is None:
        return OnboardingStep(code=C.BOOTED, state=StepState.WAITING)
    facts: Facts = {
        "vendor": station.vendor,
        "model": station.model,
        "firmware": station.firmware_version,
        "serial_number": station.serial_number,
    }
    return OnboardingStep(code=C.BOOTED, state=StepState.DONE, at=at, facts=facts)


def _accepted(overview: StationOverview) -> OnboardingStep:
    admission = overview.station.admission
    facts: Facts = {"admission": admission.value}
    if admission in (Admission.REFUSED, Admission.RETIRED):
        return OnboardingStep(code=C.ACCEPTED, state=StepState.FAILED, facts=facts)
    done = admission is Admission.ACCEPTED
    return OnboardingStep(code=C.ACCEPTED, state=StepState.DONE if done else StepState.WAITING, facts=facts)


def _status(overview: StationOverview, connected_at: datetime | None) -> OnboardingStep:
    """Whether every connector has said how it is; of a station nobody described, whether one has."""
    reported = {
        (state.evse, state.connector): state.since
        for state in overview.states
        if state.evse > 0
        and (state.last_reported if state.status is ConnectorStatus.UNKNOWN else state.status)
        not in (None, ConnectorStatus.UNKNOWN)
    }
    expected = {
        (evse.number, connector.number)
        for evse in overview.station.evses
        if not evse.learned
        for connector in evse.connectors
    }
    missing = sorted(place for place in expected if place not in reported)
    facts: Facts = {
        "reported": len(reported),
        "expected": len(expected) or None,
        "missing": ", ".join(f"{evse}/{connector}" for evse, connector in missing[:20]) or None,
    }
    done = connected_at is not None and bool(reported) and not missing
    at = max((since for since in reported.values() if since is not None), default=None) if done else None
    return OnboardingStep(
        code=C.STATUS, state=StepState.DONE if done else StepState.WAITING, at=at, facts=facts
    )
