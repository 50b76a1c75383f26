"""A simulated station's tariffs: defaults of its EVSEs, and those of single sessions (OCPP 2.1, I07 to I11)."""

from typing import TYPE_CHECKING, Any, cast

from currant.simulator import device_model
from currant.simulator.dialect import Answering, Refused
from currant.simulator.parts import Part
from currant.simulator.v2_common import Request, outlet_with, unknown_evse

if TYPE_CHECKING:
    from currant.simulator.outlet import Outlet, Transaction
    from currant.simulator.station import Station
    from currant.simulator.v2 import V2

ELEMENTS_MAX = 10
OFFERED_MAX = 20
PRICED = ("energy", "charging_time", "idle_time", "fixed_fee", "reservation_time", "reservation_fixed")


class Tariffs(Part):
    """Default tariffs by EVSE, in the order of their beginning; a driver's own by transaction."""

    __slots__ = ("defaults", "driver", "offered")

    def __init__(self, station: "Station") -> None:
        super().__init__(station)
        self.defaults: dict[int, list[Any]] = {}
        self.driver: dict[str, Any] = {}
        # By token: what came with its authorization, for the session that follows (I08.FR.07).
        self.offered: dict[str, Any] = {}

    def known(self, tariff_id: str) -> bool:
        everything = [each for own in self.defaults.values() for each in own] + list(self.driver.values())
        return any(each.tariff_id == tariff_id for each in everything)

    def default(self, evse: int) -> Any | None:
        """The tariff in force at an EVSE now (I07.FR.19 to 21)."""
        valid = [each for each in self.defaults.get(evse, []) if _begins(each) <= self.station.now]
        return valid[-1] if valid else None

    def set_default(self, evse: int, tariff: Any) -> None:
        """It takes the place of the present one, or of the one that was to come (I07.FR.20 to 23)."""
        begins, now = _begins(tariff), self.station.now
        kept = [each for each in self.defaults.get(evse, []) if (_begins(each) > now) != (begins > now)]
        self.defaults[evse] = sorted([*kept, tariff], key=_begins)

    def of_transactions(self) -> dict[int, tuple[str, Any]]:
        """By EVSE: the token and the tariff of its own of a session that is going on."""
        found = {}
        for outlet in self.station.outlets:
            running = outlet.transaction
            if running is not None and running.id in self.driver:
                found[outlet.number] = (running.token or "", self.driver[running.id])
        return found


def _begins(tariff: Any) -> float:
    return 0.0 if tariff.valid_from is None else float(tariff.valid_from.timestamp())


def _switched_off(words: "V2") -> Refused | None:
    if device_model.is_on(words.station, "TariffCostCtrlr", "Enabled", "Tariff"):
        return None
    return Refused(code="NotSupported", description="The station does not calculate costs.")


def _elements(tariff: Any) -> int:
    return sum(len(part.prices) for name in PRICED if (part := getattr(tariff, name)) is not None)


def set_default_tariff(words: "V2", request: Request) -> Answering:
    off = _switched_off(words)
    if off is not None:
        return off
    station, tariff = words.station, request.tariff
    tariffs = station.part(Tariffs)
    if _elements(tariff) > ELEMENTS_MAX:
        status = "TooManyElements"
    elif tariffs.known(tariff.tariff_id):
        status = "DuplicateTariffId"
    elif unknown_evse(words, request.evse_id):
        status = "Rejected"
    else:
        evses = [request.evse_id] if request.evse_id else [outlet.number for outlet in station.outlets]
        for evse in evses:
            tariffs.set_default(evse, tariff)
        status = "Accepted"
    return cast("Answering", words.types.SetDefaultTariffResponse(status=status))


