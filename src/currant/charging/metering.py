"""From what a meter said, in any charger's spelling, to readings in SI units.

One reading is all that was measured at one instant in one context. Nothing is thrown away:
what has no column, or cannot be a measurement, is kept by name in `others`, and a flag says so.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from currant.charging import clocks
from currant.charging.measurands import DEFAULT_MEASURAND, Flag, Meaning, meaning_of
from currant.charging.model import MeterSample, Reading, SampledValue

__all__ = ["CONTEXTS", "Flag", "normalise"]

# A station that was offline for days sends thousands of samples; more than this in one message is no meter.
SAMPLES_MAX = 10_000
OTHERS_MAX = 64
RAW_MAX = 500

PERIODIC = "Sample.Periodic"
CONTEXTS = (
    PERIODIC,
    "Sample.Clock",
    "Transaction.Begin",
    "Transaction.End",
    "Interruption.Begin",
    "Interruption.End",
    "Trigger",
    "Other",
)
_CONTEXTS = {"": PERIODIC} | {context: context for context in CONTEXTS}
_FOLDED_CONTEXTS = {context.lower(): context for context in CONTEXTS}


def normalise(
    samples: Sequence[MeterSample],
    *,
    received_at: datetime,
    evse: int,
    sequence: int | None = None,
    live: bool = False,
) -> tuple[Reading, ...]:
    """The readings in a report, in the order in which they were taken; none for an empty one.

    `live` as in clocks.believed. When the station's time cannot be believed, its last sample was
    taken at the receipt, and those before it as long before as the station says.
    """
    if len(samples) == 1:
        sample = samples[0]
        at = sample.at
        if at is not None and at <= received_at and received_at - at < clocks.LATE_FROM:
            return _readings(sample, at, received_at, evse, sequence, None)
        at, problem = clocks.believed(at, received_at, live=live)
        return _readings(sample, at, received_at, evse, sequence, problem)
    readings: list[Reading] = []
    shift = _shift(samples, received_at, live=live)
    for sample in samples[:SAMPLES_MAX]:
        at, problem = clocks.believed(sample.at, received_at, live=live)
        if problem is not None and shift is not None and sample.at is not None:
            at = sample.at + shift
        readings.extend(_readings(sample, at, received_at, evse, sequence, problem))
    readings.sort(key=taken)
    return tuple(readings)


def taken(reading: Reading) -> tuple[datetime, int, int]:
    """The order of readings: by time; at one time by sequence, a session's beginning first and its end last."""
    context = reading.context
    place = 0 if context == "Transaction.Begin" else 2 if context == "Transaction.End" else 1
    return reading.at, reading.sequence or 0, place


def _shift(samples: Sequence[MeterSample], received_at: datetime, *, live: bool) -> timedelta | None:
    """How far a wrong clock is off, if the last sample was taken at the receipt."""
    times = [sample.at for sample in samples[:SAMPLES_MAX] if sample.at is not None]
    if not times or clocks.believed(max(times), received_at, live=live)[1] is None:
        return None
    return received_at - max(times)


def _readings(
    sample: MeterSample,
    at: datetime,
    received_at: datetime,
    evse: int,
    sequence: int | None,
    problem: str | None,
) -> tuple[Reading, ...]:
    context = ""
    columns: dict[str, Any] = {}
    groups = {PERIODIC: columns}
    first = True
    for value in sample.values:
        if value.context != context:
            context = value.context
            if first:
                groups = {_context(context): columns}
            else:
                columns = groups.setdefault(_context(context), {})
        first = False
        meaning = meaning_of((value.measurand, value.unit, value.phase, value.location, value.multiplier))
        column = meaning[1]
        if meaning[0] and column not in columns and value.signed is None:
            try:
                number = float(value.value) * meaning[2]
            except (ValueError, OverflowError):
                number = -1.0
            if 0.0 <= number <= meaning[4]:
                columns[column] = number  # type: ignore[index]  # a plain meaning has a column
                continue
        _take_with_care(columns, value, meaning)
    if first:
        return ()
    readings = []
    for context, columns in groups.items():
        if columns:
            readings.append(_reading(columns, context, at, received_at, evse, sequence, problem, sample))
    return tuple(readings)


def _reading(
    columns: dict[str, Any],
    context: str,
    at: datetime,
    received_at: datetime,
    evse: int,
    sequence: int | None,
    problem: str | None,
    sample: MeterSample,
) -> Reading:
    if "_phases" in columns:
        _add_up(columns)
    columns.pop("_ranks", None)
    if problem is not None:
        columns["flags"] = columns.get("flags", 0) | Flag.CLOCK_WRONG
        others = columns.setdefault("others", {})
        others["reported_at"] = None if sample.at is None else sample.at.isoformat()
    return Reading(at=at, received_at=received_at, evse=evse, context=context, sequence=sequence, **columns)


