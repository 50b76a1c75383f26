"""One station's turn: what is desired of it, how it stands, and why something may not be done about it now."""

from collections.abc import Callable, Mapping, Sequence

import msgspec

from currant.kit.ids import TenantId
from currant.stations.desired import standing as rules
from currant.stations.desired.aspect import Desired
from currant.stations.desired.books import TenantBook
from currant.stations.desired.model import (
    AspectState,
    Cause,
    Declaration,
    Facts,
    KeyState,
    RolloutState,
    RolloutStation,
    Standing,
)
from currant.stations.desired.resolution import AspectKey, desired_of
from currant.stations.directory import DirectoryEntry


class Loaded(msgspec.Struct, frozen=True, kw_only=True):
    """What a turn at a station begins with, read for many stations at once."""

    entry: DirectoryEntry
    facts: Facts
    states: Mapping[str, AspectState]
    rollouts: Mapping[str, RolloutStation]
    reconnected: bool = False
    """It has just connected or booted."""


class Turn:
    """One station's turn: what is desired of it, and how its standing changes meanwhile."""

    def __init__(self, station: Loaded, tenant: TenantBook, *, now: Callable[[], int]) -> None:
        self.entry = station.entry
        self.facts = station.facts
        self.tenant = tenant
        self.now = now
        self.states = dict(station.states)
        self.rows = dict(station.rollouts)
        self.enrol: set[str] = set()
        self.findings: list[tuple[str, str, str]] = []
        self.winners: dict[AspectKey, Declaration] = {}
        self.desired: dict[str, list[Desired]] = {}
        self.keys: dict[str, dict[str, KeyState]] = {
            aspect: {
                key: rules.reconnected(each) if station.reconnected else each
                for key, each in state.keys.items()
            }
            for aspect, state in station.states.items()
        }
        self.reported: dict[str, str] = {}
        self.commands: dict[str, str] = {}
        self.checked: dict[str, int] = {}
        self.claimed = False
        """Whether this node has the station to itself."""
        self._resolved_at = -1

    @property
    def tenant_id(self) -> TenantId:
        return self.entry.tenant_id

    def resolve(self) -> None:
        """What is desired, by the declarations as they are now; what nobody desires any more is forgotten."""
        if self._resolved_at == self.tenant.changed:
            return
        self._resolved_at = self.tenant.changed
        self.winners = self.tenant.book.resolve(self.facts)
        self.desired = {}
        for declaration in self.winners.values():
            self.desired.setdefault(declaration.aspect, []).append(desired_of(declaration))
        for aspect in list(self.keys):
            wanted = {desired.key for desired in self.desired.get(aspect, ())}
            self.keys[aspect] = {key: state for key, state in self.keys[aspect].items() if key in wanted}

    @property
    def is_as_left(self) -> bool:
        """Whether it was in step with the very same declarations when it was last looked at."""
        return self.states.keys() == self.desired.keys() and all(
            state.standing is Standing.IN_STEP and state.desired_digest == self.wanted_digest(aspect)
            for aspect, state in self.states.items()
        )

    def wanted_digest(self, aspect: str) -> str:
        return rules.digest([(each.key, each.value) for each in self.desired.get(aspect, ())])

    def word_of(self, desired: Desired) -> str:
        return rules.digest(desired.value, self.facts.firmware)

    def state(self, desired: Desired) -> KeyState:
        """How the station stands to this value; what was learnt of another value or firmware is gone."""
        known = self.keys.get(desired.aspect, {}).get(desired.key, KeyState())
        return rules.begun_anew(known, wanted=self.word_of(desired))

    def set(self, desired: Desired, state: KeyState) -> None:
        self.keys.setdefault(desired.aspect, {})[desired.key] = state

    def hold(self, some: Sequence[Desired], cause: Cause, reason: str) -> None:
        for desired in some:
            self.set(desired, rules.held(self.state(desired), cause, reason, now=self.now()))

    def held_back(self, desired: Desired) -> tuple[Cause, str] | None:
        """Why nothing may be done about this now, by pauses and rollouts; None when it may."""
        pause = self.tenant.paused(desired.aspect)
        if pause is not None:
            return Cause.PAUSED, f"Changes were paused by {pause.by}."
        at = (desired.aspect, desired.key)
        for under_way in self.tenant.rollouts_about(at):
            rollout = under_way.rollout
            row = self.rows.get(rollout.id)
            if not rollout.holds:
                continue
            if row is None:
                if rollout.state is not RolloutState.STARTING:
                    if self.winners[at].revision_id != rollout.revision_id:
                        continue
                    # It came to be meant after the rollout began: it takes its turn like the others.
                    self.enrol.add(rollout.id)
                return Cause.QUEUED, "It waits for its turn of the rollout."
            if rollout.state in (RolloutState.PAUSED, RolloutState.STOPPED):
                return Cause.PAUSED, f"The rollout is {rollout.state.value}: {rollout.reason}"
            if row.begun_at is None:
                return Cause.QUEUED, "It waits for its turn of the rollout."
        return None
