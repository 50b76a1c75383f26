"""Logs, diagnostics and firmware: what the commands must be, whatever the version."""

import string
from collections.abc import Callable
from datetime import datetime
from typing import Any

from currant.kit.errors import Invalid
from currant.stations.commanding import transfers
from currant.stations.commanding.base import Retrying
from currant.stations.commanding.rules.common import between
from currant.stations.transfers.addresses import check_address
from currant.stations.transfers.signing import check_form

RETRIES_MAX = 100
RETRY_INTERVAL_MAX_S = 86_400
REQUEST_ID_MAX = 2**31 - 1
CHECKSUM_LETTERS = 32


def get_log(command: transfers.GetLog) -> None:
    check_address(command.url)
    _request(command.request_id, command.retrying)
    _aware(oldest=command.oldest, latest=command.latest)
    if command.oldest is not None and command.latest is not None and command.oldest >= command.latest:
        raise Invalid("A log begins (oldest) before it ends (latest).", field="oldest")


def update_firmware(command: transfers.UpdateFirmware) -> None:
    check_address(command.url)
    _request(command.request_id, command.retrying)
    _aware(retrieve_at=command.retrieve_at, install_at=command.install_at)
    if command.install_at is not None and command.install_at < command.retrieve_at:
        raise Invalid("Firmware is fetched (retrieve_at) before it is installed.", field="install_at")
    if command.signing is not None:
        check_form(command.signing.certificate, command.signing.signature)


def publish_firmware(command: transfers.PublishFirmware) -> None:
    check_address(command.url)
    _request(command.request_id, command.retrying)
    _checksum(command.checksum)


def unpublish_firmware(command: transfers.UnpublishFirmware) -> None:
    _checksum(command.checksum)


def _request(request_id: int, retrying: Retrying | None) -> None:
    between("request_id", request_id, 0, REQUEST_ID_MAX)
    if retrying is not None:
        between("times", retrying.times, 0, RETRIES_MAX)
        between("interval_s", retrying.interval_s, 0, RETRY_INTERVAL_MAX_S)


def _aware(**times: datetime | None) -> None:
    for field, at in times.items():
        if at is not None and at.tzinfo is None:
            raise Invalid(f"{field} needs a time zone, as in 2026-01-31T12:00:00Z.", field=field)


def _checksum(checksum: str) -> None:
    if len(checksum) != CHECKSUM_LETTERS or not set(checksum) <= set(string.hexdigits):
        raise Invalid("A checksum is the MD5 of the whole image in 32 hexadecimal digits.", field="checksum")


CHECKS: dict[type, Callable[[Any], None]] = {
    transfers.GetLog: get_log,
    transfers.PublishFirmware: publish_firmware,
    transfers.UnpublishFirmware: unpublish_firmware,
    transfers.UpdateFirmware: update_firmware,
}
