"""The values of desired state: what is declared for whom, how stations stand to it, how changes are rolled out."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import msgspec

from currant.kit.ids import StationGroupId, StationId, TenantId


class Scope(StrEnum):
    """Whom a declaration is for. The narrower one wins: station, then group, then model, then all."""

    STATION = "station"
    GROUP = "group"
    MODEL = "model"
    """Stations of one vendor and model, optionally of one firmware version."""
    ALL = "all"


class Standing(StrEnum):
    """How a station stands to what is declared for it."""

    IN_STEP = "in_step"
    """It reports what is desired."""
    WAITING = "waiting"
    """It differs, and nothing is being done about it yet: `cause` says why."""
    IN_PROGRESS = "in_progress"
    REFUSED = "refused"
    """It will not have it; it is asked again when the declaration or its firmware changes."""
    UNSUPPORTED = "unsupported"
    """Its OCPP version, or the station, knows no such thing."""
    DRIFTING = "drifting"
    """It had it, or said that it took it, and reports something else; it is being put right."""
    UNKNOWN = "unknown"


class Cause(StrEnum):
    """What a waiting station waits for."""

    NONE = ""
    OFFLINE = "offline"
    NOT_ACCEPTED = "not_accepted"
    IN_SESSION = "in_session"
    RESTART_NOT_ALLOWED = "restart_not_allowed"
    PAUSED = "paused"
    QUEUED = "queued"
    UNANSWERED = "unanswered"
    """It did not answer, and is asked again later."""
    FAILED = "failed"
    """It answered with an error, and is asked again later."""


FAILURES = frozenset({Standing.REFUSED, Standing.UNSUPPORTED, Standing.DRIFTING})
ENDED = FAILURES | {Standing.IN_STEP}


class Declaration(msgspec.Struct, frozen=True, kw_only=True):
    """What stations of a scope shall have: `value` under `key` of an aspect; None: they shall not have it."""

    id: str
    tenant_id: TenantId
    scope: Scope
    station_id: StationId | None = None
    group_id: StationGroupId | None = None
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    """Only stations with this firmware version; empty: with any."""
    version: str = ""
    """Only stations that speak this OCPP version; empty: any."""
    aspect: str
    key: str
    value: Any = None
    may_restart: bool = False
    """Whether a station may be restarted for it, when no session is running."""
    priority: int = 0
    """Among declarations of the same scope the higher one wins, then the newer one."""
    revision_id: str = ""
    """The change that made it what it is."""
    declared_at: datetime
    declared_by: str = ""


class DeclarationDraft(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be declared. The scope says which of the fields that name stations must be given.

    A declaration for the same stations, aspect and key that stands already is replaced.
    """

    scope: Scope
    station: str | None = None
    """Id or identity."""
    group: str | None = None
    """Id or name."""
    vendor: str | None = None
    model: str | None = None
    firmware: str = ""
    version: str = ""
    aspect: str
    key: str
    value: Any = None
    may_restart: bool = False
    priority: int = 0


class Facts(msgspec.Struct, frozen=True, kw_only=True):
    """What declarations look at of a station."""

    station_id: StationId
    groups: tuple[str, ...] = ()
    vendor: str = ""
    model: str = ""
    firmware: str = ""
    version: str = ""
    connected: bool = False
    booted_at: int = 0
    """Microseconds since 1970; 0: never that we know."""


