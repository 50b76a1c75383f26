"""A charger on its way into the network: what went wrong at the door, and how far it has come."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import msgspec

from currant.kit.event import Event
from currant.kit.ids import LocationId, StationId
from currant.stations.directory import DirectoryEntry
from currant.stations.drafts import LocationDraft
from currant.stations.model import Evse, Station

Fact = str | int | float | bool | None
Facts = dict[str, Fact]

TEXT_MAX = 200


class Trouble(StrEnum):
    """Why somebody who came to the door was not let in. The codes are stable; pages translate them."""

    # Before it is known who comes.
    TLS_FAILED = "tls_failed"
    TLS_TOO_OLD = "tls_too_old"
    TLS_NO_SHARED_CIPHER = "tls_no_shared_cipher"
    TLS_UNTRUSTED = "tls_untrusted"
    """It does not trust this server's certificate."""
    PLAIN_TO_TLS = "plain_to_tls"
    TLS_TO_PLAIN = "tls_to_plain"
    CERTIFICATE_WRONG = "certificate_wrong"
    """Its own certificate is not one that is believed, or is another station's."""
    NOT_HTTP = "not_http"
    NOT_WEBSOCKET = "not_websocket"
    WRONG_PATH = "wrong_path"
    # When it has said who it is.
    UNKNOWN_IDENTITY = "unknown_identity"
    TOO_MANY_ATTEMPTS = "too_many_attempts"
    NO_ROOM = "no_room"
    NOT_ADMITTED = "not_admitted"
    NO_PASSWORD = "no_password"
    PASSWORD_NOT_SET = "password_not_set"
    WRONG_USER = "wrong_user"
    WRONG_PASSWORD = "wrong_password"
    NO_CERTIFICATE = "no_certificate"
    WRONG_SECURITY_PROFILE = "wrong_security_profile"
    PROFILE_0_OFF = "profile_0_off"
    NO_SUBPROTOCOL = "no_subprotocol"
    UNKNOWN_SUBPROTOCOL = "unknown_subprotocol"


class Knock(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody who was turned away, as the gateway saw it. `entry` is the station it gave itself out to be."""

    problem: Trouble
    remote_address: str
    encrypted: bool
    entry: DirectoryEntry | None = None
    identity: str = ""
    path: str = ""
    version: str | None = None
    facts: Facts = {}


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt to connect that came to nothing. `text` says in English what to do at the charger."""

    at: datetime
    remote_address: str
    identity: str = ""
    path: str = ""
    version: str | None = None
    problem: Trouble
    encrypted: bool = False
    facts: Facts = {}
    """What is known of it; `times` counts those just like it, one after the other."""
    text: str = ""


class StepCode(StrEnum):
    """What has to be right, in the order in which it is shown."""

    REACHED = "reached"
    TLS = "tls"
    PATH = "path"
    SUBPROTOCOL = "subprotocol"
    PASSWORD = "password"
    BOOTED = "booted"
    ACCEPTED = "accepted"
    STATUS = "status"
    READY = "ready"


class StepState(StrEnum):
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


class OnboardingStep(msgspec.Struct, frozen=True, kw_only=True):
    """One step of the way; `facts` hold the problem of one that failed, or what it showed."""

    code: StepCode
    state: StepState
    at: datetime | None = None
    facts: Facts = {}


class OnboardingProgress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a charger has come. `ready` when everything is done, whether it is connected just now or not."""

    station_id: StationId
    identity: str
    steps: tuple[OnboardingStep, ...]
    attempts: tuple[Attempt, ...] = ()
    """Those of late that failed, latest first."""
    connected: bool = False
    ready: bool = False


class Url(msgspec.Struct, frozen=True, kw_only=True):
    """An address to enter at the charger. `note_code` is translated by pages, `note` is the English of it."""

    url: str
    security_profile: int
    note_code: str
    note: str


class EnteredCode(msgspec.Struct, frozen=True, kw_only=True):
    """Something to enter, as a QR code; `what` is url, identity or password."""

    what: str
    text: str
    svg: str


class OnboardingDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A charger to be taken in: where it stands, what it is called, how it is to connect.

    Without `identity` one is made; without `security_profile` it is 2 where stations may connect over TLS,
    else 1. A charger that knocked already and waits to be accepted is taken by its identity.
    """

    location_id: LocationId | None = None
    location: LocationDraft | None = None
    """A new place, instead of `location_id`."""
    identity: Annotated[str, msgspec.Meta(max_length=48)] | None = None
    name: Annotated[str, msgspec.Meta(max_length=200)] = ""
    evses: tuple[Evse, ...] = ()
    security_profile: Annotated[int, msgspec.Meta(ge=0, le=3)] | None = None
    version: str | None = None
    """The OCPP version it is known to speak; one that does not say so itself is then taken as speaking it."""


class Onboarding(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be entered at the charger, and how far it has come. `password` is shown this once."""

    station: Station
    password: str | None
    urls: tuple[Url, ...]
    qr: tuple[EnteredCode, ...]
    steps: tuple[OnboardingStep, ...]
    attempts: tuple[Attempt, ...] = ()


class StationTurnedAway(Event, frozen=True, kw_only=True):
    """Somebody could not connect; told at most once in a while for each station and problem.

    It belongs to the station's organisation; where no station fits, to the installation's own.
    """

    problem: Trouble
    remote_address: str
    node: str
    station_id: StationId | None = None
    identity: str = ""
    path: str = ""
    version: str | None = None
    encrypted: bool = False
    facts: Facts = msgspec.field(default_factory=dict)


class OnboardingWatched(Event, frozen=True, kw_only=True):
    """Somebody looks at how a station gets on, so that every node tells at once what it sees of it."""

    station_id: StationId


def shown(text: str, limit: int = TEXT_MAX) -> str:
    """What a stranger sent, fit to be shown: no control characters, not too long."""
    cut = text if len(text) <= limit else f"{text[: limit - 1]}…"
    return "".join(letter if letter.isprintable() else "·" for letter in cut)
