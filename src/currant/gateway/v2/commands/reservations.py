"""Reservations: worded in OCPP 2.x (H01, H02)."""

from currant.gateway.outcomes import Ask, Wording, outcome_of, refused, unsupported
from currant.gateway.services import Caller
from currant.gateway.v2.tokens import wire_token
from currant.ocpp.catalogue import Version
from currant.stations.commanding.reservations import CancelReservation, Reserve
from currant.stations.model import CommandOutcome, ConnectorFormat, ConnectorStandard

_CABLE, _SOCKET = ConnectorFormat.CABLE, ConnectorFormat.SOCKET

# 2.0.1 Part 2, 3.22 ConnectorEnumType.
CONNECTOR_TYPES = {
    (ConnectorStandard.IEC_62196_T1, _CABLE): "cType1",
    (ConnectorStandard.IEC_62196_T1, _SOCKET): "cType1",
    (ConnectorStandard.IEC_62196_T1_COMBO, _CABLE): "cCCS1",
    (ConnectorStandard.IEC_62196_T2, _CABLE): "cType2",
    (ConnectorStandard.IEC_62196_T2, _SOCKET): "sType2",
    (ConnectorStandard.IEC_62196_T2_COMBO, _CABLE): "cCCS2",
    (ConnectorStandard.IEC_62196_T3A, _SOCKET): "sType3",
    (ConnectorStandard.IEC_62196_T3C, _SOCKET): "sType3",
    (ConnectorStandard.CHADEMO, _CABLE): "cG105",
    (ConnectorStandard.SAE_J3400, _CABLE): "cTesla",
    (ConnectorStandard.TESLA_R, _CABLE): "cTesla",
    (ConnectorStandard.TESLA_S, _CABLE): "cTesla",
    (ConnectorStandard.DOMESTIC_F, _SOCKET): "sCEE-7-7",
    (ConnectorStandard.DOMESTIC_G, _SOCKET): "sBS1361",
    (ConnectorStandard.DOMESTIC_M, _SOCKET): "Other1PhMax16A",
    (ConnectorStandard.IEC_60309_2_SINGLE_16, _SOCKET): "s309-1P-16A",
    (ConnectorStandard.IEC_60309_2_THREE_16, _SOCKET): "s309-3P-16A",
    (ConnectorStandard.IEC_60309_2_THREE_32, _SOCKET): "s309-3P-32A",
    (ConnectorStandard.IEC_60309_2_THREE_64, _SOCKET): "Other3Ph",
}
# 2.1 Part 2 appendices, ConnectorEnumStringType: a free text with some more words.
CONNECTOR_TYPES_21 = CONNECTOR_TYPES | {
    (ConnectorStandard.IEC_62196_T1, _SOCKET): "sType1",
    (ConnectorStandard.CHAOJI, _CABLE): "cChaoJi",
    (ConnectorStandard.GBT_DC, _CABLE): "cGBT-DC",
    (ConnectorStandard.MCS, _CABLE): "cMCS",
    (ConnectorStandard.SAE_J3400, _CABLE): "cNACS",
}


def connector_type_of(
    standard: ConnectorStandard, version: Version, form: ConnectorFormat | None = None
) -> str | None:
    """The station's word for a kind of connector, None where its version has none.

    What is not said to be a cable or a socket is whichever the standard has; Type 2 then is a socket.
    """
    words = CONNECTOR_TYPES if version is Version.V201 else CONNECTOR_TYPES_21
    forms = [form] if form is not None else _LIKELY_CABLE if standard in _CABLED else _LIKELY_SOCKET
    found = (words.get((standard, each)) for each in forms)
    return next((word for word in found if word is not None), None)


_LIKELY_CABLE, _LIKELY_SOCKET = (_CABLE, _SOCKET), (_SOCKET, _CABLE)
# 2.1 has a word for its socket too, which hardly exists.
_CABLED = (ConnectorStandard.IEC_62196_T1,)


async def reserve(command: Reserve, caller: Caller, ask: Ask) -> CommandOutcome:
    longest = 36 if caller.version is Version.V201 else 255
    if len(command.token_uid) > longest or len(command.parent_uid or "") > longest:
        return refused(f"OCPP {caller.version} carries tokens and groups of at most {longest} characters.")
    connector_type = None
    if command.connector_standard is not None:
        connector_type = connector_type_of(
            ConnectorStandard(command.connector_standard),
            caller.version,
            ConnectorFormat(command.connector_format) if command.connector_format else None,
        )
        if connector_type is None and command.evse is None:
            return unsupported(
                caller.version,
                command,
                f"OCPP {caller.version} has no word for {command.connector_standard}: name the EVSE that has one.",
            )
    group = None
    if command.parent_uid is not None:
        group = wire_token(command.parent_uid, "central", caller)
    return outcome_of(
        await ask(
            "ReserveNow",
            caller.types.ReserveNow(
                id=command.reservation_id,
                expiry_date_time=command.expires_at,
                id_token=wire_token(command.token_uid, command.token_kind, caller),
                connector_type=connector_type,
                evse_id=command.evse,
                group_id_token=group,
            ),
        )
    )


async def cancel(command: CancelReservation, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.CancelReservation(reservation_id=command.reservation_id)
    return outcome_of(await ask("CancelReservation", request))


COMMANDS: dict[type, Wording] = {
    CancelReservation: cancel,
    Reserve: reserve,
}
