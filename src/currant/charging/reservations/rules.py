"""The life of a reservation, as pure functions: when it may be made, what is due, what an answer makes of it.

A station that cannot keep a place does not end a reservation: Currant then keeps it alone, by
refusing other tokens when they are presented. Only a place that is taken when somebody wants it now
is refused at once.
"""

from datetime import datetime, timedelta
from enum import StrEnum

from msgspec.structs import replace

from currant.charging.reservations.assignment import Booking
from currant.charging.reservations.model import Reservation, ReservationState, Terms
from currant.kit.errors import Conflict, Invalid
from currant.kit.ids import SessionId, TokenId
from currant.stations.model import CommandOutcome, CommandStatus

LEASE = timedelta(minutes=2)
"""How long telling a station may take before somebody else takes it over."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=5)
SETTLES = timedelta(seconds=10)
"""After a boot a station says how its connectors stand; what it has kept need not be told again."""
EARLY = timedelta(minutes=2)
"""A station whose clock is a little fast ends a reservation a little early, and is right about it."""
SHORTEST = timedelta(minutes=1)

# The words in which stations say that the place itself is in the way (1.6 6.38; 2.x H01.FR.11, .12, .14).
TAKEN = {
    "Occupied": "The place is occupied or reserved already.",
    "Faulted": "The place is out of order.",
    "Unavailable": "The place is out of service.",
}


class Step(StrEnum):
    """What is to be done for a reservation."""

    NOTHING = "nothing"
    TELL = "tell"
    """Have the station keep the place."""
    RELEASE = "release"
    """Its time is over."""
    WITHDRAW = "withdraw"
    """Have the station give the place free."""


# Making


def window(
    starts_at: datetime | None, ends_at: datetime | None, *, now: datetime, terms: Terms
) -> tuple[datetime, datetime, bool]:
    """(from, to, whether it begins now) of what is asked for; Invalid where that cannot be."""
    for field, at in (("starts_at", starts_at), ("ends_at", ends_at)):
        if at is not None and at.tzinfo is None:
            raise Invalid(f"{field} needs a time zone, as in 2026-01-31T12:00:00Z.", field=field)
    ad_hoc = starts_at is None or starts_at <= now
    if starts_at is not None and starts_at < now - EARLY:
        raise Invalid("A reservation cannot begin in the past: leave starts_at out.", field="starts_at")
    begins = now if starts_at is None or ad_hoc else starts_at
    ends = ends_at if ends_at is not None else begins + terms.usual_length
    if ends <= now:
        raise Invalid("A reservation ends in the future.", field="ends_at")
    if ends - begins < SHORTEST:
        raise Invalid("A reservation lasts a minute at least.", field="ends_at")
    longest = terms.max_ad_hoc if ad_hoc else terms.max_length
    if ends - begins > longest:
        kind = "A reservation from now on" if ad_hoc else "A reservation"
        raise Invalid(f"{kind} lasts {_minutes(longest)} minutes at most.", field="ends_at")
    if not ad_hoc and begins - now < terms.min_notice:
        raise Invalid(
            f"Reservations are made {_minutes(terms.min_notice)} minutes ahead, or from now on.",
            field="starts_at",
        )
    if begins - now > terms.max_ahead:
        raise Invalid(f"Reservations are made {terms.max_ahead.days} days ahead at most.", field="starts_at")
    return begins, ends, ad_hoc


def check_share(*, of_token: int, of_account: int, terms: Terms) -> None:
    """Raise Conflict where the token, or who answers for it, has as many open reservations as may be."""
    if of_token >= terms.open_per_token:
        raise Conflict(
            f"The token has {of_token} open reservations, and may have {terms.open_per_token}: "
            "cancel one first.",
            open=of_token,
        )
    if of_account >= terms.open_per_account:
        raise Conflict(
            f"The account has {of_account} open reservations, and may have {terms.open_per_account}: "
            "cancel one first.",
            open=of_account,
        )


def timed(reservation: Reservation, begins: datetime, ends: datetime, *, terms: Terms) -> Reservation:
    """The reservation with these times, and all that follows from them."""
    hold_from = begins if reservation.ad_hoc else begins - terms.lead
    return replace(
        reservation,
        starts_at=begins,
        ends_at=ends,
        hold_from=hold_from,
        release_at=ends if reservation.ad_hoc else min(ends, begins + terms.grace),
        booked_until=ends,
        next_at=hold_from,
    )


def retimed(
    reservation: Reservation,
    starts_at: datetime | None,
    ends_at: datetime | None,
    *,
    now: datetime,
    terms: Terms,
) -> Reservation:
    """The reservation with other times; Invalid or Conflict where they cannot be."""
    if not reservation.is_open:
        raise Conflict(
            f"Reservation {reservation.number} is {reservation.state}: it cannot be changed any more.",
            reservation=reservation.id,
        )
    begun = now >= reservation.hold_from
    if begun and starts_at is not None and starts_at != reservation.starts_at:
        raise Conflict(
            f"The place of reservation {reservation.number} is kept already: only its end can change.",
            reservation=reservation.id,
        )
    begins = reservation.starts_at if starts_at is None else starts_at
    ends = reservation.ends_at if ends_at is None else ends_at
    if begun:
        longest = terms.max_ad_hoc if reservation.ad_hoc else terms.max_length
        if ends.tzinfo is None or ends <= now or ends - begins > longest:
            raise Invalid(
                f"The end lies in the future, with its time zone, at most {_minutes(longest)} minutes "
                "after the beginning.",
                field="ends_at",
            )
    else:
        begins, ends, _ = window(begins, ends, now=now, terms=terms)
    after = timed(reservation, begins, ends, terms=terms)
    if not begun:
        return after
    # The station is told the new end under the same number, which replaces what it knows (H01.FR.02).
    again = ReservationState.PLACING if reservation.state is ReservationState.HELD else reservation.state
    return replace(after, state=again, next_at=now, tries=0)


def booking_of(reservation: Reservation) -> Booking:
    """The stretch for which a reservation takes its place away from others."""
    wanted = reservation.wanted
    return Booking(
        id=reservation.id,
        wanted=wanted,
        starts_at=reservation.starts_at,
        ends_at=reservation.booked_until,
        place=reservation.place,
        movable=wanted.evse is None and reservation.state is ReservationState.PLANNED,
    )


# Telling the station


def next_step(reservation: Reservation, now: datetime) -> Step:
    """What is due for it now."""
    if not reservation.is_open:
        leased = reservation.next_at is not None and now < reservation.next_at
        return Step.WITHDRAW if reservation.station_knows and not leased else Step.NOTHING
    if now >= reservation.release_at:
        return Step.RELEASE
    if reservation.next_at is None or now < reservation.next_at:
        return Step.NOTHING
    if reservation.state is ReservationState.HELD_BY_US and not reservation.retries:
        return Step.NOTHING
    if reservation.state is ReservationState.HELD:
        return Step.NOTHING
    return Step.TELL


def telling(reservation: Reservation, now: datetime) -> Reservation:
    """While the station is told; whoever does it has it to himself for a while."""
    # What we keep already we go on keeping while the station is asked once more.
    keeps = reservation.state is ReservationState.HELD_BY_US
    return replace(
        reservation,
        state=reservation.state if keeps else ReservationState.PLACING,
        next_at=now + LEASE,
        tries=reservation.tries + 1,
    )


def is_about_the_place(outcome: CommandOutcome) -> bool:
    """The place itself is in the way, and another one might not be."""
    return _word(outcome) in TAKEN


def is_about_any_evse(outcome: CommandOutcome) -> bool:
    """The station did not take it; it may take a named EVSE (1.6 5.13, 2.x H01.FR.19)."""
    return outcome.status in (CommandStatus.REFUSED, CommandStatus.UNSUPPORTED) and not is_about_the_place(
        outcome
    )


def answered(
    reservation: Reservation, outcome: CommandOutcome, now: datetime, *, any_evse: bool
) -> Reservation:
    """What a station's answer makes of a reservation that it was told of."""
    if not reservation.is_open:
        # Over meanwhile: what the station has accepted is taken back.
        knows = reservation.station_knows or outcome.status in (
            CommandStatus.ACCEPTED,
            CommandStatus.SCHEDULED,
            CommandStatus.UNANSWERED,
        )
        return replace(reservation, station_knows=knows, next_at=now if knows else None)
    if outcome.status in (CommandStatus.ACCEPTED, CommandStatus.SCHEDULED):
        return replace(
            reservation,
            state=ReservationState.HELD,
            reason="",
            any_evse=any_evse,
            held_since=reservation.held_since or now,
            next_at=reservation.release_at,
            station_knows=True,
            retries=True,
        )
    if is_about_the_place(outcome):
        reason = TAKEN[_word(outcome)]
        if reservation.ad_hoc and reservation.held_since is None and reservation.waiting_id is None:
            return ended(reservation, ReservationState.REFUSED, now, reason=reason)
        return _by_us(reservation, reason, now, retries=True)
    if outcome.status is CommandStatus.OFFLINE:
        return _by_us(reservation, "The station is offline.", now, retries=True)
    if outcome.status is CommandStatus.UNANSWERED:
        return replace(
            _by_us(reservation, "The station did not answer.", now, retries=True), station_knows=True
        )
    if outcome.status is CommandStatus.FAILED:
        return _by_us(reservation, outcome.reason, now, retries=True)
    reason = outcome.reason if not _word(outcome) else "The station takes no reservations."
    return _by_us(reservation, reason, now, retries=False)


