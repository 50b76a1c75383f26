"""What OCPP 1.6 stations show: costs, as the OCA's California Pricing Requirements word them (3.1.3, 3.1.4)."""

import json
from decimal import Decimal
from typing import Any

from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of, refused
from currant.gateway.services import Caller
from currant.kit.clock import wire_time
from currant.ocpp import v16
from currant.stations.commanding.displays import CostShown, MessageFormat, PriceShown, ShowCost
from currant.stations.model import CommandOutcome, CommandStatus

VENDOR = "org.openchargealliance.costmsg"
NOT_SHOWN = "The station does not know the OCA's cost messages."
_FORMATS = {
    MessageFormat.ASCII: "ASCII",
    MessageFormat.HTML: "HTML",
    MessageFormat.URI: "URI",
    MessageFormat.UTF8: "UTF8",
    MessageFormat.QR_CODE: "QRCODE",
}


async def show_cost(command: ShowCost, caller: Caller, ask: Ask) -> CommandOutcome:
    """Running or final cost, by DataTransfer."""
    if not command.transaction_id.isdecimal():
        return refused("In OCPP 1.6 a session's transaction is a number.")
    if command.final:
        name, data = "FinalCost", _final(command)
    elif command.shown is None:
        return refused("OCPP 1.6 wants to be told the meter and the price along with the cost: give `shown`.")
    else:
        name, data = "RunningCost", _running(command, command.shown)
    answer: v16.DataTransferResponse = await ask(
        "DataTransfer", v16.DataTransfer(vendor_id=VENDOR, message_id=name, data=json.dumps(data))
    )
    if answer.status in ("UnknownVendorId", "UnknownMessageId"):
        return CommandOutcome(status=CommandStatus.UNSUPPORTED, reason=NOT_SHOWN, answer=as_facts(answer))
    return outcome_of(answer)


def _running(command: ShowCost, shown: CostShown) -> dict[str, Any]:
    data: dict[str, Any] = {
        "transactionId": int(command.transaction_id),
        "timestamp": wire_time(shown.at),
        "meterValue": shown.meter_wh,
        "cost": _number(command.total_cost),
        "state": "Idle" if shown.idle else "Charging",
        **_prices(shown.price),
    }
    if shown.changes_at is not None:
        data["nextPeriod"] = {"atTime": wire_time(shown.changes_at), **_prices(shown.then or PriceShown())}
        data["triggerMeterValue"] = {"atTime": wire_time(shown.changes_at)}
    return data


def _final(command: ShowCost) -> dict[str, Any]:
    shown = command.shown
    data: dict[str, Any] = {
        "transactionId": int(command.transaction_id),
        "cost": _number(command.total_cost),
    }
    if shown is not None and shown.texts:
        first, *more = shown.texts
        data["priceText"] = first.text
        if more:
            data["priceTextExtra"] = [
                {"format": _FORMATS[one.format], "language": one.language or "en", "content": one.text}
                for one in more
            ]
    if shown is not None and shown.link:
        data["qrCodeText"] = shown.link
    return data


def _prices(price: PriceShown) -> dict[str, Any]:
    charging = {"kWhPrice": price.per_kwh, "hourPrice": price.per_hour, "flatFee": price.once}
    idle = {"graceMinutes": price.idle_grace_minutes, "hourPrice": price.idle_per_hour}
    return {
        name: said
        for name, values in (("chargingPrice", charging), ("idlePrice", idle))
        if (said := {key: _plain(value) for key, value in values.items() if value is not None})
    }


def _plain(value: Decimal | int) -> float | int:
    return value if isinstance(value, int) else _number(value)


def _number(value: Decimal) -> float:
    return float(value)


COMMANDS: dict[type, Wording] = {ShowCost: show_cost}
