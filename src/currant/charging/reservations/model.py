"""The values of reservations: what is asked for, what is kept, and who waits."""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from currant.access.model import TokenKind
from currant.kit.ids import (
    AccountId,
    LocationId,
    ReservationId,
    SessionId,
    StationId,
    TenantId,
    TokenId,
    WaitingId,
)
from currant.stations.model import ConnectorStandard

PlaceKey = tuple[StationId, int]
"""(station, EVSE)."""


class ReservationState(StrEnum):
    """How a reservation stands."""

    PLANNED = "planned"
    """Its time has not come; the station knows nothing of it yet."""
    PLACING = "placing"
    """The station is being told."""
    HELD = "held"
    """The station keeps the place."""
    HELD_BY_US = "held_by_us"
    """The station cannot keep it, or not now; other tokens are refused when they ask. `reason` says why."""
    USED = "used"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    """Its time ran out."""
    NO_SHOW = "no_show"
    """Its driver did not come within the grace, and the place was given free early."""
    REFUSED = "refused"
    """The place could not be had after all; `reason` says why."""
    REMOVED = "removed"
    """The station gave it up: it broke down or was taken out of service."""


class StationWord(StrEnum):
    """What a station says of a reservation of its own accord."""

    EXPIRED = "expired"
    REMOVED = "removed"
    NO_TRANSACTION = "no_transaction"
    """The token was presented, and nothing came of it."""


OPEN = frozenset(
    {
        ReservationState.PLANNED,
        ReservationState.PLACING,
        ReservationState.HELD,
        ReservationState.HELD_BY_US,
    }
)


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """The place that is asked for: an EVSE, any of a station, or any of a location; and what it must offer."""

    location_id: LocationId | None = None
    station_id: StationId | None = None
    evse: int | None = None
    connector_standard: ConnectorStandard | None = None
    min_power_w: int | None = None


class Reservation(msgspec.Struct, frozen=True, kw_only=True):
    """A place kept for a token, from `starts_at` to `ends_at`.

    `number` is its name for stations and people, unique in the installation. Where no EVSE was asked
    for, `place_station_id` and `place_evse` are the one that it was given; before the station has been
    told that can still change.
    """

    id: ReservationId
    number: int
    tenant_id: TenantId
    state: ReservationState
    reason: str = ""
    token_id: TokenId
    token_uid: str
    token_kind: str = ""
    account_id: AccountId | None = None
    parent_uid: str | None = None
    """The group whose tokens may use it too; None keeps it for the one token."""
    location_id: LocationId | None = None
    station_id: StationId | None = None
    evse: int | None = None
    connector_standard: ConnectorStandard | None = None
    min_power_w: int | None = None
    place_station_id: StationId
    place_evse: int
    any_evse: bool = False
    """The station keeps any one of its EVSEs, not that very one."""
    starts_at: datetime
    ends_at: datetime
    ad_hoc: bool = True
    """It began when it was made."""
    hold_from: datetime
    """From then on the place is kept free of others."""
    release_at: datetime
    """Until then the place waits for its driver."""
    booked_until: datetime
    """Until then nobody else can book the place."""
    held_since: datetime | None = None
    ended_at: datetime | None = None
    session_id: SessionId | None = None
    session_number: int | None = None
    waiting_id: WaitingId | None = None
    """The waiting driver for whom it is."""
    created_at: datetime
    created_by: str = ""

    # The workings.

    next_at: datetime | None = None
    """When there is something to do for it; None when nothing is."""
    tries: int = 0
    station_knows: bool = False
    """The station was told of it, and has not been told that it is over."""
    retries: bool = True
    """Telling the station again may help."""

    @property
    def is_open(self) -> bool:
        return self.state in OPEN

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            location_id=self.location_id,
            station_id=self.station_id,
            evse=self.evse,
            connector_standard=self.connector_standard,
            min_power_w=self.min_power_w,
        )

    @property
    def place(self) -> PlaceKey:
        return (self.place_station_id, self.place_evse)


class ReservationDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reservation to be made. Without `starts_at` it begins now; without `ends_at` it has the usual length.

    Name an EVSE of a station, a station, or a location; `connector_standard` and `min_power_w` narrow it.
    """

    token_uid: str
    token_kind: TokenKind = TokenKind.UNKNOWN
    for_group: bool = False
    """Every token of its group may use it."""
    location_id: LocationId | None = None
    station: str | None = None
    """By id or identity."""
    evse: int | None = None
    connector_standard: ConnectorStandard | None = None
    min_power_w: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


class ReservationChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a reservation; what is not named stays."""

    starts_at: datetime | msgspec.UnsetType = msgspec.UNSET
    ends_at: datetime | msgspec.UnsetType = msgspec.UNSET


class ReservationFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which reservations are wanted, latest first; what is None does not matter."""

    location_id: LocationId | None = None
    station_id: StationId | None = None
    """The station of the place that it was given."""
    evse: int | None = None
    token_id: TokenId | None = None
    token_uid: str | None = None
    account_id: AccountId | None = None
    number: int | None = None
    state: ReservationState | None = None
    open: bool | None = None
    since: datetime | None = None
    """Ending after."""
    until: datetime | None = None
    """Starting before."""


class Slot(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which an EVSE can be booked."""

    station_id: StationId
    station_identity: str
    evse: int
    reference: str = ""
    starts_at: datetime
    ends_at: datetime
    standards: tuple[ConnectorStandard, ...] = ()
    max_power_w: int | None = None
    occupied_now: bool = False
    """Somebody is there at this moment; how long they stay is not known."""


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What reservations and waiting may be like; the defaults suit public charging."""

    lead: timedelta = timedelta(minutes=15)
    """How long before its beginning a place is kept free, and the station told."""
    grace: timedelta = timedelta(minutes=15)
    """How long after its beginning the place waits for a driver who planned ahead."""
    usual_length: timedelta = timedelta(minutes=30)
    max_length: timedelta = timedelta(hours=12)
    max_ad_hoc: timedelta = timedelta(hours=2)
    """How long a place can be kept from now on for somebody who is not there."""
    min_notice: timedelta = timedelta(0)
    max_ahead: timedelta = timedelta(days=30)
    open_per_token: int = 2
    open_per_account: int = 20
    call_hold: timedelta = timedelta(minutes=5)
    """How long a place is held for a waiting driver who was called."""
    max_wait: timedelta = timedelta(hours=12)
    waiting_per_location: int = 100
    answer_within_s: float = 30.0
    """How long a station has for its answer."""


class WaitingState(StrEnum):
    """How somebody who waits stands."""

    WAITING = "waiting"
    CALLED = "called"
    """A place is held for them."""
    CHARGING = "charging"
    """They left the list by charging."""
    CANCELLED = "cancelled"
    MISSED = "missed"
    """They were called and did not come."""
    TIMED_OUT = "timed_out"
    """No place became free for as long as anybody may wait."""


ON_THE_LIST = frozenset({WaitingState.WAITING, WaitingState.CALLED})


class Waiting(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who waits for a place at a location, or at one station of it."""

    id: WaitingId
    tenant_id: TenantId
    state: WaitingState
    location_id: LocationId
    station_id: StationId | None = None
    token_id: TokenId
    token_uid: str
    token_kind: str = ""
    account_id: AccountId | None = None
    connector_standard: ConnectorStandard | None = None
    min_power_w: int | None = None
    joined_at: datetime
    called_at: datetime | None = None
    ended_at: datetime | None = None
    reservation_id: ReservationId | None = None
    """The place that is held for them."""
    session_id: SessionId | None = None

    @property
    def is_on_the_list(self) -> bool:
        return self.state in ON_THE_LIST

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            location_id=self.location_id,
            station_id=self.station_id,
            connector_standard=self.connector_standard,
            min_power_w=self.min_power_w,
        )


class WaitingPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who waits, where in the line, and about when their turn comes."""

    waiting: Waiting
    position: int | None = None
    """1 is next; None once called or gone."""
    estimated_at: datetime | None = None
    """From what sessions there usually last; None where nothing fits at all."""


class WaitingDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody who wants to wait at a location, or for one of its stations."""

    token_uid: str
    token_kind: TokenKind = TokenKind.UNKNOWN
    location_id: LocationId | None = None
    station: str | None = None
    """By id or identity; names the location too."""
    connector_standard: ConnectorStandard | None = None
    min_power_w: int | None = None
