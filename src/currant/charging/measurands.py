"""What a charger's words for a measured value mean: which column, which factor, how far to be trusted.

Chargers mix cases, leave out units, say kW for W and Wh for W. The measurand decides what a
value is, and the unit only how large: a power in `Wh` is a power. Each spelling is worked out
once and remembered, because a charger uses the same few all its life.
"""

from enum import IntFlag
from typing import NamedTuple


class Flag(IntFlag):
    """What is odd about a reading."""

    CLOCK_WRONG = 1
    """The station's time could not be believed; `others["reported_at"]` keeps it."""
    UNIT_ODD = 2
    """The unit does not belong to the measurand, or is unknown; the measurand was believed."""
    UNREADABLE = 4
    """A value was no number, or none that can be; it is kept raw in `others`."""
    SIGN_TURNED = 8
    """A negative power or register: taken as flowing the other way, or kept apart."""
    REPEATED = 16
    """One measurand came twice; the first was taken, the rest kept in `others`."""
    OTHER_LOCATION = 32
    """Measured at the grid's side, because nothing was measured at the outlet."""
    METER_WENT_BACK = 64
    METER_JUMPED = 128
    SUMMED_PHASES = 256


class Meaning(NamedTuple):
    """Where a value goes: a plain one straight into `column`, any other by the longer way."""

    plain: bool
    column: str | None
    factor: float
    offset: float
    most: float
    """A larger value is not believed."""
    name: str
    """Its full name among `others`: measurand, location, phase."""
    rank: int
    """0 where it is meant to be measured, -1 for one phase of several; a higher one gives way."""
    phase: int
    """1 to 3 for a value of one phase that adds up to its column."""
    opposite: str | None
    """The column that a negative value belongs to."""
    flags: int


class _Kind(NamedTuple):
    quantity: str
    column: str | None
    most: float
    adds_up: bool = False
    phases: tuple[str, str, str] | None = None
    opposite: str | None = None


_CURRENTS = ("current_l1_a", "current_l2_a", "current_l3_a")
_VOLTAGES = ("voltage_l1_v", "voltage_l2_v", "voltage_l3_v")
_POWER = _Kind("power", "power_w", 1e8, True, None, "power_export_w")
_POWER_EXPORT = _Kind("power", "power_export_w", 1e8, True, None, "power_w")
_POWER_OFFERED = _Kind("power", "power_offered_w", 1e8, True)
_ENERGY = _Kind("energy", "energy_wh", 1e13, True)
_CURRENT_OFFERED = _Kind("current", "current_offered_a", 1e5)
_SOC = _Kind("percent", "soc_percent", 100.0)

_KINDS = {
    "energy.active.import.register": _ENERGY,
    "energy.active.export.register": _Kind("energy", "energy_export_wh", 1e13, True),
    "power.active.import": _POWER,
    "power.active.export": _POWER_EXPORT,
    "power.offered": _POWER_OFFERED,
    "power.import.offered": _POWER_OFFERED,
    "current.import": _Kind("current", "current_l1_a", 1e5, False, _CURRENTS),
    "current.offered": _CURRENT_OFFERED,
    "current.import.offered": _CURRENT_OFFERED,
    "voltage": _Kind("voltage", "voltage_l1_v", 1e5, False, _VOLTAGES),
    "soc": _SOC,
    "display.presentsoc": _SOC,
    "temperature": _Kind("temperature", "temperature_c", 1000.0),
    "frequency": _Kind("frequency", "frequency_hz", 1000.0),
}
# Measurands without a column still have a quantity, so that `others` holds SI units too.
_FAMILIES = (
    ("energy.reactive", "reactive energy"),
    ("energy", "energy"),
    ("power.reactive", "reactive power"),
    ("power.factor", "ratio"),
    ("power", "power"),
    ("current", "current"),
    ("voltage", "voltage"),
    ("temperature", "temperature"),
    ("frequency", "frequency"),
    ("display.presentsoc", "percent"),
)
DEFAULT_MEASURAND = "Energy.Active.Import.Register"