def kept_by_us(reservation: Reservation, reason: str, now: datetime) -> Reservation:
    """Kept without the station, which need not be asked again."""
    return _by_us(reservation, reason, now, retries=False)


def pause_after(tries: int) -> timedelta:
    return min(FIRST_PAUSE * (1 << min(max(tries - 1, 0), 10)), LONGEST_PAUSE)


def _by_us(reservation: Reservation, reason: str, now: datetime, *, retries: bool) -> Reservation:
    again = min(now + pause_after(reservation.tries), reservation.release_at)
    return replace(
        reservation,
        state=ReservationState.HELD_BY_US,
        reason=reason,
        held_since=reservation.held_since or now,
        next_at=again if retries else reservation.release_at,
        retries=retries,
    )


def _word(outcome: CommandOutcome) -> str:
    """The station's own word in its answer, empty where it gave none."""
    return str((outcome.answer or {}).get("status", ""))


def rebooted(reservation: Reservation, now: datetime) -> Reservation:
    """A station that booted may have forgotten it: it is told again, under the same number."""
    if reservation.state not in (ReservationState.HELD, ReservationState.HELD_BY_US):
        return reservation
    if reservation.state is ReservationState.HELD_BY_US and not reservation.retries:
        return reservation
    state = (
        ReservationState.PLACING
        if reservation.state is ReservationState.HELD
        else ReservationState.HELD_BY_US
    )
    return replace(reservation, state=state, next_at=now + SETTLES, tries=0)


