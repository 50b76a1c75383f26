"""What is certain about a session and what was repaired, in words for whoever reviews it.

Some repairs are said once and stay (a clock that was wrong). Others follow from what is known at
the moment, and vanish when the missing report arrives after all (a lost start, a gap).
"""

from datetime import datetime
from itertools import pairwise

from msgspec.structs import replace

from currant.charging.model import Phase, Repair, Session
from currant.charging.tally import Note

# Repairs that touch what would be billed: time, energy or who.
UNCERTAIN = frozenset(
    {
        "start_lost",
        "stop_lost",
        "zombie_closed",
        "closed_by_operator",
        "clock_wrong",
        "meter_rebased",
        "meter_unsettled",
        "stop_below_readings",
        "stop_implausible",
        "stop_meter_missing",
        "energy_estimated",
        "stop_unassigned",
        "end_before_start",
    }
)
# Ends that Currant made up, and that a report of the real one replaces.
OUR_ENDS = frozenset({"stop_lost", "zombie_closed", "closed_by_operator"})

REPAIRS_MAX = 40

_NOTES = {
    Note.WENT_BACK: (
        "meter_went_back",
        "The register fell below an earlier value; the odd readings were not counted.",
    ),
    Note.JUMPED: (
        "meter_jumped",
        "The register rose by more than the EVSE can deliver; the odd readings were not counted.",
    ),
    Note.UNSETTLED: (
        "meter_unsettled",
        "The register has not come back from where it leapt to, and no end agrees with what was counted: "
        "what was delivered since is not known.",
    ),
    Note.REBASED: (
        "meter_rebased",
        "The register kept to another level (a meter swapped or reset, or a start that was never read): "
        "counting went on from there, without what lies between.",
    ),
    Note.ESTIMATED: (
        "energy_estimated",
        "No register was reported, so the energy was added up from power over time.",
    ),
    Note.STOP_BELOW: (
        "stop_below_readings",
        "The register at the end was lower than at the start or in between; the readings were believed.",
    ),
    Note.STOP_JUMPED: (
        "stop_implausible",
        "The register at the end was higher than the EVSE can have delivered; the readings were believed.",
    ),
    Note.STOP_MISSING: (
        "stop_meter_missing",
        "The end came without a register; the energy is that of the last reading.",
    ),
}
_DERIVED = frozenset(code for code, _ in _NOTES.values()) | {"sequence_gap", "start_lost"}


def noted(session: Session, code: str, explanation: str, at: datetime | None = None) -> Session:
    """The session with a repair that stays; said before, it is not said again."""
    if any(repair.code == code for repair in session.repairs) or len(session.repairs) >= REPAIRS_MAX:
        return session
    return _with(session, (*session.repairs, Repair(code=code, explanation=explanation, at=at)))


def without(session: Session, codes: frozenset[str]) -> Session:
    return _with(session, tuple(repair for repair in session.repairs if repair.code not in codes))


def derived(session: Session) -> Session:
    """The session with those repairs that follow from what is known of it now, and no others of theirs."""
    kept = [repair for repair in session.repairs if repair.code not in _DERIVED]
    for note, (code, explanation) in _NOTES.items():
        if session.meter_notes & note:
            kept.append(Repair(code=code, explanation=explanation))
    if not session.started_known:
        kept.append(
            Repair(
                code="start_lost",
                explanation="Its beginning was never reported; it began before what is known.",
            )
        )
    seen = session.sequences_seen
    missing = sum(after[0] - before[1] - 1 for before, after in pairwise(seen))
    if seen and not session.started_known:
        missing += seen[0][0]
    if missing > 0:
        explanation = f"{missing} of its reports have not arrived."
        kept.append(Repair(code="sequence_gap", explanation=explanation))
    return _with(session, tuple(kept))


def ended_by_us(session: Session) -> bool:
    """Whether its end is one that Currant made up, for want of a reported one."""
    return session.phase is Phase.ENDED and any(repair.code in OUR_ENDS for repair in session.repairs)


def _with(session: Session, repairs: tuple[Repair, ...]) -> Session:
    ordered = tuple(sorted(repairs, key=lambda repair: repair.code))
    certain = not any(repair.code in UNCERTAIN for repair in ordered)
    if ordered == session.repairs and certain == session.certain:
        return session
    return replace(session, repairs=ordered, certain=certain)
