"""From a session and its readings to the timeline that is priced, as pure functions.

Two things are known of a session: how far its energy had come at each reading, and when its station
said that charging, a pause or its end began. Between two readings energy flowed where the station
says that it charged, evenly; where it never says so, over all of that time. Whatever the readings
leave out or get wrong, the spans hold exactly the energy of the session, which is what was judged
(charging/tally.py); what is placed in time by guess is marked as estimated.

A pause by the vehicle is parking, a pause by the station never is, and what follows the end of charging
by the vehicle's doing is idle (charging/idle.py). Time in which the cable was out belongs to nobody.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from msgspec.structs import replace

from currant.charging import idle, tally
from currant.charging.metering import taken
from currant.charging.model import Activity, Phase, Reading, Session
from currant.kit.clock import instant, micros
from currant.pricing.timeline import Doing, Span, Timeline, Wh

# Readings further apart than this say how much flowed between them, but hardly when.
GAP_US = 1_800_000_000

_US_PER_H = 3_600_000_000


class Flow(NamedTuple):
    """What flowed between two instants (microseconds), and how sure its place in time is."""

    begin: int
    end: int
    energy_wh: Wh
    export_wh: int
    current_a: Decimal | None
    estimated: bool


class Piece(NamedTuple):
    """What was done between two instants; `doing` None when no vehicle was there."""

    begin: int
    end: int
    doing: Doing | None


def timeline_of(
    session: Session,
    readings: Iterable[Reading],
    *,
    zone: str,
    max_power_w: int | None = None,
    until: datetime | None = None,
    reserved: tuple[datetime, datetime] | None = None,
) -> Timeline:
    """The timeline of a session from its beginning to its end, or to `until` while it goes on.

    `readings` are all of the session's; `max_power_w` what its EVSE can deliver, as for the counting of
    its energy. `reserved` is the time for which the place was kept before it.
    """
    begin = micros(session.started_at)
    end = max(begin, _end_of(session, until))
    flows = flows_of(session, readings, begin, end, max_power_w=max_power_w)
    pieces = pieces_of(session, begin, end)
    spans = [*_before(reserved, begin), *_spans(flows, pieces, max_power_w or tally.POWER_MAX_W)]
    return Timeline(zone=zone, spans=tuple(spans), over=session.phase is Phase.ENDED)


def spans_between(
    session: Session, begin: int, end: int, energy_wh: Wh, *, max_power_w: int | None = None
) -> list[Span]:
    """The spans of a stretch of a session (microseconds) in which so much flowed, with nothing read in it."""
    if end <= begin:
        return []
    flow = Flow(begin, end, energy_wh, 0, None, energy_wh > 0 and end - begin > GAP_US)
    return _spans([flow], pieces_of(session, begin, end), max_power_w or tally.POWER_MAX_W)


def expired_reservation(begin: datetime, end: datetime, *, zone: str) -> Timeline:
    """The timeline of a reservation that nobody came for."""
    span = Span(begin=begin, end=max(begin, end), doing=Doing.RESERVED)
    return Timeline(zone=zone, spans=(span,), over=True, reservation_expired=True)


def _before(reserved: tuple[datetime, datetime] | None, begin: int) -> list[Span]:
    if reserved is None:
        return []
    until = min(reserved[1], instant(begin))
    return [] if until <= reserved[0] else [Span(begin=reserved[0], end=until, doing=Doing.RESERVED)]


def _end_of(session: Session, until: datetime | None) -> int:
    if session.ended_at is not None and session.phase is Phase.ENDED:
        return micros(session.ended_at)
    times = [at for at in (until, session.read_at) if at is not None]
    latest = max((at for _, at, _ in session.timeline), default=0)
    if until is not None:
        # What a station says of later is not priced yet.
        return micros(max(times))
    return max([latest, *(micros(at) for at in times)])


# What flowed


def flows_of(
    session: Session, readings: Iterable[Reading], begin: int, end: int, *, max_power_w: int | None = None
) -> list[Flow]:
    """The stretches between a session's readings, without gaps, that together hold all its energy."""
    ordered = [reading for reading in sorted(readings, key=taken) if tally.counts(session, reading)]
    registers = any(reading.energy_wh is not None for reading in ordered)
    points = _points(session, ordered, begin, end, max_power_w, registers=registers)
    flows: list[Flow] = []
    for before, after in pairwise(points):
        energy = after.energy_wh - before.energy_wh
        guessed = energy > 0 and (not registers or after.at - before.at > GAP_US)
        flows.append(
            Flow(
                before.at,
                after.at,
                energy,
                max(0, after.export_wh - before.export_wh),
                after.current_a,
                guessed and bool(ordered),
            )
        )
    return flows


