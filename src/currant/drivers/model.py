"""What drivers see: places to charge at, and the sessions, cards and reservations that are their own.

These are the shapes of the driver's API. They hold nothing that another driver should not read, and
no word of OCPP: a state is one word for people, and whatever has a reason has it as a code for
programs and a text in the reader's language.
"""

from datetime import datetime
from enum import StrEnum

import msgspec

from currant.kit.ids import AccountId, LocationId, ReservationId, StationId, TenantId, TokenId, WaitingId
from currant.stations.model import ConnectorFormat, ConnectorStandard, OpeningPeriod, PowerType

LANGUAGES = ("en", "de", "hi", "ar")


class EvseState(StrEnum):
    """An EVSE in one word."""

    AVAILABLE = "available"
    OCCUPIED = "occupied"
    """A vehicle is there, and no energy flows (or nobody knows)."""
    CHARGING = "charging"
    RESERVED = "reserved"
    UNAVAILABLE = "unavailable"
    FAULTED = "faulted"
    OFFLINE = "offline"
    UNKNOWN = "unknown"


class Why(msgspec.Struct, frozen=True, kw_only=True):
    """Why something is as it is: a stable code, and the same in the reader's language."""

    code: str
    text: str


class DriverPrice(msgspec.Struct, frozen=True, kw_only=True):
    """What charging costs, in words to be shown before it begins."""

    text: str


class Cost(msgspec.Struct, frozen=True, kw_only=True):
    """What a session costs: so far, or `final`. `minor_units` are cents of the currency."""

    text: str
    minor_units: int
    currency: str
    final: bool


class CostLine(msgspec.Struct, frozen=True, kw_only=True):
    """A part of what a session cost, in words: what for, and how much."""

    text: str
    amount: str


class ConnectorView(msgspec.Struct, frozen=True, kw_only=True):
    """A plug or socket, for somebody who looks whether theirs fits."""

    number: int
    standard: ConnectorStandard
    format: ConnectorFormat
    power_type: PowerType
    max_power_w: int | None = None


class EvseView(msgspec.Struct, frozen=True, kw_only=True):
    """Where one vehicle charges. `code` is what is printed on it, or stands for that."""

    code: str
    name: str
    """The station, and the EVSE where it has several."""
    state: EvseState
    since: datetime | None = None
    connectors: tuple[ConnectorView, ...] = ()
    price: DriverPrice | None = None
    reservable: bool = False
    can_start: bool = False


class PlaceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What is told of a place everywhere."""

    id: LocationId
    name: str
    address: str = ""
    city: str = ""
    distance_m: int | None = None
    """From where the asker said they are."""
    latitude: float | None = None
    longitude: float | None = None
    open_now: bool | None = None
    available: int = 0
    """How many EVSEs are free now."""
    max_power_w: int | None = None
    standards: tuple[ConnectorStandard, ...] = ()
    price: DriverPrice | None = None
    photo_url: str | None = None


class Place(PlaceFacts, frozen=True, kw_only=True):
    """A place with chargers, as lists show it."""

    evses: int = 0
    """How many there are."""


class PlaceDetails(PlaceFacts, frozen=True, kw_only=True):
    """A place with all that a driver wants to know before going there."""

    time_zone: str = "UTC"
    opening_hours: tuple[OpeningPeriod, ...] = ()
    """Empty means open round the clock."""
    facilities: tuple[str, ...] = ()
    photos: tuple[str, ...] = ()
    evses: tuple[EvseView, ...] = ()
    waiting: int = 0
    """How many drivers wait here for the next free EVSE."""


class PlaceMark(msgspec.Struct, frozen=True, kw_only=True):
    """A place on the map."""

    id: LocationId
    lat: float
    lon: float
    name: str
    evses: int
    available: int
    max_power_w: int | None = None
    standards: tuple[ConnectorStandard, ...] = ()


class PlaceMap(msgspec.Struct, frozen=True, kw_only=True):
    """Every place that can be put on a map."""

    items: tuple[PlaceMark, ...]


class EvseFound(msgspec.Struct, frozen=True, kw_only=True):
    """What a code on a charger leads to."""

    place: Place
    evse: EvseView
    can_start: bool
    why: Why | None = None
    """Why nobody, or not this driver, can start here now."""
    price: DriverPrice | None = None
    session_id: str | None = None
    """The asker's own session that runs here."""


class PlaceName(msgspec.Struct, frozen=True, kw_only=True):
    """A place's name where more is not needed. `id` is empty where the place is no more."""

    id: str
    name: str
    address: str = ""


class SessionState(StrEnum):
    """A session in one word."""

    STARTING = "starting"
    PLUG_IN = "plug_in"
    """The station agreed and waits for the vehicle."""
    CHARGING = "charging"
    PAUSED_BY_VEHICLE = "paused_by_vehicle"
    PAUSED_BY_STATION = "paused_by_station"
    FINISHED = "finished"
    """No more energy flows, and the vehicle is still plugged in."""
    ENDING = "ending"
    """The station was asked to end it."""
    ENDED = "ended"
    FAILED = "failed"


