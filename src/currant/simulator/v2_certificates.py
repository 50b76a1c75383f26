"""A simulated station's certificates in the words of OCPP 2.x (blocks A and M)."""

from typing import TYPE_CHECKING, Any

from currant.simulator import device_model, network
from currant.simulator.keyring import STATION_CERTIFICATE, HashData, Keyring
from currant.simulator.v2_common import Answer, Request

if TYPE_CHECKING:
    from currant.simulator.v2 import V2

# What is asked to be signed: what it is triggered by, and the use of the certificate.
SIGNING = {
    "SignChargingStationCertificate": STATION_CERTIFICATE,
    "SignV2GCertificate": "V2GCertificate",
    "SignV2G20Certificate": "V2G20Certificate",
    "SignCombinedCertificate": STATION_CERTIFICATE,
}


def sign(words: "V2", use: str) -> None:
    """Make a key and ask for its certificate; ask again when none comes (A02.FR.17 to 19)."""
    station = words.station
    organisation = device_model.value_of(station, "SecurityCtrlr", "OrganizationName")
    keyring = station.part(Keyring)
    request_id, csr = keyring.request(use, organisation)
    left = int(device_model.value_of(station, "SecurityCtrlr", "CertSigningRepeatTimes"))
    wait = float(device_model.value_of(station, "SecurityCtrlr", "CertSigningWaitMinimum"))

    def ask(left: int, wait: float) -> None:
        asked = keyring.pending.get(use)
        if asked is None or asked[0] != request_id:
            return

        def answered(answer: Any) -> None:
            if answer.status == "Accepted" and left > 0:
                station.run_steps([(wait, lambda: ask(left - 1, wait * 2))])

        number: dict[str, Any] = {"request_id": request_id} if words.is_21 else {}
        words.say("SignCertificate", csr=csr, certificate_type=use, answered=answered, **number)

    ask(left, wait)


def certificate_signed(words: "V2", request: Request) -> Answer:
    """Taken up if it fits the key; the station's own is used from the next connection on (A02.FR.06 to 08)."""
    station = words.station
    use = request.certificate_type or STATION_CERTIFICATE
    number = getattr(request, "request_id", None)
    fits = station.part(Keyring).accept(use, request.certificate_chain, number)
    if not fits:
        station.part(Keyring).pending.pop(use, None)
        station.run_steps([(0.5, lambda: words.security_event("InvalidChargingStationCertificate"))])
    elif use == STATION_CERTIFICATE:
        network.certificate_renewed(station)
    return words.types.CertificateSignedResponse(status="Accepted" if fits else "Rejected")


def install_certificate(words: "V2", request: Request) -> Answer:
    status = words.station.part(Keyring).install(request.certificate_type, request.certificate)
    if status == "Failed" and request.certificate_type == "CSMSRootCertificate":
        words.station.run_steps([(0.5, lambda: words.security_event("InvalidCsmsCertificate"))])
    return words.types.InstallCertificateResponse(status=status)


def delete_certificate(words: "V2", request: Request) -> Answer:
    wire = request.certificate_hash_data
    wanted = HashData(
        algorithm=wire.hash_algorithm,
        issuer_name=wire.issuer_name_hash,
        issuer_key=wire.issuer_key_hash,
        serial=wire.serial_number,
    )
    return words.types.DeleteCertificateResponse(status=words.station.part(Keyring).delete(wanted))


def installed_certificates(words: "V2", request: Request) -> Answer:
    types = words.types
    installed = words.station.part(Keyring).list_installed(request.certificate_type)
    if not installed:
        return types.GetInstalledCertificateIdsResponse(status="NotFound")
    return types.GetInstalledCertificateIdsResponse(
        status="Accepted",
        certificate_hash_data_chain=[
            types.CertificateHashDataChainType(
                certificate_type=kind,
                certificate_hash_data=_wire(types, own),
                child_certificate_hash_data=[_wire(types, child) for child in children] or None,
            )
            for kind, own, children in installed
        ],
    )


def _wire(types: Any, hashed: HashData) -> Any:
    return types.CertificateHashDataType(
        hash_algorithm=hashed.algorithm,
        issuer_name_hash=hashed.issuer_name,
        issuer_key_hash=hashed.issuer_key,
        serial_number=hashed.serial,
    )