def _context(word: str) -> str:
    return _CONTEXTS.get(word) or _FOLDED_CONTEXTS.get(word.strip().lower(), "Other")


def _take_with_care(columns: dict[str, Any], value: SampledValue, meaning: Meaning) -> None:
    flags = meaning.flags
    if value.signed is not None:
        _keep_signed(columns, value)
    number = _number(value.value)
    if number is None:
        if value.signed is None:
            flags |= Flag.UNREADABLE
            _keep(columns, meaning.name, str(value.value)[:RAW_MAX])
        _flag(columns, flags)
        return
    number = number * meaning.factor + meaning.offset
    column = meaning.column
    if column is None:
        _keep(columns, meaning.name, number)
    elif abs(number) > meaning.most:
        flags |= Flag.UNREADABLE
        _keep(columns, meaning.name, number)
    elif number < 0 and meaning.opposite is not None and not meaning.phase:
        # Cars that feed back are often reported as drawing a negative power.
        flags |= Flag.SIGN_TURNED
        _place(columns, meaning.opposite, meaning, -number)
        columns.setdefault(column, 0.0)
    elif number < 0 and column in ("energy_wh", "energy_export_wh", "soc_percent"):
        flags |= Flag.SIGN_TURNED
        _keep(columns, meaning.name, number)
    elif meaning.phase:
        _keep(columns, meaning.name, number)
        if meaning.rank == 0:
            columns.setdefault("_phases", {}).setdefault(column, {})[meaning.phase] = number
    else:
        flags = _place(columns, column, meaning, number, flags)
    _flag(columns, flags)


def _place(columns: dict[str, Any], column: str, meaning: Meaning, number: float, flags: int = 0) -> int:
    """Put a number where it belongs, unless a better one is there; what gives way is kept by name."""
    ranks = columns.setdefault("_ranks", {})
    if column not in columns:
        columns[column] = number
        ranks[column] = (meaning.rank, meaning.name)
        return flags
    # One that came the plain way left no name: it was at the outlet, or had no phase where this one has.
    rank, name = ranks.get(column, (0, meaning.name.rpartition(".")[0] or meaning.name))
    if meaning.rank < rank:
        _keep(columns, name, columns[column])
        columns[column] = number
        ranks[column] = (meaning.rank, meaning.name)
        columns["flags"] = columns.get("flags", 0) & ~Flag.OTHER_LOCATION
        return flags
    _keep(columns, meaning.name, number)
    return flags & ~Flag.OTHER_LOCATION | (Flag.REPEATED if meaning.rank == rank else 0)


def _add_up(columns: dict[str, Any]) -> None:
    """Phases add up to a total only where the charger gave none (quirk F3)."""
    for column, phases in columns.pop("_phases").items():
        if column in columns:
            continue
        total = sum(phases.values())
        opposite = {"power_w": "power_export_w", "power_export_w": "power_w"}.get(column)
        if total < 0 and opposite is not None:
            columns[column] = 0.0
            columns.setdefault(opposite, -total)
            _flag(columns, Flag.SIGN_TURNED)
        else:
            columns[column] = max(0.0, total)
        _flag(columns, Flag.SUMMED_PHASES)


def _number(value: str | float) -> float | None:
    """A finite number, also one with a decimal comma; ``None`` for anything else."""
    try:
        number = float(value)
    except (ValueError, OverflowError):
        if not isinstance(value, str):
            return None
        try:
            number = float(value.strip().strip("\x00").replace(",", "."))
        except ValueError:
            return None
    return number if abs(number) < 1e18 else None


def _keep(columns: dict[str, Any], name: str, value: float | str) -> None:
    others = columns.setdefault("others", {})
    place, count = name, 2
    while place in others and count < OTHERS_MAX:
        place, count = f"{name}#{count}", count + 1
    if len(others) < OTHERS_MAX:
        others[place] = value


def _keep_signed(columns: dict[str, Any], value: SampledValue) -> None:
    signed: dict[str, Any] = {
        "measurand": value.measurand or DEFAULT_MEASURAND,
        "context": _context(value.context),
        "value": value.value,
        **(value.signed or {}),
    }
    columns["signed"] = (*columns.get("signed", ()), signed)[:OTHERS_MAX]


def _flag(columns: dict[str, Any], flags: int) -> None:
    if flags:
        columns["flags"] = int(columns.get("flags", 0) | flags)
