"""Moving a station to another security profile, as a pure function from (upgrade, facts) to what to do next.

The way there (2.x A05, B09, B10; 1.6 security whitepaper, A05):

    preparing     the station trusts this server (a root is installed)          profiles 2 and 3
    certifying    it has a certificate of its own                               profile 3
    configuring   2.x: a connection profile in a free slot; 1.6: the new address, where there is one
    switching     2.x: the slot comes first in NetworkConfigurationPriority; 1.6: SecurityProfile
    restarting    2.x: a reset once it is idle; 1.6: only if it says that it needs one
    returning     it comes back in the new profile: done. Or in the old one, or not at all: fallen back

Until the end both profiles are taken at the door, and after a fall-back too: a station must find a way in.
"""

from datetime import datetime, timedelta
from enum import StrEnum

import msgspec

from currant.kit.ids import StationId, TenantId

CERTIFY_WITHIN = timedelta(minutes=15)
STEP_WITHIN = timedelta(minutes=10)
RETURN_WITHIN = timedelta(minutes=15)
RETURN_WHEN_IDLE_WITHIN = timedelta(hours=24)
"""For a station that restarts once its last session has ended."""
SLOTS_TRIED_MAX = 4
ATTEMPTS_MAX = 5


class UpgradePhase(StrEnum):
    PREPARING = "preparing"
    CERTIFYING = "certifying"
    CONFIGURING = "configuring"
    SWITCHING = "switching"
    RESTARTING = "restarting"
    RETURNING = "returning"
    DONE = "done"
    FALLEN_BACK = "fallen_back"
    FAILED = "failed"
    """Nothing was changed at the station."""
    CANCELLED = "cancelled"


ENDED = frozenset({UpgradePhase.DONE, UpgradePhase.FALLEN_BACK, UpgradePhase.FAILED, UpgradePhase.CANCELLED})


class Upgrade(msgspec.Struct, frozen=True, kw_only=True):
    """A station's move to another security profile."""

    id: str
    tenant_id: TenantId
    station_id: StationId
    identity: str
    version: str
    from_profile: int
    to_profile: int
    url: str = ""
    """Where the station shall connect from now on."""
    address_key: str = ""
    """1.6: the configuration key in which the station keeps the address; its maker's own. Empty: left alone."""
    slot: int | None = None
    priority_before: str = ""
    slots_refused: tuple[int, ...] = ()
    phase: UpgradePhase
    since: datetime
    """When the phase began."""
    started_at: datetime
    started_by: str
    attempts: int = 0
    """How often the phase's step was tried in vain."""
    scheduled: bool = False
    """It restarts once it is idle."""
    asked: bool = False
    """The phase's question was put, and its effect is awaited."""
    restored: bool = False
    """2.x, after a fall-back: the old order of connection profiles is in force again."""
    reason: str = ""
    ended_at: datetime | None = None

    @property
    def ended(self) -> bool:
        return self.phase in ENDED


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """How things stand with the station now."""

    now: datetime
    connected: bool
    trusts_us: bool | None = None
    """Whether one of our roots is installed; None when the station was not asked, or cannot say."""
    has_certificate: bool = False


class Do(StrEnum):
    """The next thing to do."""

    WAIT = "wait"
    ASK_ROOTS = "ask_roots"
    INSTALL_ROOT = "install_root"
    ASK_CERTIFICATE = "ask_certificate"
    READ_PRIORITY = "read_priority"
    SET_PROFILE = "set_profile"
    SET_ADDRESS = "set_address"
    SET_PRIORITY = "set_priority"
    SET_SECURITY_PROFILE = "set_security_profile"
    RESTART = "restart"
    RESTORE_PRIORITY = "restore_priority"


