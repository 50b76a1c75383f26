"""What happens to desired state, as facts in the journal."""

from currant.kit.event import Event
from currant.kit.ids import StationId
from currant.stations.desired.model import Cause, RolloutState, Standing


class DeclarationsChanged(Event, frozen=True, kw_only=True):
    """Somebody changed what stations shall be; `declarations` is how many."""

    revision_id: str
    rollout_id: str
    declarations: int
    by: str = ""
    why: str = ""


class RolloutChanged(Event, frozen=True, kw_only=True):
    """A rollout began, was paused, resumed, stopped by itself, undone, or is done."""

    rollout_id: str
    state: RolloutState
    reason: str = ""
    by: str = ""


class RolloutAdvanced(Event, frozen=True, kw_only=True):
    """These stations had their turn of a rollout."""

    rollout_id: str
    station_ids: tuple[StationId, ...]


class DesiredPaused(Event, frozen=True, kw_only=True):
    """Changes were paused, or taken up again, for one aspect or (empty) all."""

    aspect: str
    paused: bool
    by: str = ""


class StandingChanged(Event, frozen=True, kw_only=True):
    """A station stands otherwise to an aspect than before: it is in step, refuses, cannot, or drifts."""

    station_id: StationId
    aspect: str
    before: Standing
    after: Standing
    cause: Cause = Cause.NONE
    reason: str = ""


class DesiredRetried(Event, frozen=True, kw_only=True):
    """Somebody wants a station to be asked again, also for what it refused."""

    station_id: StationId
    by: str = ""
