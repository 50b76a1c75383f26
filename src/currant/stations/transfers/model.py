"""What a transfer is: a log that a station was asked for, or firmware that it was given, and how far it has come."""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.event import Event
from currant.kit.ids import BatchId, CommandId, FileId, FirmwareId, StationId, TenantId, TransferId


class TransferKind(StrEnum):
    DIAGNOSTICS = "diagnostics"
    SECURITY = "security"
    DATA_COLLECTOR = "data_collector"
    """2.1."""
    FIRMWARE = "firmware"
    PUBLISHED_FIRMWARE = "published_firmware"
    """Firmware that a local controller offers to the stations behind it (2.x L03)."""


class Family(StrEnum):
    """Transfers of which a station does one at a time, and whose reports may be mistaken for each other's."""

    LOG = "log"
    FIRMWARE = "firmware"
    PUBLISHING = "publishing"


FAMILIES: dict[Family, frozenset[TransferKind]] = {
    Family.LOG: frozenset({TransferKind.DIAGNOSTICS, TransferKind.SECURITY, TransferKind.DATA_COLLECTOR}),
    Family.FIRMWARE: frozenset({TransferKind.FIRMWARE}),
    Family.PUBLISHING: frozenset({TransferKind.PUBLISHED_FIRMWARE}),
}


def family_of(kind: TransferKind) -> Family:
    return next(family for family, kinds in FAMILIES.items() if kind in kinds)


class TransferStatus(StrEnum):
    PLANNED = "planned"
    """Made ready, and the station not asked yet."""
    WAITING = "waiting"
    """It is asked when it comes, or at the time that was set: its command is queued."""
    REQUESTED = "requested"
    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    """The station will begin later."""
    TRANSFERRING = "transferring"
    PAUSED = "paused"
    TRANSFERRED = "transferred"
    """The file is where it should be; what follows is its use."""
    VERIFIED = "verified"
    INSTALL_SCHEDULED = "install_scheduled"
    INSTALLING = "installing"
    REBOOTING = "rebooting"
    DONE = "done"
    FAILED = "failed"
    REFUSED = "refused"
    """The station would not, or could not be asked."""
    CANCELLED = "cancelled"
    GIVEN_UP = "given_up"
    """The station said nothing for too long."""
    EXPIRED = "expired"
    """The station did not come while it waited."""


ENDED = frozenset(
    {
        TransferStatus.DONE,
        TransferStatus.FAILED,
        TransferStatus.REFUSED,
        TransferStatus.CANCELLED,
        TransferStatus.GIVEN_UP,
        TransferStatus.EXPIRED,
    }
)
UNASKED = frozenset({TransferStatus.PLANNED, TransferStatus.WAITING})
UNDER_WAY = frozenset(TransferStatus) - ENDED - UNASKED


class Stage(StrEnum):
    """What a station says of a transfer, whatever the version's word for it."""

    IDLE = "idle"
    SCHEDULED = "scheduled"
    TRANSFERRING = "transferring"
    PAUSED = "paused"
    TRANSFERRED = "transferred"
    """An image was fetched whole."""
    UPLOADED = "uploaded"
    VERIFIED = "verified"
    INSTALL_SCHEDULED = "install_scheduled"
    INSTALLING = "installing"
    REBOOTING = "rebooting"
    INSTALLED = "installed"
    PUBLISHED = "published"
    CANCELLED = "cancelled"
    TRANSFER_FAILED = "transfer_failed"
    MALFORMED = "malformed"
    UNSUPPORTED = "unsupported"
    NOT_PERMITTED = "not_permitted"
    WRONG_SIGNATURE = "wrong_signature"
    WRONG_CHECKSUM = "wrong_checksum"
    VERIFICATION_FAILED = "verification_failed"
    INSTALLATION_FAILED = "installation_failed"
    PUBLISHING_FAILED = "publishing_failed"


class Step(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One entry of a transfer's time line: the state it came to, and the station's own word (`said`)."""

    at: datetime
    status: TransferStatus
    said: str = ""
    note: str = ""


class Transfer(msgspec.Struct, frozen=True, kw_only=True):
    """One file's way from or to a station. `url` is empty when it travels over Currant's own links."""

    id: TransferId
    tenant_id: TenantId
    station_id: StationId
    kind: TransferKind
    request_id: int
    """The number that the station calls it by, where its version has one."""
    status: TransferStatus
    reason: str = ""
    """Why it ended as it did, or why it waits, in words."""
    asked_by: str
    asked_at: datetime
    heard_at: datetime
    """When there was last news of it."""
    ended_at: datetime | None = None
    url: str = ""
    command_id: CommandId | None = None
    batch_id: BatchId | None = None
    """The batch of commands that it was asked for with, where many stations were."""
    oldest: datetime | None = None
    latest: datetime | None = None
    """Of logs: what time they shall be about."""
    file_name: str = ""
    """Of logs: the name by which the station calls what it sends."""
    file_id: FileId | None = None
    """What it sent."""
    firmware_id: FirmwareId | None = None
    version: str = ""
    """Of firmware: the version it should bring, where that is known."""
    version_before: str = ""
    version_after: str = ""
    """What the station called itself when it was asked, and when it next started."""
    retrieve_at: datetime | None = None
    install_at: datetime | None = None
    fetched_at: datetime | None = None
    """When the image was first fetched whole over Currant's own link."""
    checksum: str = ""
    locations: tuple[str, ...] = ()
    """Of published firmware: where it is offered."""
    steps: tuple[Step, ...] = ()

    @property
    def family(self) -> Family:
        return family_of(self.kind)

    @property
    def own_link(self) -> bool:
        return not self.url


class TransferChanged(Event, frozen=True, kw_only=True):
    """A transfer came to another state. `said` is the station's own word, when it was the station that told."""

    station_id: StationId
    transfer_id: TransferId
    transfer: TransferKind
    status: TransferStatus
    reason: str = ""
    said: str = ""
    file_id: FileId | None = None
    version: str = ""


class StoredFile(msgspec.Struct, frozen=True, kw_only=True):
    """A file that a station sent."""

    id: FileId
    tenant_id: TenantId
    station_id: StationId
    transfer_id: TransferId
    kind: TransferKind
    name: str
    media_type: str
    size: int
    sha256: str
    created_at: datetime


class SigningState(StrEnum):
    UNSIGNED = "unsigned"
    SIGNED = "signed"
    """Certificate and signature are here, and the signature is that of this image."""


class FirmwareImage(msgspec.Struct, frozen=True, kw_only=True):
    """Firmware as an operator put it here. `models` are those that it is for; none: any of the vendor's."""

    id: FirmwareId
    tenant_id: TenantId
    version: str
    vendor: str = ""
    models: tuple[str, ...] = ()
    release_notes: str = ""
    name: str
    size: int
    sha256: str
    md5: str
    signing: SigningState = SigningState.UNSIGNED
    certificate: str = ""
    """The manufacturer's firmware signing certificate (PEM)."""
    signature: str = ""
    """Over the SHA-256 of the image, by RSA-PSS or ECDSA, in Base64 (2.x L01.FR.11)."""
    created_at: datetime
    created_by: str = ""


class FirmwareImageChanged(Event, frozen=True, kw_only=True):
    """An operator added, changed or deleted an image (`what`)."""

    firmware_id: FirmwareId
    version: str
    what: str
    by: str
