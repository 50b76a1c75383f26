"""The port through which the reconciler knows one kind of desired thing: variables, local lists, profiles, …

A declaration has an aspect, a key within it and a value in plain JSON. For every station the
declarations that apply are resolved by precedence to one `Desired` per (aspect, key). An aspect
says what a value must be, what the station has, and which commands take it from there to what is
desired. It holds no state of its own about progress: that is the reconciler's.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol, runtime_checkable

import msgspec

from currant.kit.ids import StationId, TenantId
from currant.stations.commanding import AnyCommand
from currant.stations.directory import DirectoryEntry
from currant.stations.model import CommandRecord


class Desired(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that a station shall have; `value` None: it shall not have it."""

    aspect: str
    key: str
    value: Any
    declaration_id: str
    declared_at: datetime
    may_restart: bool = False
    """Whether the station may be restarted for it (never during a session)."""


class Reported(msgspec.Struct, frozen=True, kw_only=True):
    """What a station has of an aspect under a key, as far as we know, and since when we know it."""

    key: str
    value: Any
    at: datetime
    restart_pending: bool = False
    """Taken, but only in force after a restart."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """One command that brings the station closer. `keys` are those that it settles."""

    command: AnyCommand
    keys: tuple[str, ...]
    needs_idle: bool = False
    """Not while a session is running at the station."""
    restarts: bool = False
    """It restarts the station, or makes it leave for a while: only where every key it serves may restart it."""
    deadline_s: float = 60.0


class Refusal(msgspec.Struct, frozen=True, kw_only=True):
    """The station will not have this, and why, in words; `final` when asking again is of no use until something changes."""

    reason: str
    final: bool = True
    unsupported: bool = False
    """Its OCPP version, or the station, knows no such thing at all."""


class Aspect(Protocol):
    """One kind of desired thing. `order` is when its turn comes: lower first (credentials before variables)."""

    name: str
    order: int

    def check(self, key: str, value: Any) -> Any:
        """The value as it is kept; raises Invalid when no station could take it."""
        ...

    async def reported(
        self, station: DirectoryEntry, version: str, desired: Sequence[Desired]
    ) -> Mapping[str, Reported]:
        """What the station has, as far as it is known, under the desired keys and those it must be rid of."""
        ...

    def agrees(self, desired: Desired, reported: Reported | None) -> bool:
        """Whether what is reported is what is desired."""
        ...

    async def steps(
        self,
        station: DirectoryEntry,
        version: str,
        differing: Sequence[Desired],
        reported: Mapping[str, Reported],
    ) -> Sequence[Step] | Refusal:
        """What to do about the differing ones, in order; the first step is taken, then everything is asked anew."""
        ...

    async def took(
        self, station: DirectoryEntry, step: Step, record: CommandRecord
    ) -> Mapping[str, Refusal | None]:
        """Take note of what came of a step, and say for each of its keys whether it was refused (None: it was not)."""
        ...


@runtime_checkable
class NamesKeys(Protocol):
    """An aspect whose keys can be spelt in several ways. What is declared twice must be seen to be one thing."""

    def canonical(self, key: str) -> str:
        """The one spelling that a key is kept in; raises Invalid for what is no key."""
        ...


@runtime_checkable
class ReadsAhead(Protocol):
    """An aspect that reads what it needs to know for many stations at once, before their turns."""

    name: str

    async def read_ahead(
        self, tenant_id: TenantId, wanted: Mapping[StationId, Sequence[Desired]]
    ) -> None: ...

    def let_go(self, station_id: StationId) -> None:
        """The station's turn is over: what was read for it need not be kept."""
        ...
