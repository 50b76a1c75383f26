"""What operators say of places and stations, checked: drafts of new ones, changes of known ones."""

import zoneinfo
from typing import TypeVar

import msgspec
from msgspec import UNSET, UnsetType

from currant.kit.errors import Invalid
from currant.kit.ids import LocationId
from currant.stations.model import Admission, Evse, Location, OpeningPeriod, Station, StationSettings

NAME_MAX = 200
WORD_MAX = 255
EVSES_MAX = 128
CONNECTORS_MAX = 16
NUMBER_MAX = 9_999
PERIODS_MAX = 100
FACILITIES_MAX = 50
VERSIONS = ("1.6", "2.0.1", "2.1")

S = TypeVar("S", bound=msgspec.Struct)


class LocationDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A location to be made."""

    name: str
    address: str = ""
    city: str = ""
    postal_code: str = ""
    country: str = ""
    latitude: float | None = None
    longitude: float | None = None
    time_zone: str = "UTC"
    opening_hours: tuple[OpeningPeriod, ...] = ()
    facilities: tuple[str, ...] = ()
    reference: str = ""


class LocationChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a location; what is not named stays."""

    name: str | UnsetType = UNSET
    address: str | UnsetType = UNSET
    city: str | UnsetType = UNSET
    postal_code: str | UnsetType = UNSET
    country: str | UnsetType = UNSET
    latitude: float | UnsetType | None = UNSET
    longitude: float | UnsetType | None = UNSET
    time_zone: str | UnsetType = UNSET
    opening_hours: tuple[OpeningPeriod, ...] | UnsetType = UNSET
    facilities: tuple[str, ...] | UnsetType = UNSET
    reference: str | UnsetType = UNSET


class StationDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A station to be registered before it connects; it is accepted unless said otherwise."""

    identity: str
    location_id: LocationId | None = None
    name: str = ""
    admission: Admission = Admission.ACCEPTED
    vendor: str = ""
    model: str = ""
    serial_number: str = ""
    security_profile: int | None = None
    evses: tuple[Evse, ...] = ()
    settings: StationSettings = StationSettings()


class StationChange(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What shall be different about a station; what is not named stays. `evses` replaces all of them."""

    location_id: LocationId | UnsetType | None = UNSET
    name: str | UnsetType = UNSET
    vendor: str | UnsetType = UNSET
    model: str | UnsetType = UNSET
    serial_number: str | UnsetType = UNSET
    security_profile: int | UnsetType | None = UNSET
    evses: tuple[Evse, ...] | UnsetType = UNSET
    settings: StationSettings | UnsetType = UNSET


def changed(before: S, change: msgspec.Struct) -> tuple[S, tuple[str, ...]]:
    """`before` with what the change names, and the names of what is really different."""
    named = {
        field: value
        for field in change.__struct_fields__
        if (value := getattr(change, field)) is not UNSET and value != getattr(before, field)
    }
    return msgspec.structs.replace(before, **named), tuple(named)


def check_location(location: Location) -> None:
    """Raise Invalid where a location contradicts itself or its words mean nothing."""
    _length("name", location.name, least=1, most=NAME_MAX)
    for field in ("address", "city", "postal_code", "reference"):
        _length(field, getattr(location, field), least=0, most=WORD_MAX)
    if location.country and not (
        len(location.country) == 2 and location.country.isascii() and location.country.isupper()
    ):
        raise Invalid("A country is two capital letters (ISO 3166-1), as in `DE`.", field="country")
    if (location.latitude is None) != (location.longitude is None):
        missing = "latitude" if location.latitude is None else "longitude"
        raise Invalid("Coordinates are a latitude and a longitude: give both or neither.", field=missing)
    if location.latitude is not None and not -90 <= location.latitude <= 90:
        raise Invalid("A latitude lies between -90 and 90 degrees.", field="latitude")
    if location.longitude is not None and not -180 <= location.longitude <= 180:
        raise Invalid("A longitude lies between -180 and 180 degrees.", field="longitude")
    _check_zone("time_zone", location.time_zone)
    if len(location.opening_hours) > PERIODS_MAX:
        raise Invalid(f"At most {PERIODS_MAX} opening periods.", field="opening_hours")
    for period in location.opening_hours:
        _check_period(period)
    if len(location.facilities) > FACILITIES_MAX:
        raise Invalid(f"At most {FACILITIES_MAX} facilities.", field="facilities")
    for facility in location.facilities:
        _length("facilities", facility, least=1, most=50)