class _Point(NamedTuple):
    at: int
    energy_wh: Wh
    export_wh: int
    current_a: Decimal | None


def _points(
    session: Session,
    ordered: Sequence[Reading],
    begin: int,
    end: int,
    max_power_w: int | None,
    *,
    registers: bool,
) -> list[_Point]:
    """(instant, energy so far) of each reading that says something of energy; the last has all of it."""
    total = max(session.energy_wh, 0)
    counted = tally.uncounted(session)
    export, export_first, export_last = 0, None, 0.0
    points = [_Point(begin, 0, 0, None)]
    for reading in ordered:
        odd = counted.odd_count
        counted, _ = tally.count(counted, reading, max_power_w=max_power_w)
        if reading.energy_export_wh is not None:
            if export_first is None or reading.energy_export_wh < export_last:
                # The first, or a register that was set back: counted on from here.
                export_first = reading.energy_export_wh - export
            export_last = reading.energy_export_wh
            export = max(export, int(export_last - export_first + 0.5))
        if counted.odd_count > odd or (registers and reading.energy_wh is None):
            continue
        at = min(max(micros(reading.at), begin), end)
        point = _Point(at, counted.energy_wh, export, _current(reading))
        if at <= points[-1].at:
            if at > begin:
                points[-1] = point
            continue
        points.append(point)
    points = _scaled(points, total)
    if points[-1].at < end or len(points) == 1:
        points.append(_Point(end, total, export, None))
    else:
        points[-1] = points[-1]._replace(energy_wh=total, export_wh=export)
    return points


def _scaled(points: list[_Point], total: int) -> list[_Point]:
    """Points that never tell of more than there is: where readings come to more, each counts for less."""
    most = points[-1].energy_wh
    if most <= total:
        return points
    return [point._replace(energy_wh=Fraction(point.energy_wh * total, most)) for point in points]


def _current(reading: Reading) -> Decimal | None:
    phases = [
        current
        for current in (reading.current_l1_a, reading.current_l2_a, reading.current_l3_a)
        if current is not None
    ]
    return Decimal(str(round(sum(phases), 3))) if phases else None


# What was done


def pieces_of(session: Session, begin: int, end: int) -> list[Piece]:
    """What was done from `begin` to `end`, without gaps, by what the station said and the end of charging."""
    finish = _finish_of(session)
    flowed = None if session.first_energy_at is None else micros(session.first_energy_at)
    pieces: list[Piece] = []

    def add(start: int, stop: int, letter: str) -> None:
        for low, high, over in _cut(start, stop, finish):
            doing = _doing(letter, over=over, flowed=flowed is not None and low >= flowed)
            if pieces and pieces[-1].doing is doing:
                pieces[-1] = pieces[-1]._replace(end=high)
            elif high > low:
                pieces.append(Piece(low, high, doing))

    at, letter = begin, ""
    for _, changed_at, changed_to in session.timeline:
        changed_at = min(max(changed_at, at), end)
        add(at, changed_at, letter)
        at, letter = changed_at, changed_to
    add(at, end, letter)
    return pieces or [Piece(begin, end, Doing.CHARGING)]


def _finish_of(session: Session) -> int | None:
    """When charging was over by the vehicle's doing; a pause of a running session is none yet."""
    if session.idle_since is None:
        return None
    if session.phase is Phase.ACTIVE and session.activity is not Activity.IDLE:
        return None
    return micros(session.idle_since)