class Came(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it: `accepted`, `refused` (asking again is of no use), or neither (it may be asked again)."""

    accepted: bool = False
    refused: bool = False
    reason: str = ""
    scheduled: bool = False
    needs_restart: bool = False
    value: str = ""


def next_step(upgrade: Upgrade, facts: Facts) -> tuple[Upgrade, Do]:
    """The upgrade as it stands with these facts, and what to do about it now."""
    if upgrade.phase is UpgradePhase.FALLEN_BACK:
        back = bool(upgrade.priority_before) and not upgrade.restored and facts.connected
        return upgrade, Do.RESTORE_PRIORITY if back and upgrade.attempts < ATTEMPTS_MAX else Do.WAIT
    if upgrade.ended:
        return upgrade, Do.WAIT
    if upgrade.phase is UpgradePhase.PREPARING and (upgrade.to_profile < 2 or facts.trusts_us):
        upgrade = _enter(upgrade, UpgradePhase.CERTIFYING, facts.now)
    if upgrade.phase is UpgradePhase.CERTIFYING and (upgrade.to_profile < 3 or facts.has_certificate):
        upgrade = _enter(upgrade, UpgradePhase.CONFIGURING, facts.now)
    if upgrade.phase is UpgradePhase.CONFIGURING and upgrade.version == "1.6" and not upgrade.address_key:
        upgrade = _enter(upgrade, UpgradePhase.SWITCHING, facts.now)
    late = _too_late(upgrade, facts.now)
    if late is not None:
        return late, Do.WAIT
    if not facts.connected:
        return upgrade, Do.WAIT
    return upgrade, _what(upgrade, facts)


def _what(upgrade: Upgrade, facts: Facts) -> Do:
    old = upgrade.version == "1.6"
    match upgrade.phase:
        case UpgradePhase.PREPARING:
            return Do.ASK_ROOTS if facts.trusts_us is None and not upgrade.asked else Do.INSTALL_ROOT
        case UpgradePhase.CERTIFYING:
            return Do.WAIT if upgrade.asked else Do.ASK_CERTIFICATE
        case UpgradePhase.CONFIGURING:
            if old:
                return Do.SET_ADDRESS
            return Do.SET_PROFILE if upgrade.priority_before else Do.READ_PRIORITY
        case UpgradePhase.SWITCHING:
            return Do.SET_SECURITY_PROFILE if old else Do.SET_PRIORITY
        case UpgradePhase.RESTARTING:
            return Do.RESTART
    return Do.WAIT


def after(upgrade: Upgrade, did: Do, came: Came, *, now: datetime) -> Upgrade:
    """The upgrade after a step and what came of it."""
    if did is Do.RESTORE_PRIORITY:
        restored = came.accepted or came.refused
        return msgspec.structs.replace(upgrade, restored=restored, attempts=upgrade.attempts + 1)
    if upgrade.ended:
        return upgrade
    if did is Do.ASK_ROOTS:
        # One that cannot say may all the same have it: installing it once more does no harm.
        return msgspec.structs.replace(upgrade, asked=True)
    if did is Do.SET_PROFILE and came.refused:
        return _other_slot(upgrade, came, now)
    if did is Do.READ_PRIORITY and (came.accepted or came.refused):
        # A station that does not tell its order is thought to use the first slot.
        return _with_slot(upgrade, came.value or "1")
    if came.refused:
        return _failed(upgrade, came.reason, now)
    if not came.accepted:
        if upgrade.attempts + 1 >= ATTEMPTS_MAX:
            return _gave_up(upgrade, came.reason, now)
        return msgspec.structs.replace(upgrade, attempts=upgrade.attempts + 1, reason=came.reason)
    match did:
        case Do.INSTALL_ROOT:
            return _enter(upgrade, UpgradePhase.CERTIFYING, now)
        case Do.ASK_CERTIFICATE:
            return msgspec.structs.replace(upgrade, asked=True, since=now)
        case Do.SET_PROFILE | Do.SET_ADDRESS:
            return _enter(upgrade, UpgradePhase.SWITCHING, now)
        case Do.SET_PRIORITY:
            return _enter(upgrade, UpgradePhase.RESTARTING, now)
        case Do.SET_SECURITY_PROFILE:
            # A05.FR.06: it disconnects by itself, unless it says that it has to be restarted.
            return _enter(
                upgrade, UpgradePhase.RESTARTING if came.needs_restart else UpgradePhase.RETURNING, now
            )
        case Do.RESTART:
            returning = _enter(upgrade, UpgradePhase.RETURNING, now)
            return msgspec.structs.replace(returning, scheduled=came.scheduled)
    return upgrade


def came_back(upgrade: Upgrade, profile: int, *, now: datetime) -> Upgrade:
    """The station made a new connection in this profile.

    In the new one it has arrived, however late. In the old one it has fallen back, unless it is
    still waiting to be idle: then its line was broken, and nothing else.
    """
    if upgrade.phase in (UpgradePhase.DONE, UpgradePhase.CANCELLED):
        return upgrade
    if profile == upgrade.to_profile:
        if upgrade.phase in (
            UpgradePhase.PREPARING,
            UpgradePhase.CERTIFYING,
            UpgradePhase.CONFIGURING,
            UpgradePhase.FAILED,
        ):
            # It was moved by somebody else; what it uses is what counts.
            reason = "The station came in the new profile by itself."
        else:
            reason = "It came back late." if upgrade.phase is UpgradePhase.FALLEN_BACK else ""
        return msgspec.structs.replace(
            _enter(upgrade, UpgradePhase.DONE, now), reason=reason, ended_at=now, scheduled=False
        )
    if upgrade.phase is UpgradePhase.RETURNING and not upgrade.scheduled:
        reason = f"The station came back in security profile {profile}."
        return _ended(upgrade, UpgradePhase.FALLEN_BACK, reason, now)
    return upgrade


def cancelled(upgrade: Upgrade, *, by: str, now: datetime) -> Upgrade:
    """Stop where it stands; what the station was told already stays told."""
    return _ended(upgrade, UpgradePhase.CANCELLED, f"Stopped by {by}.", now)


def accepted_profiles(upgrade: Upgrade) -> tuple[int, ...]:
    """Which profiles are taken at the door besides the one that is prescribed."""
    if upgrade.phase in (UpgradePhase.DONE, UpgradePhase.FAILED):
        return ()
    return (upgrade.from_profile, upgrade.to_profile)


def with_slot_first(slot: int, priority: str) -> str:
    """A NetworkConfigurationPriority that begins with the slot, and then goes on as it was."""
    return ",".join([str(slot), *(each for each in _slots(priority) if each != str(slot))])


def free_slot(priority: str, refused: tuple[int, ...]) -> int | None:
    """A slot to write to: the later ones of the list first, which are not the one in use, then new ones."""
    listed: list[int] = [int(each) for each in _slots(priority) if each.isdigit()]
    in_use = listed[:1]
    candidates: list[int] = [*listed[1:], *range(1, 10), 0]
    for slot in candidates:
        if slot not in in_use and slot not in refused:
            return slot
    return None


def _slots(priority: str) -> list[str]:
    return [part.strip() for part in priority.split(",") if part.strip()]


def _with_slot(upgrade: Upgrade, priority: str) -> Upgrade:
    slot = upgrade.slot if upgrade.slot is not None else free_slot(priority, upgrade.slots_refused)
    return msgspec.structs.replace(upgrade, priority_before=priority, slot=slot, attempts=0)


def _other_slot(upgrade: Upgrade, came: Came, now: datetime) -> Upgrade:
    """2.x B09.FR.05: a slot that the station has not is Rejected; so is a profile that it cannot use."""
    assert upgrade.slot is not None, "A profile was written to a slot."
    refused = (*upgrade.slots_refused, upgrade.slot)
    slot = free_slot(upgrade.priority_before, refused)
    if slot is None or len(refused) >= SLOTS_TRIED_MAX:
        return _failed(upgrade, came.reason, now)
    return msgspec.structs.replace(upgrade, slots_refused=refused, slot=slot, reason=came.reason)


def _too_late(upgrade: Upgrade, now: datetime) -> Upgrade | None:
    within = STEP_WITHIN
    if upgrade.phase is UpgradePhase.CERTIFYING:
        within = CERTIFY_WITHIN
    elif upgrade.phase is UpgradePhase.RETURNING:
        within = RETURN_WHEN_IDLE_WITHIN if upgrade.scheduled else RETURN_WITHIN
    if now < upgrade.since + within:
        return None
    if upgrade.phase is UpgradePhase.RETURNING:
        reason = "The station did not come back in the new profile in time."
        return _ended(upgrade, UpgradePhase.FALLEN_BACK, reason, now)
    return _gave_up(upgrade, upgrade.reason or f"Nothing came of {upgrade.phase.value} in time.", now)


def _enter(upgrade: Upgrade, phase: UpgradePhase, now: datetime) -> Upgrade:
    return msgspec.structs.replace(upgrade, phase=phase, since=now, attempts=0, asked=False, reason="")


def _gave_up(upgrade: Upgrade, reason: str, now: datetime) -> Upgrade:
    # From here on the station may hold what it was told, though nobody heard that it does.
    told = upgrade.phase in (UpgradePhase.SWITCHING, UpgradePhase.RESTARTING)
    return _ended(upgrade, UpgradePhase.FALLEN_BACK if told else UpgradePhase.FAILED, reason, now)


def _failed(upgrade: Upgrade, reason: str, now: datetime) -> Upgrade:
    told = upgrade.phase is UpgradePhase.RESTARTING
    return _ended(upgrade, UpgradePhase.FALLEN_BACK if told else UpgradePhase.FAILED, reason, now)


def _ended(upgrade: Upgrade, phase: UpgradePhase, reason: str, now: datetime) -> Upgrade:
    return msgspec.structs.replace(upgrade, phase=phase, since=now, attempts=0, reason=reason, ended_at=now)
