"""A simulated station's firmware and logs in the words of OCPP 2.x (blocks L and N01)."""

from typing import TYPE_CHECKING

from currant.simulator.files import Files, FirmwareOrder, LogOrder, PublishOrder
from currant.simulator.v2_common import Answer, Request

if TYPE_CHECKING:
    from currant.simulator.v2 import V2


def get_log(words: "V2", request: Request) -> Answer:
    order = LogOrder(
        location=request.log.remote_location,
        request_id=request.request_id,
        kind=request.log_type,
        retries=request.retries or 0,
        retry_after_s=request.retry_interval or 0,
    )
    status, name = words.station.part(Files).send_log(order)
    return words.types.GetLogResponse(status=status, filename=name)


def update_firmware(words: "V2", request: Request) -> Answer:
    firmware = request.firmware
    status = words.station.part(Files).update(
        FirmwareOrder(
            location=firmware.location,
            request_id=request.request_id,
            retrieve_at=firmware.retrieve_date_time.timestamp(),
            install_at=firmware.install_date_time.timestamp() if firmware.install_date_time else None,
            certificate=firmware.signing_certificate,
            signature=firmware.signature,
            retries=request.retries or 0,
            retry_after_s=request.retry_interval or 0,
        )
    )
    return words.types.UpdateFirmwareResponse(status=status)


def publish_firmware(words: "V2", request: Request) -> Answer:
    words.station.part(Files).publish(
        PublishOrder(
            location=request.location,
            checksum=request.checksum,
            request_id=request.request_id,
            retries=request.retries or 0,
            retry_after_s=request.retry_interval or 0,
        )
    )
    return words.types.PublishFirmwareResponse(status="Accepted")


def unpublish_firmware(words: "V2", request: Request) -> Answer:
    status = words.station.part(Files).unpublish(request.checksum)
    return words.types.UnpublishFirmwareResponse(status=status)


def tell_log(words: "V2") -> None:
    """A trigger asks where the upload stands; without one it is idle and has no id (F06)."""
    files = words.station.has(Files)
    job = None if files is None else files.log
    words.log_status("Idle" if job is None else job.status, None if job is None else job.request_id)


def tell_firmware(words: "V2") -> None:
    files = words.station.has(Files)
    job = None if files is None else files.firmware
    words.firmware_status("Idle" if job is None else job.status, None if job is None else job.request_id)


def tell_publishing(words: "V2") -> None:
    files = words.station.has(Files)
    job = None if files is None or files.publishing is None else files.publishing[1]
    words.published("Idle" if job is None else job.status, None if job is None else job.request_id)
