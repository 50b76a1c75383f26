"""Tariffs that stations show and reckon with themselves: worded in OCPP 2.1 (I07 to I11)."""

from decimal import Decimal
from typing import Any

from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of
from currant.gateway.services import Caller
from currant.gateway.v2.commands.displays import content_of
from currant.ocpp import v21
from currant.stations.commanding.tariffs import (
    Bounds,
    ChangeTransactionTariff,
    ClearTariffs,
    GetTariffs,
    PriceConditions,
    PriceList,
    SetDefaultTariff,
    StationTariff,
    TaxRate,
)
from currant.stations.model import CommandOutcome, CommandStatus

DAYS: tuple[v21.DayOfWeekEnumType, ...] = (
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
)


async def set_default_tariff(command: SetDefaultTariff, caller: Caller, ask: Ask) -> CommandOutcome:
    request = v21.SetDefaultTariff(evse_id=command.evse, tariff=tariff_of(command.tariff, caller))
    return outcome_of(await ask("SetDefaultTariff", request))


async def get_tariffs(command: GetTariffs, caller: Caller, ask: Ask) -> CommandOutcome:
    answer: v21.GetTariffsResponse = await ask("GetTariffs", v21.GetTariffs(evse_id=command.evse))
    if answer.status == "NoTariff":
        return CommandOutcome(
            status=CommandStatus.ACCEPTED, reason="The station has no tariff.", answer=as_facts(answer)
        )
    if answer.status != "Accepted":
        return outcome_of(answer)
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        answer=as_facts(answer),
        report=tuple(
            {
                "id": assignment.tariff_id,
                "kind": "default" if assignment.tariff_kind == "DefaultTariff" else "driver",
                "valid_from": assignment.valid_from,
                "evses": list(assignment.evse_ids or ()),
                "tokens": list(assignment.id_tokens or ()),
            }
            for assignment in answer.tariff_assignments or ()
        ),
    )


async def clear_tariffs(command: ClearTariffs, caller: Caller, ask: Ask) -> CommandOutcome:
    request = v21.ClearTariffs(tariff_ids=list(command.ids) or None, evse_id=command.evse)
    answer: v21.ClearTariffsResponse = await ask("ClearTariffs", request)
    results = tuple({"id": one.tariff_id, "status": one.status} for one in answer.clear_tariffs_result)
    wrong = [one for one in answer.clear_tariffs_result if one.status == "Rejected"]
    if wrong:
        told = ", ".join(one.tariff_id or "all of them" for one in wrong[:5])
        return CommandOutcome(
            status=CommandStatus.REFUSED,
            reason=f"Not cleared: {told}.",
            answer=as_facts(answer),
            report=results,
        )
    none = all(one.status == "NoTariff" for one in answer.clear_tariffs_result)
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        reason="There was no such tariff." if none else "",
        answer=as_facts(answer),
        report=results,
    )


async def change_transaction_tariff(
    command: ChangeTransactionTariff, caller: Caller, ask: Ask
) -> CommandOutcome:
    request = v21.ChangeTransactionTariff(
        tariff=tariff_of(command.tariff, caller), transaction_id=command.transaction_id
    )
    return outcome_of(await ask("ChangeTransactionTariff", request))


def tariff_of(tariff: StationTariff, caller: Caller) -> v21.TariffType:
    """The tariff as 2.1 writes it (TariffType)."""
    return v21.TariffType(
        tariff_id=tariff.id,
        currency=tariff.currency,
        description=[content_of(text, caller) for text in tariff.texts] or None,
        valid_from=tariff.valid_from,
        energy=None if tariff.energy is None else _energy(tariff.energy),
        charging_time=None if tariff.charging_time is None else _time(tariff.charging_time),
        idle_time=None if tariff.idle_time is None else _time(tariff.idle_time),
        fixed_fee=None if tariff.fixed_fee is None else _fixed(tariff.fixed_fee),
        reservation_time=None if tariff.reservation_time is None else _time(tariff.reservation_time),
        reservation_fixed=None if tariff.reservation_fixed is None else _fixed(tariff.reservation_fixed),
        min_cost=_bounds(tariff.min_cost),
        max_cost=_bounds(tariff.max_cost),
    )


def _energy(prices: PriceList) -> v21.TariffEnergyType:
    return v21.TariffEnergyType(
        prices=[
            v21.TariffEnergyPriceType(price_kwh=float(one.price), conditions=_conditions(one.conditions))
            for one in prices.prices
        ],
        tax_rates=_taxes(prices.taxes),
    )


def _time(prices: PriceList) -> v21.TariffTimeType:
    return v21.TariffTimeType(
        prices=[
            v21.TariffTimePriceType(price_minute=float(one.price), conditions=_conditions(one.conditions))
            for one in prices.prices
        ],
        tax_rates=_taxes(prices.taxes),
    )


def _fixed(prices: PriceList) -> v21.TariffFixedType:
    return v21.TariffFixedType(
        prices=[
            v21.TariffFixedPriceType(
                price_fixed=float(one.price), conditions=_fixed_conditions(one.conditions)
            )
            for one in prices.prices
        ],
        tax_rates=_taxes(prices.taxes),
    )


def _taxes(taxes: tuple[TaxRate, ...]) -> list[v21.TaxRateType] | None:
    return [v21.TaxRateType(type=tax.name, tax=float(tax.percent), stack=tax.stack) for tax in taxes] or None


def _bounds(bounds: Bounds | None) -> v21.PriceType | None:
    if bounds is None:
        return None
    return v21.PriceType(excl_tax=_number(bounds.excluding_tax), incl_tax=_number(bounds.including_tax))


def _number(amount: Decimal | None) -> float | None:
    return None if amount is None else float(amount)


def _when(conditions: PriceConditions) -> dict[str, Any]:
    return {
        "start_time_of_day": conditions.from_time,
        "end_time_of_day": conditions.until_time,
        "day_of_week": [DAYS[day - 1] for day in conditions.weekdays] or None,
        "valid_from_date": conditions.from_date,
        "valid_to_date": conditions.until_date,
        "evse_kind": conditions.current_kind,
    }


def _conditions(conditions: PriceConditions | None) -> v21.TariffConditionsType | None:
    if conditions is None:
        return None
    return v21.TariffConditionsType(
        **_when(conditions),
        min_energy=conditions.min_energy_wh,
        max_energy=conditions.max_energy_wh,
        min_current=conditions.min_current_a,
        max_current=conditions.max_current_a,
        min_power=conditions.min_power_w,
        max_power=conditions.max_power_w,
        min_time=conditions.min_time_s,
        max_time=conditions.max_time_s,
        min_charging_time=conditions.min_charging_s,
        max_charging_time=conditions.max_charging_s,
        min_idle_time=conditions.min_idle_s,
        max_idle_time=conditions.max_idle_s,
    )


def _fixed_conditions(conditions: PriceConditions | None) -> v21.TariffConditionsFixedType | None:
    if conditions is None:
        return None
    return v21.TariffConditionsFixedType(
        **_when(conditions),
        payment_brand=conditions.payment_brand,
        payment_recognition=conditions.payment_recognition,
    )


COMMANDS: dict[type, Wording] = {}

# 2.0.1 has no tariffs of this kind.
COMMANDS_21: dict[type, Wording] = {
    ChangeTransactionTariff: change_transaction_tariff,
    ClearTariffs: clear_tariffs,
    GetTariffs: get_tariffs,
    SetDefaultTariff: set_default_tariff,
}
