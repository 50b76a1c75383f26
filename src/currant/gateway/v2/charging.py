"""Blocks C, E and J: who may charge, transactions, and their meter values."""

from datetime import datetime
from typing import Any

from currant.charging.model import EventType, MeterReport, MeterSample, SampledValue, TransactionReport
from currant.gateway.services import Caller, Services
from currant.gateway.v2.security import certificate_verdict, with_verdict
from currant.gateway.v2.tokens import id_token_info, presented_of
from currant.ocpp import v21, v201

EVENT_TYPES = {"Started": EventType.STARTED, "Updated": EventType.UPDATED, "Ended": EventType.ENDED}


async def authorize(
    request: v201.Authorize | v21.Authorize, caller: Caller, services: Services, received_at: datetime
) -> Any:
    verdict = await certificate_verdict(request, services)
    decision = await services.charging.authorize(
        caller.station, caller.sessions, presented_of(request.id_token)
    )
    response = caller.types.AuthorizeResponse(id_token_info=id_token_info(decision, caller))
    return with_verdict(response, verdict, caller)


async def transaction_event(
    request: v201.TransactionEvent | v21.TransactionEvent,
    caller: Caller,
    services: Services,
    received_at: datetime,
) -> Any:
    info, evse = request.transaction_info, request.evse
    answer = await services.charging.transaction(
        caller.station,
        caller.sessions,
        TransactionReport(
            type=EVENT_TYPES[request.event_type],
            transaction_id=info.transaction_id,
            sequence=request.seq_no,
            trigger=request.trigger_reason or "",
            at=request.timestamp,
            received_at=received_at,
            evse=None if evse is None else evse.id,
            connector=None if evse is None else evse.connector_id,
            presented=None if request.id_token is None else presented_of(request.id_token),
            charging_state=info.charging_state or "",
            stopped_reason=info.stopped_reason or "",
            remote_start_id=info.remote_start_id,
            reservation_id=request.reservation_id,
            offline=request.offline or False,
            samples=() if request.meter_value is None else samples_of(request.meter_value),
        ),
    )
    total = None
    if services.total_cost is not None and request.event_type == "Ended":
        # I03.FR.02: the end is answered with the final cost.
        session = caller.sessions.ended.get(info.transaction_id)
        total = None if session is None else services.total_cost(session)
    if answer.decision is None and total is None:
        return b"{}"
    return caller.types.TransactionEventResponse(
        total_cost=None if total is None else float(total),
        id_token_info=None
        if answer.decision is None
        else id_token_info(answer.decision, caller, for_transaction=True),
    )


async def meter_values(
    request: v201.MeterValues | v21.MeterValues, caller: Caller, services: Services, received_at: datetime
) -> bytes:
    await services.charging.meter(
        caller.station,
        caller.sessions,
        MeterReport(
            evse=request.evse_id,
            connector=0,
            samples=samples_of(request.meter_value),
            received_at=received_at,
        ),
    )
    return b"{}"


def samples_of(values: list[v201.MeterValueType] | list[v21.MeterValueType]) -> tuple[MeterSample, ...]:
    return tuple(
        [
            MeterSample(
                at=value.timestamp, values=tuple([_sampled(sampled) for sampled in value.sampled_value])
            )
            for value in values
        ]
    )


def _sampled(sampled: v201.SampledValueType | v21.SampledValueType) -> SampledValue:
    unit, signed = sampled.unit_of_measure, sampled.signed_meter_value
    return SampledValue(
        value=sampled.value,
        measurand=sampled.measurand or "",
        unit="" if unit is None else unit.unit or "",
        multiplier=0 if unit is None else unit.multiplier or 0,
        phase=sampled.phase or "",
        context=sampled.context or "",
        location=sampled.location or "",
        signed=None if signed is None else _signed(signed),
    )


def _signed(signed: v201.SignedMeterValueType | v21.SignedMeterValueType) -> dict[str, Any]:
    """In the words of the wire: whoever checks the signature needs it as it came."""
    raw = {
        "signedMeterData": signed.signed_meter_data,
        "signingMethod": signed.signing_method,
        "encodingMethod": signed.encoding_method,
        "publicKey": signed.public_key,
    }
    return {name: value for name, value in raw.items() if value is not None}
