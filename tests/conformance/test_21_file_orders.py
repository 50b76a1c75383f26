"""OCPP 2.1: certificates, logs and firmware, word by word, and what the answers mean."""

import pytest
from installation import Site
from orders import Order, carried_out
from shows import shows
from signed import signed
from test_21_orders import AT, HASH, LATER, WIRE_HASH

pytestmark = pytest.mark.asyncio(loop_scope="module")

PEM = signed(b"")["certificate"]
CERTIFICATES = (
    Order(
        command={"command": "SendSignedCertificate", "chain": PEM, "use": "v2g20", "request_id": 8},
        action="CertificateSigned",
        wire={"certificateChain": PEM, "certificateType": "V2G20Certificate", "requestId": 8},
    ),
    Order(
        command={"command": "InstallCertificate", "use": "oem", "certificate": PEM},
        action="InstallCertificate",
        wire={"certificateType": "OEMRootCertificate", "certificate": PEM},
        no={"status": "Failed"},
    ),
    Order(
        command={"command": "DeleteCertificate", "hash": HASH},
        action="DeleteCertificate",
        wire={"certificateHashData": WIRE_HASH},
        no={"status": "NotFound"},
    ),
    Order(
        command={"command": "GetInstalledCertificates", "uses": ["v2g", "oem"]},
        action="GetInstalledCertificateIds",
        wire={"certificateType": ["V2GRootCertificate", "OEMRootCertificate", "V2GCertificateChain"]},
        yes={
            "status": "Accepted",
            "certificateHashDataChain": [
                {"certificateType": "OEMRootCertificate", "certificateHashData": WIRE_HASH},
                {
                    "certificateType": "V2GCertificateChain",
                    "certificateHashData": WIRE_HASH,
                    "childCertificateHashData": [WIRE_HASH],
                },
            ],
        },
        no=None,
        report=[{"use": "oem", "hash": HASH}, {"use": "v2g_chain", "hash": HASH, "children": [HASH]}],
    ),
)
FILES = (
    Order(
        command={
            "command": "GetLog",
            "kind": "data_collector",
            "url": "https://files.test/up/",
            "request_id": 3,
            "oldest": AT,
            "latest": LATER,
            "retrying": {"times": 2, "interval_s": 60},
        },
        action="GetLog",
        wire={
            "log": {
                "remoteLocation": "https://files.test/up/",
                "oldestTimestamp": AT,
                "latestTimestamp": LATER,
            },
            "logType": "DataCollectorLog",
            "requestId": 3,
            "retries": 2,
            "retryInterval": 60,
        },
        yes={"status": "AcceptedCanceled", "filename": "collected.log"},
    ),
    Order(
        command={
            "command": "UpdateFirmware",
            "url": "https://files.test/2.bin",
            "request_id": 6,
            "retrieve_at": AT,
            "install_at": LATER,
            "signing": {"certificate": PEM, "signature": "c2lnbmF0dXJl"},
        },
        action="UpdateFirmware",
        wire={
            "requestId": 6,
            "firmware": {
                "location": "https://files.test/2.bin",
                "retrieveDateTime": AT,
                "installDateTime": LATER,
                "signingCertificate": PEM,
                "signature": "c2lnbmF0dXJl",
            },
        },
        no={"status": "RevokedCertificate"},
    ),
    Order(
        command={
            "command": "PublishFirmware",
            "url": "https://files.test/2.bin",
            "checksum": "0123456789abcdef0123456789abcdef",
            "request_id": 7,
            "retrying": {"times": 1, "interval_s": 5},
        },
        action="PublishFirmware",
        wire={
            "location": "https://files.test/2.bin",
            "checksum": "0123456789abcdef0123456789abcdef",
            "requestId": 7,
            "retries": 1,
            "retryInterval": 5,
        },
    ),
    Order(
        command={"command": "UnpublishFirmware", "checksum": "0123456789abcdef0123456789abcdef"},
        action="UnpublishFirmware",
        wire={"checksum": "0123456789abcdef0123456789abcdef"},
        yes={"status": "Unpublished"},
        no={"status": "DownloadOngoing"},
    ),
)


@shows(
    "2.1 CertificateSigned",
    "2.1 InstallCertificate",
    "2.1 DeleteCertificate",
    "2.1 GetInstalledCertificateIds",
)
@pytest.mark.parametrize("order", CERTIFICATES, ids=str)
async def test_certificates_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)


@shows("2.1 GetLog", "2.1 UpdateFirmware", "2.1 PublishFirmware", "2.1 UnpublishFirmware")
@pytest.mark.parametrize("order", FILES, ids=str)
async def test_files_are_told_to_2_1(site: Site, order: Order) -> None:
    await carried_out(site, "2.1", order)
