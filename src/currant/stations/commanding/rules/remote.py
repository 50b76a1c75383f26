"""What remote control's arguments must be, whatever the version."""

from collections.abc import Callable
from typing import Any

from currant.stations.commanding import remote
from currant.stations.commanding.rules.common import between, place, text
from currant.stations.commanding.rules.profiles import check_profile

DATA_MAX = 64 * 1024


def start_charging(command: remote.StartCharging) -> None:
    text("token_uid", command.token_uid, least=1, most=255)
    place(command.evse, command.connector)
    if command.profile is not None:
        check_profile(command.profile, command.evse or 0, starting=True)


def stop_charging(command: remote.StopCharging) -> None:
    text("transaction_id", command.transaction_id, least=1, most=255)


def unlock(command: remote.Unlock) -> None:
    place(command.evse, command.connector)


def reset(command: remote.Reset) -> None:
    place(command.evse)


def set_availability(command: remote.SetAvailability) -> None:
    place(command.evse, command.connector)


def trigger(command: remote.Trigger) -> None:
    text("message", command.message, least=1, most=50)
    place(command.evse, command.connector)


def transfer_data(command: remote.TransferData) -> None:
    text("vendor_id", command.vendor_id, least=1, most=255)
    text("message_id", command.message_id or "", least=0, most=50)
    text("data", command.data or "", least=0, most=DATA_MAX)


def get_transaction_status(command: remote.GetTransactionStatus) -> None:
    if command.transaction_id is not None:
        text("transaction_id", command.transaction_id, least=1, most=36)


def request_battery_swap(command: remote.RequestBatterySwap) -> None:
    text("token_uid", command.token_uid, least=1, most=255)


def notify_web_payment_started(command: remote.NotifyWebPaymentStarted) -> None:
    place(command.evse)
    between("timeout_s", command.timeout_s, 1, 86_400)


CHECKS: dict[type, Callable[[Any], None]] = {
    remote.ClearCache: lambda command: None,
    remote.GetTransactionStatus: get_transaction_status,
    remote.NotifyWebPaymentStarted: notify_web_payment_started,
    remote.RequestBatterySwap: request_battery_swap,
    remote.Reset: reset,
    remote.SetAvailability: set_availability,
    remote.StartCharging: start_charging,
    remote.StopCharging: stop_charging,
    remote.TransferData: transfer_data,
    remote.Trigger: trigger,
    remote.Unlock: unlock,
}