UNDER_WAY = frozenset(set(SessionState) - {SessionState.ENDED, SessionState.FAILED})


class DriverSession(msgspec.Struct, frozen=True, kw_only=True):
    """A driver's session, from the wish to charge to its end."""

    id: str
    number: int | None = None
    """Its short name for people; none before it has begun."""
    state: SessionState
    why: Why | None = None
    place: PlaceName
    evse_code: str = ""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration_s: int = 0
    energy_wh: int = 0
    power_w: float | None = None
    soc: float | None = None
    cost: Cost | None = None
    can_stop: bool = False
    stale: bool = False
    """The station is offline: this is the last that is known."""


class CurvePoint(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured at one moment of a session."""

    at: datetime
    power_w: float | None = None
    energy_wh: float | None = None
    soc: float | None = None


class Curve(msgspec.Struct, frozen=True, kw_only=True):
    """A session's measurements over time, thinned out."""

    points: tuple[CurvePoint, ...]


class Receipt(msgspec.Struct, frozen=True, kw_only=True):
    """What a session was, for the driver's files: who sold, what, where, when, by which meter values."""

    organisation: str
    number: int
    place: PlaceName
    evse_code: str
    started_at: datetime
    ended_at: datetime
    time_zone: str
    duration_s: int
    idle_s: int
    energy_wh: int
    meter_start_wh: int | None = None
    meter_stop_wh: int | None = None
    certain: bool = True
    """False where something about it had to be put right, and may differ from the meter."""
    token: str = ""
    """The end of the card or app that it was charged with."""
    cost: Cost | None = None
    lines: tuple[CostLine, ...] = ()
    """What the cost is made of, taxes last; once it is final."""


class DriverPasskey(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    name: str
    created_at: datetime
    last_used_at: datetime | None = None


class CardView(msgspec.Struct, frozen=True, kw_only=True):
    """A card that charges for this driver."""

    id: TokenId
    uid: str
    name: str
    active: bool = True


class DriverMe(msgspec.Struct, frozen=True, kw_only=True):
    """Who is signed in. `csrf_token` goes into the header X-CSRF-Token of everything but GET."""

    id: str
    guest: bool
    email: str = ""
    name: str = ""
    language: str = "en"
    csrf_token: str = ""
    passkeys: tuple[DriverPasskey, ...] = ()
    cards: tuple[CardView, ...] = ()


class Driver(msgspec.Struct, frozen=True, kw_only=True):
    """A driver as kept. The account and its app token are access's; everything charged hangs on them."""

    id: str
    tenant_id: TenantId
    guest: bool
    email: str = ""
    name: str = ""
    language: str = "en"
    account_id: AccountId
    token_id: TokenId
    token_uid: str
    created_at: datetime


class SignedInDriver(msgspec.Struct, frozen=True, kw_only=True):
    """A driver and the cookie that this browser has for them."""

    driver: Driver
    csrf_token: str
    digest: bytes


class NewSignIn(msgspec.Struct, frozen=True, kw_only=True):
    """A sign-in just made: `cookie` goes to the browser and is kept nowhere."""

    driver: Driver
    cookie: str
    csrf_token: str
    expires_at: datetime


class StartState(StrEnum):
    """How a wish to charge stands."""

    ASKED = "asked"
    """The station is being asked."""
    AGREED = "agreed"
    """The station will, or may: its session is waited for."""
    BEGUN = "begun"
    FAILED = "failed"


class Start(msgspec.Struct, frozen=True, kw_only=True):
    """A driver's wish to charge at an EVSE, and what became of it."""

    id: str
    tenant_id: TenantId
    driver_id: str
    code: str
    location_id: LocationId
    station_id: StationId
    evse: int
    connector: int | None = None
    asked_at: datetime
    state: StartState = StartState.ASKED
    why: str = ""
    """The code of why it failed."""
    said: str = ""
    """What the station or the decision said, in English: for people who look for the cause."""
    remote_start_id: int | None = None
    session_id: str | None = None
    stop_asked_at: datetime | None = None
    ended_at: datetime | None = None


class DriverReservation(msgspec.Struct, frozen=True, kw_only=True):
    """A place kept for this driver."""

    id: ReservationId
    number: int
    state: str
    place: PlaceName
    evse_code: str = ""
    from_: datetime = msgspec.field(name="from")
    until: datetime
    open: bool = True
    """It is still to come, or held."""


class DriverWaiting(msgspec.Struct, frozen=True, kw_only=True):
    """A driver's place in the line for the next free EVSE somewhere."""

    id: WaitingId
    place: PlaceName
    position: int | None = None
    """1 is next; None once called."""
    called: bool = False
    """An EVSE is held for them: `reservation_id` says which, and until when."""
    reservation_id: ReservationId | None = None
    joined_at: datetime


class KeptSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """Where one browser of a driver takes messages (RFC 8030), and the keys to seal them with (RFC 8291)."""

    id: str
    tenant_id: TenantId
    driver_id: str
    endpoint: str
    p256dh: str
    auth: str