def get_tariffs(words: "V2", request: Request) -> Answering:
    off = _switched_off(words)
    if off is not None:
        return off
    types, tariffs = words.types, words.station.part(Tariffs)
    if unknown_evse(words, request.evse_id):
        return cast("Answering", types.GetTariffsResponse(status="Rejected"))
    where: dict[tuple[str, str], list[int]] = {}
    begins: dict[str, Any] = {}
    tokens: dict[str, list[str]] = {}
    for evse, own in tariffs.defaults.items():
        for each in own:
            where.setdefault((each.tariff_id, "DefaultTariff"), []).append(evse)
            begins[each.tariff_id] = each.valid_from
    for evse, (token, each) in tariffs.of_transactions().items():
        where.setdefault((each.tariff_id, "DriverTariff"), []).append(evse)
        tokens.setdefault(each.tariff_id, []).append(token)
    assignments = [
        types.TariffAssignmentType(
            tariff_id=tariff_id,
            tariff_kind=kind,
            evse_ids=sorted(evses),
            valid_from=begins.get(tariff_id),
            id_tokens=tokens.get(tariff_id) if kind == "DriverTariff" else None,
        )
        for (tariff_id, kind), evses in where.items()
        if not request.evse_id or request.evse_id in evses
    ]
    if not assignments:
        return cast("Answering", types.GetTariffsResponse(status="NoTariff"))
    return cast("Answering", types.GetTariffsResponse(status="Accepted", tariff_assignments=assignments))


def clear_tariffs(words: "V2", request: Request) -> Answering:
    off = _switched_off(words)
    if off is not None:
        return off
    result, tariffs = words.types.ClearTariffsResultType, words.station.part(Tariffs)
    wanted = request.tariff_ids

    def cleared(evse: int, tariff_id: str) -> bool:
        return (not wanted or tariff_id in wanted) and (not request.evse_id or evse == request.evse_id)

    gone: set[str] = set()
    for evse, own in tariffs.defaults.items():
        gone |= {each.tariff_id for each in own if cleared(evse, each.tariff_id)}
        tariffs.defaults[evse] = [each for each in own if not cleared(evse, each.tariff_id)]
    # One that a session uses is cleared as well, and used to its end all the same (I10.FR.07).
    in_use = tariffs.of_transactions().items()
    gone |= {each.tariff_id for evse, (_, each) in in_use if cleared(evse, each.tariff_id)}
    results = [result(status="Accepted", tariff_id=tariff_id) for tariff_id in sorted(gone)]
    results += [result(status="NoTariff", tariff_id=each) for each in wanted or [] if each not in gone]
    response = words.types.ClearTariffsResponse(clear_tariffs_result=results or [result(status="NoTariff")])
    return cast("Answering", response)


def change_transaction_tariff(words: "V2", request: Request) -> Answering:
    off = _switched_off(words)
    if off is not None:
        return off
    tariffs, tariff = words.station.part(Tariffs), request.tariff
    outlet = outlet_with(words, request.transaction_id)
    if _elements(tariff) > ELEMENTS_MAX:
        status = "TooManyElements"
    elif outlet is None or outlet.transaction is None:
        status = "TxNotFound"
    else:
        present = tariffs.driver.get(outlet.transaction.id) or tariffs.default(outlet.number)
        if present is not None and present.currency != tariff.currency:
            status = "NoCurrencyChange"
        else:
            status = "Accepted"
            take(words, outlet.number, tariff)
    return cast("Answering", words.types.ChangeTransactionTariffResponse(status=status))


def offer(words: "V2", token: str, tariff: Any) -> None:
    """A driver's own tariff came with his authorization (I08.FR.04)."""
    if tariff is not None:
        offered = words.station.part(Tariffs).offered
        offered.pop(token, None)
        while len(offered) >= OFFERED_MAX:
            del offered[next(iter(offered))]
        offered[token] = tariff


def begin(words: "V2", outlet: "Outlet", transaction: "Transaction") -> str | None:
    """The id of the tariff a session begins with (I07.FR.32, I08.FR.22)."""
    tariffs = words.station.has(Tariffs)
    if tariffs is None or not words.is_21:
        return None
    own = tariffs.offered.pop(transaction.token or "", None)
    if own is not None:
        tariffs.driver[transaction.id] = own
    chosen = own or tariffs.default(outlet.number)
    return None if chosen is None else str(chosen.tariff_id)


def take(words: "V2", evse: int, tariff: Any) -> None:
    """A session gets a tariff of its own, and says so (I11.FR.07)."""
    outlet = words.station.outlets[evse - 1]
    transaction = outlet.transaction
    if transaction is None:
        return
    tariffs = words.station.part(Tariffs)
    running = {each.transaction.id for each in words.station.outlets if each.transaction is not None}
    tariffs.driver = {id: own for id, own in tariffs.driver.items() if id in running}
    tariffs.driver[transaction.id] = tariff
    words.station.run_steps([(0.5, lambda: words.tariff_changed(outlet, transaction, tariff.tariff_id))])
