"""Reservations: worded in OCPP 1.6 (5.2, 5.13)."""

from currant.gateway.outcomes import Ask, Wording, outcome_of, refused, unsupported
from currant.gateway.services import Caller
from currant.gateway.v16.commands.remote import ID_TAG_MAX
from currant.ocpp import v16
from currant.stations.commanding.reservations import CancelReservation, Reserve
from currant.stations.model import CommandOutcome


async def reserve(command: Reserve, caller: Caller, ask: Ask) -> CommandOutcome:
    if len(command.token_uid) > ID_TAG_MAX or len(command.parent_uid or "") > ID_TAG_MAX:
        return refused(f"OCPP 1.6 carries tokens and groups of at most {ID_TAG_MAX} characters.")
    # 5.13: connector 0 is any of the station's, where ReserveConnectorZeroSupported says so.
    connector_id = 0
    if command.evse is not None:
        connector_id = caller.station.ocpp16_connector_of(command.evse, command.connector or 1)
    elif command.connector_standard is not None:
        return unsupported(
            "1.6", command, "OCPP 1.6 cannot reserve a kind of connector: name the EVSE that has one."
        )
    return outcome_of(
        await ask(
            "ReserveNow",
            v16.ReserveNow(
                connector_id=connector_id,
                expiry_date=command.expires_at,
                id_tag=command.token_uid,
                reservation_id=command.reservation_id,
                parent_id_tag=command.parent_uid,
            ),
        )
    )


async def cancel(command: CancelReservation, caller: Caller, ask: Ask) -> CommandOutcome:
    request = v16.CancelReservation(reservation_id=command.reservation_id)
    return outcome_of(await ask("CancelReservation", request))


COMMANDS: dict[type, Wording] = {
    CancelReservation: cancel,
    Reserve: reserve,
}
