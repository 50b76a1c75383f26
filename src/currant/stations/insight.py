"""What a station is doing, why, and what is wrong with it: a pure function from what is known of it to words.

Whoever looks at a station wants to know in a glance whether to act. So everything that is known is asked
here, and comes out as codes with facts, the worst first (insight_words.py has them all).
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from currant.stations.insight_model import (
    EvseDoing,
    Insight,
    Known,
    LimitSeen,
    OutOfService,
    SessionSeen,
    StationDoing,
    StationProblem,
)
from currant.stations.insight_words import (
    BUSY,
    CRITICAL,
    DOING,
    SAYINGS,
    SEVERITIES,
    WARNING,
    fault_code,
    sentence,
)
from currant.stations.model import (
    Admission,
    ConnectorState,
    ConnectorStatus,
    SecurityEvent,
    Severity,
)

OFFLINE_LONG = timedelta(hours=1)
SETTLES_WITHIN = timedelta(minutes=2)
SILENT_AFTER = timedelta(minutes=10)
METER_SILENT_AFTER = timedelta(minutes=20)
NO_ENERGY_AFTER = timedelta(minutes=15)
STUCK_AFTER = timedelta(hours=48)
UNAVAILABLE_LONG = timedelta(days=1)
LATELY = timedelta(days=1)
THIS_WEEK = timedelta(days=7)
RESTARTS_MANY = 5
REPAIRED_MANY = 3
FINDINGS_MANY = 5

_METER_REPAIRS = frozenset(
    {
        *("meter_went_back", "meter_jumped", "meter_unsettled", "meter_rebased", "energy_estimated"),
        *("stop_below_readings", "stop_implausible", "stop_meter_missing"),
    }
)
_LOST = frozenset({"start_lost", "stop_lost", "zombie_closed", "sequence_gap"})
_TURNED_AWAY = {
    "FailedToAuthenticateAtCsms": "password_rejected",
    "InvalidChargingStationCertificate": "certificate_rejected",
    "InvalidSecurityProfile": "security_profile_wrong",
    "InvalidTLSVersion": "tls_failed",
    "InvalidTLSCipherSuite": "tls_failed",
    "InvalidCsmsCertificate": "tls_failed",
    "TlsHandshakeFailed": "tls_failed",
}
_TAMPERED = frozenset({"TamperDetectionActivated"})
_STANDINGS = {
    "refused": "desired_refused",
    "unsupported": "desired_unsupported",
    "drifting": "desired_drifting",
}


def insight(known: Known) -> Insight:
    """What is to be said of a station."""
    evses = tuple(_evse(known, number) for number in _numbers(known))
    doing, since = _doing(known, evses)
    problems = sorted(_problems(known), key=lambda each: -SEVERITIES.index(each.severity))
    return Insight(
        state=known.state,
        doing=doing,
        since=since,
        text=sentence(DOING[doing.code], doing.facts),
        evses=evses,
        problems=tuple(problems),
    )


# What it is doing

_BUSIEST = (
    "firmware_updating",
    "charging",
    "charging_limited",
    "suspended_by_limit",
    "suspended_by_station",
    "suspended_by_vehicle",
    "starting",
    "finishing",
    "occupied",
    "faulted",
    "reserved",
    "unavailable_by_command",
    "unavailable",
    "idle",
    "unknown",
)


def _doing(known: Known, evses: Sequence[EvseDoing]) -> tuple[StationDoing, datetime | None]:
    station = known.station
    if station.admission is Admission.PENDING:
        return StationDoing(code="waiting_for_acceptance"), station.created_at
    if station.admission is not Admission.ACCEPTED:
        return StationDoing(code=station.admission.value), None
    if not known.connected:
        if station.disconnected_at is None and station.last_seen_at is None:
            return StationDoing(code="never_connected"), station.created_at
        return StationDoing(code="offline", facts={"last_seen_at": station.last_seen_at}), known.since
    if known.firmware is not None and known.firmware.open:
        updating = {"version": known.firmware.version, "status": known.firmware.status}
        return StationDoing(code="firmware_updating", facts=updating), known.firmware.at
    if not evses or all(each.doing.code == "unknown" for each in evses):
        fresh = known.since is not None and known.now - known.since < SETTLES_WITHIN
        return StationDoing(code="restarting" if fresh else "unknown"), known.since
    whole = next((state for state in known.states if (state.evse, state.connector) == (0, 0)), None)
    if whole is not None and whole.status is ConnectorStatus.FAULTED:
        return StationDoing(code="faulted", facts={"error": whole.error}), whole.since
    busiest = min(evses, key=lambda each: _BUSIEST.index(each.doing.code))
    facts: dict[str, Any] = dict(busiest.doing.facts)
    running = [session for session in known.sessions if session.active]
    if running:
        facts |= {"sessions": len(running), "power_w": round(sum(each.power_w or 0.0 for each in running))}
    if len(evses) > 1:
        facts["evses"] = len(evses)
        facts["alike"] = sum(each.doing.code == busiest.doing.code for each in evses)
    return StationDoing(code=busiest.doing.code, facts=facts), busiest.since


def _numbers(known: Known) -> list[int]:
    described = {evse.number for evse in known.station.evses}
    return sorted(described | {state.evse for state in known.states if state.evse > 0})


def _evse(known: Known, number: int) -> EvseDoing:
    if not known.connected:
        return EvseDoing(evse=number, doing=StationDoing(code="offline"), since=known.since)
    states = [state for state in known.states if state.evse == number]
    session = next((each for each in known.sessions if each.active and each.evse == number), None)
    faulted = next((state for state in states if state.status is ConnectorStatus.FAULTED), None)
    if faulted is not None:
        facts = {"error": faulted.error, "vendor_error": faulted.vendor_error, "connector": faulted.connector}
        return EvseDoing(evse=number, doing=StationDoing(code="faulted", facts=facts), since=faulted.since)
    if session is not None:
        return EvseDoing(evse=number, doing=_in_session(known, session), since=_session_since(session))
    since = max((state.since for state in states if state.since is not None), default=None)
    return EvseDoing(evse=number, doing=_without_session(known, number, states), since=since)


def _session_since(session: SessionSeen) -> datetime:
    return session.activity_since or session.started_at


def _limit_at(known: Known, evse: int | None) -> LimitSeen | None:
    """The limit that bites most, of those of this EVSE or the whole station."""
    found = [limit for limit in known.limits if limit.evse in (0, evse)]
    return min(found, key=lambda each: (each.limit is None, each.limit or 0.0), default=None)


def _in_session(known: Known, session: SessionSeen) -> StationDoing:
    limit = _limit_at(known, session.evse)
    facts: dict[str, Any] = {
        "session": session.id,
        "number": session.number,
        "started_at": session.started_at,
        "energy_wh": session.energy_wh,
    }
    if session.power_w is not None:
        facts["power_w"] = round(session.power_w)
    if session.soc_percent is not None:
        facts["soc"] = session.soc_percent
    if limit is not None:
        facts |= {"limit_source": limit.source, "limit": limit.limit, "limit_unit": limit.unit}
    match session.activity:
        case "charging":
            return StationDoing(code="charging" if limit is None else "charging_limited", facts=facts)
        case "paused_by_vehicle":
            return StationDoing(code="suspended_by_vehicle", facts=facts)
        case "paused_by_station":
            nothing = limit is not None and limit.limit == 0
            return StationDoing(code="suspended_by_limit" if nothing else "suspended_by_station", facts=facts)
        case "idle":
            return StationDoing(code="finishing", facts=facts)
        case _:
            return StationDoing(code="starting", facts=facts)


def _without_session(known: Known, number: int, states: Sequence[ConnectorState]) -> StationDoing:
    statuses = {state.status for state in states} - {ConnectorStatus.UNKNOWN}
    if not statuses:
        return StationDoing(code="unknown")
    if ConnectorStatus.PREPARING in statuses:
        return StationDoing(code="starting")
    if ConnectorStatus.FINISHING in statuses:
        return StationDoing(code="finishing")
    if not statuses.isdisjoint(BUSY):
        return StationDoing(code="occupied")
    reserved = next((each for each in known.reservations if each.evse in (None, number)), None)
    if ConnectorStatus.RESERVED in statuses or (reserved is not None and reserved.evse == number):
        facts = {} if reserved is None else {"number": reserved.number, "until": reserved.until}
        return StationDoing(code="reserved", facts=facts)
    if ConnectorStatus.AVAILABLE in statuses:
        return StationDoing(code="idle")
    told = _out_of_service(known, number)
    if told is not None:
        return StationDoing(code="unavailable_by_command", facts={"by": told.by, "at": told.at})
    return StationDoing(code="unavailable")


def _out_of_service(known: Known, evse: int) -> OutOfService | None:
    return next((each for each in known.out_of_service if each.evse in (None, 0, evse)), None)


# What is wrong


def _problem(
    code: str, *, since: datetime | None = None, severity: str | None = None, **facts: Any
) -> StationProblem:
    saying = SAYINGS[code]
    told = {name: value for name, value in facts.items() if value not in (None, "")}
    return StationProblem(
        code=code,
        severity=severity or saying.severity,
        since=since,
        facts=told,
        todo=saying.todo,
        text=saying.of({"since": since, **told}),
    )


def _problems(known: Known) -> Iterator[StationProblem]:
    station = known.station
    if station.admission is Admission.PENDING:
        yield _problem("pending_acceptance", since=station.created_at)
    yield from _security(known)
    if station.admission is not Admission.ACCEPTED:
        return
    yield from _connection(known)
    if known.connected:
        yield from _faults(known)
        yield from _connectors(known)
    yield from _sessions(known)
    yield from _manners(known)
    yield from _wishes(known)


def _connection(known: Known) -> Iterator[StationProblem]:
    station, now = known.station, known.now
    if not known.connected:
        if station.disconnected_at is None and station.last_seen_at is None:
            yield _problem("never_connected", since=station.created_at)
        else:
            long = known.since is not None and now - known.since >= OFFLINE_LONG
            yield _problem(
                "offline_long" if long else "offline", since=known.since, last_seen_at=station.last_seen_at
            )
        if known.waiting_commands:
            yield _problem("commands_waiting", count=known.waiting_commands)
    elif known.profile in (0, 1):
        yield _problem("link_not_encrypted", profile=known.profile)


def _security(known: Known) -> Iterator[StationProblem]:
    by_code: dict[str, list[SecurityEvent]] = {}
    for event in known.security:
        age = known.now - event.at
        code = _TURNED_AWAY.get(event.kind)
        if code is not None:
            # Who is connected now, and was let in after it, has no trouble any more.
            if age <= LATELY and not (
                known.connected and known.since is not None and event.at <= known.since
            ):
                by_code.setdefault(code, []).append(event)
        elif event.kind in _TAMPERED and age <= THIS_WEEK:
            by_code.setdefault("tampered", []).append(event)
        elif event.severity is Severity.CRITICAL and age <= LATELY:
            by_code.setdefault("security_critical", []).append(event)
    for code, events in by_code.items():
        latest = max(events, key=lambda each: each.at)
        yield _problem(
            code,
            # Somebody tries, and the station itself is connected all the same.
            severity=WARNING if code == "password_rejected" and known.connected else None,
            since=min(each.at for each in events),
            kind=latest.kind,
            detail=latest.detail,
            count=len(events),
            remote_address=latest.remote_address,
            last_at=latest.at,
        )


def _faults(known: Known) -> Iterator[StationProblem]:
    told: set[tuple[str, int]] = set()
    for state in known.states:
        faulted = state.status is ConnectorStatus.FAULTED
        if not faulted and not state.error:
            continue
        code = fault_code(state.error)
        told.add((code, state.evse))
        saying = SAYINGS[code]
        yield _problem(
            code,
            # An error beside another status does not keep anybody from charging.
            severity=None if faulted or saying.severity == CRITICAL else WARNING,
            since=state.since,
            evse=state.evse,
            connector=state.connector,
            error=state.error,
            raw_error=state.raw_error,
            vendor_error=state.vendor_error,
            info=state.info,
        )
    for part in known.parts:
        code = fault_code(part.error)
        if (code, part.evse) not in told:
            told.add((code, part.evse))
            yield _problem(
                code,
                since=part.since,
                evse=part.evse,
                error=part.error,
                component=part.component,
                info=part.detail,
            )


def _connectors(known: Known) -> Iterator[StationProblem]:
    known_places = {(s.evse, s.connector) for s in known.states if s.status is not ConnectorStatus.UNKNOWN}
    known_evses = {evse for evse, connector in known_places if connector == 0}
    settled = known.since is not None and known.now - known.since >= SILENT_AFTER
    silent = [
        (evse.number, connector.number)
        for evse in known.station.evses
        for connector in evse.connectors
        if (evse.number, connector.number) not in known_places and evse.number not in known_evses
    ]
    if silent and settled:
        yield _problem("connectors_silent", since=known.since, count=len(silent), evse=silent[0][0])
    for state in known.states:
        long = state.since is not None and known.now - state.since >= UNAVAILABLE_LONG
        if (
            state.status is ConnectorStatus.UNAVAILABLE
            and long
            and _out_of_service(known, state.evse) is None
        ):
            yield _problem("unavailable_long", since=state.since, evse=state.evse, connector=state.connector)
    for limit in known.limits:
        if limit.outside:
            yield _problem(
                "limited_outside",
                severity=WARNING if limit.grid_critical else None,
                source=limit.source,
                evse=limit.evse,
                limit=limit.limit,
                unit=limit.unit,
            )


def _sessions(known: Known) -> Iterator[StationProblem]:
    now = known.now
    for session in known.sessions:
        if not session.active:
            continue
        about: dict[str, Any] = {"number": session.number, "session": session.id, "evse": session.evse}
        heard = session.heard_at or session.started_at
        if not known.connected:
            yield _problem("session_open_offline", since=heard, **about)
            continue
        if now - heard >= STUCK_AFTER:
            yield _problem("session_stuck", since=session.started_at, **about)
        elif (
            session.activity == "charging"
            and now - (session.read_at or session.started_at) >= METER_SILENT_AFTER
        ):
            yield _problem("session_silent", since=session.read_at or session.started_at, **about)
        elif session.energy_wh == 0 and now - session.started_at >= NO_ENERGY_AFTER:
            yield _problem("session_without_energy", since=session.started_at, **about)
        if not session.authorised:
            yield _problem("session_unauthorised", since=session.started_at, **about)
    lost = [each for each in known.recent if not _LOST.isdisjoint(each.repairs)]
    if len(lost) >= REPAIRED_MANY:
        yield _problem("reports_lost", count=len(lost), of=len(known.recent))
    odd = [each for each in known.recent if not _METER_REPAIRS.isdisjoint(each.repairs)]
    if len(odd) >= REPAIRED_MANY:
        yield _problem("meter_unreliable", count=len(odd), of=len(known.recent))


def _manners(known: Known) -> Iterator[StationProblem]:
    if known.clock:
        yield _problem("clock_wrong", detail=known.clock)
    if known.boots >= RESTARTS_MANY:
        yield _problem("restarts_often", count=known.boots)
    if known.refused_messages:
        actions = ", ".join(sorted(set(known.refused_actions))[:5])
        yield _problem("messages_refused", count=known.refused_messages, actions=actions)
    kinds = Counter((finding.code, finding.field) for finding in known.findings)
    if len(kinds) >= FINDINGS_MANY:
        most = max(known.findings, key=lambda each: each.count)
        example = f"{most.code} in {most.action}"
        total = sum(each.count for each in known.findings)
        yield _problem("findings_many", count=len(kinds), total=total, example=example, finding=most.code)


def _wishes(known: Known) -> Iterator[StationProblem]:
    for standing in known.standings:
        code = _STANDINGS.get(standing.standing)
        if code is not None:
            yield _problem(code, since=standing.since, aspect=standing.aspect, reason=standing.reason)
    firmware = known.firmware
    if firmware is not None and firmware.failed and known.now - firmware.at <= THIS_WEEK:
        yield _problem(
            "firmware_failed",
            since=firmware.at,
            transfer=firmware.id,
            status=firmware.status,
            reason=firmware.reason or firmware.status,
            version=firmware.version,
        )
    if known.station.location_id is None:
        yield _problem("not_placed")
    if any(evse.learned for evse in known.station.evses):
        yield _problem("hardware_assumed")