def _cut(begin: int, end: int, at: int | None) -> tuple[tuple[int, int, bool], ...]:
    if at is None or at >= end:
        return ((begin, end, False),)
    if at <= begin:
        return ((begin, end, True),)
    return ((begin, at, False), (at, end, True))


def _doing(letter: str, *, over: bool, flowed: bool) -> Doing | None:
    if letter == idle.UNPLUGGED:
        return None
    if letter == idle.STATION:
        return Doing.PAUSED_BY_STATION
    if over:
        return Doing.IDLE
    if letter == idle.VEHICLE:
        return Doing.PARKED
    if letter == idle.WAITING and flowed:
        # In the midst of charging nobody says whose pause it was: then it is not the vehicle's.
        return Doing.PAUSED_BY_STATION
    return Doing.CHARGING


# Both together


def _spans(flows: list[Flow], pieces: list[Piece], power_max_w: int) -> list[Span]:
    spans: list[Span] = []
    place = 0
    for flow in flows:
        while place < len(pieces) - 1 and pieces[place].end <= flow.begin:
            place += 1
        within: list[Piece] = []
        index = place
        while index < len(pieces) and (pieces[index].begin < flow.end or not within):
            piece = pieces[index]
            within.append(
                Piece(max(piece.begin, flow.begin), max(min(piece.end, flow.end), flow.begin), piece.doing)
            )
            index += 1
        for span in _placed(flow, within, power_max_w):
            _append(spans, span)
    return spans


def _placed(flow: Flow, pieces: list[Piece], power_max_w: int) -> list[Span]:
    """The spans of one flow: its energy where charging was, or wherever it can have been."""
    length, estimated = flow.end - flow.begin, flow.estimated
    if length:
        pieces = [piece for piece in pieces if piece.end > piece.begin]
    takers = [piece for piece in pieces if piece.doing is Doing.CHARGING]
    charging = sum(piece.end - piece.begin for piece in takers)
    if flow.energy_wh > 0 and charging < length:
        there = [piece for piece in pieces if piece.doing is not None]
        # A status that comes a moment too late leaves no time in which the energy can have flowed.
        impossible = flow.energy_wh * _US_PER_H > 2 * power_max_w * charging
        if impossible and (flow.energy_wh * _US_PER_H >= tally.FLOWING_W * length or not there):
            pieces = takers = [piece._replace(doing=Doing.CHARGING) for piece in pieces]
            estimated = estimated or charging > 0
        elif not takers:
            # The trickle of a full battery or of a station's own needs: it changes nothing.
            takers = there
    taking = sum(piece.end - piece.begin for piece in takers)
    present = sum(piece.end - piece.begin for piece in pieces if piece.doing is not None)
    spans = []
    for piece in pieces:
        if piece.doing is None:
            continue
        part = piece.end - piece.begin
        energy = _share(flow.energy_wh, part, taking) if piece in takers else 0
        spans.append(
            Span(
                begin=instant(piece.begin),
                end=instant(piece.end),
                doing=piece.doing,
                energy_wh=energy,
                export_wh=_share(flow.export_wh, part, present),
                current_a=flow.current_a if piece.doing is Doing.CHARGING else None,
                estimated=estimated and energy > 0,
            )
        )
    return spans


def _share(amount: Wh, part: int, whole: int) -> Wh:
    if not amount or part == whole:
        return amount
    shared = Fraction(amount * part, whole)
    return shared.numerator if shared.denominator == 1 else shared


def _append(spans: list[Span], span: Span) -> None:
    """Add a span; two in which nothing flowed are one."""
    before = spans[-1] if spans else None
    if (
        before is not None
        and (before.doing, before.end, before.current_a) == (span.doing, span.begin, span.current_a)
        and not (before.energy_wh or span.energy_wh or before.export_wh or span.export_wh)
    ):
        spans[-1] = replace(before, end=span.end)
    else:
        spans.append(span)