def worth_another_try(reservation: Reservation, now: datetime) -> Reservation:
    """The station came back or the place became free: it is asked at once, not after its pause."""
    if reservation.state is ReservationState.HELD_BY_US and reservation.retries:
        return replace(reservation, next_at=now, tries=0)
    return reservation


def withdrawn(reservation: Reservation, outcome: CommandOutcome, now: datetime) -> Reservation:
    """What the answer to a cancellation makes of a reservation that is over."""
    if outcome.status in (CommandStatus.OFFLINE, CommandStatus.UNANSWERED) and now < reservation.release_at:
        return replace(reservation, next_at=now + pause_after(reservation.tries), tries=reservation.tries + 1)
    # A refusal is a station that does not know it (1.6 5.2; H02.FR.01), which is as good.
    return replace(reservation, station_knows=False, next_at=None)


# Ending


def ended(
    reservation: Reservation, state: ReservationState, now: datetime, *, reason: str = ""
) -> Reservation:
    """Over. A station that still keeps the place is told so, unless it ends there by itself now."""
    assert reservation.is_open, "What is over cannot end again."
    by_itself = now >= reservation.release_at
    knows = reservation.station_knows and not by_itself
    return replace(
        reservation,
        state=state,
        reason=reason,
        ended_at=now,
        booked_until=min(reservation.booked_until, max(now, reservation.starts_at)),
        station_knows=knows,
        next_at=now if knows else None,
        tries=0,
    )


def released(reservation: Reservation, now: datetime) -> Reservation:
    """Its driver did not come in time."""
    if reservation.release_at < reservation.ends_at:
        reason = "Nobody came within the grace after its beginning."
        return ended(reservation, ReservationState.NO_SHOW, now, reason=reason)
    return ended(reservation, ReservationState.EXPIRED, now, reason="Its time ran out unused.")


def given_up_by_station(reservation: Reservation, now: datetime) -> Reservation:
    """The station dropped it, by its own word (2.x H01.FR.16, .17; 1.6 5.13)."""
    over = ended(
        reservation,
        ReservationState.REMOVED,
        now,
        reason="The station gave it up: the place broke down or was taken out of service.",
    )
    return replace(over, station_knows=False, next_at=None)


def ended_by_station(reservation: Reservation, now: datetime) -> Reservation:
    """The station says that its time is over (2.x H04.FR.01)."""
    return replace(
        released(reservation, max(now, reservation.release_at)),
        ended_at=now,
        station_knows=False,
        next_at=None,
    )


