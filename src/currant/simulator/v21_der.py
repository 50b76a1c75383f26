"""A simulated station in the power grid: DER controls, their times and their alarms (OCPP 2.1, block R)."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from currant.simulator.parts import Part
from currant.simulator.v2_common import Answer, Request, in_parts

if TYPE_CHECKING:
    from currant.simulator.station import Station
    from currant.simulator.v2 import V2

CONTROLS_MAX = 50
REPORTED_AT_ONCE = 8
# Which field of the messages holds a control of each type; every other type is a curve (R04).
FIELDS = {
    "EnterService": "enter_service",
    "FreqDroop": "freq_droop",
    "FixedPFAbsorb": "fixed_pf_absorb",
    "FixedPFInject": "fixed_pf_inject",
    "FixedVar": "fixed_var",
    "Gradients": "gradient",
    "LimitMaxDischarge": "limit_max_discharge",
}
UNSUPPORTED = ("PowerMonitoringMustTrip",)


class Control(msgspec.Struct, kw_only=True):
    """One control as it was set; `active` while a scheduled one is carried out."""

    id: str
    kind: str
    is_default: bool
    content: Any
    superseded: bool = False
    active: bool = False

    @property
    def priority(self) -> int:
        return int(self.content.priority)

    @property
    def begins(self) -> float | None:
        at = getattr(self.content, "start_time", None)
        return None if at is None else float(at.timestamp())

    @property
    def duration(self) -> float | None:
        return getattr(self.content, "duration", None)


class Controls(Part):
    __slots__ = ("by_id",)

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.by_id: dict[str, Control] = {}

    def find(self, *, is_default: bool | None, kind: str | None, control_id: str | None) -> list[Control]:
        return [
            each
            for each in self.by_id.values()
            if (is_default is None or each.is_default is is_default)
            and (kind is None or each.kind == kind)
            and (control_id is None or each.id == control_id)
        ]


def set_der_control(words: "V2", request: Request) -> Answer:
    """A stronger control sets a weaker one of its type aside; lower numbers are stronger (R04.FR.02 to 08)."""
    station, respond = words.station, words.types.SetDERControlResponse
    kind = request.control_type
    if kind in UNSUPPORTED:
        return respond(status="NotSupported")
    content = getattr(request, FIELDS.get(kind, "curve"))
    controls = station.part(Controls)
    if content is None or (len(controls.by_id) >= CONTROLS_MAX and request.control_id not in controls.by_id):
        return respond(status="Rejected")
    new = Control(id=request.control_id, kind=kind, is_default=request.is_default, content=content)
    superseded = []
    for other in controls.find(is_default=new.is_default, kind=kind, control_id=None):
        if other.id == new.id or other.superseded:
            continue
        if other.priority > new.priority:
            other.superseded = True
            superseded.append(other.id)
        elif other.priority < new.priority:
            new.superseded = True
    controls.by_id[new.id] = new
    if not new.is_default:
        _schedule(words, new)
    ids = [new.id] if new.superseded else superseded
    return respond(status="Accepted", superseded_ids=ids or None)


def _schedule(words: "V2", control: Control) -> None:
    """It begins and ends at its times, and both are told (R04.FR.10, 20 to 22)."""
    station = words.station
    begins = max(control.begins or station.now, station.now + 0.5)

    def begin() -> None:
        if station.part(Controls).by_id.get(control.id) is not control or control.superseded:
            return
        control.active = True
        others = station.part(Controls).find(is_default=False, kind=control.kind, control_id=None)
        stopped = [each.id for each in others if each is not control and each.superseded and each.active]
        for other in others:
            if other is not control and other.superseded:
                other.active = False
        _tell(words, control.id, started=True, superseded=stopped)

    def end() -> None:
        if station.part(Controls).by_id.get(control.id) is control:
            del station.part(Controls).by_id[control.id]
            if control.active:
                _tell(words, control.id, started=False)

    station.at(begins, begin)
    if control.duration is not None:
        station.at(begins + control.duration, end)


def _tell(words: "V2", control_id: str, *, started: bool, superseded: Sequence[str] = ()) -> None:
    words.say(
        "NotifyDERStartStop",
        control_id=control_id,
        started=started,
        timestamp=words.station.stamp(),
        superseded_ids=list(superseded) or None,
    )


def clear_der_control(words: "V2", request: Request) -> Answer:
    """R04.FR.41 to 45: without type and id all defaults, or all scheduled ones."""
    respond, controls = words.types.ClearDERControlResponse, words.station.part(Controls)
    kind, control_id = request.control_type, request.control_id
    if kind in UNSUPPORTED:
        return respond(status="NotSupported")
    found = controls.find(is_default=request.is_default, kind=kind, control_id=control_id)
    if not found and (kind is not None or control_id is not None):
        return respond(status="NotFound")
    for each in found:
        del controls.by_id[each.id]
        if each.active:
            _tell(words, each.id, started=False)
    return respond(status="Accepted")


def get_der_control(words: "V2", request: Request) -> Answer:
    respond, controls = words.types.GetDERControlResponse, words.station.part(Controls)
    if request.control_type in UNSUPPORTED:
        return respond(status="NotSupported")
    found = controls.find(
        is_default=request.is_default, kind=request.control_type, control_id=request.control_id
    )
    if not found:
        return respond(status="NotFound")
    words.station.run_steps([(0.5, lambda: _report(words, request.request_id, found))])
    return respond(status="Accepted")


def _report(words: "V2", request_id: int, found: Sequence[Control]) -> None:
    for _, part, more in in_parts(found, REPORTED_AT_ONCE):
        fields: dict[str, Any] = {}
        for each in part:
            fields.setdefault(FIELDS.get(each.kind, "curve"), []).append(_wire(words.types, each))
        words.say("ReportDERControl", request_id=request_id, tbc=True if more else None, **fields)


def _wire(types: Any, control: Control) -> Any:
    flags = {"is_default": control.is_default, "is_superseded": control.superseded}
    match control.kind:
        case "EnterService":
            return types.EnterServiceGetType(id=control.id, enter_service=control.content)
        case "FreqDroop":
            return types.FreqDroopGetType(id=control.id, freq_droop=control.content, **flags)
        case "FixedPFAbsorb" | "FixedPFInject":
            return types.FixedPFGetType(id=control.id, fixed_pf=control.content, **flags)
        case "FixedVar":
            return types.FixedVarGetType(id=control.id, fixed_var=control.content, **flags)
        case "Gradients":
            return types.GradientGetType(id=control.id, gradient=control.content)
        case "LimitMaxDischarge":
            return types.LimitMaxDischargeGetType(id=control.id, limit_max_discharge=control.content, **flags)
    return types.DERCurveGetType(id=control.id, curve=control.content, curve_type=control.kind, **flags)
