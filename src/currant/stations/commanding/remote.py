"""Remote control of sessions and hardware: start, stop, unlock, reset, availability, triggers, vendors' data."""

from enum import StrEnum

from currant.stations.commanding.base import Command
from currant.stations.commanding.profiles import ChargingProfile


class StartCharging(Command, frozen=True, kw_only=True):
    """Begin a session for a token. `remote_start_id` is set by the service that records the command."""

    token_uid: str
    token_kind: str = "central"
    evse: int | None = None
    connector: int | None = None
    remote_start_id: int | None = None
    parent_uid: str | None = None
    """2.x groupIdToken: whose tokens may stop it."""
    profile: ChargingProfile | None = None
    """A profile of purpose `tx` for the session (1.6 5.16.1; 2.x F01.FR.08, K05)."""


class StopCharging(Command, frozen=True, kw_only=True):
    """End a session; `transaction_id` is the station's word for it (1.6: the number in text)."""

    transaction_id: str


class Unlock(Command, frozen=True, kw_only=True):
    evse: int
    connector: int = 1


class ResetKind(StrEnum):
    IMMEDIATE = "immediate"
    """1.6: Hard."""
    ON_IDLE = "on_idle"
    """1.6: Soft. 2.x: once no session is running."""
    IMMEDIATE_AND_RESUME = "immediate_and_resume"
    """2.1 alone: at once, and the session goes on afterwards (B12)."""


class Reset(Command, frozen=True, kw_only=True):
    kind: ResetKind = ResetKind.ON_IDLE
    evse: int | None = None


class SetAvailability(Command, frozen=True, kw_only=True):
    """Put a connector, an EVSE, or (neither given) the station in or out of service."""

    operative: bool
    evse: int | None = None
    connector: int | None = None


class Trigger(Command, frozen=True, kw_only=True):
    """Ask for a message now: boot, heartbeat, status, meter_values, transaction, log_status, firmware_status, …"""

    message: str
    evse: int | None = None
    connector: int | None = None
    custom: str | None = None
    """2.1: what a `custom` trigger shall send, one of CustomizationCtrlr.CustomTriggers."""


class TransferData(Command, frozen=True, kw_only=True):
    vendor_id: str
    message_id: str | None = None
    data: str | None = None


class GetTransactionStatus(Command, frozen=True, kw_only=True):
    """Whether a transaction goes on, and whether messages about it are still queued (2.x E14). None: any at all."""

    transaction_id: str | None = None


class ClearCache(Command, frozen=True, kw_only=True):
    """Empty the station's authorisation cache."""


class RequestBatterySwap(Command, frozen=True, kw_only=True):
    """2.1 S01: let a driver swap batteries; `request_id` is set by the service that records the command."""

    token_uid: str
    token_kind: str = "central"
    request_id: int | None = None


class NotifyWebPaymentStarted(Command, frozen=True, kw_only=True):
    """2.1 C24: somebody pays at an EVSE's web page: it shall wait `timeout_s` for the start."""

    evse: int
    timeout_s: int
