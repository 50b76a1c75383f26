"""What a server may ask of a station, in neutral words: both dialects' commands come down to these."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from currant.simulator import limits
from currant.simulator.limits import Profile, Purpose
from currant.simulator.outlet import Outlet, Reservation
from currant.simulator.specs import StationSpec
from currant.simulator.vehicle import PHASE_VOLTAGE_V

if TYPE_CHECKING:
    from currant.simulator.station import Station

LOCAL_LIST_MAX = 1_000
PROFILES_MAX = 50
COMPOSITE_PERIODS_MAX = 24


def remote_start(
    station: "Station", outlet: Outlet | None, token: str, remote_start_id: int | None = None
) -> Outlet | None:
    """Begin charging for `token` here, or at any outlet that can; None when that cannot be."""
    for candidate in [outlet] if outlet is not None else station.outlets:
        if _can_start(candidate, token):
            break
    else:
        return None
    if remote_start_id is not None:
        station.remember_remote_start(candidate.number, remote_start_id)
    if candidate.plugged:
        candidate.allow_soon(token)
    elif candidate.visit is not None:
        candidate.allowed_token = token
    elif station.spec.remote_start_brings_car:
        candidate.bring_car(token)
    else:
        candidate.wait_for_car(token)
    return candidate


def _can_start(outlet: Outlet, token: str) -> bool:
    if not outlet.operative or outlet.fault is not None:
        return False
    if outlet.transaction is not None and outlet.transaction.token is not None:
        return False
    return outlet.reservation is None or outlet.reservation.token == token


def remote_stop(station: "Station", outlet: Outlet) -> None:
    transaction = outlet.transaction

    def stop() -> None:
        if outlet.transaction is transaction:
            outlet.stop("Remote")

    station.run_steps([(station.dice.uniform(0.3, 1.5), stop)])


def change_availability(station: "Station", outlets: Sequence[Outlet], *, operative: bool) -> bool:
    """True when a session must end first: then the change is kept and shown after it."""
    scheduled = False
    for outlet in outlets:
        outlet.operative = operative
        scheduled = scheduled or (outlet.transaction is not None and not operative)

    def show() -> None:
        for outlet in outlets:
            station.show_status(outlet)

    station.run_steps([(0.2, show)])
    return scheduled


def reserve(station: "Station", outlet: Outlet, reservation: Reservation) -> str:
    if outlet.fault is not None:
        return "Faulted"
    if not outlet.operative:
        return "Unavailable"
    if reservation.until <= station.now:
        return "Rejected"
    replaces = outlet.reservation is not None and outlet.reservation.id == reservation.id
    if (outlet.reservation is not None and not replaces) or outlet.plugged or outlet.visit is not None:
        return "Occupied"
    outlet.reservation = reservation
    station.run_steps([(0.2, lambda: station.reserve(outlet, reservation))])
    return "Accepted"


def cancel_reservation(station: "Station", reservation_id: int) -> bool:
    for outlet in station.outlets:
        if outlet.reservation is not None and outlet.reservation.id == reservation_id:
            outlet.reservation = None
            station.run_steps([(0.2, lambda outlet=outlet: station.show_status(outlet))])  # type: ignore[misc]
            return True
    return False


def send_local_list(
    station: "Station", version: int, entries: Mapping[str, str | None], *, full: bool
) -> str:
    """Entries map a token to its status; None takes it off the list (1.6, 5.15; 2.x, D01)."""
    if not full and version <= station.local_list_version:
        return "VersionMismatch"
    updated = {} if full else dict(station.local_list)
    for token, status in entries.items():
        if status is None:
            updated.pop(token, None)
        else:
            updated[token] = status
    if len(updated) > LOCAL_LIST_MAX:
        return "Failed"
    station.local_list = updated
    station.local_list_version = version
    return "Accepted"


def profile_fits(station: "Station", outlet: Outlet | None, profile: Profile) -> bool:
    """A transaction's profile needs its transaction; the station's maximum belongs to the station."""
    if not profile.periods or profile.periods[0].starts_after_s != 0:
        return False
    if profile.purpose is Purpose.TRANSACTION:
        if outlet is None or outlet.transaction is None:
            return False
        return profile.transaction in (None, station.dialect_transaction(outlet.transaction))
    return True


def store_profile(station: "Station", profile: Profile) -> bool:
    """Keep it and act on it. One of the same id, or of the same purpose, level and EVSE, is replaced."""
    alike = [
        other.id
        for other in station.profiles.values()
        if (other.purpose, other.stack_level, other.evse)
        == (profile.purpose, profile.stack_level, profile.evse)
    ]
    for other in alike:
        del station.profiles[other]
    if len(station.profiles) >= PROFILES_MAX and profile.id not in station.profiles:
        return False
    _account(station)
    station.profiles[profile.id] = profile
    _review(station)
    return True


def clear_profiles(
    station: "Station",
    *,
    id: int | None = None,
    evse: int | None = None,
    purpose: Purpose | None = None,
    stack_level: int | None = None,
) -> int:
    """How many were cleared; what is None is not asked for."""
    cleared = [
        profile.id
        for profile in station.profiles.values()
        if (id is None or profile.id == id)
        and (evse is None or profile.evse == evse)
        and (purpose is None or profile.purpose is purpose)
        and (stack_level is None or profile.stack_level == stack_level)
    ]
    _account(station)
    for profile_id in cleared:
        del station.profiles[profile_id]
    _review(station)
    return len(cleared)


def _account(station: "Station") -> None:
    """What flowed until now flowed under the old limits."""
    for outlet in station.outlets:
        outlet.meter()


def _review(station: "Station") -> None:
    def review() -> None:
        for outlet in station.outlets:
            outlet.review()

    station.run_steps([(1.0, review)])


def composite(
    station: "Station", outlet: Outlet | None, duration: int, *, in_watts: bool
) -> list[tuple[int, float]]:
    """(seconds from now, limit) where the limit changes, for one outlet or the whole station."""
    duration = min(max(duration, 1), 8 * 86_400)
    starts = {0}
    for profile in station.profiles.values():
        for period in profile.periods:
            begins = profile.starts_at if profile.starts_at is not None else station.now
            offset = begins + period.starts_after_s - station.now
            if profile.repeats_s:
                offset %= profile.repeats_s
            if 0 < offset < duration:
                starts.add(int(offset))
    found: list[tuple[int, float]] = []
    for start in sorted(starts):
        limit = _limit(station, outlet, station.now + start, in_watts=in_watts)
        if not found or found[-1][1] != limit:
            found.append((start, limit))
    return found[:COMPOSITE_PERIODS_MAX]


def _limit(station: "Station", outlet: Outlet | None, at: float, *, in_watts: bool) -> float:
    outlets = station.outlets if outlet is None else [outlet]
    watts = 0.0
    for each in outlets:
        transaction = each.transaction
        limit = limits.limit_w(
            station.profiles.values(),
            evse=each.number,
            phases=each.spec.phases,
            now=at,
            transaction=None if transaction is None else station.dialect_transaction(transaction),
            transaction_began=None if transaction is None else transaction.began,
            sharing=len(outlets),
        )
        watts += each.spec.max_power_w if limit is None else min(limit, each.spec.max_power_w)
    if in_watts:
        return round(watts, 1)
    return round(watts / outlets[0].spec.phases / PHASE_VOLTAGE_V, 1)


def upload_log(station: "Station", request_id: int | None) -> None:
    dialect = station.dialect
    station.run_steps(
        [
            (2.0, lambda: dialect.log_status("Uploading", request_id)),
            (15.0, lambda: dialect.log_status("Uploaded", request_id)),
        ]
    )


def update_firmware(station: "Station", location: str, request_id: int | None, retrieve_at: float) -> None:
    """Download, install, restart; the new version is what the file's name says."""
    name = location.rsplit("/", 1)[-1].rsplit(".", 1)[0][:50]
    dialect = station.dialect
    signed = request_id is not None

    def install() -> None:
        station.firmware = name or station.firmware
        dialect.firmware_status("Installed", request_id)

    steps = [
        (
            max(1.0, min(retrieve_at - station.now, 86_400.0)),
            lambda: dialect.firmware_status("Downloading", request_id),
        ),
        (30.0, lambda: dialect.firmware_status("Downloaded", request_id)),
    ]
    if signed:
        steps.append((1.0, lambda: dialect.firmware_status("SignatureVerified", request_id)))
    steps += [
        (5.0, lambda: dialect.firmware_status("Installing", request_id)),
        (60.0, install),
        (2.0, lambda: station.reboot("FirmwareUpdate")),
    ]
    station.run_steps(steps)


def certificate_request(spec: StationSpec) -> str:
    """A text in the place of a CSR: the simulator holds no keys of its own."""
    return f"-----BEGIN CERTIFICATE REQUEST-----\n{spec.serial or spec.identity}\n-----END CERTIFICATE REQUEST-----"
