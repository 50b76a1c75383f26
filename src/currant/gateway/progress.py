"""What stations of every version say of their transfers: the words of the wire, and what they mean."""

from currant.gateway.services import Caller, Services
from currant.stations.transfers.model import Family, Stage

LOG_STAGES = {
    "AcceptedCanceled": Stage.CANCELLED,
    "BadMessage": Stage.MALFORMED,
    "Idle": Stage.IDLE,
    "NotSupportedOperation": Stage.UNSUPPORTED,
    "PermissionDenied": Stage.NOT_PERMITTED,
    "Uploaded": Stage.UPLOADED,
    # 1.6 DiagnosticsStatusNotification; the other versions and the security extension say UploadFailure.
    "UploadFailed": Stage.TRANSFER_FAILED,
    "UploadFailure": Stage.TRANSFER_FAILED,
    "Uploading": Stage.TRANSFERRING,
}
FIRMWARE_STAGES = {
    "DownloadFailed": Stage.TRANSFER_FAILED,
    "DownloadPaused": Stage.PAUSED,
    "DownloadScheduled": Stage.SCHEDULED,
    "Downloaded": Stage.TRANSFERRED,
    "Downloading": Stage.TRANSFERRING,
    "Idle": Stage.IDLE,
    "InstallRebooting": Stage.REBOOTING,
    "InstallScheduled": Stage.INSTALL_SCHEDULED,
    "InstallVerificationFailed": Stage.VERIFICATION_FAILED,
    "InstallationFailed": Stage.INSTALLATION_FAILED,
    "Installed": Stage.INSTALLED,
    "Installing": Stage.INSTALLING,
    "InvalidSignature": Stage.WRONG_SIGNATURE,
    "SignatureVerified": Stage.VERIFIED,
}
PUBLISHING_STAGES = {
    "ChecksumVerified": Stage.VERIFIED,
    "DownloadFailed": Stage.TRANSFER_FAILED,
    "DownloadPaused": Stage.PAUSED,
    "DownloadScheduled": Stage.SCHEDULED,
    "Downloaded": Stage.TRANSFERRED,
    "Downloading": Stage.TRANSFERRING,
    "Idle": Stage.IDLE,
    "InvalidChecksum": Stage.WRONG_CHECKSUM,
    "PublishFailed": Stage.PUBLISHING_FAILED,
    "Published": Stage.PUBLISHED,
}
STAGES = {
    Family.LOG: LOG_STAGES,
    Family.FIRMWARE: FIRMWARE_STAGES,
    Family.PUBLISHING: PUBLISHING_STAGES,
}
TOPICS = {Family.LOG: "log", Family.FIRMWARE: "firmware", Family.PUBLISHING: "published_firmware"}


async def note_progress(
    services: Services,
    caller: Caller,
    family: Family,
    status: str,
    *,
    request_id: int | None = None,
    detail: str = "",
    locations: tuple[str, ...] = (),
    topic: str = "",
) -> None:
    """Move the transfer on; what is said of none that Currant began is kept as a fact of its own."""
    transfers = services.transfers
    if transfers is not None and await transfers.report(
        caller.station,
        family,
        STAGES[family][status],
        said=status,
        request_id=request_id,
        detail=detail,
        locations=locations,
    ):
        return
    told = "" if request_id is None else f"request {request_id}"
    await services.stations.note_fact(
        caller.station,
        topic=topic or TOPICS[family],
        status=status,
        detail=" ".join(part for part in (told, detail) if part),
        at=services.clock.now(),
    )
