"""What reservations mean for those who present a token: others are refused, the one it is for uses it up.

Functions for use within the decisions of sessions; where nothing is reserved at a station they cost
one prepared look-up.
"""

from datetime import datetime

from msgspec.structs import replace
from sqlalchemy import Connection

from currant.access.model import Decision, Reason, Ruling, Standing
from currant.charging.model import Session
from currant.charging.reservations import rules, store
from currant.charging.reservations.ending import close
from currant.charging.reservations.model import Reservation
from currant.db.commits import ChangeSet
from currant.kit.ids import StationId, TenantId
from currant.stations import places


def judged(
    conn: Connection,
    standing: Standing,
    tenant_id: TenantId,
    station_id: StationId,
    *,
    evse: int | None,
) -> Standing:
    """What would be decided on a token that wants to start, with the reservations of others there."""
    decision = standing.decision
    if not decision.allowed:
        return standing
    holds = store.kept_at(conn, tenant_id, station_id, standing.at)
    if not holds:
        return standing
    running = store.charging_at(conn, tenant_id, [station_id])
    if decision.token_id is not None and decision.token_id in {token for _, token, _ in running.values()}:
        # It may be presented in order to end what it has running here.
        return standing
    charging = {key[1] for key in running}
    free = {place.evse for place in places.of_station(conn, tenant_id, station_id)} - charging
    refused = rules.refusal(
        holds,
        token_id=decision.token_id,
        parent_uid=decision.parent_uid,
        evse=evse,
        free=free,
        now=standing.at,
    )
    if refused is None:
        return standing
    explanation, until = refused
    ruling = Ruling(
        rule="reservation", passes=False, reason=Reason.RESERVED, explanation=explanation, until=until
    )
    return replace(
        standing,
        decision=replace(
            decision,
            allowed=False,
            reason=Reason.RESERVED,
            explanation=explanation,
            # No station's cache shall refuse the token for longer.
            valid_until=until if decision.valid_until is None else min(until, decision.valid_until),
        ),
        rulings=(*standing.rulings, ruling),
    )


def used_up(
    conn: Connection, changes: ChangeSet, session: Session, decision: Decision | None, *, now: datetime
) -> Session:
    """The session with the reservation that it uses up, if there is one; the reservation ends as used.

    Called when a session first has a token or a reservation's number. It is the one that the station names, or else, where the station forgets to, the token's or its
    group's at this station, or the token's own at this location.
    """
    found = _meant(conn, session, decision, now)
    if found is None:
        _note_late_use(conn, changes, session, now)
        return session
    mine = found.place_station_id == session.station_id and (
        found.any_evse or session.evse is None or found.place_evse == session.evse
    )
    named = session.reservation_id == found.number
    after = rules.used(
        found,
        now,
        session_id=session.id,
        session_number=session.number,
        at_its_place=named or mine,
    )
    close(conn, changes, after, now)
    return session if named else replace(session, reservation_id=found.number)


def _note_late_use(conn: Connection, changes: ChangeSet, session: Session, now: datetime) -> None:
    """A station that was offline names a reservation that has run out here in the meantime."""
    if not session.reservation_id or not session.authorised:
        return
    named = store.by_number(conn, session.tenant_id, session.reservation_id)
    if (
        named is not None
        and named.place_station_id == session.station_id
        and rules.is_used_late(named, session.started_at)
    ):
        after = rules.used_late(named, session_id=session.id, session_number=session.number)
        close(conn, changes, after, now)


def _meant(
    conn: Connection, session: Session, decision: Decision | None, now: datetime
) -> Reservation | None:
    tenant_id = session.tenant_id
    here = store.kept_at(conn, tenant_id, session.station_id, now)
    # Some stations say 0 where there is none (quirk C11).
    if session.reservation_id:
        named = next((each for each in here if each.number == session.reservation_id), None)
        if named is not None:
            return named
    if decision is None or not decision.allowed or decision.token_id is None:
        return None
    usable = [each for each in here if rules.may_use(each, decision.token_id, decision.parent_uid)]
    if usable:
        # Its own before its group's, and of those the one for this very EVSE.
        return min(
            usable,
            key=lambda each: (
                each.token_id != decision.token_id,
                not each.any_evse and each.place_evse != session.evse,
                each.hold_from,
            ),
        )
    own = store.kept_for(conn, tenant_id, decision.token_id, now)
    return next(
        (each for each in own if each.location_id is not None and each.location_id == session.location_id),
        None,
    )
