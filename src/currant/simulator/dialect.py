"""The seam between what a station does and how a version of OCPP words it."""

from collections.abc import Callable, Sequence
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

import msgspec

from currant.ocpp.catalogue import Version
from currant.ocpp.payload import Payload

if TYPE_CHECKING:
    from currant.simulator.monitoring import Sighting
    from currant.simulator.outlet import Outlet, Transaction
    from currant.simulator.reservations import End


class Refused(msgspec.Struct, frozen=True, kw_only=True):
    """The station answers a request with a CALLERROR of this code."""

    code: str
    description: str = ""


class BootAnswer(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    interval_s: int
    current_time_s: float


class Authorization(msgspec.Struct, frozen=True, kw_only=True):
    status: str
    group: str | None = None

    @property
    def accepted(self) -> bool:
        return self.status == "Accepted"


class Switch(Enum):
    """What can be switched on and off in every version: 1.6's key, and 2.x's component and variable."""

    LOCAL_LIST = ("LocalAuthListEnabled", "LocalAuthListCtrlr", "Enabled")
    OFFLINE_KNOWN = ("LocalAuthorizeOffline", "AuthCtrlr", "LocalAuthorizeOffline")
    OFFLINE_UNKNOWN = ("AllowOfflineTxForUnknownId", "AuthCtrlr", "OfflineTxForUnknownIdEnabled")
    CACHE = ("AuthorizationCacheEnabled", "AuthCacheCtrlr", "Enabled")
    PRE_AUTHORIZE = ("LocalPreAuthorize", "AuthCtrlr", "LocalPreAuthorize")


Answering = Payload | Refused


class Dialect(Protocol):
    """One version's words. Methods that speak post letters to their station's outbox."""

    version: Version

    def boot(self, reason: str, answered: Callable[[BootAnswer], None]) -> None: ...

    def heartbeat(self) -> None: ...

    def status(self, outlet: "Outlet") -> None: ...

    def station_status(self) -> None: ...

    def authorize(
        self, token: str, answered: Callable[[Authorization], None], failed: Callable[[str], None]
    ) -> None: ...

    def started(self, outlet: "Outlet", transaction: "Transaction", trigger: str) -> None: ...

    def authorized(self, outlet: "Outlet", transaction: "Transaction") -> None: ...

    def changed(self, outlet: "Outlet", transaction: "Transaction") -> None: ...

    def sampled(self, outlet: "Outlet", transaction: "Transaction", context: str) -> None: ...

    def stopped(self, outlet: "Outlet", transaction: "Transaction", reason: str) -> None: ...

    def metered(self, outlet: "Outlet", context: str) -> None: ...

    def faulted(self, outlet: "Outlet", fault: str, *, cleared: bool) -> None: ...

    def reservation_ended(self, reservation: int, how: "End") -> None: ...

    def connector_kinds(self, outlet: "Outlet") -> Sequence[str]: ...

    def switched_on(self, switch: Switch) -> bool: ...

    def needs_told(self, outlet: "Outlet") -> None: ...

    def resumed(self, outlet: "Outlet", transaction: "Transaction") -> None: ...

    def profile_stored(self, evse: int, profile_id: int) -> None: ...

    def sighted(self, sighting: "Sighting") -> None: ...

    def sign_certificate(self, use: str) -> None: ...

    def data_transfer(
        self,
        vendor: str,
        *,
        message: str | None = None,
        data: str | None = None,
        answered: Callable[[Any], None] | None = None,
    ) -> None: ...

    def security_event(self, kind: str, info: str | None = None) -> None: ...

    def firmware_status(self, status: str, request_id: int | None) -> None: ...

    def log_status(self, status: str, request_id: int | None) -> None: ...

    def published(self, status: str, request_id: int | None, locations: Sequence[str] = ()) -> None: ...

    def answer(self, action: str, request: Payload) -> Answering: ...