def is_early(reservation: Reservation, now: datetime) -> bool:
    """Whether an end that a station reports for reasons of time is none by our clock."""
    return now < reservation.release_at - EARLY


def came_to_nothing(reservation: Reservation, now: datetime) -> Reservation:
    """The driver presented the token and no session began in time (2.1 H03.FR.11): the station has used it up."""
    over = ended(
        reservation, ReservationState.NO_SHOW, now, reason="The driver came, but no session began in time."
    )
    return replace(over, station_knows=False, next_at=None)


def used(
    reservation: Reservation,
    now: datetime,
    *,
    session_id: SessionId,
    session_number: int,
    at_its_place: bool,
) -> Reservation:
    """Its driver charges. The station ended it by itself where that is at the place it kept (1.6 5.13, H01.FR.15)."""
    over = ended(reservation, ReservationState.USED, now)
    knows = reservation.station_knows and not at_its_place
    return replace(
        over,
        # Who planned ahead has the place until the end of that time; who came ad hoc is simply there.
        booked_until=now if reservation.ad_hoc or not at_its_place else reservation.ends_at,
        session_id=session_id,
        session_number=session_number,
        station_knows=knows,
        next_at=now if knows else None,
    )


def used_late(reservation: Reservation, *, session_id: SessionId, session_number: int) -> Reservation:
    """Its driver did charge, in time: the station was offline and tells it only now."""
    return replace(
        reservation,
        state=ReservationState.USED,
        reason="The station was offline and told of the session late.",
        session_id=session_id,
        session_number=session_number,
        station_knows=False,
        next_at=None,
    )


def is_used_late(reservation: Reservation, started_at: datetime) -> bool:
    """Whether what ended unused was used after all, by a session that began while the place was kept."""
    unused = reservation.state in (ReservationState.EXPIRED, ReservationState.NO_SHOW)
    return unused and reservation.hold_from <= started_at < reservation.release_at


def may_use(reservation: Reservation, token_id: TokenId | None, parent_uid: str | None) -> bool:
    """Whether this token, or one of this group, is whom the place is kept for."""
    if token_id is not None and reservation.token_id == token_id:
        return True
    return reservation.parent_uid is not None and reservation.parent_uid == parent_uid


# Others


def refusal(
    holds: list[Reservation],
    *,
    token_id: TokenId | None,
    parent_uid: str | None,
    evse: int | None,
    free: set[int],
    now: datetime,
) -> tuple[str, datetime] | None:
    """Why a token may not charge at a station some of whose EVSEs are kept, in words, and until when; None when it may.

    `holds` are the open reservations there whose time to be kept has come; `free` are the EVSEs that
    nobody charges at. Where it is not known which EVSE is meant (1.6, a card reader for the whole
    station), a token is refused only when there is none left for it, and one of them is kept by us
    alone. A station that keeps them all itself refuses whom it has to (1.6, 5.13) and asks only about
    the token, to learn its group: that the token were blocked would be wrong, and kept in its cache.
    """
    if any(may_use(hold, token_id, parent_uid) for hold in holds):
        own = {hold.place_evse for hold in holds if may_use(hold, token_id, parent_uid) and not hold.any_evse}
        if evse is None or not own or evse in own:
            return None
    others = [hold for hold in holds if now < hold.release_at and not may_use(hold, token_id, parent_uid)]
    fixed = {hold.place_evse: hold for hold in others if not _is_anywhere(hold)}
    anywhere = [hold for hold in others if _is_anywhere(hold)]
    if evse is not None and evse in fixed:
        return _told(f"EVSE {evse} is", fixed[evse].release_at)
    left = free - set(fixed)
    if evse is not None:
        if anywhere and evse in left and len(left) <= len(anywhere):
            until = min(hold.release_at for hold in anywhere)
            return _told("Every free EVSE of this station is", until)
        return None
    by_us = any(hold.state is not ReservationState.HELD for hold in others)
    if by_us and free and len(left) <= len(anywhere):
        return _told("Every free EVSE of this station is", min(hold.release_at for hold in others))
    return None


def _is_anywhere(hold: Reservation) -> bool:
    """Whether any EVSE of the station will do for it."""
    by_us = hold.state in (ReservationState.HELD_BY_US, ReservationState.PLANNED, ReservationState.PLACING)
    return hold.any_evse or (by_us and hold.station_id is not None and hold.evse is None)


def _told(what: str, until: datetime) -> tuple[str, datetime]:
    return f"{what} reserved for another driver until {until:%H:%M} UTC.", until


def _minutes(span: timedelta) -> int:
    return int(span.total_seconds() // 60)