def check_station(station: Station) -> None:
    """Raise Invalid where a registration contradicts itself; the identity is checked where it is new."""
    _length("name", station.name, least=0, most=NAME_MAX)
    for field in ("vendor", "model", "serial_number"):
        _length(field, getattr(station, field), least=0, most=WORD_MAX)
    if station.security_profile is not None and station.security_profile not in (0, 1, 2, 3):
        raise Invalid("A security profile is 0, 1, 2 or 3.", field="security_profile")
    _check_settings(station.settings)
    if len(station.evses) > EVSES_MAX:
        raise Invalid(f"A station has at most {EVSES_MAX} EVSEs.", field="evses")
    _distinct("evses", [evse.number for evse in station.evses], "EVSE")
    for evse in station.evses:
        _check_evse(evse)
    ids = [
        connector.ocpp16_connector_id
        for evse in station.evses
        for connector in evse.connectors
        if connector.ocpp16_connector_id is not None
    ]
    _distinct("evses", ids, "OCPP 1.6 connector id")


def _check_evse(evse: Evse) -> None:
    _number("evses", evse.number)
    _length("evses", evse.reference, least=0, most=WORD_MAX)
    _positive("evses", "power", evse.max_power_w)
    if len(evse.connectors) > CONNECTORS_MAX:
        raise Invalid(f"An EVSE has at most {CONNECTORS_MAX} connectors.", field="evses")
    _distinct(
        "evses", [connector.number for connector in evse.connectors], f"connector of EVSE {evse.number}"
    )
    for connector in evse.connectors:
        _number("evses", connector.number)
        _positive("evses", "voltage", connector.max_voltage_v)
        _positive("evses", "current", connector.max_current_a)
        _positive("evses", "power", connector.max_power_w)
        if connector.phases is not None and connector.phases not in (1, 2, 3):
            raise Invalid("A connector has 1, 2 or 3 phases.", field="evses")
        if connector.phase_rotation is not None and sorted(connector.phase_rotation) != ["R", "S", "T"]:
            raise Invalid("A phase rotation is R, S and T in some order, as in `RST`.", field="evses")
        if connector.ocpp16_connector_id is not None:
            _number("evses", connector.ocpp16_connector_id)


def _check_settings(settings: StationSettings) -> None:
    if settings.assume_version is not None and settings.assume_version not in VERSIONS:
        raise Invalid(f"A version is one of {', '.join(VERSIONS)}.", field="settings.assume_version")
    for field, least in (("heartbeat_interval_s", 1), ("ping_interval_s", 0), ("idle_limit_s", 1)):
        value = getattr(settings, field)
        if value is not None and not least <= value <= 7 * 86_400:
            raise Invalid(f"{field} is {least} to {7 * 86_400} seconds.", field=f"settings.{field}")
    if settings.clock_zone is not None:
        _check_zone("settings.clock_zone", settings.clock_zone)


def _check_zone(field: str, name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(
            f"{name!r} is no time zone: use an IANA name, as in `Europe/Berlin`.", field=field
        ) from None


def _check_period(period: OpeningPeriod) -> None:
    if not 1 <= period.weekday <= 7:
        raise Invalid("A weekday is 1 (Monday) to 7 (Sunday).", field="opening_hours")
    for time in (period.begins, period.ends):
        hours, _, minutes = time.partition(":")
        known = len(time) == 5 and (hours + minutes).isdecimal() and (hours + minutes).isascii()
        if not known or not ((int(hours) < 24 and int(minutes) < 60) or time == "24:00"):
            raise Invalid(f"{time!r} is no time of day: write HH:MM, as in `07:30`.", field="opening_hours")
    if period.begins >= period.ends:
        raise Invalid("An opening period ends after it begins, on the same day.", field="opening_hours")


def _length(field: str, text: str, *, least: int, most: int) -> None:
    if not least <= len(text) <= most:
        raise Invalid(f"{field} has {least} to {most} characters; this has {len(text)}.", field=field)
    if "\0" in text:
        raise Invalid(f"{field} holds a NUL character.", field=field)


def _number(field: str, number: int) -> None:
    if not 1 <= number <= NUMBER_MAX:
        raise Invalid(f"EVSEs and connectors are numbered from 1; this is {number}.", field=field)


def _positive(field: str, what: str, value: int | None) -> None:
    if value is not None and not 0 < value <= 10_000_000:
        raise Invalid(f"A {what} is more than 0; this is {value}.", field=field)


def _distinct(field: str, numbers: list[int], what: str) -> None:
    seen: set[int] = set()
    for number in numbers:
        if number in seen:
            raise Invalid(f"{what} {number} is there twice.", field=field)
        seen.add(number)
