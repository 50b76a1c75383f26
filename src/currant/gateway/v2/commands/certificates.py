"""Certificates: worded in OCPP 2.x (M03 to M05, A02)."""

from currant.gateway.certificate_names import hash_facts, wire_hash
from currant.gateway.outcomes import Ask, Wording, explained, outcome_of, refused
from currant.gateway.services import Caller
from currant.ocpp.catalogue import Version
from currant.stations.commanding.certificates import (
    DeleteCertificate,
    GetInstalledCertificates,
    InstallCertificate,
    LeafUse,
    RootUse,
    SendSignedCertificate,
)
from currant.stations.model import CommandOutcome, CommandStatus

USES = {
    RootUse.CSMS: "CSMSRootCertificate",
    RootUse.MANUFACTURER: "ManufacturerRootCertificate",
    RootUse.V2G: "V2GRootCertificate",
    RootUse.MOBILITY_OPERATOR: "MORootCertificate",
    RootUse.OEM: "OEMRootCertificate",
}
CHAIN = "V2GCertificateChain"
WORDS = {wire: use.value for use, wire in USES.items()} | {CHAIN: "v2g_chain"}
# One certificate for both uses is sent as the station's own (A02.FR.14: as it asked for it).
LEAVES = {
    LeafUse.STATION: "ChargingStationCertificate",
    LeafUse.V2G: "V2GCertificate",
    LeafUse.V2G20: "V2G20Certificate",
}


def _lacks(use: RootUse, caller: Caller) -> CommandOutcome | None:
    if use is RootUse.OEM and caller.version is Version.V201:
        return refused("OCPP 2.0.1 knows no roots of vehicle manufacturers: they came with 2.1.")
    return None


async def install(command: InstallCertificate, caller: Caller, ask: Ask) -> CommandOutcome:
    lacking = _lacks(command.use, caller)
    if lacking is not None:
        return lacking
    longest = 5_500 if caller.version is Version.V201 else 10_000
    if len(command.certificate) > longest:
        return refused(f"OCPP {caller.version} carries certificates of at most {longest} characters.")
    request = caller.types.InstallCertificate(
        certificate_type=USES[command.use], certificate=command.certificate
    )
    return outcome_of(await ask("InstallCertificate", request))


async def delete(command: DeleteCertificate, caller: Caller, ask: Ask) -> CommandOutcome:
    request = caller.types.DeleteCertificate(certificate_hash_data=wire_hash(caller.types, command.hash))
    return outcome_of(await ask("DeleteCertificate", request))


async def get_installed(command: GetInstalledCertificates, caller: Caller, ask: Ask) -> CommandOutcome:
    for use in command.uses:
        lacking = _lacks(use, caller)
        if lacking is not None:
            return lacking
    wanted = [USES[use] for use in command.uses]
    if not command.roots:
        wanted = [CHAIN]
    elif command.chains and wanted:
        wanted.append(CHAIN)
    elif not command.chains and not wanted:
        wanted = [
            wire for use, wire in USES.items() if use is not RootUse.OEM or caller.version is not Version.V201
        ]
    answer = await ask(
        "GetInstalledCertificateIds",
        caller.types.GetInstalledCertificateIds(certificate_type=wanted or None),
    )
    # NotFound is no refusal: there is none of what was asked for (M03.FR.02).
    found = [
        {
            "use": WORDS.get(each.certificate_type, each.certificate_type),
            "hash": hash_facts(each.certificate_hash_data),
            **(
                {"children": [hash_facts(child) for child in each.child_certificate_hash_data]}
                if each.child_certificate_hash_data
                else {}
            ),
        }
        for each in answer.certificate_hash_data_chain or []
    ]
    return CommandOutcome(
        status=CommandStatus.ACCEPTED,
        answer={"status": answer.status, "certificates": found},
        report=tuple(found),
    )


async def send_signed(command: SendSignedCertificate, caller: Caller, ask: Ask) -> CommandOutcome:
    types = caller.types
    kind = LEAVES.get(command.use)
    if command.use is LeafUse.V2G20 and caller.version is Version.V201:
        return refused("OCPP 2.0.1 knows no certificates for ISO 15118-20 apart.")
    if caller.version is Version.V201:
        request = types.CertificateSigned(certificate_chain=command.chain, certificate_type=kind)
    else:
        request = types.CertificateSigned(
            certificate_chain=command.chain, certificate_type=kind, request_id=command.request_id
        )
    answer = await ask("CertificateSigned", request)
    outcome = outcome_of(answer)
    if outcome.status is CommandStatus.REFUSED:
        return CommandOutcome(
            status=CommandStatus.REFUSED,
            reason=f"The station does not accept the certificate. {explained(answer)}",
            answer=outcome.answer,
        )
    return outcome


COMMANDS: dict[type, Wording] = {
    DeleteCertificate: delete,
    GetInstalledCertificates: get_installed,
    InstallCertificate: install,
    SendSignedCertificate: send_signed,
}