# (quantity, factor, offset) of a unit in lower case; OCPP 1.6J errata 2.1 and 2.2 allow both Celsius.
_UNITS: dict[str, tuple[str, float, float]] = {
    "wh": ("energy", 1, 0),
    "kwh": ("energy", 1e3, 0),
    "mwh": ("energy", 1e6, 0),
    "varh": ("reactive energy", 1, 0),
    "kvarh": ("reactive energy", 1e3, 0),
    "vah": ("energy", 1, 0),
    "kvah": ("energy", 1e3, 0),
    "w": ("power", 1, 0),
    "kw": ("power", 1e3, 0),
    "mw": ("power", 1e6, 0),
    "va": ("power", 1, 0),
    "kva": ("power", 1e3, 0),
    "var": ("reactive power", 1, 0),
    "kvar": ("reactive power", 1e3, 0),
    "a": ("current", 1, 0),
    "amp": ("current", 1, 0),
    "ampere": ("current", 1, 0),
    "ma": ("current", 1e-3, 0),
    "v": ("voltage", 1, 0),
    "volt": ("voltage", 1, 0),
    "mv": ("voltage", 1e-3, 0),
    "kv": ("voltage", 1e3, 0),
    "percent": ("percent", 1, 0),
    "%": ("percent", 1, 0),
    "hertz": ("frequency", 1, 0),
    "hz": ("frequency", 1, 0),
    "celsius": ("temperature", 1, 0),
    "celcius": ("temperature", 1, 0),
    "c": ("temperature", 1, 0),
    "°c": ("temperature", 1, 0),
    "k": ("temperature", 1, -273.15),
    "kelvin": ("temperature", 1, -273.15),
    "fahrenheit": ("temperature", 5 / 9, -160 / 9),
    "f": ("temperature", 5 / 9, -160 / 9),
}

_PHASES = {"l1": 1, "l2": 2, "l3": 3, "l1-n": 1, "l2-n": 2, "l3-n": 3}
# A temperature is taken where it says most of the charger; everything else only at the outlet, or
# at the grid's side for want of it. What the vehicle says of itself is believed of its battery alone.
_TEMPERATURE_RANKS = {"": 0, "outlet": 0, "body": 1, "cable": 2, "inlet": 3, "upstream": 4, "ev": 5}

_REMEMBERED_MAX = 4096
_NAME_MAX = 100

Spelling = tuple[str, str, str, str, int]
_remembered: dict[Spelling, Meaning] = {}


def meaning_of(spelling: Spelling) -> Meaning:
    """What (measurand, unit, phase, location, multiplier) means."""
    meaning = _remembered.get(spelling)
    if meaning is None:
        if len(_remembered) >= _REMEMBERED_MAX:
            _remembered.clear()
        meaning = _remembered[spelling] = _work_out(*spelling)
    return meaning


def _work_out(measurand: str, unit: str, phase: str, location: str, multiplier: int) -> Meaning:
    word = (measurand.strip() or DEFAULT_MEASURAND)[:_NAME_MAX]
    kind = _KINDS.get(word.lower())
    quantity = kind.quantity if kind else _family(word.lower())
    factor, offset, flags = _scale(quantity, unit.strip().lower())
    if -24 <= multiplier <= 24:
        factor *= 10.0**multiplier
    else:
        flags |= Flag.UNIT_ODD
    place, which = location.strip().lower(), phase.strip().lower()
    name = word
    if place not in ("", "outlet"):
        name += f"@{location.strip()[:20]}"
    if which:
        name += f".{phase.strip()[:20]}"
    if kind is None:
        return Meaning(False, None, factor, offset, 1e15, name, 9, 0, None, flags)
    rank = _rank(kind, place)
    column, adding = kind.column, 0
    if which:
        number = _PHASES.get(which, 0)
        if kind.phases:
            # Between two phases, or on neutral: no column of ours.
            column = kind.phases[number - 1] if number else None
            # The current of L1 gives way to no total, which stands in L1's column for want of phases.
            rank = rank - 1 if rank == 0 and number else rank
        elif kind.adds_up:
            adding = number
            column = column if number else None
    if rank >= 9:
        column = None
    if rank == 3 and kind.quantity != "temperature":
        flags |= Flag.OTHER_LOCATION
    plain = column is not None and rank <= 0 and not adding and not offset and not flags
    return Meaning(plain, column, factor, offset, kind.most, name, rank, adding, kind.opposite, flags)


def _family(word: str) -> str:
    for start, quantity in _FAMILIES:
        if word.startswith(start):
            return quantity
    return ""


def _scale(quantity: str, unit: str) -> tuple[float, float, int]:
    if not unit:
        return 1.0, 0.0, 0
    known = _UNITS.get(unit)
    if known is None:
        return 1.0, 0.0, Flag.UNIT_ODD if quantity else 0
    of, factor, offset = known
    if not quantity or of == quantity:
        return factor, offset, 0
    # A power in kWh is a power in kW: the prefix is believed, the rest is not.
    prefix = factor if quantity in ("energy", "power", "reactive energy", "reactive power") else 1.0
    return prefix if of != "temperature" else 1.0, 0.0, Flag.UNIT_ODD


def _rank(kind: _Kind, place: str) -> int:
    if kind.quantity == "temperature":
        return _TEMPERATURE_RANKS.get(place, 6)
    if kind.quantity == "percent":
        return 0
    if place in ("", "outlet"):
        return 0
    return 3 if place in ("inlet", "upstream") else 9
