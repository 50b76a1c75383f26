"""Certificates: worded in OCPP 1.6 (security whitepaper, M03 to M05, A02)."""

from typing import Any

from currant.gateway.certificate_names import hash_facts, wire_hash
from currant.gateway.outcomes import Ask, Wording, as_facts, outcome_of, refused
from currant.gateway.services import Caller
from currant.ocpp import v16
from currant.stations.commanding.certificates import (
    DeleteCertificate,
    GetInstalledCertificates,
    InstallCertificate,
    LeafUse,
    RootUse,
    SendSignedCertificate,
)
from currant.stations.model import CommandOutcome, CommandStatus

USES: dict[RootUse, v16.CertificateUseEnumType] = {
    RootUse.CSMS: "CentralSystemRootCertificate",
    RootUse.MANUFACTURER: "ManufacturerRootCertificate",
}
CERTIFICATE_MAX = 5_500


async def install(command: InstallCertificate, caller: Caller, ask: Ask) -> CommandOutcome:
    use = USES.get(command.use)
    if use is None:
        return refused("OCPP 1.6 stations hold roots of the central system and of the manufacturer alone.")
    if len(command.certificate) > CERTIFICATE_MAX:
        return refused(f"OCPP 1.6 carries certificates of at most {CERTIFICATE_MAX} characters.")
    request = v16.InstallCertificate(certificate_type=use, certificate=command.certificate)
    return outcome_of(await ask("InstallCertificate", request))


async def delete(command: DeleteCertificate, caller: Caller, ask: Ask) -> CommandOutcome:
    request = v16.DeleteCertificate(certificate_hash_data=wire_hash(v16, command.hash))
    return outcome_of(await ask("DeleteCertificate", request))


async def get_installed(command: GetInstalledCertificates, caller: Caller, ask: Ask) -> CommandOutcome:
    """1.6 answers for one use at a time; NotFound is the answer that there is none (M03.FR.02)."""
    wanted = [use for use in command.uses or tuple(USES) if use in USES and command.roots]
    found: list[dict[str, Any]] = []
    for use in wanted:
        answer: v16.GetInstalledCertificateIdsResponse = await ask(
            "GetInstalledCertificateIds", v16.GetInstalledCertificateIds(certificate_type=USES[use])
        )
        found += [{"use": use.value, "hash": hash_facts(each)} for each in answer.certificate_hash_data or []]
    if not wanted:
        return refused("OCPP 1.6 stations hold roots of the central system and of the manufacturer alone.")
    return CommandOutcome(status=CommandStatus.ACCEPTED, answer={"certificates": found}, report=tuple(found))


async def send_signed(command: SendSignedCertificate, caller: Caller, ask: Ask) -> CommandOutcome:
    if command.use is not LeafUse.STATION:
        return refused("OCPP 1.6 has no other certificates than the station's own.")
    answer: v16.CertificateSignedResponse = await ask(
        "CertificateSigned", v16.CertificateSigned(certificate_chain=command.chain)
    )
    accepted = answer.status == "Accepted"
    return CommandOutcome(
        status=CommandStatus.ACCEPTED if accepted else CommandStatus.REFUSED,
        reason="" if accepted else "The station does not accept the certificate.",
        answer=as_facts(answer),
    )


COMMANDS: dict[type, Wording] = {
    DeleteCertificate: delete,
    GetInstalledCertificates: get_installed,
    InstallCertificate: install,
    SendSignedCertificate: send_signed,
}