class Pace(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How fast a change goes out. Without any of these every station is served as soon as it can be."""

    at_once: int | None = None
    """Stations being changed at one time."""
    per_minute: int | None = None
    """Stations begun within a minute."""
    canary: int | None = None
    """So many stations first; the others follow when all of these have been served."""
    stop_above_percent: float | None = None
    """Stop by itself when more of the stations served than this refuse it, cannot do it, or do not keep it."""

    @property
    def is_held(self) -> bool:
        return any(value is not None for value in (self.at_once, self.per_minute, self.canary))


UNPACED = Pace()


class RolloutState(StrEnum):
    STARTING = "starting"
    """It is being worked out which stations it changes."""
    RUNNING = "running"
    PAUSED = "paused"
    STOPPED = "stopped"
    """It stopped by itself: too many stations would not have it."""
    DONE = "done"
    UNDONE = "undone"


OPEN = (RolloutState.STARTING, RolloutState.RUNNING, RolloutState.PAUSED, RolloutState.STOPPED)


class Rollout(msgspec.Struct, frozen=True, kw_only=True):
    """A change on its way to its stations."""

    id: str
    tenant_id: TenantId
    revision_id: str
    state: RolloutState
    reason: str = ""
    """Why it is in this state, in words."""
    pace: Pace = UNPACED
    stations: int = 0
    """How many it changes."""
    by: str = ""
    began_at: datetime
    ended_at: datetime | None = None

    @property
    def holds(self) -> bool:
        """Whether stations wait until it is their turn."""
        return self.state in (RolloutState.PAUSED, RolloutState.STOPPED) or (
            self.state in (RolloutState.STARTING, RolloutState.RUNNING) and self.pace.is_held
        )


class Progress(msgspec.Struct, frozen=True, kw_only=True):
    """How far a rollout is: stations by standing, and how many had their turn."""

    rollout: Rollout
    begun: int = 0
    by_standing: dict[Standing, int] = {}
    failed_percent: float = 0.0
    """Of the stations served, how many refuse it, cannot do it, or do not keep it."""


class RolloutStation(msgspec.Struct, frozen=True, kw_only=True):
    """A station on a rollout."""

    rollout_id: str
    station_id: StationId
    station_identity: str = ""
    begun_at: datetime | None = None
    standing: Standing
    reason: str = ""
    since: datetime


class RevisionKind(StrEnum):
    DECLARED = "declared"
    REMOVED = "removed"
    UNDONE = "undone"


class Revision(msgspec.Struct, frozen=True, kw_only=True):
    """A change of declarations: who made it, when and why. It can be undone."""

    id: str
    tenant_id: TenantId
    kind: RevisionKind
    by: str
    at: datetime
    why: str = ""
    undoes: str | None = None
    """The revision that this one undid."""
    undone_by: str | None = None
    rollout_id: str
    changes: int = 0


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What a revision did to one declaration: None before it was made, None after it was removed."""

    declaration_id: str
    before: Declaration | None = None
    after: Declaration | None = None


class Pause(msgspec.Struct, frozen=True, kw_only=True):
    """Nothing is changed at any station meanwhile, or nothing of one aspect."""

    tenant_id: TenantId
    aspect: str = ""
    """Empty: every aspect."""
    by: str = ""
    at: datetime
    why: str = ""


class KeyState(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How a station stands to one key; instants are microseconds since 1970."""

    standing: Standing = Standing.UNKNOWN
    cause: Cause = Cause.NONE
    reason: str = ""
    since: int = 0
    digest: str = ""
    """Of what is desired, and of the firmware that was asked."""
    attempts: int = 0
    """Failed ones in a row."""
    next_at: int = 0
    """When it is tried again; 0: when something happens."""
    given_at: int = 0
    """When the last step for it was accepted."""
    given: dict[str, int] = {}
    """How often which step was accepted without the station being in step afterwards."""


class AspectState(msgspec.Struct, frozen=True, kw_only=True):
    """How a station stands to one aspect, and to each of its keys."""

    station_id: StationId
    tenant_id: TenantId
    aspect: str
    standing: Standing
    cause: Cause = Cause.NONE
    reason: str = ""
    since: int
    attempts: int = 0
    next_at: int = 0
    desired_digest: str = ""
    reported_digest: str = ""
    last_command_id: str = ""
    checked_at: int = 0
    """When the station was last asked for all of it, to be sure."""
    keys: dict[str, KeyState] = {}
    updated_at: int = 0
